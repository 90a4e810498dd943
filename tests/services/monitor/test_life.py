"""A version in production is watched: scored once, judged, found wanting, replaced, recovered."""

import json
from datetime import timedelta
from itertools import permutations

import pytest

from shared.contracts.envelope import Event, Revision
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    AccuracyMeasured,
    AccuracyRecovered,
    DeploymentFailed,
    DeploymentRolledBack,
    EndpointInService,
    LimitRestored,
    LimitSet,
    LimitTightened,
)
from shared.contracts.scoring import ScoredForecasts, scored_key
from shared.forecasting import losses
from shared.forecasting.losses import Outcome
from tests.services.monitor.world import (
    CUTOFF,
    FREQUENCY,
    HORIZON,
    LEVELS,
    MODEL,
    MONITOR,
    SPAN,
    WINDOW,
    WORLD,
    Loop,
    config,
    known,
    rhythm,
)

FIRST = CUTOFF + FREQUENCY


@pytest.fixture
def loop() -> Loop:
    """A model whose first version has just come into production."""
    loop = Loop()
    loop.in_production()
    return loop


def degrade(loop: Loop) -> None:
    """The level doubles, and the version does not learn it."""
    loop.pass_(6)
    loop.level = 2.0
    loop.pass_(9)


def test_each_window_after_the_cutoff_is_forecast_once_one_horizon_apart(loop: Loop) -> None:
    loop.pass_(4)
    loop.hear_again()
    loop.sweep()
    assert loop.aws.asked == [FIRST + number * SPAN for number in range(4)]


def test_what_came_true_before_the_roll_out_is_scored_in_one_request() -> None:
    loop = Loop()
    loop.pass_(3)
    loop.in_production()
    assert loop.aws.requests == [3]
    assert loop.aws.asked[0] == FIRST


def test_a_window_is_not_scored_before_its_last_step_is_closed(loop: Loop) -> None:
    loop.observe_until(FIRST + SPAN - WINDOW)
    assert loop.aws.asked == []
    loop.observe_until(FIRST + SPAN)
    assert loop.aws.asked == [FIRST]


def test_many_windows_are_asked_for_in_batches_that_the_algorithm_can_answer() -> None:
    loop = Loop()
    loop.pass_(60)
    loop.in_production()
    assert loop.aws.requests == [50, 10]


def test_the_endpoint_is_given_the_points_before_the_origin_and_no_later_one(loop: Loop) -> None:
    loop.pass_(1)
    (context,) = loop.aws.contexts
    windows = loop.aws.online
    inside = [w for start, w in windows.items() if FIRST - FREQUENCY <= start < FIRST]
    assert len(context) == 30
    assert context[-1] == pytest.approx(sum(w.total for w in inside) / sum(w.count for w in inside))


def test_a_verdict_is_on_the_points_that_the_spec_wants_and_on_the_latest(loop: Loop) -> None:
    loop.pass_(4)
    assert loop.said() == []
    loop.pass_(3)
    verdicts = loop.all(AccuracyMeasured)
    assert [verdict.points for verdict in verdicts] == [20, 20, 20]
    assert verdicts[-1].window.first == FIRST + 2 * SPAN
    assert verdicts[-1].window.last == FIRST + 7 * SPAN


def test_a_verdict_falls_due_as_often_as_the_spec_says(loop: Loop) -> None:
    rare = MONITOR.changed(every=2 * SPAN)
    loop.aws.declared = WORLD.changed(monitor=rare)
    loop.pass_(9)
    assert len(loop.all(AccuracyMeasured)) == 3


def test_what_is_said_does_not_depend_on_how_many_windows_come_at_a_time(loop: Loop) -> None:
    loop.pass_(12)
    at_once = Loop()
    at_once.in_production()
    at_once.observe_until(loop.at)
    assert at_once.all(AccuracyMeasured) == loop.all(AccuracyMeasured)
    assert len(loop.all(AccuracyMeasured)) == 8


def test_the_loss_is_that_of_an_independent_computation(loop: Loop) -> None:
    loop.pass_(5)
    (verdict,) = loop.all(AccuracyMeasured)
    outcomes = []
    for number in range(5):
        key = scored_key(MODEL, 1, FIRST + number * SPAN)
        kept = ScoredForecasts.model_validate_json(loop.aws.written[key])
        (one,) = kept.forecasts
        truth = [value for value in one.truth if value is not None]
        quantiles = {float(level): values for level, values in one.quantiles.items()}
        outcomes.append(Outcome(truth, quantiles))
        assert json.loads(loop.aws.written[key])["version"] == 1
    assert verdict.mean_wql == pytest.approx(losses.score(outcomes).mean_wql)
    assert sorted(outcomes[0].quantiles) == list(LEVELS)


