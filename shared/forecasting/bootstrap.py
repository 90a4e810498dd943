"""Is one forecaster worse than another beyond noise? A paired block bootstrap answers."""

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass

from shared.forecasting.baseline import quantile
from shared.forecasting.losses import Loss, mean_weighted_quantile_loss


@dataclass(frozen=True)
class Comparison:
    """How much more forecaster A loses than B on the same windows.

    Parameters
    ----------
    difference : float
        Mean wQL of A minus that of B; above 0, A is worse.
    low, high : float
        One-sided bounds of the difference, each at the confidence asked for: A is worse beyond
        noise if `low` is above 0, better if `high` is below.
    """

    difference: float
    low: float
    high: float


def compare(
    a: Sequence[Loss],
    b: Sequence[Loss],
    *,
    block: int,
    seed: int,
    confidence: float = 0.95,
    resamples: int = 2_000,
) -> Comparison:
    """Compare two forecasters by resampling windows, in runs, for both alike.

    Pairing removes what is hard for everybody; blocks keep the dependence of neighbours. Blocks
    run over the end to the start, so that each window is drawn equally often. Source: Politis and
    Romano, "A circular block-resampling procedure for stationary data" (1992); paired differences
    as in Diebold and Mariano, "Comparing Predictive Accuracy" (1995).

    Parameters
    ----------
    a, b : sequence of Loss
        One per window, in the order of the origins.
    block : int
        Windows in a run: at least as many as overlap, ceil(horizon / stride).
    seed : int
        The same seed gives the same answer.

    Raises
    ------
    ValueError
        If there are fewer than two windows, or they are not the same for both.
    LossUndefinedError
        If all truths are zero.
    """
    if len(a) != len(b) or any(x.weight != y.weight for x, y in zip(a, b, strict=True)):
        raise ValueError("A and B were not scored on the same windows: pair them first")
    if len(a) < 2:
        raise ValueError(f"noise cannot be seen in {len(a)} window(s): take two or more")
    block = max(1, min(block, len(a) // 2))
    paired = [Loss(x.loss - y.loss, x.weight) for x, y in zip(a, b, strict=True)]
    losses, weights = zip(*_circular_sums(paired, block), strict=True)
    draws = -(-len(paired) // block)
    chance = random.Random(seed)  # noqa: S311 (a statistic, not a secret)
    differences = []
    for _ in range(resamples):
        drawn = chance.choices(range(len(losses)), k=draws)
        weight = sum(map(weights.__getitem__, drawn))
        if weight:  # zeros alone say nothing about either
            differences.append(sum(map(losses.__getitem__, drawn)) / weight)
    differences.sort()
    return Comparison(
        difference=mean_weighted_quantile_loss(paired),
        low=quantile(differences, 1 - confidence),
        high=quantile(differences, confidence),
    )


def _circular_sums(losses: Sequence[Loss], block: int) -> list[Loss]:
    endless = [*losses, *itertools.islice(losses, block - 1)]
    runs = (endless[start : start + block] for start in range(len(losses)))
    return [Loss(sum(one.loss for one in run), sum(one.weight for one in run)) for run in runs]
