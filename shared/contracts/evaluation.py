"""What a version was judged by: ``runs/<run id>/evaluation.json``.

The evaluator writes it at registration, and the ModelPackage's ModelMetrics point to it; whoever
wants to know how far a backtest's losses scatter reads the windows.
"""

from typing import Literal

from pydantic import AwareDatetime, Field

from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle.evaluation import ModelEvaluated


class WindowLoss(Frozen):
    """One origin of the backtest. Losses of windows are summed before they are divided."""

    start: AwareDatetime
    """Start of the first forecast step."""
    points: int = Field(ge=0)
    weight: float = Field(ge=0)
    """Σ|y|, in the unit of the target."""
    loss: float = Field(ge=0)
    """Mean over the quantiles of 2·Σ pinball, in the unit of the target."""
    baseline_loss: float = Field(ge=0)
    """The same of the baseline."""
    scatter: float | None = Field(default=None, ge=0)
    """The same of the quantiles of the window's own truths; none: from before it was measured."""


class Evaluation(Frozen):
    """A verdict with all its evidence."""

    evaluation_version: Literal[1] = 1
    evaluated: ModelEvaluated
    windows: tuple[WindowLoss, ...]
    """Oldest first."""


def evaluation_key(run_id: str) -> str:
    """Name the object of a run's evaluation."""
    return f"runs/{run_id}/evaluation.json"
