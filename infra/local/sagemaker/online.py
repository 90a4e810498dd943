"""The online store: the latest version of each record, until it expires."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from infra.local.sagemaker.core import Request


@dataclass(frozen=True)
class Stored:
    """The latest version of a record, its values as they came; None where it was deleted."""

    event_time: datetime
    values: dict[str, str] | None
    expires_at: datetime | None


class OnlineStore:
    """Keeps a record only if its event time is greater than that of the stored one.

    Parameters
    ----------
    ttl : timedelta or None
        How long after its event time a record lives, unless it says otherwise.
    """

    def __init__(self, ttl: timedelta | None) -> None:
        self._ttl = ttl
        self._records: dict[str, Stored] = {}

    def put(
        self,
        identifier: str,
        event_time: datetime,
        values: dict[str, str] | None,
        ttl: timedelta | None,
        now: datetime,
    ) -> bool:
        """Keep a record, or its deletion where ``values`` is None; answers whether it is newer."""
        latest = self.get(identifier, now)
        if latest is not None and event_time <= latest.event_time:
            return False
        lives = ttl or self._ttl
        expires_at = None if lives is None else event_time + lives
        if expires_at is None or expires_at > now:
            self._records[identifier] = Stored(event_time, values, expires_at)
        return True

    def get(self, identifier: str, now: datetime) -> Stored | None:
        """Answer the latest version, or None if there is none or it has expired."""
        found = self._records.get(identifier)
        if found is not None and found.expires_at is not None and found.expires_at <= now:
            del self._records[identifier]
            return None
        return found

    def remove(self, identifier: str) -> None:
        """Forget a record altogether."""
        self._records.pop(identifier, None)


UNITS = {
    "Seconds": timedelta(seconds=1),
    "Minutes": timedelta(minutes=1),
    "Hours": timedelta(hours=1),
    "Days": timedelta(days=1),
    "Weeks": timedelta(weeks=1),
}


def duration(given: Request | None) -> timedelta | None:
    """Answer the API's TtlDuration as a timedelta."""
    return None if given is None else UNITS[given["Unit"]] * int(given["Value"])
