"""What the trainer sees of declarations, data and pipelines, in our words."""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime

from shared.contracts import limits
from shared.contracts.frozen import Frozen
from shared.contracts.specs import ModelSpec, SeriesSpec
from shared.contracts.windows import SeriesSummary


class NotDeclaredError(LookupError):
    """There is no spec: the governor's rule `no_spec` has to be asked first."""


class World(Frozen):
    """What a decision on one model looks at."""

    spec: ModelSpec | None = None
    series: SeriesSpec | None = None
    summary: SeriesSummary | None = None
    """How much of the series there is; none: no window was ever closed."""
    offline_lag_s: float = limits.OFFLINE_STORE_LAG_SECONDS_MAX
    """How late windows reach the offline store, at the most."""
    hyperparameters: dict[str, str] = {}
    """What people set at run time over the spec's."""
    settings_fault: str = ""
    """Why that cannot be read; then there are none."""
    unreadable: str = ""
    """Why the declarations cannot be read; then there are none."""

    def under(self, spec: ModelSpec) -> "World":
        """Answer what would be seen, were this the spec; nothing was declared, nothing would be."""
        return self.changed(spec=spec) if self.spec else self

    @property
    def frozen(self) -> bool:
        """Whether the spec says that nothing is to be trained."""
        return self.spec is not None and self.spec.frozen

    @property
    def task(self) -> ModelSpec:
        """The spec, where there is one; raises NotDeclaredError."""
        if self.spec is None:
            raise NotDeclaredError("the model has no spec")
        return self.spec

    @property
    def stream(self) -> SeriesSpec:
        """The series, where it is declared; raises NotDeclaredError."""
        if self.series is None:
            raise NotDeclaredError("the model's series is not declared")
        return self.series

    def points(self, now: datetime) -> int:
        """Count the points of the model that are in the offline store for certain.

        Windows of the latest minutes may not have reached it yet: a run that counts on them fails.
        """
        if self.summary is None:
            return 0
        window_s = int(self.stream.window.total_seconds())
        unsure = min(
            self.summary.windows, max(0, -int((self.sure_s(now) - self.end_s) // window_s))
        )
        return (
            (self.summary.windows - unsure) * window_s // int(self.task.frequency.total_seconds())
        )

    def points_since(self, since: datetime, now: datetime) -> int:
        """Count the points of the model from a moment of event time on, as `points`; there may be
        holes among them."""
        if self.summary is None:
            return 0
        span_s = min(self.sure_s(now), self.end_s) - since.timestamp()
        return max(0, int(span_s // self.task.frequency.total_seconds()))

    @property
    def end_s(self) -> float:
        """End of the latest window, in seconds since 1970; 0 where there is none."""
        if self.summary is None:
            return 0.0
        return self.summary.last.timestamp() + self.stream.window.total_seconds()

    def sure_s(self, now: datetime) -> float:
        """Moment until which windows are in the offline store for certain, likewise."""
        return now.timestamp() - self.offline_lag_s

    @property
    def settles_at(self) -> datetime | None:
        """When the latest backfill is in the offline store for certain; none: there was none."""
        if self.summary is None or self.summary.backfilled_at is None:
            return None
        return self.summary.backfilled_at + timedelta(seconds=self.offline_lag_s)


class Progress(StrEnum):
    """How far an execution is."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Execution(Frozen):
    """A pipeline execution, as Describe shows it."""

    progress: Progress
    failed_step: str = ""
    reason: str = ""
    """Why it failed, as far as possible in the words of the program that did."""


class Job(Frozen):
    """A training job of an execution that succeeded."""

    step: str
    artifact_uri: str
    image: str


class Finished(Frozen):
    """What an execution that succeeded has made."""

    started_at: AwareDatetime
    ended_at: AwareDatetime
    jobs: tuple[Job, ...]
