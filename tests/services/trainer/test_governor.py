"""Every rule of the governor, what overrides it, and when time turns it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.trainer.domain import governor
from services.trainer.domain.seen import World
from services.trainer.domain.state import Candidate, Run, Standing, Trainings
from services.trainer.domain.wanted import Refusal, Trigger, Wish
from tests.fakes.messaging import START
from tests.services.trainer.world import DECLARED, ENV, MODEL, PLENTY, SERIES, spec, summary

HOUR = timedelta(hours=1)
RUN = Run(
    id="fees-r0123456789ab",
    trigger=Trigger.SPEC,
    correlation_id="trip",
    started_at=START,
    algorithm="lightgbm",
    spec_digest="d",
)
WAITING = Candidate(run_id=RUN.id, version=3, standing=Standing.PENDING)
MINUTE = timedelta(minutes=1)
SETTLING = DECLARED.changed(summary=PLENTY.changed(backfilled_at=START - 5 * MINUTE))
BUSY_DAY = tuple(START - hours * HOUR for hours in (25, 20, 15, 10, 7))


def wish(trigger: Trigger) -> Wish:
    return Wish(
        trigger=trigger, cause="cause", correlation_id="trip", actor="alice", reason="because"
    )


def asked(
    trigger: Trigger, state: dict[str, Any], world: World, now: datetime = START
) -> Refusal | None:
    return governor.refusal(Trainings(env=ENV, model=MODEL, **state), wish(trigger), world, now)


def declared(**changes: Any) -> World:
    return DECLARED.changed(spec=spec(**changes))


CASES: list[tuple[str, dict[str, Any], World, str, bool]] = [
    ("no_spec", {}, World(), "model fees has no spec: apply it", False),
    (
        "no_spec",
        {},
        World(unreadable="horizon: must be >= 1, got 0"),
        "what is declared of fees cannot be read: horizon: must be >= 1, got 0: apply it",
        False,
    ),
    (
        "no_spec",
        {},
        World(spec=spec()),
        "series transactions is not declared: apply it",
        False,
    ),
    ("frozen", {}, declared(frozen=True), "model fees is frozen: unfreeze it to train", False),
    (
        "settings",
        {},
        DECLARED.changed(hyperparameters={"num_leafs": "8"}),
        "hyperparameters.num_leafs: unknown to lightgbm; did you mean 'num_leaves'?",
        False,
    ),
    ("settings", {}, DECLARED.changed(settings_fault="is no JSON"), "is no JSON", False),
    ("run_in_flight", {"run": RUN}, DECLARED, "fees-r0123456789ab has not ended", False),
    (
        "enough_history",
        {},
        DECLARED.changed(summary=summary(3_034)),
        "series transactions has 606 of the 607 points of 5m needed",
        False,
    ),
    (
        "enough_history",
        {},
        DECLARED.changed(summary=None),
        "series transactions has 0 of the 607 points of 5m needed",
        False,
    ),
    (
        "backfill_settles",
        {},
        SETTLING,
        "a backfill of series transactions is on its way to the offline store",
        False,
    ),
    (
        "data_fault",
        {"faults": ("gap", "unit")},
        DECLARED,
        "the data of series transactions are at fault: gap, unit",
        True,
    ),
    ("candidate_waiting", {"candidates": (WAITING,)}, DECLARED, "v3 waits for approval", True),
    (
        "useless_runs",
        {"useless": 3},
        DECLARED,
        "3 runs in a row brought no version into production: "
        "find out why, then request a training by hand",
        True,
    ),
    (
        "daily_cap",
        {"starts": BUSY_DAY},
        DECLARED,
        "4 runs in 24 hours, the spec's daily cap is 4",
        True,
    ),
    (
        "cool_down",
        {"starts": (START - 5 * HOUR,)},
        DECLARED,
        "the latest run began at 2026-03-01 07:00 UTC, the spec wants a rest of 6h",
        True,
    ),
]


@pytest.mark.parametrize(("rule", "state", "world", "reason", "overridden"), CASES)
@pytest.mark.parametrize("trigger", Trigger)
def test_each_rule_says_no_with_its_reason_and_a_person_overrides_some(
    rule: str,
    state: dict[str, Any],
    world: World,
    reason: str,
    overridden: bool,
    trigger: Trigger,
) -> None:
    refusal = asked(trigger, state, world)
    if overridden and trigger is Trigger.PERSON:
        assert refusal is None
    else:
        assert refusal is not None
        assert (refusal.rule, refusal.reason) == (rule, reason)


def test_every_rule_is_in_the_table_above() -> None:
    tested = {rule for rule, *_ in CASES} | {"enough_new_points"}  # see test_degradation.py
    assert tested == {rule.says.__name__ for rule in governor.GOVERNOR}


@pytest.mark.parametrize("trigger", Trigger)
def test_nothing_stands_against_a_first_training_on_enough_data(trigger: Trigger) -> None:
    assert asked(trigger, {}, DECLARED) is None
    assert asked(trigger, {}, DECLARED.changed(summary=summary(3_035))) is None


@pytest.mark.parametrize(
    ("rule", "state", "until"),
    [
        ("cool_down", {"starts": (START - 5 * HOUR,)}, START + HOUR),
        ("daily_cap", {"starts": BUSY_DAY}, START + 4 * HOUR),
        ("candidate_waiting", {"candidates": (WAITING,)}, None),
    ],
)
def test_a_no_that_time_turns_says_until_when_and_is_over_then(
    rule: str, state: dict[str, Any], until: datetime | None
) -> None:
    refusal = asked(Trigger.SPEC, state, DECLARED)
    assert refusal is not None
    assert (refusal.rule, refusal.until) == (rule, until)
    if until:
        assert asked(Trigger.SPEC, state, DECLARED, until - timedelta(seconds=1)) == refusal
        assert asked(Trigger.SPEC, state, DECLARED, until) is None


def test_a_backfill_settles_with_the_lag_of_the_offline_store() -> None:
    refusal = asked(Trigger.SPEC, {}, SETTLING)
    assert refusal is not None
    assert refusal.until == START + 10 * MINUTE
    assert asked(Trigger.SPEC, {}, SETTLING, START + 10 * MINUTE) is None
    quick = SETTLING.changed(offline_lag_s=2.0)
    assert asked(Trigger.SPEC, {}, quick) is None
    later = quick.changed(summary=PLENTY.changed(backfilled_at=START))
    assert asked(Trigger.SPEC, {}, later, START + timedelta(seconds=1)) is not None
    assert asked(Trigger.SPEC, {}, later, START + timedelta(seconds=2)) is None


@pytest.mark.parametrize(("minutes", "waits"), [(0, True), (59, True), (60, False)])
def test_backfills_that_go_on_for_ever_do_not_keep_a_wish_for_ever(
    minutes: int, waits: bool
) -> None:
    first = Refusal(rule="backfill_settles", reason="", until=START)
    now = START + minutes * MINUTE
    world = DECLARED.changed(summary=PLENTY.changed(backfilled_at=now - MINUTE))
    again = wish(Trigger.SPEC).changed(refusal=first)
    refusal = governor.refusal(Trainings(env=ENV, model=MODEL), again, world, now)
    assert (refusal is not None) is waits


def test_windows_that_may_not_be_in_the_offline_store_yet_do_not_count() -> None:
    live = summary(3_035, last=START - timedelta(minutes=1))
    assert DECLARED.changed(summary=live).points(START) == (3_035 - 15) // 5
    assert DECLARED.changed(summary=live).points(START + timedelta(minutes=15)) == 607
    assert DECLARED.changed(summary=live, offline_lag_s=0.0).points(START) == 607
    assert World(spec=spec(), series=SERIES, summary=summary(3, START)).points(START) == 0
