"""What the monitor sees of declarations, versions and data, in our words."""

from datetime import timedelta
from typing import Any

from pydantic import AwareDatetime, Field

from shared.contracts.evaluation import WindowLoss
from shared.contracts.frozen import Frozen
from shared.contracts.spec_parts import MonitorSpec, Target
from shared.contracts.specs import ModelSpec


class World(Frozen):
    """What is declared of a model and its series."""

    series: str
    target: Target
    monitor: MonitorSpec
    window_s: int = Field(ge=1)
    """Length of the series' windows."""
    gap_s: int = Field(ge=1)
    """A hole in event time as long as this is a fault."""

    def under(self, spec: ModelSpec) -> "World":
        """Answer what would be seen, were this the spec."""
        return self.changed(**of_spec(spec))

    @property
    def window(self) -> timedelta:
        """Length of the series' windows."""
        return timedelta(seconds=self.window_s)


def of_spec(spec: ModelSpec) -> dict[str, Any]:
    """Answer what a `World` has from the spec."""
    return {"series": spec.series, "target": spec.target, "monitor": spec.monitor}


class Task(Frozen):
    """What a version forecasts, as its manifest says; the spec may have changed since."""

    algorithm: str
    series: str
    target: Target
    frequency_s: int = Field(ge=1)
    horizon: int = Field(ge=1)
    quantiles: tuple[float, ...]
    season: int = Field(ge=1)
    context_points: int = Field(ge=1)

    @property
    def frequency(self) -> timedelta:
        """Time from one point to the next."""
        return timedelta(seconds=self.frequency_s)

    @property
    def span(self) -> timedelta:
        """Time from one origin to the next: each window is forecast once."""
        return self.horizon * self.frequency


class Known(Frozen):
    """What is known of a version since its registration."""

    run_id: str
    task: Task
    windows: tuple[WindowLoss, ...]
    """What it lost at each origin of its own backtest, oldest first."""


class Observed(Frozen):
    """A window of the series, as it was closed."""

    start: AwareDatetime
    count: int
    total: float

    def value(self, target: Target) -> float:
        """Answer what a model of this target makes of it; a mean of nothing is 0."""
        match target:
            case Target.COUNT:
                return float(self.count)
            case Target.SUM:
                return self.total
            case Target.MEAN:
                return self.mean

    @property
    def mean(self) -> float:
        """The mean value; 0 where nothing was counted."""
        return self.total / self.count if self.count else 0.0


class Stream(Frozen):
    """How a series should flow."""

    expected_s: int = Field(ge=1)
    """A silence longer than this is a stall."""
    delay_s: int = Field(ge=0)
    """How long after its start a window is closed: its length, and the lateness."""
