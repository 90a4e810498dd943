"""How good a forecast was: one copy of each formula.

Truths that are NaN (points that no observation backs) are left out of every sum.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class LossUndefinedError(ValueError):
    """The formula has no value for these numbers: no truth, or truths that are all zero."""


@dataclass(frozen=True)
class Outcome:
    """A forecast and what came true.

    Parameters
    ----------
    truth : sequence of float
        One value per step; NaN where nothing was observed.
    quantiles : mapping
        Quantile level in (0, 1) → one value per step, in the unit of the truth.

    Raises
    ------
    ValueError
        If there are no quantiles, or one has not as many steps as the truth.
    """

    truth: Sequence[float]
    quantiles: Mapping[float, Sequence[float]]

    def __post_init__(self) -> None:
        if not self.quantiles:
            raise ValueError("a forecast needs at least one quantile")
        for level, values in self.quantiles.items():
            if not 0 < level < 1:
                raise ValueError(f"quantile {level} is not between 0 and 1")
            if len(values) != len(self.truth):
                raise ValueError(
                    f"quantile {level} has {len(values)} steps, the truth has {len(self.truth)}"
                )

    @property
    def median(self) -> Sequence[float]:
        """The values of the quantile nearest to one half (the lower of two equally near)."""
        return self.quantiles[min(sorted(self.quantiles), key=lambda level: abs(level - 0.5))]


class Loss(NamedTuple):
    """Numerator and denominator of the mean weighted quantile loss of one outcome.

    They are kept apart because losses of many outcomes are summed before they are divided.
    """

    loss: float
    weight: float


@dataclass(frozen=True)
class Score:
    """Many outcomes, summed up.

    Parameters
    ----------
    points : int
        Steps whose truth is known.
    mean_wql : float
        Mean over the quantiles of their weighted quantile loss; 0 is perfect, no unit.
    wql, coverage : mapping
        Quantile level → weighted quantile loss, and share of truths at or below the forecast.
    rmse : float
        Root mean square error of the median, in the unit of the truth.
    """

    points: int
    mean_wql: float
    wql: Mapping[float, float]
    coverage: Mapping[float, float]
    rmse: float


def quantile_loss(truth: float, forecast: float, level: float) -> float:
    """Answer the pinball loss of one forecast of the quantile `level`, in the unit of the truth.

    Source: Koenker and Bassett, "Regression Quantiles", Econometrica 46 (1978).

    Examples
    --------
    >>> quantile_loss(10.0, 8.0, 0.75)
    1.5
    >>> quantile_loss(8.0, 10.0, 0.75)
    0.5
    """
    error = truth - forecast
    return level * error if error >= 0 else (level - 1) * error


def weighted_quantile_loss(
    truths: Sequence[float], forecasts: Sequence[float], level: float
) -> float:
    """Answer twice the summed pinball loss over the summed absolute truth.

    Source: Amazon SageMaker Developer Guide, "How DeepAR Works" (wQuantileLoss).

    Raises
    ------
    LossUndefinedError
        If no truth is known, or all are zero.
    """
    known = list(_known(truths, forecasts))
    weight = math.fsum(abs(truth) for truth, _ in known)
    return _ratio(2 * math.fsum(quantile_loss(*pair, level) for pair in known), weight)


def coverage(truths: Sequence[float], forecasts: Sequence[float]) -> float:
    """Answer the share of truths at or below their forecast; the level is what it should be.

    Raises
    ------
    LossUndefinedError
        If no truth is known.
    """
    known = list(_known(truths, forecasts))
    return _ratio(sum(truth <= forecast for truth, forecast in known), len(known))


def rmse(truths: Sequence[float], forecasts: Sequence[float]) -> float:
    """Answer the root mean square error, in the unit of the truth.

    Raises
    ------
    LossUndefinedError
        If no truth is known.
    """
    squares = [(truth - forecast) ** 2 for truth, forecast in _known(truths, forecasts)]
    return math.sqrt(_ratio(math.fsum(squares), len(squares)))


def mase(
    truths: Sequence[float], forecasts: Sequence[float], history: Sequence[float], season: int
) -> float:
    """Answer the mean absolute error over that of a seasonal naive forecast in the history.

    Source: Hyndman and Koehler, "Another look at measures of forecast accuracy", International
    Journal of Forecasting 22 (2006).

    Parameters
    ----------
    history : sequence of float
        The points before the forecast; more than `season` of them.
    season : int
        Points after which the rhythm repeats; 1 compares with the last value.

    Raises
    ------
    LossUndefinedError
        If no truth is known, or the history is too short or repeats itself exactly.
    """
    naive = [abs(now - then) for now, then in _known(history[season:], history[:-season])]
    errors = [abs(truth - forecast) for truth, forecast in _known(truths, forecasts)]
    return _ratio(
        _ratio(math.fsum(errors), len(errors)), _ratio(math.fsum(naive), max(len(naive), 1))
    )


def loss(outcome: Outcome) -> Loss:
    """Answer the two sums of one outcome, to be added up or resampled."""
    doubled = [
        2 * math.fsum(quantile_loss(*pair, level) for pair in _known(outcome.truth, values))
        for level, values in outcome.quantiles.items()
    ]
    weight = math.fsum(abs(truth) for truth in outcome.truth if not math.isnan(truth))
    return Loss(math.fsum(doubled) / len(doubled), weight)


def mean_weighted_quantile_loss(losses: Iterable[Loss]) -> float:
    """Answer the mean over the quantiles of 2·Σ pinball / Σ|y|, over all outcomes together.

    Raises
    ------
    LossUndefinedError
        If no truth is known, or all are zero.
    """
    losses = list(losses)
    return _ratio(math.fsum(one.loss for one in losses), math.fsum(one.weight for one in losses))


def score(outcomes: Sequence[Outcome]) -> Score:
    """Sum up outcomes, which must all have the same quantile levels.

    Raises
    ------
    LossUndefinedError
        If no truth is known, or all are zero.
    ValueError
        If the outcomes differ in their quantile levels.
    """
    levels = sorted({level for outcome in outcomes for level in outcome.quantiles})
    if any(sorted(outcome.quantiles) != levels for outcome in outcomes):
        raise ValueError("the outcomes have different quantile levels: score them apart")
    truths = [truth for outcome in outcomes for truth in outcome.truth]
    joined = {
        level: [value for outcome in outcomes for value in outcome.quantiles[level]]
        for level in levels
    }
    return Score(
        points=sum(not math.isnan(truth) for truth in truths),
        mean_wql=mean_weighted_quantile_loss(map(loss, outcomes)),
        wql={
            level: weighted_quantile_loss(truths, values, level) for level, values in joined.items()
        },
        coverage={level: coverage(truths, values) for level, values in joined.items()},
        rmse=rmse(truths, [value for outcome in outcomes for value in outcome.median]),
    )


def _known(truths: Sequence[float], forecasts: Sequence[float]) -> Iterator[tuple[float, float]]:
    pairs = zip(truths, forecasts, strict=True)
    return (pair for pair in pairs if not math.isnan(pair[0]))


def _ratio(numerator: float, denominator: float) -> float:
    if denominator == 0:
        raise LossUndefinedError(
            "there is nothing to divide by: no known truth, or all of them zero; use more points"
        )
    return numerator / denominator
