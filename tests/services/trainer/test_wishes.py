"""Wishes: who asks, what is remembered, and when it is asked again."""

from datetime import timedelta

import pytest

from services.trainer.domain.seen import Progress
from services.trainer.domain.state import Trainings
from services.trainer.domain.wanted import Degradation, Trigger, Wish
from shared.contracts import names
from shared.contracts.lifecycle import (
    ModelDeclined,
    ModelRegistered,
    ModelSpecApplied,
    ObservationsIngested,
    TrainingStarted,
    TrainingSuppressed,
)
from tests.fakes.messaging import START
from tests.services.trainer.world import ENV, MODEL, PLENTY, Loop, spec, summary

STARTED, SUPPRESSED = "TrainingStarted", "TrainingSuppressed"


def wish(trigger: Trigger, cause: str) -> Wish:
    return Wish(trigger=trigger, cause=cause, correlation_id="t", actor="alice", reason="because")


IN_THE_SLOT = [one for one in Trigger if one is not Trigger.DEGRADATION]


@pytest.mark.parametrize("first", IN_THE_SLOT)
@pytest.mark.parametrize("second", IN_THE_SLOT)
def test_the_strongest_wish_is_remembered_and_of_equal_ones_the_older(
    first: Trigger, second: Trigger
) -> None:
    order = ["person", "spec", "schedule"]
    state = Trainings(env=ENV, model=MODEL).remembering(wish(first, "one"))
    kept = state.remembering(wish(second, "two")).remembered
    assert kept is not None
    assert kept.cause == ("two" if order.index(second) < order.index(first) else "one")


@pytest.mark.parametrize("other", IN_THE_SLOT)
def test_a_degradation_waits_beside_the_slot_and_the_stronger_is_asked_first(
    other: Trigger,
) -> None:
    opened = Degradation(version=1, since=START, cause="one", correlation_id="t", actor="monitor")
    state = Trainings(env=ENV, model=MODEL, degradation=opened)
    state = state.remembering(wish(other, "two")).remembering(opened.wish())
    degradation_last = other is Trigger.PERSON
    assert [one.cause for one in state.waiting] == (
        ["two", "one"] if degradation_last else ["one", "two"]
    )


def test_a_new_spec_with_enough_history_is_trained() -> None:
    loop = Loop()
    loop.apply()
    assert loop.said() == [STARTED]
    assert loop.last(TrainingStarted).trigger == "spec"
    assert loop.trip(TrainingStarted) == "spec-0"


def test_a_wish_without_history_is_remembered_and_a_backfill_lets_it_begin() -> None:
    loop = Loop()
    loop.aws.declared = loop.aws.declared.changed(summary=None)
    loop.apply()
    loop.import_windows(1_000)
    assert loop.said() == [SUPPRESSED]
    assert loop.last(TrainingSuppressed).rule == "enough_history"
    loop.import_windows(20_160)
    assert loop.said() == [SUPPRESSED, STARTED]
    assert loop.trip(TrainingStarted) == "spec-0"
    assert loop.state.remembered is None


def test_a_wish_waits_while_a_backfill_settles_and_the_sweep_lets_it_begin() -> None:
    loop = Loop()
    fresh = PLENTY.changed(backfilled_at=loop.bench.clock.now())
    loop.aws.declared = loop.aws.declared.changed(summary=fresh)
    loop.apply()
    loop.sweep()
    assert loop.said() == [SUPPRESSED]
    said = loop.last(TrainingSuppressed)
    assert (said.rule, said.trigger) == ("backfill_settles", "spec")
    assert said.until == loop.bench.clock.now() + timedelta(minutes=15)
    loop.bench.clock.forward(minutes=15)
    loop.sweep()
    assert loop.said() == [SUPPRESSED, STARTED]
    assert loop.trip(TrainingStarted) == "spec-0"


def test_the_same_no_is_said_once_and_another_no_again() -> None:
    loop = Loop()
    loop.aws.declared = loop.aws.declared.changed(summary=None)
    loop.apply()
    for _ in range(3):
        loop.sweep()
        loop.import_windows(100)
    assert loop.said() == [SUPPRESSED]
    loop.aws.declared = loop.aws.declared.changed(spec=spec(frozen=True), summary=PLENTY)
    loop.sweep()
    loop.sweep()
    assert loop.said() == [SUPPRESSED, SUPPRESSED]
    assert loop.last(TrainingSuppressed).rule == "frozen"


def test_observations_move_nothing_where_no_wish_is_remembered() -> None:
    loop = Loop()
    loop.hear(ObservationsIngested.example())
    assert loop.said() == []
    assert loop.bench.bus.entries == []


def test_a_person_overrides_the_cool_down_but_not_the_run_in_flight() -> None:
    loop = Loop()
    loop.apply()
    first = loop.run_id
    loop.retrain()
    assert loop.last(TrainingSuppressed).rule == "run_in_flight"
    assert loop.last(TrainingSuppressed).trigger == "person"
    loop.end()
    assert loop.said() == [STARTED, SUPPRESSED, "TrainingCompleted", STARTED]
    assert loop.run_id != first
    assert (loop.trip(TrainingStarted), loop.last(TrainingStarted).trigger) == ("by-hand", "person")


def test_a_wish_of_a_person_takes_the_place_of_a_weaker_one_and_serves_it() -> None:
    loop = Loop()
    loop.aws.declared = loop.aws.declared.changed(summary=None)
    loop.apply()
    loop.retrain()
    assert loop.state.remembered is not None
    assert loop.state.remembered.trigger is Trigger.PERSON
    loop.import_windows(20_160)
    loop.end()
    loop.sweep()
    assert loop.said().count(STARTED) == 1
    assert loop.state.remembered is None


