"""The monitor speaks: a degradation is a wish that stays open, data at fault train nothing."""

import itertools
from collections.abc import Callable
from datetime import timedelta

import pytest

from services.trainer.domain import governor
from services.trainer.domain.seen import Progress
from services.trainer.domain.state import Trainings
from services.trainer.domain.wanted import Degradation, Refusal, Trigger
from shared.contracts.envelope import Revision
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    AccuracyRecovered,
    DataFaultCleared,
    DataFaultDetected,
    EndpointInService,
    ModelDeclined,
    ModelRefused,
    ModelRegistered,
    TrainingSuppressed,
)
from tests.fakes.messaging import START
from tests.services.trainer.world import DECLARED, ENV, MODEL, Loop, spec, summary

MINUTE, POINT, DAY = timedelta(minutes=1), timedelta(minutes=5), timedelta(days=1)
NEEDED = 2 * spec().held_out_points
SINCE = START - 2 * DAY
LAG = timedelta(minutes=15)


def champion(loop: Loop, version: int, reason: str = "roll-out") -> None:
    said = EndpointInService.example().changed(stage="production", version=version, reason=reason)
    loop.hear(said)


def degraded(loop: Loop, version: int = 1, since_points: int = NEEDED) -> None:
    """The monitor says that a version fell short, so many points before the latest one."""
    last = loop.aws.declared.summary
    assert last is not None
    since = last.last + MINUTE - since_points * POINT
    said = AccuracyDegraded.example().changed(
        version=version, degraded_version=version, since=since
    )
    loop.hear(said, correlation_id="degradation")


@pytest.fixture
def loop() -> Loop:
    """Version 1 is in production, and no training was asked for in a while."""
    loop = Loop()
    loop.apply()
    loop.end(Progress.FAILED, "Train", "no capacity")
    champion(loop, 1)
    loop.bench.clock.forward(hours=7)
    return loop


def asked(since_points: float, trigger: Trigger = Trigger.DEGRADATION) -> Refusal | None:
    """Ask the governor when so many points since the first breach are offline for certain."""
    now = START + LAG
    since = START - since_points * POINT
    state = Trainings(
        env=ENV,
        model=MODEL,
        degradation=Degradation(
            version=1, since=since, cause="cause", correlation_id="trip", actor="monitor"
        ),
    )
    assert state.degradation is not None
    wish = state.degradation.wish().changed(trigger=trigger)
    world = DECLARED.changed(summary=summary(20_160, last=START))
    return governor.refusal(state, wish, world, now)


def test_a_degradation_waits_for_twice_the_points_that_the_backtest_holds_out() -> None:
    assert asked(NEEDED) is None
    refusal = asked(NEEDED - 1)
    assert refusal is not None
    assert refusal.rule == "enough_new_points"
    assert refusal.reason.startswith(f"{NEEDED - 1} of the {NEEDED} points needed since the first")
    assert refusal.until == START + POINT + LAG


@pytest.mark.parametrize("trigger", [one for one in Trigger if one is not Trigger.DEGRADATION])
def test_other_wishes_need_no_new_points(trigger: Trigger) -> None:
    assert asked(0, trigger) is None


def test_a_degradation_begins_a_run_on_its_own_trip(loop: Loop) -> None:
    degraded(loop)
    assert loop.state.run is not None
    assert loop.state.run.trigger is Trigger.DEGRADATION
    assert loop.state.run.correlation_id == "degradation"


def test_an_end_without_a_new_version_makes_the_governor_decide_again(loop: Loop) -> None:
    degraded(loop)
    first = loop.run_id
    loop.end()
    loop.hear(ModelRefused.example().changed(run_id=first))
    assert loop.last(TrainingSuppressed).rule == "cool_down"
    loop.bench.clock.forward(hours=7)
    loop.sweep()
    assert loop.run_id != first
    assert loop.state.useless == 1


