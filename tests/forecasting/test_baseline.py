"""The naive forecasts."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.forecasting import baseline

LEVELS = (0.1, 0.5, 0.9)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.floats(0.01, 0.99))
def test_quantile_is_the_one_of_numpy(values: list[float], level: float) -> None:
    assert baseline.quantile(sorted(values), level) == pytest.approx(
        float(numpy.quantile(values, level)), abs=1e-6
    )


def test_last_season_repeats_the_quantiles_of_the_last_season_only() -> None:
    context = [1000.0, *(float(value) for value in range(11))]
    assert baseline.last_season(context, 11, 3, LEVELS) == {
        0.1: [1.0] * 3,
        0.5: [5.0] * 3,
        0.9: [9.0] * 3,
    }


def test_seasonal_naive_of_an_exact_rhythm_is_exact_beyond_one_season() -> None:
    forecast = baseline.seasonal_naive([1.0, 2.0, 3.0] * 4, 3, 7, LEVELS)
    assert forecast == dict.fromkeys(LEVELS, [1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0])


def test_seasonal_naive_is_as_wide_as_what_it_missed_in_the_last_season() -> None:
    forecast = baseline.seasonal_naive([0.0, 0.0, 0.0, -1.0, 0.0, 1.0], 3, 1, (0.0001, 0.5, 0.9999))
    assert forecast[0.5] == [-1.0]
    assert forecast[0.0001][0] == pytest.approx(-2, abs=1e-3)
    assert forecast[0.9999][0] == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(
    ("history", "name"),
    [([1.0, 9.0] * 20, "seasonal_naive"), ([5.0, 6.0, 4.0, 5.5, 4.5] * 8, "last_season")],
)
def test_the_better_of_the_two_is_the_baseline(history: list[float], name: str) -> None:
    season = 2 if name == "seasonal_naive" else 8
    windows = [
        baseline.Window(history[:origin], history[origin : origin + 4])
        for origin in range(20, 36, 4)
    ]
    best = baseline.better(windows, season, LEVELS)
    assert best.name == name
    assert len(best.outcomes) == len(windows)


@pytest.mark.parametrize(("name", "points"), [("last_season", 3), ("seasonal_naive", 4)])
def test_a_context_that_is_too_short_is_named(name: str, points: int) -> None:
    with pytest.raises(baseline.ContextTooShortError, match=f"needs {points} points .* this has 2"):
        baseline.NAIVE[name]([1.0, 2.0], 3, 1, LEVELS)
