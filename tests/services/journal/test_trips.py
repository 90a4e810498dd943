"""Trips round the loop, causes, reasons and lineages: what followed from what, and why."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.journal.questions import lineage, sentences, timeline, why
from services.journal.questions.causes import LED, Causes
from services.journal.questions.life import lived
from services.journal.questions.lineage import Lineage
from services.journal.questions.timeline import Cycle
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import (
    EVENTS,
    AccuracyDegraded,
    AccuracyMeasured,
    ApprovalRevoked,
    DataFaultDetected,
    DecisionRecorded,
    DeploymentFailed,
    DeploymentRolledBack,
    DeploymentStarted,
    EndpointInService,
    ModelApproved,
    ModelDeclined,
    ModelEvaluated,
    ModelRefused,
    ModelRegistered,
    ObservationsIngested,
    PromotionApproved,
    RetrainRequested,
    TrainingCompleted,
    TrainingFailed,
    TrainingStarted,
    TrainingSuppressed,
)
from shared.contracts.lifecycle.fields import Dataset
from tests.services.journal.chronicle import ALICE, MODEL, Chronicle, a_full_life
from tests.services.journal.world import NOON

Tell = Callable[[Chronicle], Any]
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


def kinds(entries: Any) -> list[str]:
    return [entry.detail_type for entry in entries]


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


def refused(told: Chronicle) -> None:
    told.say(TrainingStarted, run_id="fees-r0")
    told.say(TrainingCompleted, run_id="fees-r0")
    told.say(ModelEvaluated, run_id="fees-r0", verdict="refused")
    told.say(ModelRefused, run_id="fees-r0", reasons=("too bad", "too few"))


def failed(told: Chronicle) -> None:
    told.say(TrainingStarted, run_id="fees-r0")
    told.say(TrainingFailed, run_id="fees-r0", step="Prepare", reason="no data")


def running(told: Chronicle) -> None:
    told.say(TrainingStarted, run_id="fees-r0")


def judged(told: Chronicle) -> None:
    running(told)
    told.say(TrainingCompleted, run_id="fees-r0")


def waiting(told: Chronicle) -> None:
    told.say(TrainingSuppressed, rule="cool_down", reason="a run began at noon")


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


def emptied(told: Chronicle) -> str:
    told.say(ApprovalRevoked, version=1, approver=ALICE)
    return told.say(DeploymentRolledBack, version=1, stage="production", back_to=None, reason="no")


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


def test_reasons_are_joined_to_the_decisions_that_said_the_events() -> None:
    told = Chronicle()
    wish = told.say(RetrainRequested)
    started = told.say(TrainingStarted, because=wish)
    told.revisions["trainer"] -= 1  # of the same decision
    told.say(DecisionRecorded, service="trainer", model=MODEL, why="it runs")
    answer = why.of_event(Causes(told.entries).chain(started), told.entries)
    assert [link.why for link in answer.chain] == ["", "it runs"]
    assert answer.paragraph.startswith(f"{ALICE} asked for a training on 2026-03-01 12:00:00 UTC: ")


def reasons(told: Chronicle, frozen: bool = False) -> why.Reasons:
    life = lived(MODEL, told.entries)
    chain = why.story(life, told.entries)
    return why.of_model(life, chain, (), told.now, frozen)


def test_the_story_of_what_serves_goes_from_its_making_to_its_coming_back() -> None:
    told = reasons(FULL)
    assert told.paragraph.startswith("v1 serves in production since 2026-03-01 12:27:00 UTC, as ")
    parts = [
        f"{ALICE} asked for a training",
        "Judged on 20 points it lost 0.314 (mean wQL)",
        "It was registered as v1.",
        f"{ALICE} sent v1 to production (looks good).",
        f"{ALICE} asked to take v2 from production: it looks odd.",
        "v1 came back to production",
    ]
    places = [told.paragraph.index(part) for part in parts]
    assert places == sorted(places)
    assert kinds(link.entry for link in told.chain)[-1] == "EndpointInService"
    assert told.open[0].startswith("v1 falls short since 2026-03-01 12:00 UTC: ")
    assert told.open[1:] == (
        f"v2 left production: rolled back by {ALICE}: it looks odd",
        "v3 waits for approval, registered 2026-03-01 12:32:00 UTC",
    )


def breached(told: Chronicle) -> None:
    for _ in range(2):
        told.say(
            AccuracyMeasured, stage="production", version=1, mean_wql=0.5, limit=0.4, breached=True
        )


OPEN: list[Any] = [
    pytest.param(waiting, "a training waits (asked for by spec; cool_down): a run began at noon"),
    pytest.param(running, "fees-r0 is being trained since"),
    pytest.param(judged, "fees-r0 is being judged since"),
    pytest.param(refused, "fees-r0 was refused: too bad; too few"),
    pytest.param(failed, "fees-r0 failed in Prepare: no data"),
    pytest.param(
        lambda told: told.say(DataFaultDetected, kind="gap"), "the data are at fault (gap)"
    ),
    pytest.param(
        lambda told: told.say(AccuracyDegraded, degraded_version=1), "v1 falls short since"
    ),
    pytest.param(
        breached, "mean wQL 0.5 on 20 points is above its limit 0.4, baseline 0.314; 2 brea"
    ),
    pytest.param(
        lambda told: told.say(DeploymentStarted, stage="staging", version=3),
        "v3 is on its way to staging since",
    ),
]


@pytest.mark.parametrize(("then", "said"), OPEN)
def test_what_is_open_says_why_nothing_else_happens(then: Tell, said: str) -> None:
    told = a_full_life()
    then(told)
    assert [one for one in reasons(told).open if said in one]


def test_a_frozen_model_says_so_first() -> None:
    assert reasons(FULL, frozen=True).open[0].startswith("it is frozen")


def test_where_nothing_serves_it_says_how_that_came() -> None:
    assert reasons(Chronicle()).paragraph == "Nothing has served in production yet."
    told = a_full_life()
    emptied(told)
    assert reasons(told).paragraph.endswith(": v1 left it, no.")
    assert reasons(told).chain == ()


def dataset(hours: int) -> Dataset:
    cutoff = NOON + timedelta(hours=hours)
    return Dataset.model_validate(
        {**COMPLETED.dataset.model_dump(), "first": NOON, "cutoff": cutoff}
    )


COMPLETED = TrainingCompleted.example()
WINDOW = timedelta(hours=1)


def made(*spans: tuple[int, int], hours: int = 10) -> Lineage:
    """Answer the lineage of a version trained on some hours, of which batches brought these."""
    told = Chronicle()
    for first, last in spans:
        told.say(
            ObservationsIngested,
            trip="batch",
            first=NOON + timedelta(hours=first),
            last=NOON + timedelta(hours=last),
        )
    told.minute += 1_000
    told.say(TrainingStarted, run_id="fees-r0")
    told.say(TrainingCompleted, run_id="fees-r0", dataset=dataset(hours))
    told.say(ModelEvaluated, run_id="fees-r0")
    told.say(ModelRegistered, run_id="fees-r0", version=1)
    return lineage.lineage(lived(MODEL, told.entries), 1, told.entries, WINDOW)


BATCHES: list[Any] = [
    pytest.param([(0, 10)], None, id="all at once"),
    pytest.param([(5, 10), (0, 4)], None, id="one after the other, in any order"),
    pytest.param([(0, 10), (3, 4)], None, id="one revises the other"),
    pytest.param([], "the journal knows no ObservationsIngested of its windows", id="none"),
    pytest.param(
        [(50, 60)], "the journal knows no ObservationsIngested of its windows", id="later"
    ),
    pytest.param(
        [(0, 3), (6, 10)], "of 2026-03-01 16:00 to 2026-03-01 18:00 UTC no batch is known", id="gap"
    ),
    pytest.param(
        [(2, 10)],
        "of 2026-03-01 12:00 to 2026-03-01 14:00 UTC no batch is known",
        id="no beginning",
    ),
    pytest.param(
        [(0, 5)], "of 2026-03-01 18:00 to 2026-03-01 22:00 UTC no batch is known", id="no end"
    ),
]


@pytest.mark.parametrize(("spans", "gap"), BATCHES)
def test_windows_lead_to_the_batches_that_brought_them(
    spans: list[tuple[int, int]], gap: str | None
) -> None:
    (records, *others) = made(*spans).links
    assert records.found is (gap is None)
    assert (gap or "brought") in records.what
    assert all(link.found for link in others)


def test_batches_that_were_not_read_are_told_from_those_that_are_not_known() -> None:
    told = a_full_life()
    found = lineage.lineage(lived(MODEL, told.entries), 1, (), WINDOW, NOON)
    assert found.links[0].what.endswith("before 2026-03-01 12:00 UTC was not read")


def without(*missing: type[Event]) -> Lineage:
    names = {one.__name__ for one in missing}
    entries = [one for one in FULL.entries if one.detail_type not in names]
    return lineage.lineage(lived(MODEL, entries), 1)


MISSING: list[Any] = [
    pytest.param((TrainingStarted,), {"records", "run"}, id="the beginning of the run"),
    pytest.param((TrainingCompleted,), {"records", "windows", "dataset"}, id="its end"),
    pytest.param((ModelEvaluated,), {"records", "evaluation"}, id="its verdict"),
    pytest.param((ModelApproved,), {"records", "approvals"}, id="the approval"),
    pytest.param((PromotionApproved,), {"records", "approvals"}, id="the promotion"),
    pytest.param((EndpointInService,), {"records"}, id="nothing: it has not served"),
    pytest.param(
        (ModelRegistered,),
        {"records", "windows", "dataset", "run", "evaluation", "registration"}
        | {"image", "artifact", "judged artifact"},
        id="the registration",
    ),
]


@pytest.mark.parametrize(("missing", "gaps"), MISSING)
def test_what_the_journal_does_not_know_is_named_as_a_gap(
    missing: tuple[type[Event], ...], gaps: set[str]
) -> None:
    assert {link.name for link in without(*missing).gaps} == gaps


@pytest.mark.parametrize(("score", "said"), [(0.0, "v1 0"), (0.25, "v1 0.25"), (None, "baseline")])
def test_the_champion_of_an_evaluation_is_named_where_it_was_compared(
    score: float | None, said: str
) -> None:
    told, seen = Chronicle(), ModelEvaluated.example().champion
    told.say(ModelEvaluated, champion=seen.changed(version=1, mean_wql=score))
    told.say(ModelRegistered, version=2)
    links = lineage.lineage(lived(MODEL, told.entries), 2).links
    (evaluation,) = (link for link in links if link.name == "evaluation")
    assert said in evaluation.what.split(", ")[-1]
