"""A verdict on the latest forecasts that came true.

=============================  =============================  ==================================
mean wQL, against the limit    against the baseline           verdict
=============================  =============================  ==================================
within                         whatever                       within the limit
above                          better, or as bad as chance    no breach: hard for everybody
                               makes it in such noise
above                          no better                      **breach**
=============================  =============================  ==================================

The limit is an absolute threshold where people set one. Else it is what the version's own backtest
makes likely for as many windows, raised where the world scatters more than it did there, for noise
that nobody can forecast is no fault of a model. But what a naive forecast can forecast is no noise:
scatter raises the limit to a margin above the baseline at most. It is never lowered: a calm world
makes no model worse. The baseline is the best of three naive forecasts on the same points, one of
which follows a change of level within hours.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from services.monitor.domain import band
from services.monitor.domain.seen import Known
from services.monitor.domain.state import Scored
from shared.forecasting import scatter

CHANCE = 0.1
"""Of what the limit was raised by: so much worse than the baseline a version may be.

Where noise doubles, a version that knows the true quantiles of before is hardly better than
the best naive forecast, and which of them is best is seen afterwards. On the points of one verdict
"no better" is the toss of a coin there."""
MARGIN = 1.2
"""How far scatter may raise the limit, and chance go: as a factor of what the best naive forecast
lost."""
WORTH_TELLING = 0.1
"""Part of the limit: less than that it always moves."""


class Verdict(NamedTuple):
    """How the version did on some windows."""

    windows: Sequence[Scored]
    mean_wql: float
    baseline: str
    """The name of the best naive forecast."""
    baseline_wql: float
    limit: float
    growth: float
    """By what the limit was raised for the scatter of the world; 1: not at all."""

    @property
    def points(self) -> int:
        """Steps that it is on."""
        return sum(window.points for window in self.windows)

    @property
    def is_within(self) -> bool:
        """Whether the loss is within the limit."""
        return self.mean_wql <= self.limit

    @property
    def is_breach(self) -> bool:
        """Whether the version fell short."""
        by_chance = min(1 + CHANCE * (self.growth - 1), MARGIN)
        return not self.is_within and self.mean_wql >= self.baseline_wql * by_chance

    @property
    def evidence(self) -> str:
        """Say why in a sentence."""
        above = "within" if self.is_within else "above"
        said = f"mean wQL {self.mean_wql:.4f} is {above} the limit {self.limit:.4f}"
        if self.growth - 1 > WORTH_TELLING:
            why = "because the truths scatter more than usual"
            said += f", raised to {self.growth:.0%} {why}"
        if self.is_within:
            return said
        baseline = f"the baseline {self.baseline_wql:.4f} ({self.baseline})"
        if self.is_breach:
            return f"{said}, no better than {baseline}"
        but = "better" if self.mean_wql < self.baseline_wql else "by chance no better"
        return f"{said}, but {but} than {baseline}: these points are hard for everybody"


def latest(scored: tuple[Scored, ...], points: int) -> tuple[Scored, ...] | None:
    """Answer the latest windows that have so many points together; None: there are too few."""
    reached = 0
    for number, window in enumerate(reversed(scored), start=1):
        reached += window.points
        if reached >= points:
            return scored[len(scored) - number :]
    return None


def judge(windows: Sequence[Scored], known: Known, threshold: float | None) -> Verdict | None:
    """Judge windows; None where all truths are zero, for then no ratio tells anything."""
    weight = math.fsum(window.weight for window in windows)
    if not weight:
        return None
    naive = {
        name: math.fsum(window.naive[name] for window in windows) / weight
        for name in windows[0].naive
    }
    name = min(naive, key=lambda one: naive[one])
    usual = band.of(known, len(windows)) if threshold is None else threshold
    scattered = math.fsum(window.scatter for window in windows) / weight
    limit = raised(usual, scattered, known, naive[name]) if threshold is None else threshold
    return Verdict(
        windows=windows,
        mean_wql=math.fsum(window.loss for window in windows) / weight,
        baseline=name,
        baseline_wql=naive[name],
        limit=limit,
        growth=limit / usual if usual else 1.0,
    )


def raised(usual: float, scattered: float, known: Known, baseline_wql: float) -> float:
    """Answer the limit where the truths scatter so much, relative to their size."""
    before = band.usual_scatter(known)
    if before is None:
        return usual
    explained = usual * scatter.growth(scattered / before)
    return max(usual, min(explained, MARGIN * baseline_wql))
