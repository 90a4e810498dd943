"""A life with a degradation in it, with a process that dies at every point of it in turn."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared.contracts.lifecycle import AccuracyMeasured
from tests.services.monitor.world import MONITOR, WORLD, Loop, rhythm

POINTS_MAX = 400


class Died(BaseException):
    """The process died here."""


class Crashing:
    """Dies once, before or after the nth thing that leaves a trace."""

    def __init__(self, loop: Loop, die_at: int, after: bool) -> None:
        self.calls, self.die_at, self.after = 0, die_at, after
        self.wrap(loop.bench.store, "commit")
        self.wrap(loop.bench.bus, "publish")
        self.wrap(loop.aws, "forecast", "put")

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
    """A version comes, degrades, is replaced, and the next one recovers."""
    short = MONITOR.changed(points=10, consecutive=2)
    loop.aws.declared = WORLD.changed(monitor=short)
    yield lambda: loop.in_production(1)
    yield lambda: loop.pass_(1)
    loop.level = 3.0
    for _ in range(4):
        yield lambda: loop.pass_(1)
    loop.aws.forecaster = lambda position: 3 * rhythm(position)
    yield lambda: loop.in_production(2)
    for _ in range(6):
        yield lambda: loop.pass_(1)
    yield lambda: loop.sweep()


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
            loop.hear_again()
            loop.sweep()
    crashing.die_at = 0
    return loop, died


@pytest.mark.parametrize("after", [False, True])
def test_dying_at_any_point_of_a_life_changes_nothing_in_the_end(after: bool) -> None:
    whole, _ = lived(0, after)
    assert whole.said("AccuracyMeasured") == ["AccuracyDegraded", "AccuracyRecovered"]
    for point in range(1, POINTS_MAX):
        loop, died = lived(point, after)
        if not died:
            break
        assert loop.said() == whole.said(), point
        assert loop.all(AccuracyMeasured) == whole.all(AccuracyMeasured), point
        assert loop.aws.written == whole.aws.written, point
        assert loop.state == whole.state, point
        assert loop.bench.store.load("fees", None).todo == (), point
    assert 40 < point < POINTS_MAX - 1