def test_a_version_as_good_as_in_its_backtest_is_left_in_peace(loop: Loop) -> None:
    loop.pass_(40)
    assert loop.said("AccuracyMeasured") == []
    assert len(loop.all(AccuracyMeasured)) == 36


def test_three_breaches_in_a_row_are_a_degradation_and_it_is_said_once(loop: Loop) -> None:
    degrade(loop)
    loop.pass_(10)
    (said,) = loop.all(AccuracyDegraded)
    breaches = [one for one in loop.all(AccuracyMeasured) if one.breached]
    assert (said.version, said.degraded_version) == (1, 1)
    assert said.since == breaches[0].window.first
    assert "3 breaches in a row" in said.evidence
    assert "no better than the baseline" in said.evidence


def test_the_next_version_ends_the_degradation_after_as_many_verdicts(loop: Loop) -> None:
    degrade(loop)
    loop.aws.forecaster = lambda position: 2 * rhythm(position)
    loop.in_production(2)
    loop.pass_(12)
    (said,) = loop.all(AccuracyRecovered)
    assert (said.version, said.degraded_version) == (2, 1)
    events = [e for e in loop.bench.bus.events() if isinstance(e.data, AccuracyRecovered)]
    assert events[0].metadata.correlation_id == "trip-2"
    assert loop.state.degradation is None


def test_the_same_version_may_recover_too_and_degrade_again(loop: Loop) -> None:
    degrade(loop)
    loop.level = 1.0
    loop.pass_(12)
    loop.level = 2.0
    loop.pass_(12)
    assert loop.said("AccuracyMeasured") == [
        "AccuracyDegraded",
        "AccuracyRecovered",
        "AccuracyDegraded",
    ]


def test_a_second_version_that_falls_short_is_said_to_degrade_itself(loop: Loop) -> None:
    degrade(loop)
    loop.in_production(2)
    loop.pass_(10)
    assert [said.version for said in loop.all(AccuracyDegraded)] == [1, 2]


def test_a_world_that_became_noisier_is_reported_and_is_no_fault_of_the_model(loop: Loop) -> None:
    loop.aws.declared = WORLD.changed(monitor=MONITOR.changed(points=50))
    loop.pass_(20)
    loop.noise *= 2
    loop.pass_(40)
    verdicts = loop.all(AccuracyMeasured)
    assert loop.said("AccuracyMeasured") == []
    assert any("the truths scatter more than usual" in verdict.evidence for verdict in verdicts)


def test_while_a_deployment_is_under_way_nothing_is_scored_and_then_all_of_it(loop: Loop) -> None:
    loop.aws.config_now = None
    loop.pass_(2)
    assert loop.aws.asked == []
    loop.aws.config_now = config(1)
    loop.pass_(1)
    assert loop.aws.asked == [FIRST + number * SPAN for number in range(3)]


def test_a_configuration_that_changes_under_the_monitors_hands_is_not_scored(loop: Loop) -> None:
    loop.aws.serving = [config(1), config(2)]
    loop.pass_(1)
    assert loop.aws.written == {}
    assert loop.state.stay is not None
    assert loop.state.stay.next_origin == FIRST


@pytest.mark.parametrize("code", ["ModelError", "ValidationError"])
def test_an_endpoint_that_refuses_is_asked_again(loop: Loop, code: str) -> None:
    loop.refuse(code)
    loop.pass_(1)
    loop.aws.refuse.clear()
    loop.sweep()
    assert loop.aws.asked == [FIRST]


def test_history_creates_no_verdict(loop: Loop) -> None:
    loop.observe_until(FIRST + 10 * SPAN, backfill=True)
    assert loop.aws.asked == []


def test_news_that_come_late_or_in_any_order_change_nothing(loop: Loop) -> None:
    loop.pass_(1)
    late = loop.latest
    loop.pass_(1)
    assert late is not None
    loop.bench.handle(late[0], event_id="again-under-another-name")
    assert loop.aws.asked == [FIRST, FIRST + SPAN]


def test_a_staging_endpoint_is_not_watched() -> None:
    loop = Loop()
    loop.hear(EndpointInService.example().changed(stage="staging"))
    assert loop.state.stay is None


