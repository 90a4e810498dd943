"""A window of event time: what it holds, and the few things that happen to it."""

import decimal
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from services.ingest.domain.batch import Observation
from shared.contracts import limits
from shared.contracts.frozen import Frozen

EXACT = decimal.Context(prec=700)  # a double has at most 309 digits before the point, 324 behind


class Content(NamedTuple):
    """What a window holds."""

    number: int
    """How many observations it counts."""
    total: Decimal


class Window(Frozen):
    """What is kept of one window."""

    start: int
    """Seconds since 1970 UTC."""
    count: int = 0
    total: Decimal = Decimal(0)
    """Sum of the values as decimals: exact, and so the same in whatever order they come."""
    revision: int = 0
    """How often its content was published; 0: never."""
    event_time_ms: int = 0
    """Moment of the last publication, in milliseconds since 1970; strictly increasing."""
    is_live: bool = True
    """Whether its content came with the stream; else it was imported."""
    is_open: bool = True
    """Whether it still waits for records; then its content is not published."""
    remembers_until: int = 0
    """Seconds since 1970 until which the ids of its records are kept."""

    @property
    def mean(self) -> float | None:
        """The mean value; None where nothing was counted."""
        return float(self.total / self.count) if self.count else None

    def grown(self, observations: Iterable[Observation]) -> "Window":
        """Return a copy that holds more records."""
        more = content_of(observations)
        total = EXACT.add(self.total, more.total)
        return self.changed(count=self.count + more.number, total=total)

    def published(self, now: datetime) -> "Window":
        """Return a closed copy whose content is the next revision."""
        return self.changed(
            is_open=False,
            revision=self.revision + 1,
            event_time_ms=self.next_event_time_ms(now),
        )

    def imported(self, content: Content, now: datetime) -> "Window":
        """Return a closed copy that holds something else, as the next revision."""
        return Window(
            start=self.start,
            count=content.number,
            total=content.total,
            revision=self.revision + 1,
            event_time_ms=self.next_event_time_ms(now),
            is_live=False,
            is_open=False,
        )

    def next_event_time_ms(self, now: datetime) -> int:
        """Answer the moment of a publication, later than that of the one before."""
        return max(int(now.timestamp() * 1_000), self.event_time_ms + 1)

    def begun_live(self, now: datetime, grace: timedelta) -> "Window":
        """Return an open copy without content; the published revisions are not forgotten."""
        remembered = now + grace + timedelta(days=limits.INBOX_DAYS)
        return Window(
            start=self.start,
            revision=self.revision,
            event_time_ms=self.event_time_ms,
            remembers_until=int(remembered.timestamp()),
        )

    @property
    def content(self) -> Content:
        """What it holds."""
        return Content(self.count, self.total)


def content_of(observations: Iterable[Observation]) -> Content:
    """Sum records up, exactly."""
    observed = tuple(observations)
    with decimal.localcontext(EXACT):
        total = sum((Decimal(repr(one.value)) for one in observed), Decimal(0))
    return Content(sum(one.count for one in observed), total)


def at(seconds: int) -> datetime:
    """Answer the moment of a window's start."""
    return datetime.fromtimestamp(seconds, UTC)
