"""A forecaster that knows the true quantiles of a world, before it changes: all windows at once.

Five-minute points with a daily rhythm and log-normal noise. What is lost is computed as the
services do, and a test compares the two.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import NormalDist

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from services.monitor.domain.state import Scored
from shared.forecasting.baseline import LATEST_POINTS

Floats = NDArray[np.float64]

SEASON, HORIZON = 288, 12  # as models/fees.yaml: a day, an hour
LEVELS = tuple(tenths / 10 for tenths in range(1, 10))
Q = np.array(LEVELS)
BELLS = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
RHYTHM = 1.0
"""Amplitude of the daily rhythm, in logarithms."""
START = datetime(2026, 1, 1, tzinfo=UTC)
FREQUENCY = timedelta(minutes=5)
DEMO_POINTS = 5
"""Of a window, as many as the best-known public demo of this loop judges by."""


@dataclass(frozen=True)
class Change:
    """What happens to the world at a point."""

    at: int
    level: float = 1.0
    rhythm: float = 1.0
    noise: float = 1.0


@dataclass(frozen=True)
class Played:
    """Windows of one horizon, one after another.

    Parameters
    ----------
    first : array of shape (windows,)
        Position of the first point.
    weight, loss, scatter : array of shape (windows,)
    naive : mapping
        The losses of each naive forecast.
    demo : array of shape (windows,)
        Mean wQL of the last `DEMO_POINTS` points of each window.
    """

    first: NDArray[np.int64]
    weight: Floats
    loss: Floats
    scatter: Floats
    naive: Mapping[str, Floats]
    demo: Floats

    def scored(self) -> Iterator[Scored]:
        """Yield what the monitor would have scored."""
        span = HORIZON * FREQUENCY
        for at, first in enumerate(self.first.tolist()):
            start = START + first * FREQUENCY
            yield Scored(
                start=start,
                end=start + span,
                points=HORIZON,
                weight=float(self.weight[at]),
                loss=float(self.loss[at]),
                naive={name: float(losses[at]) for name, losses in self.naive.items()},
                scatter=float(self.scatter[at]),
            )


def play(seed: int, days: int, log_sd: float, change: Change | None = None) -> Played:
    """Play a world and its forecaster, who knows the world as it was before the change."""
    chance = np.random.default_rng(seed)
    points = days * SEASON
    rhythm = RHYTHM * np.cos(2 * np.pi * np.arange(points) / SEASON)
    centre, spread = rhythm.copy(), np.full(points, log_sd)
    if change:
        centre[change.at :] = np.log(change.level) + change.rhythm * rhythm[change.at :]
        spread[change.at :] *= change.noise
    truth = np.exp(centre + spread * chance.standard_normal(points))
    first = np.arange(2 * SEASON, points - HORIZON + 1, HORIZON)
    ahead = first[:, None] + np.arange(HORIZON)
    windows = truth[ahead]
    forecast = np.exp(rhythm[ahead][:, None, :] + log_sd * BELLS[:, None])
    by_step = pinball(windows, forecast)
    weight, last = windows.sum(axis=1), slice(HORIZON - DEMO_POINTS, HORIZON)
    return Played(
        first=first,
        weight=weight,
        loss=by_step.sum(axis=1),
        scatter=pinball(windows, constant(np.quantile(windows, Q, axis=1))).sum(axis=1),
        naive=naive_losses(truth, first, windows),
        demo=by_step[:, last].sum(axis=1) / windows[:, last].sum(axis=1),
    )


def naive_losses(truth: Floats, first: NDArray[np.int64], windows: Floats) -> dict[str, Floats]:
    """Score the forecasts of `shared.forecasting.baseline`, all windows at once."""
    season = sliding_window_view(truth, SEASON)
    steps = truth[SEASON:] - truth[:-SEASON]
    residuals = np.quantile(sliding_window_view(steps, SEASON)[first - 2 * SEASON], Q, axis=1)
    yesterday = truth[first[:, None] + np.arange(HORIZON) - SEASON]
    latest = sliding_window_view(truth, LATEST_POINTS)[first - LATEST_POINTS]
    forecasts = {
        "last_season": constant(np.quantile(season[first - SEASON], Q, axis=1)),
        "seasonal_naive": yesterday[:, None, :] + constant(residuals),
        "latest": constant(np.quantile(latest, Q, axis=1)),
    }
    return {name: pinball(windows, one).sum(axis=1) for name, one in forecasts.items()}


def constant(quantiles: Floats) -> Floats:
    """Forecast the same for every step: shape (levels, windows) to (windows, levels, 1)."""
    return quantiles.T[:, :, None]


def pinball(windows: Floats, forecast: Floats) -> Floats:
    """Answer the mean over the levels of the doubled pinball loss, by window and step."""
    error = windows[:, None, :] - forecast
    level = Q[:, None]
    doubled: Floats = 2 * np.maximum(level * error, (level - 1) * error).mean(axis=1)
    return doubled