def test_after_three_useless_runs_a_person_is_asked(loop: Loop) -> None:
    degraded(loop)
    for _ in range(3):
        loop.end(Progress.FAILED, "Train", "no capacity")
        loop.bench.clock.forward(hours=7)
        loop.sweep()
    assert loop.state.run is None
    assert loop.last(TrainingSuppressed).rule == "useless_runs"


def test_a_declined_candidate_is_an_end_too(loop: Loop) -> None:
    degraded(loop)
    run_id = loop.run_id
    loop.end()
    loop.hear(ModelRegistered.example().changed(run_id=run_id, version=2))
    loop.hear(ModelDeclined.example().changed(version=2))
    assert [one.trigger for one in loop.state.waiting] == [Trigger.DEGRADATION]
    assert loop.state.useless == 1


def test_a_new_version_in_production_is_given_time_to_show_itself(loop: Loop) -> None:
    degraded(loop)
    loop.end()
    champion(loop, 2)
    loop.bench.clock.forward(hours=9)
    loop.sweep()
    before = loop.state
    loop.hear(AccuracyRecovered.example())
    assert (before.run, before.degradation is None) == (None, False)
    assert loop.state.degradation is None


def test_a_wish_about_a_version_that_left_production_lapses(loop: Loop) -> None:
    degraded(loop, since_points=10)
    champion(loop, 2)
    degraded(loop, version=1)
    state = loop.state
    assert state.waiting == ()
    assert state.run is None
    degraded(loop, version=2)
    assert loop.run_id


def recovers(loop: Loop) -> None:
    loop.hear(AccuracyRecovered.example())


def is_replaced(loop: Loop) -> None:
    """A version whose run began before the spec changed comes into production."""
    champion(loop, 2)


@pytest.mark.parametrize("ends", [recovers, is_replaced])
@pytest.mark.parametrize("spec_first", [True, False])
def test_a_change_of_the_spec_is_trained_whatever_becomes_of_a_degradation(
    loop: Loop, spec_first: bool, ends: Callable[[Loop], None]
) -> None:
    loop.bench.clock.forward(hours=-6)  # the latest run began an hour ago
    for step in (spec_first, not spec_first):
        if step:
            loop.apply(horizon=6)
        else:
            degraded(loop)
    assert len(loop.state.waiting) == 2
    ends(loop)
    loop.bench.clock.forward(hours=6)
    loop.sweep()
    assert loop.state.run is not None
    assert loop.state.run.trigger is Trigger.SPEC


def test_the_degradation_is_asked_before_weaker_wishes_and_its_run_serves_them(loop: Loop) -> None:
    loop.bench.clock.forward(hours=-6)
    loop.apply(horizon=6)
    degraded(loop)
    loop.sweep()
    noes = [e.data for e in loop.bench.bus.events() if isinstance(e.data, TrainingSuppressed)]
    assert [no.trigger for no in noes] == ["spec", "degradation"]
    loop.bench.clock.forward(hours=6)
    loop.sweep()
    assert loop.state.run is not None
    assert loop.state.run.trigger is Trigger.DEGRADATION
    assert loop.state.waiting == ()


def test_a_weaker_wish_does_not_wait_for_the_points_of_a_degradation(loop: Loop) -> None:
    loop.bench.clock.forward(hours=-6)
    degraded(loop, since_points=NEEDED - 10)
    loop.apply(hyperparameters={"seed": 1})
    loop.bench.clock.forward(hours=6)
    loop.sweep()
    assert loop.state.run is not None
    assert loop.state.run.trigger is Trigger.SPEC
    assert [one.trigger for one in loop.state.waiting] == [Trigger.DEGRADATION]


def test_a_degradation_during_a_run_or_before_a_verdict_is_told_why_it_waits(loop: Loop) -> None:
    loop.apply(horizon=6)
    degraded(loop)
    loop.sweep()
    loop.end()
    noes = [e.data for e in loop.bench.bus.events() if isinstance(e.data, TrainingSuppressed)]
    assert [(no.trigger, no.rule) for no in noes] == [
        ("degradation", "run_in_flight"),
        ("degradation", "candidate_waiting"),
    ]
    assert [one.trigger for one in loop.state.waiting] == [Trigger.DEGRADATION]


