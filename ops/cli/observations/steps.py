"""How often a series was observed: the typical time between two observations, in people's words."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ops.cli.observations.model import ObservationsRefused

DAY_S = 86_400

STEPS_S = (
    *(1, 2, 5, 10, 15, 20, 30),
    *(60 * minutes for minutes in (1, 2, 5, 10, 15, 20, 30)),
    *(3_600 * hours for hours in (1, 2, 3, 4, 6, 8, 12, 24)),
)
"""Steps that people observe at: a measured step is taken for the nearest of them."""

TOO_LONG_S: Mapping[int, str] = {
    2 * DAY_S: "two days",
    3 * DAY_S: "three days",
    7 * DAY_S: "a week",
    14 * DAY_S: "two weeks",
    30 * DAY_S: "a month",
    91 * DAY_S: "a quarter",
    365 * DAY_S: "a year",
}
"""Steps that people observe at, too: windows, and the points of a model, are at most a day."""


def typical_step_s(source: str, micros: NDArray[np.int64]) -> int:
    """Return the one of `STEPS_S` that is nearest, by ratio, to the median step.

    Parameters
    ----------
    micros : array of int
        Times in microseconds, in any order.

    Raises
    ------
    ObservationsRefused
        There is but one time, or the nearest step is one of `TOO_LONG_S`.
    """
    steps_s = np.diff(np.unique(micros)) / 1e6
    if not len(steps_s):
        raise ObservationsRefused(
            f"{source}: all rows have the same time", "give a series of observations"
        )
    median = float(np.median(steps_s))
    nearest = min((*STEPS_S, *TOO_LONG_S), key=lambda step: abs(np.log(step / median)))
    if nearest in TOO_LONG_S:
        raise ObservationsRefused(
            f"{source}: steps of {TOO_LONG_S[nearest]} are not supported, at most a day",
            "give observations that are at most a day apart",
        )
    return nearest


def in_words(step_s: int) -> str:
    """Write a step in its largest whole unit."""
    for unit, seconds in (("day", DAY_S), ("hour", 3_600), ("minute", 60)):
        if step_s % seconds == 0:
            number = step_s // seconds
            return f"{number} {unit}" + ("s" if number > 1 else "")
    return f"{step_s} second" + ("s" if step_s > 1 else "")
