"""What the monitor remembers of a model, or of a series."""

from datetime import datetime
from typing import Self

from pydantic import AwareDatetime, Field

from services.monitor.domain.seen import Known
from shared.contracts import limits
from shared.contracts.frozen import Frozen
from shared.contracts.subscriptions import SERIES_KEY


class Scored(Frozen):
    """A forecast whose horizon has come true. Losses are summed before they are divided."""

    start: AwareDatetime
    """Start of the first forecast step."""
    end: AwareDatetime
    """End of the last."""
    points: int = Field(ge=1)
    """Steps whose truth is known."""
    weight: float = Field(ge=0)
    """Σ|y|, in the unit of the target."""
    loss: float = Field(ge=0)
    """Mean over the quantiles of 2·Σ pinball, in the unit of the target."""
    naive: dict[str, float]
    """The same of each naive forecast."""
    scatter: float = Field(ge=0)
    """The same of the quantiles of the truths themselves."""


class Streak(Frozen):
    """Verdicts in a row."""

    breaches: int = 0
    within: int = 0
    """Verdicts within the limit."""
    since: AwareDatetime | None = None
    """Start of the first breach."""
    judged_to: AwareDatetime | None = None
    """End of what the latest verdict was on."""


class Stay(Frozen):
    """A version's stay in production."""

    version: int
    endpoint: str
    config: str
    cutoff: AwareDatetime
    """The last observation that it was trained on."""
    correlation_id: str
    """The trip round the loop that brought it here."""
    begins: AwareDatetime | None = None
    """Windows before it are passed over: it, or another version, was asked for them; None: none."""
    known: Known | None = None
    """None: its registration could not be read, and is looked for again."""
    next_origin: AwareDatetime | None = None
    """Start of the next window to be forecast; None while nothing is known of it."""
    is_scoring: bool = False
    """Whether the endpoint is being asked."""
    scored: tuple[Scored, ...] = ()
    """The latest, as many as a verdict is on, oldest first."""
    streak: Streak = Streak()
    is_degraded: bool = False
    """Whether it was said in this stay that the version degraded, and it has not recovered."""


class Degradation(Frozen):
    """A version fell short; open until a version in production is within its limit again."""

    version: int
    since: AwareDatetime
    """Start of the first breach."""


class Point(Frozen):
    """What is kept of a window that was inspected."""

    start: AwareDatetime
    count: int
    mean: float
    value: float
    """What the model makes of it."""


class Level(Frozen):
    """What a run of windows without a fault was like."""

    count: float
    """Median."""
    mean: float
    """Median of the absolute means."""
    varies: bool
    """Whether the model's values differed."""


class Fault(Frozen):
    """The data are at fault."""

    since: AwareDatetime
    """Start of the first window that shows it."""
    windows: int = 0
    """Inspected since it was seen."""
    clean: int = 0
    """Windows in a row that do not show it."""


class Span(Frozen):
    """Event time whose observations are not to be believed: neither truth nor context."""

    first: AwareDatetime
    until: AwareDatetime | None = None
    """None while the fault is open."""

    def covers(self, moment: datetime) -> bool:
        """Tell whether a window that starts then is in it."""
        return self.first <= moment and (self.until is None or moment < self.until)


class Flow(Frozen):
    """The data of one series as they came, in event time."""

    series: str | None = None
    """None: nothing was looked at yet."""
    last: AwareDatetime | None = None
    """Start of the latest window that was inspected."""
    recent: tuple[Point, ...] = ()
    fresh: int = 0
    """Windows since the latest level was taken."""
    usual: tuple[Level, ...] = ()
    usual_step_s: int = 0
    """From one window's start to the next: so long is no hole here."""
    faults: dict[str, Fault] = {}
    """Open ones, by kind."""
    spans: tuple[Span, ...] = ()

    def opened(self, kind: str, fault: Fault) -> Self:
        """Open a fault, and believe nothing from its first window on; with several open, from the
        earliest."""
        is_open = bool(self.spans) and self.spans[-1].until is None
        before = self.spans[:-1] if is_open else self.spans
        first = min(self.spans[-1].first, fault.since) if is_open else fault.since
        return self.changed(
            faults={**self.faults, kind: fault},
            spans=(*before, Span(first=first))[-limits.FAULT_SPANS_MAX :],
        )

    def closed(self, kind: str, until: datetime) -> Self:
        """Close a fault; with the last one observations are believed again."""
        faults = {name: fault for name, fault in self.faults.items() if name != kind}
        if faults or not self.spans:
            return self.changed(faults=faults)
        return self.changed(
            faults=faults, spans=(*self.spans[:-1], self.spans[-1].changed(until=until))
        )


class Silence(Frozen):
    """How long nothing was heard of a series."""

    last: AwareDatetime
    """Start of its latest window."""
    heard_at: AwareDatetime
    """By the clock."""
    is_stalled: bool = False


class Watch(Frozen):
    """The aggregate: one per model, and one per series that models read.

    A series' key begins with `SERIES_KEY`; it has nothing but `silence`, a model everything else.
    """

    env: str
    key: str
    silence: Silence | None = None
    stay: Stay | None = None
    flow: Flow = Flow()
    threshold: float | None = None
    """The absolute limit that people set, perhaps tightened; none: the version's own band."""
    degradation: Degradation | None = None

    @property
    def is_series(self) -> bool:
        """Whether this is about a series."""
        return self.key.startswith(SERIES_KEY)

    @property
    def series(self) -> str:
        """The series that this is about."""
        return self.key.removeprefix(SERIES_KEY)

    @property
    def model(self) -> str:
        """The model that this is about."""
        return self.key

    def with_stay(self, stay: Stay) -> Self:
        """Change the stay."""
        return self.changed(stay=stay)
