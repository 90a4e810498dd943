"""Polling a source politely: one request at a time, conditional, never sooner than its row allows
however often one is woken, and less often after a failure.

Nothing is lost by a bad answer: what it would have held comes with the next one, as far as the
source still has it, and what comes twice ingest counts once. So the poller remembers only what
makes it polite, and a new process may begin without it.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import msgspec

from services.ingest.polling.ports import Answer, Outbox, UnreachableError, Web
from services.ingest.polling.sources import BadAnswerError, Found, Source
from shared.contracts import limits
from shared.messaging.clock import Clock
from shared.messaging.errors import Refused, Retryable
from shared.messaging.log import Log

OK, NOT_MODIFIED = 200, 304
VALIDATORS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
"""Which header of an answer makes the next request conditional, and how."""
NOTHING = Found((), ())


class Polled(NamedTuple):
    """What came of a poll."""

    records: int
    wait_s: float
    """How long the source is left in peace now."""


class WaitLongerError(BadAnswerError):
    """The source refused, and perhaps said for how long."""

    def __init__(self, why: str, wait_s: float) -> None:
        super().__init__(why)
        self.wait_s = wait_s


class Poller:
    """Takes what a source has to the records queue.

    Parameters
    ----------
    name : str
        The source's; batches are named after it.
    wall : Clock
        For Retry-After, which may name a moment: HTTP keeps the wall clock.
    elapsed_s : Callable
        A clock of seconds, for the peace that the source is left in.
    """

    def __init__(
        self,
        name: str,
        source: Source,
        series: str,
        web: Web,
        outbox: Outbox,
        wall: Clock,
        elapsed_s: Callable[[], float],
        log: Log,
    ) -> None:
        self.name = name
        self.source = source
        self.series = series
        self.web = web
        self.outbox = outbox
        self.wall = wall
        self.elapsed_s = elapsed_s
        self.log = log
        self.polls = 0
        self.failures = 0
        self.conditions: Mapping[str, str] = {}
        self.last_ids: frozenset[str] = frozenset()
        self.peace_until_s = 0.0

    def poll(self) -> Polled:
        """Ask once, unless the source is to be left in peace; a failure is logged, not raised."""
        left_s = self.peace_until_s - self.elapsed_s()
        if left_s > 0:
            return Polled(0, left_s)
        self.polls += 1
        try:
            records = self.ask()
        except (UnreachableError, BadAnswerError, Retryable, Refused) as error:
            return self.back_off(error)
        self.failures = 0
        return self.leave_in_peace(records, self.source.interval_s)

    def ask(self) -> int:
        """Ask, send what came, and only then remember it; answer how many records were sent."""
        answer = self.web.get(self.source.url, self.conditions)
        found = self.read(answer)
        sent = self.send(found)
        if answer.status == OK:
            self.conditions = {
                condition: answer.headers[header]
                for header, condition in VALIDATORS.items()
                if header in answer.headers
            }
            self.notice_gap(found)
        return sent

    def read(self, answer: Answer) -> Found:
        """Answer what an answer holds; raise BadAnswerError if it is none."""
        if answer.status == NOT_MODIFIED:
            return NOTHING
        if answer.status != OK:
            wait_s = seconds_to_wait(answer.headers.get("retry-after", ""), self.wall.now())
            raise WaitLongerError(f"HTTP {answer.status}", wait_s)
        found = self.source.read(answer.body)
        if found.malformed:
            message = f"{len(found.malformed)} records are malformed: ingest quarantines them"
            self.log.warning(message, extra={"source": self.name, "series": self.series})
        return found

    def send(self, found: Found) -> int:
        """Send records in batches whose ids come from their content."""
        lines = [msgspec.json.encode(one) for one in (*found.sound, *found.malformed)]
        for first in range(0, len(lines), limits.BATCH_RECORDS_MAX):
            batch = lines[first : first + limits.BATCH_RECORDS_MAX]
            digest = hashlib.sha256(b"\n".join(batch)).hexdigest()
            self.outbox.send(f"{self.name}-{digest[:32]}", self.series, batch)
        return len(lines)

    def notice_gap(self, found: Found) -> None:
        """Say when an answer shares nothing with the one before: something fell between them."""
        ids = frozenset(one.id for one in found.sound)
        if ids and self.last_ids and ids.isdisjoint(self.last_ids):
            message = "nothing in common with the poll before: observations were missed"
            self.log.warning(message, extra={"source": self.name, "series": self.series})
        self.last_ids = ids or self.last_ids

    def back_off(self, error: Exception) -> Polled:
        """Leave the source in peace, twice as long after each failure."""
        doubled = self.source.interval_s * 2.0 ** min(self.failures, 20)
        self.failures += 1
        asked_s = error.wait_s if isinstance(error, WaitLongerError) else 0.0
        wait_s = max(min(doubled, limits.POLL_BACKOFF_SECONDS_MAX), asked_s)
        self.log.warning(
            f"{self.name} is left in peace for {wait_s:.0f} s: {error}",
            extra={"source": self.name, "series": self.series, "failures": self.failures},
        )
        return self.leave_in_peace(0, wait_s)

    def leave_in_peace(self, records: int, wait_s: float) -> Polled:
        """Ask nothing for so long."""
        self.peace_until_s = self.elapsed_s() + wait_s
        return Polled(records, wait_s)


def seconds_to_wait(retry_after: str, now: datetime) -> float:
    """Read Retry-After, in seconds or as a moment; 0 where nothing is said, an hour at most."""
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            moment = parsedate_to_datetime(retry_after)
        except ValueError:
            return 0.0
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    return min(max(seconds, 0.0), limits.POLL_RETRY_AFTER_SECONDS_MAX)
