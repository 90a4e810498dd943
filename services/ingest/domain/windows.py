"""A window of event time: what it holds, and the few things that happen to it."""

import decimal
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from services.ingest.domain.batch import Observation
from shared.contracts import limits
from shared.contracts.frozen import Frozen

EXACT = decimal.Context(prec=700)  # a double has at most 309 digits before the point, 324 behind


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
    def mean(self) -> Decimal | None:
        """The mean value; None where nothing was counted."""
        return EXACT.divide(self.total, Decimal(self.count)).normalize() if self.count else None

    def grown(self, observations: Iterable[Observation]) -> "Window":
        """Return a copy that holds more records."""
        observed = tuple(observations)
        with decimal.localcontext(EXACT):
            total = sum((Decimal(repr(one.value)) for one in observed), self.total)
        return self.changed(count=self.count + sum(one.count for one in observed), total=total)

    def published(self, now: datetime) -> "Window":
        """Return a closed copy whose content is the next revision."""
        return self.changed(
            is_open=False,
            revision=self.revision + 1,
            event_time_ms=max(int(now.timestamp() * 1_000), self.event_time_ms + 1),
        )

    def begun_live(self, now: datetime, grace: timedelta) -> "Window":
        """Return an open copy without content; the published revisions are not forgotten."""
        remembered = now + grace + timedelta(days=limits.INBOX_DAYS)
        return Window(
            start=self.start,
            revision=self.revision,
            event_time_ms=self.event_time_ms,
            remembers_until=int(remembered.timestamp()),
        )

    def holding(self, observations: Iterable[Observation]) -> "Window":
        """Return an imported copy that holds exactly these records."""
        empty = self.changed(count=0, total=Decimal(0), is_live=False, is_open=False)
        return empty.grown(observations)

    def same_content(self, other: "Window") -> bool:
        """Tell whether two windows hold the same."""
        return (self.count, self.total) == (other.count, other.total)


def at(seconds: int) -> datetime:
    """Answer the moment of a window's start."""
    return datetime.fromtimestamp(seconds, UTC)
