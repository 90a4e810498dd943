"""Driving a local AWS through time: days pass in seconds, and nothing is left behind.

A step: the clock moves, the feed brings in what happened meanwhile, everybody works until nothing
is under way; then the schedules that have become due are sent, and everybody works again. So the
clock stands still while a model is trained, however long that takes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from time import monotonic

from infra.local.feeds import Feed
from infra.local.stack import LocalStack, NotQuietError

STEP = timedelta(hours=1)
QUIET_LIMIT_S = 300.0  # longer than any training of a demo
LOOK_S = 2.0  # how long one call waits for quiet at the front


@dataclass(frozen=True)
class Step:
    """What came of a step."""

    number: int
    """From 1 on."""
    now: datetime
    """The time that it has become."""
    records: int
    seconds: float
    """That it took."""
    dead_letters: Mapping[str, int]
    """Messages that could not be handled since the start, by queue; normally none."""


class Driver:
    """Moves the clock of a stack, and what follows it, step by step.

    Parameters
    ----------
    stack : LocalStack
        Started with ``clock_start``.
    each : Callable
        Told each step when it is over, in the driver's thread.
    pace_s : float
        The least that a step takes; 0: full speed.
    """

    def __init__(
        self,
        stack: LocalStack,
        feed: Feed,
        *,
        step: timedelta = STEP,
        each: Callable[[Step], None] = lambda step: None,
        pace_s: float = 0.0,
        quiet_limit_s: float = QUIET_LIMIT_S,
    ) -> None:
        self.now = stack.clock.now()
        self.steps = 0
        self._stack = stack
        self._feed = feed
        self._step = step
        self._each = each
        self._pace_s = pace_s
        self._quiet_limit_s = quiet_limit_s
        self._stopping = Event()

    def stop(self) -> None:
        """Let `drive` end after the step that it is at; safe from any thread."""
        self._stopping.set()

    def drive(self, steps: int | None = None) -> None:
        """Make so many steps, or go on until told to stop.

        Raises
        ------
        NotQuietError
            If a step does not come to an end.
        FeedError
            If news could not be brought in.
        """
        left = steps
        while not self._stopping.is_set() and left != 0:
            begun = monotonic()
            self.step()
            left = None if left is None else left - 1
            self._stopping.wait(max(0.0, begun + self._pace_s - monotonic()))

    def step(self) -> Step:
        """Make one step; see `drive`."""
        begun = monotonic()
        self.now += self._step
        self._stack.clock.move_to(self.now)
        records = self._feed.bring(self.now)
        self.settle()
        self._stack.schedules.send_due()
        dead_letters = self.settle()
        self.steps += 1
        made = Step(self.steps, self.now, records, monotonic() - begun, dead_letters)
        self._each(made)
        return made

    def settle(self) -> Mapping[str, int]:
        """Wait until nothing is under way; answer how many messages nobody could handle.

        Raises
        ------
        NotQuietError
            If something is still under way when the time is over.
        """
        deadline = monotonic() + self._quiet_limit_s
        while True:
            seen = self._stack.watch.wait(LOOK_S)
            self._stack.supervisor.batches()  # raises where a queue has lost its poller
            if seen["quiet"]:
                return dict(seen["dead_letters"])
            if monotonic() > deadline:
                raise NotQuietError(f"not quiet within {self._quiet_limit_s:g} s: {seen}")