def test_a_weaker_wish_is_told_its_own_no_and_leaves_the_stronger_one_in_place() -> None:
    loop = Loop()
    loop.aws.declared = loop.aws.declared.changed(summary=None)
    loop.retrain()
    loop.apply()
    assert loop.said() == [SUPPRESSED, SUPPRESSED]
    assert loop.last(TrainingSuppressed).trigger == "spec"
    assert loop.state.remembered is not None
    assert loop.state.remembered.trigger is Trigger.PERSON


@pytest.mark.parametrize(
    "changes",
    [
        {"approval": {"staging": "rule"}},
        {"deployment": {"bake": "10m"}},
        {"monitor": {"points": 100}},
        {"training": {"cool_down": "1h"}},
        {"frozen": True},
    ],
)
def test_a_change_that_makes_no_other_model_wishes_no_training(changes: dict[str, object]) -> None:
    loop = Loop()
    loop.apply()
    loop.end()
    loop.apply(**changes)
    loop.sweep()
    assert loop.said() == [STARTED, "TrainingCompleted"]


@pytest.mark.parametrize(
    "changes", [{"horizon": 6}, {"hyperparameters": {"seed": 1}}, {"gate": {"limit_ratio": 0.9}}]
)
def test_a_change_that_makes_another_model_or_verdict_wishes_a_training(
    changes: dict[str, object],
) -> None:
    loop = Loop()
    loop.apply()
    loop.end()
    loop.apply(**changes)
    assert loop.last(TrainingSuppressed).trigger == "spec"


def test_a_spec_whose_event_was_lost_is_found_by_the_sweep_and_its_late_event_changes_nothing() -> (
    None
):
    loop = Loop()
    loop.sweep()
    assert loop.said() == [STARTED]
    loop.hear(ModelSpecApplied.example())
    loop.sweep()
    assert loop.said() == [STARTED]


def test_a_spec_that_a_run_has_begun_with_is_no_wish_any_more() -> None:
    loop = Loop()
    loop.train()
    loop.hear(ModelSpecApplied.example())
    loop.sweep()
    assert loop.said() == [STARTED, "TrainingCompleted"]


def test_unfreezing_lets_a_remembered_wish_begin() -> None:
    loop = Loop()
    loop.apply(frozen=True)
    assert loop.last(TrainingSuppressed).rule == "frozen"
    loop.apply()
    assert loop.said() == [SUPPRESSED, STARTED]


def test_a_wrong_setting_holds_the_wish_until_somebody_corrects_it() -> None:
    loop = Loop()
    loop.aws.declared = loop.aws.declared.changed(hyperparameters={"num_leaves": "1"})
    loop.apply()
    assert loop.last(TrainingSuppressed).rule == "settings"
    loop.aws.declared = loop.aws.declared.changed(hyperparameters={"num_leaves": "4"})
    loop.sweep()
    assert loop.last(TrainingStarted).hyperparameters["num_leaves"] == "4"


def test_a_schedule_makes_one_wish_for_each_time_that_it_is_due() -> None:
    loop = Loop()
    loop.apply(training={"schedule": "rate(1 day)"})
    loop.end()
    loop.hear(ModelRegistered.example().changed(run_id=loop.state.candidates[0].run_id))
    loop.hear(ModelDeclined.example())
    loop.bench.clock.forward(hours=23)
    loop.sweep()
    assert loop.said().count(STARTED) == 1
    loop.bench.clock.forward(hours=1)
    loop.sweep()
    loop.sweep()
    assert loop.said().count(STARTED) == 2
    assert loop.last(TrainingStarted).trigger == "schedule"


def test_a_schedule_that_is_refused_says_so_once_and_is_remembered() -> None:
    loop = Loop()
    loop.apply(training={"schedule": "cron(0 13 * * ? *)"})
    loop.end()
    loop.bench.clock.forward(hours=2)
    for _ in range(3):
        loop.sweep()
    assert loop.said() == [STARTED, "TrainingCompleted", SUPPRESSED]
    said = loop.last(TrainingSuppressed)
    assert (said.trigger, said.rule) == ("schedule", "candidate_waiting")
    assert loop.state.remembered is not None


def test_a_model_without_a_spec_is_swept_in_silence() -> None:
    loop = Loop()
    loop.aws.declared = loop.aws.declared.changed(spec=None)
    loop.sweep()
    assert loop.bench.bus.entries == []


def test_after_three_useless_runs_only_a_person_is_obeyed() -> None:
    loop = Loop()
    for seed in range(3):
        loop.bench.clock.forward(hours=7)
        loop.apply(hyperparameters={"seed": seed})
        loop.end(Progress.FAILED, "Train", "no luck")
    loop.bench.clock.forward(hours=7)
    loop.apply(hyperparameters={"seed": 4})
    assert loop.last(TrainingSuppressed).rule == "useless_runs"
    loop.retrain()
    assert loop.last(TrainingStarted).trigger == "person"


def test_a_run_is_named_after_the_wish_that_began_it() -> None:
    loop = Loop()
    loop.aws.declared = loop.aws.declared.changed(summary=summary(10))
    loop.hear(ModelSpecApplied.example(), "applied-by-alice")
    loop.import_windows(20_160)
    assert loop.run_id == names.run_id(MODEL, "applied-by-alice")
