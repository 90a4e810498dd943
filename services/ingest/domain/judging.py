"""Which records cannot be used, and why; which window the others belong to."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.ingest.domain.batch import Observation, Quarantined
from services.ingest.domain.windows import Window
from shared.contracts import limits
from shared.contracts.records import microseconds, window_start

IN_THE_FUTURE = f"time: more than {limits.FUTURE_SECONDS_MAX} s ahead of the clock"
TOO_LATE = "time: too late, the grace of its window has ended"
LIVE_WINS = "backfill: its window holds live records, which win"
IMPORTED = "time: its window was imported, and the stream does not cover all of it"
TOO_MANY = "more records than the ids of one window have room for"


class Watermark(NamedTuple):
    """How far the live stream has come: windows that ended before it wait no longer."""

    at_us: int
    grace_us: int

    def has_passed(self, end_s: int) -> bool:
        """Tell whether a window that ends then is to be closed."""
        return end_s * 1_000_000 <= self.at_us

    def has_ended_grace(self, end_s: int) -> bool:
        """Tell whether a window that ends then is revised no more."""
        return end_s * 1_000_000 + self.grace_us <= self.at_us


def without_the_future(
    observations: Sequence[Observation], now: datetime
) -> tuple[list[Observation], list[Quarantined]]:
    """Part records from those that cannot have happened yet."""
    latest_us = microseconds(now) + limits.FUTURE_SECONDS_MAX * 1_000_000
    past = [one for one in observations if one.at_us <= latest_us]
    ahead = [one for one in observations if one.at_us > latest_us]
    return past, [Quarantined(one.as_record(), IN_THE_FUTURE) for one in ahead]


def by_window(
    observations: Iterable[Observation], window_s: int
) -> Mapping[int, Sequence[Observation]]:
    """Sort records into the windows that hold them, by ascending start."""
    windows: dict[int, list[Observation]] = defaultdict(list)
    for one in observations:
        windows[window_start(one.at_us, window_s)].append(one)
    return dict(sorted(windows.items()))


def against(
    start: int,
    window_s: int,
    window: Window | None,
    watermark: Watermark | None,
    covered_from: int,
    now: datetime,
) -> str | None:
    """Answer why live records may not come into a window; None: they may."""
    if watermark is not None and watermark.has_ended_grace(start + window_s):
        return TOO_LATE
    if window is None:
        return None
    if not window.is_live:
        is_closed = watermark is not None and watermark.has_passed(start + window_s)
        return IMPORTED if is_closed or start < covered_from else None
    return TOO_LATE if now.timestamp() >= window.remembers_until else None
