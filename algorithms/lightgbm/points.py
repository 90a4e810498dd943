"""From a series of the DeepAR contract to the values that are computed with."""

import math
from datetime import UTC
from typing import NamedTuple

import numpy

from algorithms.lightgbm.scale import Values
from shared.forecasting import grid
from shared.forecasting.deepar_json import Series


class UnusableSeriesError(ValueError):
    """Neither training nor a forecast is possible with this series; the text says why."""


class Points(NamedTuple):
    """Values without holes.

    Parameters
    ----------
    values : array of shape (points,)
    start_s : int
        Time of the first one, in seconds since the epoch.
    """

    values: Values
    start_s: int


def usable(series: Series, frequency_s: int, season: int) -> Points:
    """Begin at the first known value and fill the holes, as the prepare step does.

    Raises
    ------
    UnusableSeriesError
        If no value is known, or there are categories or features, which this algorithm has not
        learned to use.
    """
    if series.cat or series.dynamic_feat:
        raise UnusableSeriesError("has cat or dynamic_feat; send start and target alone")
    first = next((at for at, value in enumerate(series.target) if not math.isnan(value)), None)
    if first is None:
        raise UnusableSeriesError("has no known value in its target")
    start_s = int(series.start.replace(tzinfo=UTC).timestamp()) + first * frequency_s
    return Points(numpy.array(grid.fill(series.target[first:], season)), start_s)
