"""The clock port: what time it is for cool-downs, caps, expiry, bake times and ``occurred_at``."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

from urllib3 import PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError

from shared.messaging.errors import Retryable

CLOCK_URL = "MODELCYCLE_CLOCK_URL"
"""Environment variable: where the time is served; without it, the wall clock rules."""
ANSWER_LIMIT_S = 5.0


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


class ServedClock:
    """A clock that somebody else drives: asked for the time at every look, over HTTP, by a
    connection that is kept; safe for threads.

    Parameters
    ----------
    url : str
        Answers ``{"now": "2026-03-01T00:00:00+00:00"}``.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._pool = PoolManager(  # it knows no proxy, which would know nothing of this machine
            timeout=Timeout(ANSWER_LIMIT_S), retries=Retry(1, backoff_factor=0)
        )

    def now(self) -> datetime:
        """Answer the time in UTC.

        Raises
        ------
        Retryable
            If nobody tells.
        """
        try:
            answer = self._pool.request("GET", self.url)
            return datetime.fromisoformat(json.loads(answer.data)["now"])
        except (HTTPError, OSError, ValueError, KeyError) as error:
            raise Retryable(f"{self.url} does not tell the time: {error}") from error


def clock_of(environment: Mapping[str, str] = os.environ) -> Clock:
    """Answer the clock of a process: the one that is served to it, else the wall's."""
    url = environment.get(CLOCK_URL)
    return ServedClock(url) if url else WallClock()
