"""The clock port: what time it is for cool-downs, caps, expiry, bake times and ``occurred_at``."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time; a driven clock tells the time of the market it follows."""

    def now(self) -> datetime:
        """Answer the time in UTC."""
        ...


class WallClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Answer the time in UTC."""
        return datetime.now(UTC)
