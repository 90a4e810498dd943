"""The scales of a report: places in percent of a panel, ticks, and what a spike may not do."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, floor, isfinite, log10

STEPS = tuple(timedelta(hours=hours) for hours in (0.25, 0.5, 1, 2, 3, 6, 12, 24, 48, 96, 168, 336))
TIME_TICKS, VALUE_TICKS = 9, 5
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHOWN = 0.995
"""The share of the values that the scale is made for: a few spikes do not press the rest flat."""
MARGIN, FAR_FROM_ZERO = 0.06, 0.6
ROOM, PERCENT_LATE = 0.02, 50


@dataclass(frozen=True)
class Span:
    """The time that all panels share."""

    start: datetime
    end: datetime

    @classmethod
    def with_room(cls, start: datetime, end: datetime) -> "Span":
        """Leave some room at the end, so that what happened last is seen whole."""
        return cls(start, end + ROOM * (end - start))

    def is_late(self, moment: datetime) -> bool:
        """Tell whether words about a moment have more room before it."""
        return self.percent(moment) > PERCENT_LATE

    def percent(self, moment: datetime) -> float:
        """Answer the place of a moment, 0 at the left and 100 at the right."""
        return 100 * (moment - self.start) / (self.end - self.start)

    def holds(self, moment: datetime) -> bool:
        """Tell whether a moment is shown."""
        return self.start <= moment <= self.end

    def ticks(self) -> Iterator[tuple[datetime, str]]:
        """Answer round moments and their labels: the day at midnight, else the hour."""
        length = self.end - self.start
        step = next((one for one in STEPS if length / one <= TIME_TICKS), STEPS[-1])
        at = EPOCH + ceil((self.start - EPOCH) / step) * step
        while at <= self.end:
            yield at, f"{at:%-d %b}" if at.hour == at.minute == 0 else f"{at:%H:%M}"
            at += step


@dataclass(frozen=True)
class Range:
    """The values of one panel."""

    low: float
    high: float

    def percent(self, value: float) -> float:
        """Answer the place of a value, 0 at the top and 100 at the bottom."""
        return 100 * (self.high - value) / (self.high - self.low)

    def ticks(self, count: int = VALUE_TICKS) -> Iterator[float]:
        """Answer round values, about so many."""
        step = nice((self.high - self.low) / count)
        for number in range(ceil(self.low / step), floor(self.high / step) + 1):
            yield number * step


def nice(rough: float) -> float:
    """Round a step up to 1, 2, 2.5 or 5 times a power of ten."""
    power = 10.0 ** floor(log10(rough))
    return next(power * one for one in (1, 2, 2.5, 5, 10) if power * one >= rough * 0.999)


def value_range(values: Iterable[float], whole: Iterable[float] = ()) -> Range:
    """Make a range from 0, or from the lowest value where that is far from 0.

    Parameters
    ----------
    values : iterable of float
        Shown nearly whole.
    whole : iterable of float
        Shown whole.
    """
    found = sorted(value for value in values if isfinite(value))
    must = [value for value in whole if isfinite(value)]
    top = max([*found[: ceil(SHOWN * len(found))], *must], default=1.0)
    lowest = min([*found, *must], default=0.0)
    bottom = 0.0 if 0 <= lowest < FAR_FROM_ZERO * top else lowest
    margin = MARGIN * ((top - bottom) or abs(top) or 1.0)
    return Range(bottom - margin if bottom else 0.0, top + margin)


def above(times: Sequence[datetime], values: Sequence[float], top: float) -> tuple[int, int | None]:
    """Count the values that a scale cuts off; answer the place of the highest, too."""
    over = [place for place, value in enumerate(values) if value > top]
    return len(over), max(over, key=lambda place: values[place], default=None)
