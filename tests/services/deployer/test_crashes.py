"""A whole life of two versions, with a process that dies at every point of it in turn."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from services.deployer.domain.seen import Verdict
from shared.contracts.lifecycle import RollbackRequested
from shared.contracts.names import Stage
from shared.contracts.wishes import SweepRequested
from tests.services.deployer.world import Loop

STAGING, PRODUCTION = Stage.STAGING, Stage.PRODUCTION
POINTS_MAX = 200


class Died(BaseException):
    """The process died here."""


class Crashing:
    """Dies once, before or after the nth thing that leaves a trace."""

    def __init__(self, loop: Loop, die_at: int, after: bool) -> None:
        self.calls, self.die_at, self.after = 0, die_at, after
        self.wrap(loop.bench.store, "commit", "lease")
        self.wrap(loop.bench.bus, "publish")
        self.wrap(loop.aws, "ensure_model", "ensure_config", "create", "update", "delete")
        self.wrap(loop.aws, "delete_config", "delete_model", "offer", "approve", "forecast")

    def wrap(self, target: object, *names: str) -> None:
        for name in names:
            setattr(target, name, self.dying(getattr(target, name), name))

    def dying(self, original: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.calls += 1
            here = self.calls == self.die_at
            if here and not self.after:
                raise Died(name)
            answer = original(*arguments)
            if here:
                raise Died(name)
            return answer

        return call


def life(loop: Loop) -> Iterator[Callable[[], None]]:
    """Two versions go to production, the second is rolled back there, then revoked."""
    for version in (1, 2):
        yield lambda version=version: loop.register(version)  # type: ignore[misc]
        yield lambda version=version: loop.write(version, approval=Verdict.APPROVED)  # type: ignore[misc]
        yield lambda: loop.finish(STAGING)
        yield lambda version=version: loop.write(version, production=Verdict.APPROVED)  # type: ignore[misc]
        yield lambda: loop.finish(PRODUCTION)
    wish = RollbackRequested(model="fees", stage="production", version=2, reason="odd")
    yield lambda: loop.hear(wish)
    yield lambda: loop.finish(PRODUCTION)
    yield lambda: loop.write(2, approval=Verdict.DECLINED)
    yield lambda: loop.finish(STAGING)


def lived(die_at: int, after: bool) -> tuple[Loop, bool]:
    """Answer a life with one death in it; the message that was at hand comes again."""
    loop = Loop()
    crashing = Crashing(loop, die_at, after)
    died = False
    for step in life(loop):
        try:
            step()
        except Died:
            died = True
            loop.bench.store.leases.clear()  # the lease of the dead runs out
            loop.hear_again()
            loop.hear(SweepRequested())
    crashing.die_at = 0
    return loop, died


@pytest.mark.parametrize("after", [False, True])
def test_dying_at_any_point_of_a_life_changes_nothing_in_the_end(after: bool) -> None:
    whole, _ = lived(0, after)
    assert (whole.live(STAGING), whole.live(PRODUCTION)) == (1, 1)
    for point in range(1, POINTS_MAX):
        loop, died = lived(point, after)
        if not died:
            break
        assert loop.said() == whole.said(), point
        assert loop.calls("create") == whole.calls("create"), point
        assert loop.calls("update") == whole.calls("update"), point
        assert loop.aws.configs == whole.aws.configs, point
        assert loop.bench.store.load("fees", None).todo == (), point
        assert loop.state.stages.keys() == whole.state.stages.keys()
    assert 60 < point < POINTS_MAX - 1
