"""A clock that stands still until somebody moves it, and the door by which that is done.

``GET /_modelcycle/clock`` answers ``{"now": "2026-03-01T00:00:00+00:00", "driven": true}``;
``POST`` of ``{"now": …}`` moves it, never back. `FrontClock` is the other side of that door.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from infra.local.gateway import Reply
from shared.messaging.clock import ANSWER_LIMIT_S, ServedClock

PATH = "/_modelcycle/clock"
BODY_BYTES_MAX = 1_000


class ClockError(ValueError):
    """The clock cannot be moved like that; the text says why."""


class DrivenClock:
    """Tells the time at which it was put last."""

    def __init__(self, start: datetime) -> None:
        self._now = utc(start)
        self._moving = Lock()

    def __call__(self) -> datetime:
        """Answer the time in UTC."""
        return self._now

    def move_to(self, moment: datetime) -> None:
        """Put the clock forward; to stay is no error.

        Raises
        ------
        ClockError
            If that would be back, or no zone is said.
        """
        with self._moving:
            if utc(moment) < self._now:
                raise ClockError(f"it is {self._now}: a clock never goes back, to {moment}")
            self._now = utc(moment)


def utc(moment: datetime) -> datetime:
    """Answer a moment in UTC; raise ClockError if nobody knows where it is."""
    if moment.tzinfo is None:
        raise ClockError(f"{moment} has no time zone")
    return moment.astimezone(UTC)


def read(text: str) -> datetime:
    """Read a moment from the command line; raise ValueError if it is none."""
    return utc(datetime.fromisoformat(text))


def answer(clock: Callable[[], datetime], environ: dict[str, Any]) -> Reply:
    """Answer a request to the clock's door."""
    if environ["REQUEST_METHOD"] == "POST":
        try:
            if not isinstance(clock, DrivenClock):
                return refusal(405, "this is the wall clock: start with --clock driven")
            size = min(int(environ.get("CONTENT_LENGTH") or 0), BODY_BYTES_MAX)
            clock.move_to(
                datetime.fromisoformat(json.loads(environ["wsgi.input"].read(size))["now"])
            )
        except ClockError as error:
            return refusal(409, str(error))
        except (ValueError, TypeError, KeyError):
            return refusal(400, 'say {"now": "2026-03-01T00:00:00Z"}')
    told = {"now": clock().isoformat(), "driven": isinstance(clock, DrivenClock)}
    return Reply(200, {}, json.dumps(told).encode())


def refusal(status: int, why: str) -> Reply:
    """Answer that it is not done."""
    return Reply(status, {}, json.dumps({"message": why}).encode())


class FrontClock(ServedClock):
    """The clock of a front in another process: it tells the time, and can be moved."""

    def move_to(self, moment: datetime) -> None:
        """Put the clock forward.

        Raises
        ------
        ClockError
            If it cannot be: the moment is in its past, or it is the wall clock.
        OSError
            If the front does not answer.
        """
        body = json.dumps({"now": moment.isoformat()}).encode()
        request = Request(self.url, body, {"Content-Type": "application/json"})  # noqa: S310  # http only
        try:
            build_opener(ProxyHandler({})).open(request, timeout=ANSWER_LIMIT_S).close()
        except HTTPError as error:
            with error:
                raise ClockError(json.load(error)["message"]) from None
