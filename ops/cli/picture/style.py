"""Colours and shapes that the parts of the picture share."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

# Blue and vermilion of Okabe and Ito: told apart by every kind of colour vision, and in grey.
OBSERVED, FAN, CAME_TRUE = "#3c4650", "#0072b2", "#d55e00"
INK, PALE_INK, GRID = "#1f2933", "#66727d", "#e6e9ec"

Series = Mapping[datetime, float]
Quantiles = Mapping[float, Sequence[float]]


class Forecast(NamedTuple):
    """What is drawn right of the last observation."""

    times: Sequence[datetime]
    quantiles: Quantiles
    truth: Sequence[float]
