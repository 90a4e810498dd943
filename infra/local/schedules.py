"""EventBridge Scheduler on one machine: wakes services up, by the schedules' table or by others.

Real minutes are for real clouds: `speed_up` divides them, so that a demo's sweeps come in seconds.
By a driven clock minutes are minutes, and whoever drives it calls `send_due` when the news of the
new hour are in: a sweep before them would take the jump of the clock for a silence.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from math import inf
from threading import Event, Thread
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from infra.local import account
from shared.contracts import names
from shared.contracts.subscriptions import SCHEDULES, Schedule
from shared.contracts.wishes import scheduled
from shared.messaging.clock import Clock, WallClock

LOOK_S_MAX = 1.0  # how long it may sleep, whatever is due next


class Periodic(Protocol):
    """What comes again and again."""

    @property
    def minutes(self) -> int:
        """Answer its period."""
        ...


R = TypeVar("R", bound=Periodic)


class Wake(NamedTuple):
    """A message that a queue gets every so many minutes."""

    queue: str
    minutes: int
    message: Callable[[datetime], str]
    """Moment for which it was meant → text."""


def of_table(env: str, services: Sequence[str]) -> tuple[Wake, ...]:
    """Answer what the schedules' table says about some services."""
    return tuple(
        Wake(names.queue(env, row.service), row.minutes, partial(wish_message, row))
        for row in SCHEDULES
        if row.service in services
    )


def wish_message(row: Schedule, moment: datetime) -> str:
    """Write the wish of a row."""
    event_id = f"schedule-{row.service}-{row.wish.__name__}-{moment.isoformat()}"
    return json.dumps(scheduled(row.wish, event_id, moment))


class Timetable(Generic[R]):
    """When each row is due: a whole number of its periods after the start.

    Parameters
    ----------
    speed_up : float
        By how much time is shortened: at 60, minutes are seconds.
    """

    def __init__(self, rows: Sequence[R], speed_up: float, start: datetime) -> None:
        self._periods = {row: timedelta(minutes=row.minutes) / speed_up for row in rows}
        self._next = {row: start + period for row, period in self._periods.items()}

    def due(self, now: datetime) -> tuple[tuple[R, datetime], ...]:
        """Answer what is due with the moment it was due; what was missed since is skipped."""
        rows = [row for row, moment in self._next.items() if moment <= now]
        return tuple((row, self._pass(row, now)) for row in rows)

    def seconds_to_next(self, now: datetime) -> float:
        """Answer how long nothing is due; infinity for an empty table."""
        waits = ((moment - now).total_seconds() for moment in self._next.values())
        return max(0.0, min(waits, default=inf))

    def _pass(self, row: R, now: datetime) -> datetime:
        period = self._periods[row]
        moment = self._next[row] + (now - self._next[row]) // period * period
        self._next[row] = moment + period
        return moment


class Schedules:
    """Sends messages to queues when they are due, from a thread of its own.

    Parameters
    ----------
    say : Callable
        Told in a sentence when a wish could not be sent; the next one is tried all the same.
    """

    def __init__(
        self,
        wakes: Sequence[Wake],
        endpoint_url: str,
        speed_up: float,
        say: Callable[[str], None],
        clock: Clock | None = None,
    ) -> None:
        self._say = say
        self._clock = clock or WallClock()
        self._sqs: Any = account.client("sqs", endpoint_url, "modelcycle-schedule", attempts=1)
        self._timetable = Timetable(wakes, speed_up, self._clock.now())
        self._urls: dict[str, str] = {}
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="schedules", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Send nothing more; returns at once."""
        self._stopping.set()

    def join(self) -> None:
        """Wait after `stop` for the end."""
        if self._thread.is_alive():
            self._thread.join()

    def send_due(self) -> None:
        """Send what is due now."""
        for wake, moment in self._timetable.due(self._clock.now()):
            self._send(wake, moment)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.send_due()
            except Exception as error:  # noqa: BLE001  # a wish lost is made good by the next
                if not self._stopping.is_set():
                    self._say(f"schedules: {error}")
            wait_s = self._timetable.seconds_to_next(self._clock.now())
            self._stopping.wait(min(wait_s, LOOK_S_MAX))

    def _send(self, wake: Wake, moment: datetime) -> None:
        self._sqs.send_message(QueueUrl=self._url(wake.queue), MessageBody=wake.message(moment))

    def _url(self, queue: str) -> str:
        if queue not in self._urls:
            self._urls[queue] = self._sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        return self._urls[queue]
