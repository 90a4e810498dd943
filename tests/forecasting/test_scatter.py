"""Scatter: what hindsight loses, and what that does to others."""

import math

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.forecasting import baseline, scatter
from shared.forecasting.losses import Outcome, loss

LEVELS = tuple(tenths / 10 for tenths in range(1, 10))
VALUES = st.lists(st.floats(0.1, 1e6), min_size=2, max_size=30)


@given(VALUES, st.floats(0.1, 1e6))
def test_no_constant_forecast_of_one_quantile_beats_hindsight_by_much(
    truth: list[float], elsewhere: float
) -> None:
    """Interpolated quantiles are not exactly the best ones; they are never far from them."""
    other = dict.fromkeys(LEVELS, [elsewhere] * len(truth))
    assert scatter.of(truth, LEVELS) <= 1.5 * loss(Outcome(truth, other)).loss + 1e-6


@given(VALUES, st.floats(-1e5, 1e5), st.floats(0.1, 10))
def test_scatter_does_not_change_with_the_level_and_grows_with_the_noise(
    truth: list[float], level: float, factor: float
) -> None:
    usual = scatter.of(truth, LEVELS)
    assert scatter.of([value + level for value in truth], LEVELS) == pytest.approx(usual, abs=1e-3)
    assert scatter.of([value * factor for value in truth], LEVELS) == pytest.approx(factor * usual)


def test_missing_truths_are_left_out_and_one_alone_does_not_scatter() -> None:
    assert scatter.of([1.0, math.nan, 3.0], LEVELS) == scatter.of([1.0, 3.0], LEVELS)
    assert scatter.of([1.0, math.nan], LEVELS) == 0.0


@pytest.mark.parametrize("factor", [0.5, 1.0, 1.5, 2.0, 3.0])
def test_growth_is_that_of_a_normal_forecast_of_the_old_width(factor: float) -> None:
    chance = numpy.random.default_rng(1)
    levels = numpy.arange(1, 200) / 200
    forecast = numpy.quantile(chance.standard_normal(200_000), levels)

    def lost(truth: numpy.ndarray) -> float:
        error = truth[:, None] - forecast
        return float(numpy.maximum(levels * error, (levels - 1) * error).mean())

    truth = chance.standard_normal(20_000)
    assert lost(truth * factor) / lost(truth) == pytest.approx(scatter.growth(factor), rel=0.03)


def test_the_latest_points_alone_are_the_third_naive_forecast() -> None:
    context = [1_000.0] * 50 + [float(value) for value in range(24)]
    forecast = baseline.latest(context, 288, 2, (0.5,))
    assert forecast == {0.5: [11.5, 11.5]}
    with pytest.raises(baseline.ContextTooShortError, match="needs 24 points"):
        baseline.latest([1.0] * 23, 288, 2, (0.5,))


def test_a_backtest_has_two_naive_forecasts_and_who_watches_three() -> None:
    assert set(baseline.WATCHING) - set(baseline.NAIVE) == {"latest"}
