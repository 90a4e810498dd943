"""What the boosters see: the shape of the recent past around its level, and the step ahead.

One row per origin and step. Values are differences to the level at the origin, the mean of the last
six points, so that a model learned at one level holds at another. Forecasts are differences to a
reference, one of three simple forecasts. Where history is short the oldest features are NaN, which
LightGBM takes as missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from algorithms.lightgbm.scale import Values

LEVEL_POINTS = 6  # measured: better than the last point alone, or a longer mean
NEAR_LAGS = 12
SEASON_PARTS = (16, 12, 8, 6, 4, 2, 1)  # lags beyond the near ones, as parts of a season
SEASON_WINDOWS = (8, 4, 1)  # windows beyond the near ones, as parts of a season
NEAR_WINDOWS = (6, 12)
CONTEXT_POINTS_MIN = NEAR_LAGS
DAY_S = 86_400

Positions = NDArray[numpy.int64]
Reference = Literal["level", "season", "shifted season"]
"""The level; the value one season before the step; that, plus what the level has gained since."""


@dataclass(frozen=True)
class Shape:
    """How far back and ahead the features reach.

    Parameters
    ----------
    horizon, season, frequency_s : int
        Steps ahead; points after which the rhythm repeats; seconds from one point to the next.
    """

    horizon: int
    season: int
    frequency_s: int

    @property
    def lags(self) -> list[int]:
        """Points back from the origin whose value is a feature."""
        far = (self.season // part for part in SEASON_PARTS)
        return [*range(1, NEAR_LAGS + 1), *(lag for lag in far if lag > NEAR_LAGS)]

    @property
    def windows(self) -> list[int]:
        """Points before the origin whose mean, deviation, least and greatest are features."""
        far = (self.season // part for part in SEASON_WINDOWS)
        return [*NEAR_WINDOWS, *(window for window in far if window > NEAR_WINDOWS[-1])]

    @property
    def context(self) -> int:
        """Points before the origin that are looked at."""
        return max(NEAR_LAGS, self.season + LEVEL_POINTS)


@dataclass(frozen=True)
class Rows:
    """Features of some origins and steps.

    Parameters
    ----------
    features : array of shape (rows, columns)
    references : mapping
        Each possible reference, an array of shape (rows,).
    at : array of shape (rows,)
        The position that a row forecasts.
    """

    features: Values
    references: Mapping[Reference, Values]
    at: Positions


def rows(
    scaled: Values, start_s: int, origins: Positions, shape: Shape, step_stride: int = 1
) -> Rows:
    """Compute the features of every step of every origin.

    Parameters
    ----------
    scaled : array of shape (points,)
        The series on the model's scale, without NaN.
    start_s : int
        Time of the first point, in seconds since the epoch.
    origins : array of int
        Positions of first forecast steps, each with CONTEXT_POINTS_MIN points before it or more;
        the position past the last point is one, too.
    step_stride : int
        Take only every n-th step, beginning with another one at each origin.
    """
    padded = numpy.concatenate([numpy.full(shape.context, numpy.nan), scaled])
    origin = origins + shape.context
    levels = sliding_window_view(padded, LEVEL_POINTS).mean(axis=1)
    level = levels[origin - LEVEL_POINTS]
    growth = level - levels[origin - LEVEL_POINTS - shape.season]
    columns = [padded[origin - lag] - level for lag in shape.lags]
    for window in shape.windows:
        columns += _summary(sliding_window_view(padded, window)[origin - window], level)
    columns += [level, growth]
    number, step = numpy.divmod(numpy.arange(len(origins) * shape.horizon), shape.horizon)
    kept = (step + number) % step_stride == 0
    number, step = number[kept], step[kept]
    at = origins[number] + step
    seasons_back = step // shape.season + 1
    season = padded[at + shape.context - seasons_back * shape.season]
    seconds = start_s + at * shape.frequency_s
    of_day, day = seconds % DAY_S, (seconds // DAY_S + 3) % 7  # the epoch was a Thursday
    ahead = [season - level[number], step, of_day, day]
    features = numpy.column_stack([numpy.stack(columns, axis=1)[number], *ahead])
    references: dict[Reference, Values] = {
        "level": level[number],
        "season": season,
        "shifted season": season + growth[number],
    }
    return Rows(features, references, at)


def _summary(window: Values, level: Values) -> list[Values]:
    return [
        numpy.nanmean(window, axis=1) - level,
        numpy.nanstd(window, axis=1),
        numpy.nanmin(window, axis=1) - level,
        numpy.nanmax(window, axis=1) - level,
    ]
