"""Trips round the loop: what followed from a wish, how long it took, and what came of it."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.journal.questions import timeline
from services.journal.questions.life import lived
from services.journal.questions.timeline import Cycle
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    DecisionRecorded,
    ModelApproved,
    ModelDeclined,
    ModelSpecApplied,
    RetrainRequested,
    RollbackRequested,
    TrainingStarted,
)
from tests.services.journal.chronicle import ALICE, MODEL, Chronicle, a_full_life
from tests.services.journal.stories import Tell, failed, judged, kinds, refused, running, waiting

MINUTE = timedelta(minutes=1)
FULL = a_full_life()


def cycles(told: Chronicle) -> tuple[Cycle, ...]:
    return timeline.cycles(lived(MODEL, told.entries), told.entries)


def test_a_trip_whose_ids_were_said_twice_is_told_once() -> None:
    told = Chronicle()
    told.say(RetrainRequested)
    for _ in range(30):
        told.say(RetrainRequested)
        told.entries[-1] = told.entries[-1].changed(causation_id=told.entries[-2].event_id)
    again = [
        one.changed(position=f"{one.position}~", detail={**one.detail, "again": True})
        for one in told.entries
    ]
    told.entries += again
    (found,) = cycles(told)
    assert len(found.steps) == 62


def test_each_trip_is_told_with_what_a_person_asked_for_on_its_way() -> None:
    found = cycles(FULL)
    assert [(one.id, one.versions) for one in found] == [
        ("first", (1,)),
        ("second", (2,)),
        ("third", (3,)),
    ]
    assert kinds(step.entry for step in found[0].steps)[-4:] == [
        "RollbackRequested",
        "DeploymentStarted",
        "DeploymentRolledBack",
        "EndpointInService",
    ]


@given(st.permutations(FULL.entries))
def test_a_trip_is_the_same_in_whatever_order_its_events_are_read(entries: list[Any]) -> None:
    assert timeline.cycles(lived(MODEL, entries), entries) == cycles(FULL)


def test_steps_stand_behind_what_led_to_them_and_tell_how_long_the_next_took() -> None:
    for cycle in cycles(FULL):
        told: set[str | None] = {None}
        for step in cycle.steps:
            assert step.because_of in told
            told.add(step.entry.event_id)
    first = cycles(FULL)[0]
    assert [step.until_next for step in first.steps[:3]] == [MINUTE, MINUTE, MINUTE]
    assert first.steps[-1].until_next is None


def overtaken(told: Chronicle) -> None:
    waiting(told)
    told.say(RetrainRequested, trip="another")
    told.say(TrainingStarted, trip="another", run_id="fees-r1")


def declined(told: Chronicle) -> None:
    told.train(1, "trip")
    told.say(ModelDeclined, version=1, approver=ALICE, note="no")


OUTCOMES: list[Any] = [
    pytest.param(refused, "fees-r0 was refused: too bad; too few", id="refused"),
    pytest.param(failed, "fees-r0 failed in Prepare: no data", id="failed"),
    pytest.param(running, "fees-r0 is being trained", id="running"),
    pytest.param(judged, "fees-r0 is being judged", id="judged"),
    pytest.param(waiting, "a training waits: a run began at noon", id="waiting"),
    pytest.param(
        overtaken,
        "nothing was trained: another wish came before it, or it lapsed",
        id="overtaken",
    ),
    pytest.param(declined, f"v1 declined by {ALICE}: no", id="declined"),
]


@pytest.mark.parametrize(("then", "outcome"), OUTCOMES)
def test_what_came_of_a_trip(then: Tell, outcome: str) -> None:
    told = Chronicle()
    told.say(RetrainRequested)
    then(told)
    assert cycles(told)[0].outcome == outcome


def test_a_wait_is_a_step_whose_next_is_the_run_it_held_back() -> None:
    told = Chronicle()
    told.say(AccuracyDegraded)
    waiting(told)
    told.minute += 300
    running(told)
    degraded, suppressed, started = cycles(told)[0].steps
    assert started.because_of == suppressed.entry.event_id
    assert suppressed.because_of == degraded.entry.event_id
    assert suppressed.until_next == 301 * MINUTE


def test_what_was_tried_in_vain_is_told_at_the_step_that_came_of_it() -> None:
    told = Chronicle()
    told.train(1, "trip")
    told.say(ModelApproved, version=1)
    for attempt in (1, 2):
        told.say(
            DecisionRecorded,
            service="deployer",
            model=MODEL,
            answered="RollOut",
            cause={"refused": "ResourceLimitExceeded"},
            why=f"attempt {attempt}",
            events=(),
        )
    told.roll_out(1, "staging", "trip")
    tried = {step.entry.detail_type: step.retries for step in cycles(told)[0].steps}
    assert tried["DeploymentStarted"] == ("attempt 1", "attempt 2")
    assert tried["ModelApproved"] == tried["EndpointInService"] == ()


BEFORE, AFTER = "0" * 64, "1" * 64


def lone_wish(told: Chronicle, **decided: Any) -> None:
    wish = told.say(RollbackRequested, trip="wish", stage="production", version=1, reason="odd")
    upon: dict[str, Any] = {"service": "deployer", "cause_id": wish, "answered": None}
    record = {"state_before": BEFORE, "state_after": BEFORE, "actions": (), "events": ()}
    told.say(DecisionRecorded, trip="wish", because=wish, **upon, **{**record, **decided})


@pytest.mark.parametrize(
    ("decided", "outcome"),
    [
        ({"why": "nothing is kept behind v1"}, "refused by deployer: nothing is kept behind v1"),
        ({"why": "automation goes on", "state_after": AFTER}, "automation goes on"),
    ],
)
def test_a_wish_of_which_nothing_else_came_tells_its_answer_and_is_no_trip(
    decided: dict[str, Any], outcome: str
) -> None:
    told = Chronicle()
    told.train(1, "trip")
    lone_wish(told, **decided)
    trip, wish = cycles(told)
    assert (trip.is_trip, trip.wish) == (True, None)
    assert (wish.is_trip, wish.outcome) == (False, outcome)
    assert wish.wish is not None


def test_a_freeze_is_neither_a_trip_nor_a_wish() -> None:
    told = Chronicle()
    told.say(ModelSpecApplied, trip="freeze", changed_fields=("frozen",))
    (freeze,) = cycles(told)
    assert (freeze.is_trip, freeze.wish) == (False, None)
