"""What a report is made of: plain values, wherever they come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from shared.contracts.lifecycle import AccuracyMeasured


@dataclass(frozen=True)
class LiveForecast:
    """What production said from one origin, one horizon ahead.

    Parameters
    ----------
    origin : datetime
        Start of the first forecast step, UTC.
    quantiles : Mapping
        Level within (0, 1) → one value per step, in the unit of the series.
    version : int
        Which version said it.
    """

    origin: datetime
    quantiles: Mapping[float, Sequence[float]]
    version: int

    @property
    def steps(self) -> int:
        """How many steps it looks ahead."""
        return len(next(iter(self.quantiles.values())))

    @property
    def outer(self) -> tuple[float, float]:
        """The lowest and the highest level: the band that is drawn."""
        return min(self.quantiles), max(self.quantiles)

    @property
    def median(self) -> Sequence[float]:
        """The values of the level nearest to one half."""
        return self.quantiles[min(self.quantiles, key=lambda level: abs(level - 0.5))]


@dataclass(frozen=True)
class Covered:
    """Which share of the latest points lay inside the band, `at` the end of them."""

    at: datetime
    share: float
    points: int


@dataclass(frozen=True)
class Happening:
    """An event of the loop.

    Parameters
    ----------
    kind : str
        Its detail-type.
    stage : str
        staging or production, where it is about one; else empty.
    words : str
        What it says, for people.
    why : str
        The reason of the decision behind it; empty where nobody gave one.
    cause_id, cause : str
        The event that made it be said; empty where it stands at the beginning.
    """

    at: datetime
    kind: str
    said_by: str
    subject: str
    words: str
    event_id: str
    stage: str = ""
    why: str = ""
    cause_id: str = ""
    cause: str = ""


@dataclass(frozen=True)
class VersionRow:
    """The life of a version.

    Parameters
    ----------
    score, baseline : float or None
        Mean weighted quantile loss of its backtest, and the naive forecast's.
    live_since, live_until : datetime or None
        When it served production; no end: it still does.
    ended_because : str
        Why it was replaced, or why it never served.
    """

    version: int
    registered_at: datetime
    score: float | None = None
    baseline: float | None = None
    live_since: datetime | None = None
    live_until: datetime | None = None
    ended_because: str = ""


@dataclass(frozen=True)
class Report:
    """One loop of one model.

    Parameters
    ----------
    times, values : sequence
        The series on the model's grid, UTC, in order; NaN where nothing was observed.
    step : timedelta
        Between two points of the grid.
    forecasts : sequence of LiveForecast
        In order of their origins.
    measured : sequence of AccuracyMeasured
        The monitor's verdicts, in order.
    coverage : sequence of Covered
        How the band of the live forecasts held, in order.
    remarks : sequence of (datetime, str)
        What the loop was not told, as the moment of a simulated change, and its words.
    """

    title: str
    model: str
    unit: str
    step: timedelta
    times: Sequence[datetime]
    values: Sequence[float]
    forecasts: Sequence[LiveForecast] = ()
    measured: Sequence[AccuracyMeasured] = ()
    coverage: Sequence[Covered] = ()
    events: Sequence[Happening] = ()
    versions: Sequence[VersionRow] = ()
    remarks: Sequence[tuple[datetime, str]] = ()
    simulated: bool = False

    def __post_init__(self) -> None:
        if not self.times or len(self.times) != len(self.values):
            raise ValueError(
                f"{len(self.times)} times and {len(self.values)} values: a report needs a series, "
                "with a value (or NaN) for each time"
            )

    @property
    def start(self) -> datetime:
        """Where the picture begins."""
        return self.times[0]

    @property
    def end(self) -> datetime:
        """Where it ends: the end of the last point, or of the last forecast."""
        ends = [one.origin + one.steps * self.step for one in self.forecasts]
        return max([self.times[-1] + self.step, *ends])

    @property
    def band(self) -> float:
        """What share of the truth the band should hold; 0 without a forecast."""
        if not self.forecasts:
            return 0.0
        low, high = self.forecasts[0].outer
        return high - low

    @cached_property
    def truth(self) -> Mapping[datetime, float]:
        """The series by time."""
        return dict(zip(self.times, self.values, strict=True))
