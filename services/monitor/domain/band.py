"""What a version may lose before it is worse than it showed itself to be: the upper band of its own
backtest, for as many windows as a verdict is on."""

import hashlib
import math
import random
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from services.monitor.domain.seen import Known
from shared.forecasting.baseline import quantile

CONFIDENCE = 0.9
"""Of one verdict; several breaches in a row, and no better than the baseline, make it much more."""
RESAMPLES = 2_000
BANDS_REMEMBERED = 64


class Shown(NamedTuple):
    """What a backtest showed, as far as a band needs it."""

    losses: tuple[float, ...]
    weights: tuple[float, ...]
    block: int
    """Neighbouring windows that share points: they are drawn together."""
    independent: float
    """Horizons that the backtest spans: as many windows do not share points."""
    seed: int


def of(known: Known, windows: int) -> float:
    """Answer the mean wQL that so many windows of this version exceed once in ten times.

    A seeded block bootstrap of the backtest's windows (Politis and Romano, "A circular
    block-resampling procedure for stationary data", 1992), widened by ``√(1 + windows / n)`` for
    the mean of a backtest of n windows is itself not certain: as a prediction interval is.
    """
    return upper(shown(known), windows)


def shown(known: Known) -> Shown:
    """Answer what the backtest showed."""
    losses = tuple(window.loss for window in known.windows)
    weights = tuple(window.weight for window in known.windows)
    starts = [window.start for window in known.windows]
    stride = starts[1] - starts[0] if len(starts) > 1 else known.task.span
    digest = hashlib.sha256(known.run_id.encode()).digest()
    return Shown(
        losses=losses,
        weights=weights,
        block=min(len(losses), math.ceil(known.task.span / stride)),
        independent=1 + (starts[-1] - starts[0]) / known.task.span,
        seed=int.from_bytes(digest[:8], "big"),
    )


@lru_cache(maxsize=BANDS_REMEMBERED)
def upper(backtest: Shown, windows: int) -> float:
    """Answer the upper band; the same backtest has the same."""
    mean = math.fsum(backtest.losses) / math.fsum(backtest.weights)
    losses, weights = (circular(row, backtest.block) for row in backtest[:2])
    chance = random.Random(backtest.seed)  # noqa: S311 (a statistic, not a secret)
    drawn = [chance.choices(range(len(losses)), k=windows) for _ in range(RESAMPLES)]
    sums = ((sum(losses[at] for at in one), sum(weights[at] for at in one)) for one in drawn)
    ratios = sorted(loss / weight for loss, weight in sums if weight)
    widening = math.sqrt(1 + windows / backtest.independent)
    return mean + max(0.0, quantile(ratios, CONFIDENCE) - mean) * widening


def circular(values: Sequence[float], block: int) -> list[float]:
    """Sum up each run of `block` neighbours; runs go over the end to the start."""
    endless = [*values, *values[: block - 1]]
    return [math.fsum(endless[at : at + block]) for at in range(len(values))]


def usual_scatter(known: Known) -> float | None:
    """Answer how much the truths of the backtest scattered, relative to their size; none where it
    was not measured."""
    scatters = [window.scatter for window in known.windows if window.scatter is not None]
    if len(scatters) < len(known.windows) or not sum(scatters):
        return None
    return math.fsum(scatters) / math.fsum(window.weight for window in known.windows)
