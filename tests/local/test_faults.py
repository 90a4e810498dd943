"""A sudden death comes at its point and nowhere else."""

from typing import Any, cast

import pytest

from infra.local.faults import WRAPPED, Fault, Faults
from shared.messaging import worker
from shared.messaging.bus import EventBridgeBus
from shared.messaging.decision import Action, Effect


class RollOut(Action):
    """An action of nobody."""


def test_a_fault_waits_for_its_own_point_and_its_own_turn() -> None:
    ends: list[str] = []
    faults = Faults(lambda: ends.append("now"))
    step = faults.around(lambda point: ends.append(point), lambda point: str(point))
    faults.arm(Fault("before", "b", nth=2))
    for point in ("a", "b", "a", "b", "b"):
        step(point)
    assert ends == ["a", "b", "a", "now", "b", "b"]


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Wrap what services call, for one test."""
    for owner, name, _ in WRAPPED:
        monkeypatch.setattr(owner, name, getattr(owner, name))
    return []


def do(action: Action, ports: Any) -> str:
    ports.append("done")
    return "answer"


def test_an_action_is_known_by_its_class(ends: list[str]) -> None:
    faults = Faults(lambda: ends.append("dead"))
    faults.install()
    faults.arm(Fault("after", "RollOut"))
    effect = Effect(do=do, then=lambda *_: cast(Any, None))
    assert worker.attempt(effect, RollOut(), ends) == "answer"
    assert ends == ["done", "dead"]


def test_saying_what_was_decided_is_a_point_of_its_own(ends: list[str]) -> None:
    faults = Faults(lambda: ends.append("dead"))
    faults.install()
    faults.arm(Fault("before", "publish"))
    EventBridgeBus(cast(Any, None), "modelcycle-dev").publish(())
    assert ends == ["dead"]
