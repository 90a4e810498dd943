"""Losses: known values, laws, and agreement with another library."""

import math

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from utilsforecast.losses import scaled_crps

from shared.forecasting import losses

LEVELS = (0.1, 0.5, 0.9)
VALUES = st.floats(-1e6, 1e6, allow_nan=False, width=32)


@st.composite
def outcomes(draw: st.DrawFn) -> list[losses.Outcome]:
    """Draw one to four outcomes, each of one to six steps."""
    drawn = []
    for _ in range(draw(st.integers(1, 4))):
        steps = draw(st.integers(1, 6))
        row = st.lists(VALUES, min_size=steps, max_size=steps)
        truth = draw(row.filter(lambda values: sum(map(abs, values)) > 1e-3))
        drawn.append(losses.Outcome(truth, {level: draw(row) for level in LEVELS}))
    return drawn


@pytest.mark.parametrize(
    ("truth", "forecast", "level", "expected"),
    [
        (10.0, 10.0, 0.5, 0.0),
        (10.0, 8.0, 0.5, 1.0),
        (10.0, 8.0, 0.9, 1.8),
        (8.0, 10.0, 0.9, 0.2),
        (-8.0, -10.0, 0.25, 0.5),
    ],
)
def test_quantile_loss_weighs_too_low_by_the_level_and_too_high_by_the_rest(
    truth: float, forecast: float, level: float, expected: float
) -> None:
    assert losses.quantile_loss(truth, forecast, level) == pytest.approx(expected)


def test_weighted_quantile_loss_is_twice_the_pinball_over_the_absolute_truth() -> None:
    assert losses.weighted_quantile_loss([10, -10], [8, -10], 0.5) == pytest.approx(0.1)


def test_mean_weighted_quantile_loss_agrees_with_utilsforecast() -> None:
    truth = [3.0, 5.0, 8.0, 2.0, 9.0, 4.0]
    quantiles = {
        0.1: [1.0, 4.0, 5.0, 2.5, 6.0, 1.0],
        0.5: [3.5, 5.0, 7.0, 3.0, 8.0, 5.0],
        0.9: [6.0, 7.0, 9.0, 4.0, 8.5, 7.0],
    }
    table = pandas.DataFrame(
        {"unique_id": "a", "ds": range(6), "y": truth}
        | {f"model-{level}": values for level, values in quantiles.items()}
    )
    theirs = scaled_crps(
        table,
        models={"model": [f"model-{level}" for level in quantiles]},
        quantiles=pandas.Series(list(quantiles)).to_numpy(),
    )
    ours = losses.score([losses.Outcome(truth, quantiles)])
    assert ours.mean_wql == pytest.approx(float(theirs["model"].iloc[0]))


@given(outcomes())
def test_a_perfect_forecast_loses_nothing(drawn: list[losses.Outcome]) -> None:
    perfect = [losses.Outcome(one.truth, dict.fromkeys(LEVELS, one.truth)) for one in drawn]
    score = losses.score(perfect)
    assert score.mean_wql == 0 and score.rmse == 0
    assert set(score.coverage.values()) == {1.0}


@given(outcomes(), st.sampled_from([0.125, 2.0, 1024.0]))
def test_the_unit_of_measure_does_not_matter(drawn: list[losses.Outcome], factor: float) -> None:
    scaled = [
        losses.Outcome(
            [value * factor for value in one.truth],
            {level: [value * factor for value in row] for level, row in one.quantiles.items()},
        )
        for one in drawn
    ]
    assert losses.score(scaled).mean_wql == pytest.approx(losses.score(drawn).mean_wql)


@given(outcomes())
def test_the_sums_of_the_outcomes_give_the_score_of_all(drawn: list[losses.Outcome]) -> None:
    score = losses.score(drawn)
    assert score.mean_wql == pytest.approx(
        losses.mean_weighted_quantile_loss(losses.loss(one) for one in drawn)
    )
    assert score.mean_wql == pytest.approx(math.fsum(score.wql.values()) / len(LEVELS))


@given(outcomes())
def test_a_step_without_truth_changes_nothing(drawn: list[losses.Outcome]) -> None:
    longer = [
        losses.Outcome(
            [*one.truth, math.nan], {level: [*row, 7.0] for level, row in one.quantiles.items()}
        )
        for one in drawn
    ]
    assert losses.score(longer) == losses.score(drawn)


@given(st.lists(VALUES, min_size=1, max_size=9), st.floats(0.05, 0.95))
def test_no_constant_loses_less_than_the_quantile_of_the_values(
    values: list[float], level: float
) -> None:
    def total(constant: float) -> float:
        return math.fsum(losses.quantile_loss(value, constant, level) for value in values)

    position = min(len(values) - 1, math.ceil(level * len(values)) - 1)
    best = sorted(values)[max(0, position)]
    assert all(total(best) <= total(other) * (1 + 1e-9) + 1e-9 for other in values)


def test_coverage_counts_truths_at_or_below_the_forecast() -> None:
    assert losses.coverage([1, 2, 3, math.nan], [1, 1, 4, 9]) == pytest.approx(2 / 3)


def test_mase_of_the_seasonal_naive_forecast_on_its_own_history_is_one() -> None:
    history = [1.0, 5.0, 2.0, 7.0, 4.0, 6.0]
    assert losses.mase(history[2:], history[:-2], history, 2) == pytest.approx(1)


def test_score_judges_the_quantile_nearest_to_the_median_by_rmse() -> None:
    outcome = losses.Outcome([3.0, 4.0], {0.2: [9.0, 9.0], 0.4: [0.0, 0.0]})
    assert losses.score([outcome]).rmse == pytest.approx(math.sqrt(12.5))


@pytest.mark.parametrize("truth", [[0.0, 0.0], [math.nan, math.nan]])
def test_a_loss_without_anything_to_divide_by_is_undefined(truth: list[float]) -> None:
    with pytest.raises(losses.LossUndefinedError, match="nothing to divide by"):
        losses.score([losses.Outcome(truth, {0.5: [1.0, 2.0]})])


def test_mase_is_undefined_where_the_history_is_no_longer_than_a_season() -> None:
    with pytest.raises(losses.LossUndefinedError):
        losses.mase([1.0], [2.0], [1.0, 2.0], 2)


@pytest.mark.parametrize(
    ("quantiles", "message"),
    [
        ({}, "at least one"),
        ({0.5: [1.0]}, "has 1 steps, the truth has 2"),
        ({1.0: [1.0, 2.0]}, "not between 0 and 1"),
    ],
)
def test_an_outcome_that_does_not_fit_is_refused(
    quantiles: dict[float, list[float]], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        losses.Outcome([1.0, 2.0], quantiles)


def test_outcomes_with_different_levels_are_not_summed_up() -> None:
    some = losses.Outcome([1.0], {0.5: [1.0]})
    other = losses.Outcome([1.0], {0.4: [1.0]})
    with pytest.raises(ValueError, match="different quantile levels"):
        losses.score([some, other])