def test_a_remembered_schedule_does_not_hold_an_open_degradation_up(loop: Loop) -> None:
    degraded(loop)
    first = loop.run_id
    loop.end()
    loop.apply(training={"schedule": "rate(1 day)"})
    loop.bench.clock.forward(hours=24)
    loop.sweep()
    assert loop.last(TrainingSuppressed).trigger == "schedule"
    loop.hear(ModelRefused.example().changed(run_id=first))
    assert loop.state.run is not None
    assert loop.state.run.trigger is Trigger.DEGRADATION


def test_a_degradation_that_overtakes_its_version_s_roll_out_waits_for_it(loop: Loop) -> None:
    degraded(loop, version=2)
    loop.sweep()
    before = loop.state
    assert before.run is None
    champion(loop, 2)
    assert loop.state.run is not None
    assert loop.state.run.trigger is Trigger.DEGRADATION


def test_a_version_that_comes_back_while_its_degradation_is_open_is_trained_for(
    loop: Loop,
) -> None:
    degraded(loop, since_points=10)
    champion(loop, 2)
    degraded(loop, version=1)
    loop.sweep()
    before = loop.state
    assert before.run is None
    champion(loop, 1, reason="rollback")
    loop.sweep()
    assert loop.state.run is not None


def test_a_recovery_takes_a_wish_back_that_still_waits(loop: Loop) -> None:
    degraded(loop, since_points=10)
    loop.hear(AccuracyRecovered.example())
    loop.sweep()
    assert loop.state.waiting == ()
    assert loop.state.run is None


def test_a_persons_wish_is_stronger_and_serves_the_degradation(loop: Loop) -> None:
    degraded(loop, since_points=10)
    loop.retrain()
    assert loop.state.run is not None
    assert loop.state.run.trigger is Trigger.PERSON
    assert loop.state.waiting == ()


def test_data_at_fault_train_nothing_until_they_are_cleared(loop: Loop) -> None:
    loop.hear(DataFaultDetected.example().changed(kind="gap"))
    loop.hear(DataFaultDetected.example().changed(kind="unit"))
    degraded(loop)
    assert loop.last(TrainingSuppressed).rule == "data_fault"
    loop.hear(DataFaultCleared.example().changed(kind="gap"))
    assert loop.state.run is None
    loop.hear(DataFaultCleared.example().changed(kind="unit"))
    assert loop.state.run is not None


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_faults_of_several_kinds_are_told_apart_in_whatever_order_they_are_heard(
    loop: Loop, order: tuple[int, ...]
) -> None:
    said = (
        DataFaultDetected.example().changed(kind="gap"),
        DataFaultCleared.example().changed(kind="gap"),
        DataFaultDetected.example().changed(kind="flood"),
        DataFaultDetected.example().changed(kind="unit"),
    )
    for at in order:
        loop.hear(said[at], revision=Revision(number=10 + at, index=0))
    assert loop.state.faults == ("flood", "unit")


def test_a_person_may_train_on_data_at_fault_and_the_decision_says_so(loop: Loop) -> None:
    loop.hear(DataFaultDetected.example().changed(kind="constant"))
    loop.bench.clock.forward(hours=-6)
    loop.retrain()
    assert loop.state.run is not None
    assert loop.state.run.trigger is Trigger.PERSON
    why = next(text for text in loop.whys() if text.startswith(f"{loop.run_id} begins"))
    assert "although the data of series transactions are at fault: constant; although" in why
    assert "the spec wants a rest of 6h" in why


def test_a_fault_alone_asks_for_no_training(loop: Loop) -> None:
    loop.hear(DataFaultDetected.example())
    loop.hear(DataFaultCleared.example())
    loop.sweep()
    assert loop.state.run is None
