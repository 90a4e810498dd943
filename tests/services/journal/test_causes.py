"""Causes: what led to what."""

from collections.abc import Callable
from typing import Any

import pytest

from services.journal.questions import sentences
from services.journal.questions.causes import LED, Causes
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import (
    EVENTS,
    ApprovalRevoked,
    DataFaultDetected,
    DeploymentFailed,
    ModelApproved,
)
from tests.services.journal.chronicle import ALICE, Chronicle, a_full_life
from tests.services.journal.stories import emptied, kinds
from tests.services.journal.world import NOON

FULL = a_full_life()


def test_causes_lead_back_behind_hints_to_the_wish() -> None:
    last = [one for one in FULL.entries if one.detail_type == "ModelRegistered"][0]
    assert kinds(Causes(FULL.entries).chain(last.event_id)) == [
        "RetrainRequested",
        "TrainingStarted",
        "TrainingCompleted",
        "ModelEvaluated",
        "ModelRegistered",
    ]


def revoked(told: Chronicle) -> str:
    told.say(ApprovalRevoked, version=2, approver=ALICE)
    return told.roll_out(1, "production", "first", strategy="rollback", taking_away=2, reason="no")


def failed_test(told: Chronicle) -> str:
    told.to_staging(3, "third")
    return told.say(DeploymentFailed, version=3, stage="staging", back_to=3, reason="smoke test")


PARENTS: list[Any] = [
    pytest.param(revoked, ["ApprovalRevoked", "DeploymentStarted"], id="revoked"),
    pytest.param(emptied, ["ModelApproved", "ApprovalRevoked"], id="emptied"),
    pytest.param(failed_test, ["DeploymentStarted", "EndpointInService"], id="a failed test"),
]


@pytest.mark.parametrize(("then", "before"), PARENTS)
def test_what_led_to_what_went_wrong(then: Callable[[Chronicle], str], before: list[str]) -> None:
    told = a_full_life()
    event_id = then(told)
    assert kinds(Causes(told.entries).chain(event_id))[-3:-1] == before


def test_an_effect_that_a_clock_tells_before_its_cause_is_led_back_all_the_same() -> None:
    told = Chronicle()
    told.train(1, "trip")
    told.minute -= 1
    approval = told.say(ModelApproved, version=1)
    assert kinds(Causes(told.entries).chain(approval))[-2:] == ["ModelRegistered", "ModelApproved"]


def test_a_circle_of_causes_ends() -> None:
    told = Chronicle()
    one = told.say(DataFaultDetected, because="DataFaultDetected-1", kind="gap")
    told.say(DataFaultDetected, because=one, kind="unit")
    assert len(Causes(told.entries).chain(one)) == 2


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_every_event_can_be_led_back_and_told(event: type[Event]) -> None:
    example = event.example()
    assert all(way.kinds for way in (LED[event](example) if event in LED else ()))
    assert "\n" not in sentences.of(example, NOON, ALICE)
