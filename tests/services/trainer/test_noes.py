"""Each no of the governor the whole way: said once, the wish remembered, decided again."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from services.trainer.domain import governor
from services.trainer.domain.seen import Progress
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    DataFaultCleared,
    DataFaultDetected,
    EndpointInService,
    ModelDeclined,
    ModelRegistered,
    ModelSpecApplied,
    TrainingSuppressed,
)
from tests.services.trainer.world import PLENTY, Loop, summary

Act = Callable[[Loop], None]
POINT, SECOND = timedelta(minutes=5), timedelta(seconds=1)
IN_PRODUCTION = EndpointInService.example().changed(stage="production", version=1)
SWEEPS = 3


def declare(loop: Loop, **changes: object) -> None:
    """What is declared changes, and nobody says so."""
    loop.aws.declared = loop.aws.declared.changed(**changes)


def change_spec(loop: Loop, **changes: object) -> None:
    """A person applies the spec with a change."""
    assert loop.aws.declared.spec is not None
    declare(loop, spec=loop.aws.declared.spec.changed(**changes))
    loop.hear(ModelSpecApplied.example())


def later(loop: Loop) -> None:
    """The rest after the latest run is over."""
    loop.bench.clock.forward(hours=7)


def fail_by_hand(loop: Loop) -> None:
    """A person asks for a run, which comes to nothing."""
    loop.bench.clock.forward(hours=2)
    loop.retrain()
    loop.end(Progress.FAILED, "Train", "no luck")


# What stands in the way.


def nobody_declares(loop: Loop) -> None:
    later(loop)
    declare(loop, spec=None)


def is_frozen(loop: Loop) -> None:
    later(loop)
    change_spec(loop, frozen=True)


def a_wrong_setting(loop: Loop) -> None:
    later(loop)
    declare(loop, hyperparameters={"num_leaves": "1"})


def a_run_by_hand(loop: Loop) -> None:
    loop.retrain()
    later(loop)


def little_history(loop: Loop) -> None:
    later(loop)
    declare(loop, summary=summary(1_000))


def a_fresh_backfill(loop: Loop) -> None:
    later(loop)
    declare(loop, summary=PLENTY.changed(backfilled_at=loop.bench.clock.now()))


def data_at_fault(loop: Loop) -> None:
    later(loop)
    loop.hear(DataFaultDetected.example())


def a_candidate(loop: Loop) -> None:
    loop.hear(ModelRegistered.example().changed(run_id=loop.train(), version=2))
    later(loop)


def three_useless_runs(loop: Loop) -> None:
    for _ in range(3):
        fail_by_hand(loop)
    later(loop)


def four_runs_in_a_day(loop: Loop) -> None:
    for _ in range(3):
        fail_by_hand(loop)
    loop.hear(IN_PRODUCTION)  # none of them was useless
    later(loop)


def a_run_an_hour_ago(loop: Loop) -> None:
    loop.bench.clock.forward(hours=1)


# What turns the no.


def unfreeze(loop: Loop) -> None:
    change_spec(loop, frozen=False)


def correct(loop: Loop) -> None:
    declare(loop, hyperparameters={})


def fail(loop: Loop) -> None:
    loop.end(Progress.FAILED, "Train", "no luck")


def import_more(loop: Loop) -> None:
    loop.import_windows(20_160)


def clear(loop: Loop) -> None:
    loop.hear(DataFaultCleared.example())


def decline(loop: Loop) -> None:
    loop.hear(ModelDeclined.example().changed(version=2))


def ten_points_more(loop: Loop) -> None:
    declare(loop, summary=PLENTY.changed(last=PLENTY.last + 10 * POINT))


# Who wishes.


def degrade(loop: Loop, points: int = 10_000) -> None:
    seen = loop.aws.declared.summary or PLENTY
    since = seen.last + timedelta(minutes=1) - points * POINT
    said = AccuracyDegraded.example().changed(version=1, degraded_version=1, since=since)
    loop.hear(said)


def degrade_just_now(loop: Loop) -> None:
    later(loop)
    assert loop.aws.declared.spec is not None
    needed = governor.NEW_POINTS_FACTOR * loop.aws.declared.spec.held_out_points
    degrade(loop, needed - 10)


def wish_otherwise(loop: Loop) -> None:
    change_spec(loop, horizon=6)


def nothing(loop: Loop) -> None:
    """It is in the wish, or in time."""


def is_waiting(loop: Loop) -> bool:
    return len(loop.state.waiting) == 1


CASES: list[tuple[str, Act, tuple[Act, ...], Act | None]] = [
    # rule, what stands in the way, wishes, what turns the no (None: time alone)
    ("no_spec", nobody_declares, (degrade,), Loop.apply),
    ("frozen", is_frozen, (degrade, wish_otherwise), unfreeze),
    ("settings", a_wrong_setting, (degrade, wish_otherwise), correct),
    ("run_in_flight", a_run_by_hand, (degrade, wish_otherwise), fail),
    ("enough_history", little_history, (degrade, wish_otherwise), import_more),
    ("backfill_settles", a_fresh_backfill, (degrade, wish_otherwise), None),
    ("data_fault", data_at_fault, (degrade, wish_otherwise), clear),
    ("enough_new_points", nothing, (degrade_just_now,), ten_points_more),
    ("candidate_waiting", a_candidate, (degrade, wish_otherwise), decline),
    ("useless_runs", three_useless_runs, (degrade, wish_otherwise), Loop.retrain),
    ("daily_cap", four_runs_in_a_day, (degrade, wish_otherwise), None),
    ("cool_down", a_run_an_hour_ago, (degrade, wish_otherwise), None),
]
WAYS = [
    pytest.param(rule, stand, wish, turn, id=f"{rule}-{wish.__name__}")
    for rule, stand, wishes, turn in CASES
    for wish in wishes
]


@pytest.mark.parametrize(("rule", "stand", "wish", "turn"), WAYS)
def test_a_no_is_said_once_its_wish_is_remembered_and_decided_again_when_it_turns(
    rule: str, stand: Act, wish: Act, turn: Act | None
) -> None:
    loop = Loop()
    loop.apply()
    loop.end(Progress.FAILED, "Train", "no luck")
    loop.hear(IN_PRODUCTION)
    stand(loop)
    before = loop.state.run
    wish(loop)
    for _ in range(SWEEPS):
        loop.sweep()
    assert loop.said().count("TrainingSuppressed") == 1
    no: TrainingSuppressed = loop.last(TrainingSuppressed)
    assert no.rule == rule
    assert is_waiting(loop)
    assert loop.state.run == before
    if turn is None:
        assert no.until is not None
        loop.bench.clock.at = no.until - SECOND
        loop.sweep()
        assert is_waiting(loop)
        loop.bench.clock.at = no.until
    else:
        turn(loop)
    loop.sweep()
    assert loop.said().count("TrainingSuppressed") == 1
    assert not is_waiting(loop)
    assert loop.state.run not in (None, before)


def test_every_rule_of_the_governor_is_in_the_table_above() -> None:
    assert [rule for rule, *_ in CASES] == [rule.says.__name__ for rule in governor.GOVERNOR]
