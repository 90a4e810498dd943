"""The naive forecasts that a model has to beat.

A backtest has two, which know nothing but the season. The better of the two on the same windows is
the baseline, since a weak one flatters the model. Who watches a model while the world may change
needs a third: after a change of level the season is as stale as the model, and the latest points
are not.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shared.forecasting.losses import Outcome, Score, score

LATEST_POINTS = 24  # enough for deciles, few enough to be the present

Forecast = dict[float, list[float]]
Naive = Callable[[Sequence[float], int, int, Sequence[float]], Forecast]


class ContextTooShortError(ValueError):
    """There are fewer points before the origin than the naive forecast needs."""


@dataclass(frozen=True)
class Window:
    """One origin of a backtest: the points before it, without NaN, and what came true after it."""

    context: Sequence[float]
    truth: Sequence[float]


@dataclass(frozen=True)
class Baseline:
    """A naive forecast on all windows, in their order."""

    name: str
    outcomes: tuple[Outcome, ...]
    score: Score


def quantile(ordered: Sequence[float], level: float) -> float:
    """Answer a quantile of ascending values, interpolated linearly.

    Source: Hyndman and Fan, "Sample Quantiles in Statistical Packages", The American Statistician
    50 (1996), definition 7, numpy's default.
    """
    position = level * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def last_season(
    context: Sequence[float], season: int, horizon: int, levels: Sequence[float]
) -> Forecast:
    """Forecast, for every step, the quantiles of the last season's values.

    Returns
    -------
    dict
        Quantile level → `horizon` equal values, in the unit of the context.

    Raises
    ------
    ContextTooShortError
        If the context has fewer points than a season.
    """
    _require(context, season)
    ordered = sorted(context[-season:])
    return {level: [quantile(ordered, level)] * horizon for level in levels}


def seasonal_naive(
    context: Sequence[float], season: int, horizon: int, levels: Sequence[float]
) -> Forecast:
    """Forecast the value one season earlier, plus the quantiles of what that missed by of late.

    The residuals are those of the last season, or of the part of it that has a season before it.

    Returns
    -------
    dict
        Quantile level → `horizon` values, in the unit of the context.

    Raises
    ------
    ContextTooShortError
        If the context has not more points than a season.
    """
    _require(context, season + 1)
    first = max(season, len(context) - season)
    residuals = sorted(context[at] - context[at - season] for at in range(first, len(context)))
    points = [context[len(context) - season + step % season] for step in range(horizon)]
    return {level: [point + quantile(residuals, level) for point in points] for level in levels}


def latest(
    context: Sequence[float], season: int, horizon: int, levels: Sequence[float]
) -> Forecast:
    """Forecast, for every step, the quantiles of the last `LATEST_POINTS` values.

    Returns
    -------
    dict
        Quantile level → `horizon` equal values, in the unit of the context.

    Raises
    ------
    ContextTooShortError
        If the context is shorter than that.
    """
    _require(context, LATEST_POINTS)
    ordered = sorted(context[-LATEST_POINTS:])
    return {level: [quantile(ordered, level)] * horizon for level in levels}


NAIVE: Mapping[str, Naive] = {"last_season": last_season, "seasonal_naive": seasonal_naive}
WATCHING: Mapping[str, Naive] = {**NAIVE, "latest": latest}


def better(windows: Sequence[Window], season: int, levels: Sequence[float]) -> Baseline:
    """Make both naive forecasts on all windows and answer the one with the lower mean wQL.

    Raises
    ------
    ContextTooShortError
        If a context has not more points than a season.
    LossUndefinedError
        If no truth is known, or all are zero.
    """
    candidates = [_on(windows, name, season, levels) for name in NAIVE]
    return min(candidates, key=lambda candidate: candidate.score.mean_wql)


def _on(windows: Sequence[Window], name: str, season: int, levels: Sequence[float]) -> Baseline:
    outcomes = tuple(
        Outcome(window.truth, NAIVE[name](window.context, season, len(window.truth), levels))
        for window in windows
    )
    return Baseline(name, outcomes, score(outcomes))


def _require(context: Sequence[float], points: int) -> None:
    if len(context) < points:
        raise ContextTooShortError(
            f"the naive forecast needs {points} points before the origin, this has {len(context)}:"
            " lengthen the context or shorten the season"
        )
