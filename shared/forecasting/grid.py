"""From windows of observations to evenly spaced points at a model's frequency.

Buckets are aligned to the Unix epoch, as windows are. The first and the last bucket are dropped
when windows are missing at their outer end: a part of a bucket is not comparable with whole ones.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

Target = Literal["count", "sum", "mean"]

POINTS_MAX = 2_000_000  # four years of minutes: more is a window with a wrong year
HELD_POINTS = 3  # so far into a hole the last value is nearer to the truth than last season's


class GridError(ValueError):
    """The windows do not make a grid; the text says why and what to do."""


@dataclass(frozen=True)
class Window:
    """What was observed in one window: how many records, and the sum of their values.

    Parameters
    ----------
    start : datetime
        Aware; a whole multiple of the window since the epoch.
    """

    start: datetime
    count: int
    total: float


@dataclass(frozen=True)
class Hole:
    """A run of buckets without any observation, by position in the grid."""

    position: int
    length: int


@dataclass(frozen=True)
class Grid:
    """Evenly spaced points, one per bucket.

    Parameters
    ----------
    start : datetime
        Start of the first bucket.
    values : tuple of float
        NaN in a hole, until `filled` puts a value there.
    """

    start: datetime
    frequency_s: int
    values: tuple[float, ...]
    holes: tuple[Hole, ...]

    def time(self, position: int) -> datetime:
        """Answer the start of a bucket; one past the end is the next to come."""
        return self.start + timedelta(seconds=self.frequency_s * position)

    @property
    def missing(self) -> int:
        """How many buckets had no observation."""
        return sum(hole.length for hole in self.holes)

    def filled(self, season: int) -> "Grid":
        """Answer a copy with a value in every bucket; the holes remain on record."""
        return replace(self, values=tuple(fill(self.values, season)))

    def tail(self, points: int) -> "Grid":
        """Answer the last `points` of the grid, or all of it where it has not more."""
        start = max(0, len(self.values) - points)
        values = self.values[start:]
        holes = (
            Hole(
                max(0, hole.position - start),
                hole.position + hole.length - max(start, hole.position),
            )
            for hole in self.holes
            if hole.position + hole.length > start
        )
        return Grid(self.time(start), self.frequency_s, values, tuple(holes))


def build(windows: Iterable[Window], target: Target, window_s: int, frequency_s: int) -> Grid:
    """Put windows into buckets of a model's frequency.

    A bucket's count and sum are those of its windows; its mean is Σ sum / Σ count. A bucket with no
    window, and for a mean no record, is a hole.

    Parameters
    ----------
    window_s, frequency_s : int
        Seconds; the frequency is a multiple of the window.

    Raises
    ------
    GridError
        If the seconds do not fit each other or the windows, a window comes twice, a number is
        negative or not finite where it may not be, there are too many points, or none.
    """
    if window_s < 1 or frequency_s < 1 or frequency_s % window_s:
        raise GridError(
            f"a frequency of {frequency_s} s is not a whole number of windows of {window_s} s"
        )
    counts, totals, starts = _buckets(windows, window_s, frequency_s)
    if not starts:
        raise GridError("there are no windows: import observations of this series first")
    first, last = min(starts), max(starts)
    begin = -(-first // frequency_s)
    end = (last + window_s) // frequency_s
    if not 0 < end - begin <= POINTS_MAX:
        raise GridError(
            f"windows from {_moment(first)} to {_moment(last)} make {max(0, end - begin)} points of"
            f" {frequency_s} s; from 1 to {POINTS_MAX} are possible: look for a wrong time"
        )
    values = [
        _value(target, counts.get(bucket), totals.get(bucket)) for bucket in range(begin, end)
    ]
    lead = next((at for at, value in enumerate(values) if not math.isnan(value)), None)
    if lead is None:
        raise GridError("no whole bucket has a record: import more observations of this series")
    while math.isnan(values[-1]):
        values.pop()
    values = values[lead:]
    return Grid(_moment((begin + lead) * frequency_s), frequency_s, tuple(values), holes(values))


def holes(values: Sequence[float]) -> tuple[Hole, ...]:
    """Find the runs of NaN."""
    found: list[Hole] = []
    for position, value in enumerate(values):
        if not math.isnan(value):
            continue
        if found and found[-1].position + found[-1].length == position:
            found[-1] = Hole(found[-1].position, found[-1].length + 1)
        else:
            found.append(Hole(position, 1))
    return tuple(found)


def fill(values: Sequence[float], season: int) -> list[float]:
    """Fill holes from the past alone, so that no backtest sees its future.

    The first three points of a hole repeat the last value; the others take the value one season
    earlier, which keeps the rhythm, or the last value where there is no such past.

    Raises
    ------
    GridError
        If the first value is missing: nothing is before it.
    """
    if values and math.isnan(values[0]):
        raise GridError("the first value is missing: begin with the first that is known")
    result = list(values)
    for hole in holes(values):
        for position in range(hole.position, hole.position + hole.length):
            seasonal = position - hole.position >= HELD_POINTS and position >= season
            result[position] = result[position - season if seasonal else hole.position - 1]
    return result


def _buckets(
    windows: Iterable[Window], window_s: int, frequency_s: int
) -> tuple[dict[int, int], dict[int, float], set[int]]:
    counts: dict[int, int] = {}
    totals: dict[int, float] = {}
    starts: set[int] = set()
    for window in windows:
        start = _seconds(window.start)
        if start % window_s:
            raise GridError(
                f"the window of {window.start.isoformat()} does not begin at a multiple of"
                f" {window_s} s: is this the window of the series?"
            )
        if start in starts:
            raise GridError(f"the window of {window.start.isoformat()} comes twice: keep one")
        if window.count < 0 or not math.isfinite(window.total):
            raise GridError(
                f"the window of {window.start.isoformat()} has count {window.count} and total"
                f" {window.total}: a count is 0 or more, a total is finite"
            )
        starts.add(start)
        bucket = start // frequency_s
        counts[bucket] = counts.get(bucket, 0) + window.count
        totals[bucket] = totals.get(bucket, 0.0) + window.total
    return counts, totals, starts


def _value(target: Target, count: int | None, total: float | None) -> float:
    if count is None or total is None:
        return math.nan
    match target:
        case "count":
            return float(count)
        case "sum":
            return total
        case "mean":
            return total / count if count else math.nan


def _seconds(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise GridError(f"{moment.isoformat()} has no time zone: give aware times")
    if moment.microsecond:
        raise GridError(f"{moment.isoformat()} is no whole second: windows begin at one")
    return int(moment.timestamp())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
