"""The projection: whatever order entries come in, the same is known of a model."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.journal.questions import as_of, limit, serving, versions
from services.journal.questions.as_of import Standing
from services.journal.questions.life import Life, lived
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    AccuracyMeasured,
    AccuracyRecovered,
    ApprovalRevoked,
    DataFaultCleared,
    DataFaultDetected,
    DeploymentFailed,
    DeploymentRolledBack,
    DeploymentStarted,
    LimitRestored,
    LimitSet,
    LimitTightened,
    ModelRefused,
    RetrainRequested,
    TrainingFailed,
    TrainingStarted,
    TrainingSuppressed,
)
from tests.services.journal.chronicle import ALICE, MODEL, Chronicle, a_full_life
from tests.services.journal.stories import Tell
from tests.services.journal.world import NOON

FULL = a_full_life()


def life(told: Chronicle) -> Life:
    return lived(MODEL, told.entries)


def standing(told: Chronicle) -> Standing:
    return as_of.standing(life(told), told.now)


def serves(told: Chronicle) -> dict[str, int | None]:
    """Answer the version at each stage."""
    found = standing(told).stages
    return {stage: one.stay.version if one.stay else None for stage, one in found.items()}


@given(st.permutations(FULL.entries), st.lists(st.sampled_from(FULL.entries), max_size=5))
def test_entries_may_come_in_any_order_and_again(entries: list[Any], again: list[Any]) -> None:
    at = FULL.now
    expected = as_of.standing(life(FULL), at)
    shuffled = lived(MODEL, [*entries, *again])
    assert as_of.standing(shuffled, at) == expected
    assert versions.versions(shuffled) == versions.versions(life(FULL))


def test_a_life_is_known_at_each_of_its_moments() -> None:
    now, seen = Life.begin(MODEL), []
    for entry in FULL.entries:
        now.hear(entry)
        production = as_of.standing(now, entry.occurred_at).stages["production"]
        seen.append(
            (
                production.stay.version if production.stay else None,
                production.coming.version if production.coming else None,
            )
        )
    assert list(dict.fromkeys(seen)) == [
        (None, None),
        (None, 1),
        (1, None),
        (1, 2),
        (2, None),
        (2, 1),
    ]
    assert seen[-1] == (1, None)


def test_what_serves_has_its_evidence_and_who_approved_it() -> None:
    of_stage = standing(FULL).stages["production"]
    assert of_stage.stay and of_stage.version and of_stage.version.evidence
    assert of_stage.stay.came_back
    assert of_stage.version.evidence.score == 0.314
    said = [(word.said, word.who) for word in of_stage.version.words]
    assert said == [("approved", ALICE), ("promoted", ALICE)]


def test_stays_end_where_the_next_begins_and_say_how() -> None:
    told = serving.stays(life(FULL).stages["production"])
    assert [(stay.version, stay.ended) for stay in told] == [
        (1, "v2 took its place"),
        (2, f"rolled back by {ALICE}: it looks odd"),
        (1, ""),
    ]
    assert [stay.until for stay in told[:-1]] == [stay.since for stay in told[1:]]


def nothing_approved_is_left(told: Chronicle) -> None:
    told.say(ApprovalRevoked, version=1, approver=ALICE, note="it lies")
    for stage in ("production", "staging"):
        told.say(DeploymentRolledBack, stage=stage, version=1, back_to=None, reason="revoked")


def first_roll_out(told: Chronicle) -> None:
    told.train(4, "trip")
    told.to_staging(4, "trip")


def failing(stage: str, version: int, back_to: int | None) -> Tell:
    return lambda told: told.say(
        DeploymentFailed, stage=stage, version=version, back_to=back_to, reason="no"
    )


def aged_out(told: Chronicle) -> None:
    told.say(
        DeploymentRolledBack, stage="staging", version=2, back_to=None, reason="old", aged_out=True
    )


SERVING: list[Any] = [
    pytest.param(lambda told: None, {"staging": 2, "production": 1}, id="as it was"),
    pytest.param(nothing_approved_is_left, {"staging": None, "production": None}, id="all revoked"),
    pytest.param(first_roll_out, {"staging": 4, "production": 1}, id="a newer one in staging"),
    pytest.param(
        failing("production", 3, 1), {"staging": 2, "production": 1}, id="a failure changes nothing"
    ),
    pytest.param(
        failing("production", 1, None),
        {"staging": 2, "production": None},
        id="the endpoint is gone",
    ),
    pytest.param(
        failing("staging", 2, 2), {"staging": 2, "production": 1}, id="a smoke test failed"
    ),
    pytest.param(aged_out, {"staging": None, "production": 1}, id="its time in staging is over"),
]


@pytest.mark.parametrize(("then", "expected"), SERVING)
def test_what_serves(then: Tell, expected: dict[str, int | None]) -> None:
    told = a_full_life()
    then(told)
    assert serves(told) == expected


COMING: list[Any] = [
    pytest.param(lambda told: None, 4, id="on its way"),
    pytest.param(failing("staging", 4, 2), None, id="it failed"),
    pytest.param(failing("staging", 2, 2), 4, id="another failed its test"),
]


@pytest.mark.parametrize(("then", "expected"), COMING)
def test_a_roll_out_is_on_its_way_until_it_has_ended(then: Tell, expected: int | None) -> None:
    told = a_full_life()
    told.say(DeploymentStarted, stage="staging", version=4, endpoint_config="fresh")
    then(told)
    coming = standing(told).stages["staging"].coming
    assert (coming.version if coming else None) == expected


LIMITS: list[Any] = [
    pytest.param([], None, id="never set"),
    pytest.param([(LimitSet, {"new": 0.4})], 0.4, id="set"),
    pytest.param([(LimitSet, {"new": 0.4}), (LimitTightened, {"new": 0.3})], 0.3, id="tightened"),
    pytest.param(
        [(LimitSet, {"new": 0.4}), (LimitTightened, {"new": 0.3}), (LimitRestored, {"new": 0.4})],
        0.4,
        id="restored",
    ),
]


@pytest.mark.parametrize(("moves", "value"), LIMITS)
def test_the_limit_in_force(moves: list[Any], value: float | None) -> None:
    told = Chronicle()
    for kind, changes in moves:
        told.say(kind, **changes)
    found = limit.in_force(life(told).limits)
    assert (found.value if found else None) == value


def test_a_threshold_that_was_taken_away_leaves_a_relative_limit() -> None:
    told = Chronicle()
    told.say(LimitSet, new=0.4)
    told.say(LimitSet, new=0.4, relative=True, actor=ALICE)
    found = limit.in_force(life(told).limits)
    assert found
    assert (found.value, found.who) == (None, ALICE)


def test_what_is_open_closes_again() -> None:
    told = Chronicle()
    told.say(AccuracyDegraded, version=1, degraded_version=1)
    told.say(DataFaultDetected, kind="gap")
    told.say(DataFaultDetected, kind="unit")
    told.say(TrainingSuppressed, trigger="degradation", rule="data_fault")
    seen = standing(told)
    assert seen.degradation and seen.suppressed
    assert [fault.kind for fault in seen.data_faults] == ["gap", "unit"]
    told.say(DataFaultCleared, kind="gap")
    told.say(AccuracyRecovered, version=1, degraded_version=1)
    seen = standing(told)
    assert (seen.degradation, seen.suppressed) == (None, None)
    assert [fault.kind for fault in seen.data_faults] == ["unit"]


def test_a_wish_waits_until_a_run_begins_and_a_run_until_its_verdict() -> None:
    told = Chronicle()
    told.say(TrainingSuppressed, trigger="spec", rule="cool_down", until=NOON + timedelta(hours=6))
    waits = standing(told).suppressed
    assert waits
    assert (waits.rule, waits.until) == ("cool_down", NOON + timedelta(hours=6))
    told.say(TrainingStarted, run_id="fees-r000000000009")
    seen = standing(told)
    assert seen.suppressed is None
    assert seen.training
    assert not seen.training.is_judged
    told.say(TrainingFailed, run_id="fees-r000000000009")
    assert standing(told).training is None


def test_a_refused_run_is_not_under_way() -> None:
    told = Chronicle()
    told.say(TrainingStarted)
    told.say(ModelRefused)
    assert standing(told).training is None


@given(st.permutations([True, False, True, True, False, True]), st.randoms())
def test_breaches_in_a_row_are_those_since_the_latest_good_verdict(
    breaches: list[bool], chance: Any
) -> None:
    told = Chronicle()
    for breached in breaches:
        told.say(AccuracyMeasured, stage="production", version=1, breached=breached)
    in_a_row = "".join("x" if one else "." for one in breaches).rpartition(".")[2]
    entries = list(told.entries)
    chance.shuffle(entries)
    row = lived(MODEL, entries).measured[1]
    assert sum(fact.said.breached for fact in row) == len(in_a_row)


def test_what_this_code_cannot_read_is_named_and_changes_nothing() -> None:
    told = a_full_life()
    before = standing(told)
    first = told.entries[0]
    told.entries.append(first.changed(detail_type="ModelRegistered.v9", event_id="later"))
    odd = {**first.detail, "data": {"version": "many"}}
    told.entries.append(first.changed(detail_type="ModelApproved", event_id="odd", detail=odd))
    assert standing(told) == before
    assert life(told).unknown == {"ModelRegistered.v9", "ModelApproved"}


def test_other_models_are_not_part_of_a_life() -> None:
    told = Chronicle()
    told.say(RetrainRequested, model="other")
    told.say(TrainingStarted, model="other")
    assert standing(told).training is None
