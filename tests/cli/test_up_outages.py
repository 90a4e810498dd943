"""What `modelcycle up` does while nothing can be brought in."""

from collections.abc import Callable
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest

from infra.local.feeds import FeedError
from infra.local.function_host import FunctionDiedError, FunctionRaisedError
from infra.local.simulation import Change
from ops.cli.demo.scene import HISTORY_ENDS
from ops.cli.up.worlds import Blockchain, Simulated


class Days:
    """Stands in for the flag that ends a world: notes the waits, and ends it after some."""

    def __init__(self, waits: int) -> None:
        self.left = waits
        self.waits: list[float] = []

    def is_set(self) -> bool:
        return self.left == 0

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.left -= 1


def stack_that(*answers: dict[str, float] | Exception) -> Any:
    """A stack whose poller answers this, one after another."""
    coming = iter(answers)

    def invoke(*_: object) -> dict[str, float]:
        answer = next(coming)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return SimpleNamespace(supervisor=SimpleNamespace(invoke=invoke), logs=Path("logs"))


def test_the_real_source_is_asked_when_it_may_be_and_an_outage_is_said_once() -> None:
    well, ill = {"failures": 0, "wait_s": 10.0}, {"failures": 3, "wait_s": 80.0}
    world, days, said = Blockchain("transactions"), Days(7), list[str]()
    world.stopping = cast(Event, days)
    died, raised = FunctionDiedError("poller: died"), FunctionRaisedError("KeyError: 'txs'")
    world.go_on(stack_that(well, ill, ill, died, raised, well, well), said.append)
    assert days.waits == [10.0, 80.0, 80.0, 5.0, 5.0, 10.0, 10.0]
    assert said == [
        "nothing comes in: blockchain.com could not be polled: see logs/poller.log; trying on",
        "it comes in again",
    ]


def test_time_goes_on_through_an_outage_of_the_market_which_is_said_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Drive:
        """A driver that makes a step or fails."""

        def __init__(self, *_: object, each: Callable[[object], None], **__: object) -> None:
            self.each = each
            self.failures = [FeedError("no answer"), FeedError("no answer"), None, None]

        def drive(self) -> None:
            for _ in self.failures[:]:
                if failure := self.failures.pop(0):
                    raise failure
                self.each(self)
            world.stop()

        def stop(self) -> None:
            """End with the world."""

    monkeypatch.setattr("infra.local.driver.Driver", Drive)
    monkeypatch.setattr("infra.local.feeds.PolledMarket", lambda *_: None)
    monkeypatch.setattr("ops.cli.up.worlds.AGAIN_S", 0)
    world, said = Simulated(7, "transactions", 600, Change(HISTORY_ENDS)), list[str]()
    world.go_on(stack_that(), said.append)
    assert said == ["nothing comes in: no answer; trying on", "it comes in again"]


def test_a_poll_that_ends_with_the_local_aws_is_no_outage() -> None:
    world, said = Blockchain("transactions"), list[str]()

    def invoke(*_: object) -> None:
        world.stop()
        raise FunctionDiedError("poller: died")

    stack: Any = SimpleNamespace(supervisor=SimpleNamespace(invoke=invoke), logs=Path("logs"))
    world.go_on(stack, said.append)
    assert said == []