FAILED = DeploymentFailed.example().changed(stage="production", version=1, back_to=None)
ROLLED_BACK = DeploymentRolledBack.example().changed(stage="production", version=1, back_to=None)
GONE = [FAILED, ROLLED_BACK, ROLLED_BACK.changed(back_to=7), FAILED.changed(version=2)]
SERVES_ON = [FAILED.changed(version=2, back_to=1), ROLLED_BACK.changed(version=2, back_to=1)]
IN_STAGING = [FAILED.changed(stage="staging"), ROLLED_BACK.changed(stage="staging")]


@pytest.mark.parametrize("gone", GONE)
def test_a_version_that_left_production_is_not_asked_any_more(loop: Loop, gone: Event) -> None:
    loop.hear(gone)
    loop.pass_(2)
    assert loop.aws.asked == []
    loop.hear(gone)
    assert loop.state.stay is None


@pytest.mark.parametrize("other", [*SERVES_ON, *IN_STAGING])
def test_what_became_of_another_version_or_in_staging_changes_nothing(
    loop: Loop, other: Event
) -> None:
    loop.hear(other)
    loop.pass_(2)
    assert len(loop.aws.asked) == 2


NEXT = EndpointInService.example().changed(stage="production", version=2)
PRODUCTION = [
    ([(7, NEXT), (8, FAILED.changed(version=3, back_to=2))], 2),
    ([(7, NEXT), (8, FAILED.changed(version=3))], None),
    ([(7, FAILED), (8, NEXT)], 2),
]


@pytest.mark.parametrize(("facts", "watched"), PRODUCTION)
def test_in_whatever_order_facts_of_production_come_who_serves_is_watched(
    facts: list[tuple[int, Event]], watched: int | None
) -> None:
    for order in permutations(facts):
        loop = Loop()
        loop.in_production()
        for number, fact in order:
            loop.hear(fact, revision=Revision(number=number, index=0))
        stay = loop.state.stay
        assert (stay and stay.version) == watched


def test_a_version_that_came_back_is_asked_for_what_is_to_come(loop: Loop) -> None:
    loop.pass_(3)
    loop.in_production(1, reason="rollback")
    loop.pass_(2)
    assert loop.aws.asked == [FIRST + number * SPAN for number in range(5)]


def test_a_version_of_which_nothing_is_known_is_looked_for_by_the_sweep() -> None:
    loop = Loop()
    loop.aws.versions.clear()
    loop.in_production()
    loop.pass_(2)
    assert loop.aws.asked == []
    loop.sweep()
    assert any("its registration cannot be read yet" in why for why in loop.reasons())
    assert loop.reasons()[-1].startswith("v1 serves and is not watched: its registration")
    loop.aws.versions[1] = known()
    loop.sweep()
    assert loop.aws.asked == [FIRST, FIRST + SPAN]


def test_a_version_that_came_back_unknown_is_not_asked_again_for_what_was_forecast(
    loop: Loop,
) -> None:
    loop.pass_(3)
    loop.aws.versions.clear()
    loop.in_production(1, reason="rollback")
    loop.pass_(1)
    loop.aws.versions[1] = known()
    loop.sweep()
    assert loop.aws.asked == [FIRST + number * SPAN for number in range(4)]


def test_an_absolute_threshold_is_the_limit_until_it_is_taken_away(loop: Loop) -> None:
    example = LimitSet.example()
    loop.hear(example.changed(new=0.5))
    loop.pass_(5)
    loop.hear(LimitTightened.example().changed(new=0.4))
    loop.pass_(1)
    loop.hear(LimitRestored.example().changed(new=0.5))
    loop.pass_(1)
    loop.hear(example.changed(old=0.5, new=0.5, relative=True))
    loop.pass_(1)
    limits = [verdict.limit for verdict in loop.all(AccuracyMeasured)]
    assert limits[:3] == [0.5, 0.4, 0.5]
    assert limits[3] < 0.3


def test_a_window_without_truth_makes_no_points_and_holds_nothing_up(loop: Loop) -> None:
    loop.pass_(2)
    for start in [start for start in loop.aws.online if start >= FIRST + SPAN]:
        del loop.aws.online[start]
    loop.at = FIRST + SPAN
    loop.skip(SPAN)
    loop.pass_(2)
    assert FIRST + 3 * SPAN in loop.aws.asked
    assert loop.state.stay is not None
    assert all(one.points <= HORIZON for one in loop.state.stay.scored)


def test_a_model_that_is_not_declared_is_let_be(loop: Loop) -> None:
    loop.aws.declared = None
    loop.pass_(2)
    loop.sweep()
    assert loop.aws.asked == []
    assert timedelta(0) <= loop.bench.clock.now() - loop.at
