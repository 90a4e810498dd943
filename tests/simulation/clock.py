"""Virtual time: what happens when, and workers whose clocks are wrong."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


class Agenda:
    """What is to happen, in its order; time moves from one to the next."""

    def __init__(self) -> None:
        self.ms = 0
        self.entries: list[tuple[int, int, Callable[[], None]]] = []
        self.noted = 0

    @property
    def now(self) -> datetime:
        """The true time."""
        return START + timedelta(milliseconds=self.ms)

    @property
    def seconds(self) -> float:
        """The true time since the start."""
        return self.ms / 1_000

    def after(self, seconds: float, what: Callable[[], None]) -> None:
        """Note what is to happen in a while."""
        self.noted += 1
        heapq.heappush(self.entries, (self.ms + int(seconds * 1_000), self.noted, what))

    def run_next(self) -> bool:
        """Let the next thing happen; False when there is none."""
        if not self.entries:
            return False
        at, _, what = heapq.heappop(self.entries)
        self.ms = max(self.ms, at)
        what()
        return True

    def pull_forward(self) -> None:
        """Let the next thing happen now already."""
        if self.entries:
            heapq.heappop(self.entries)[2]()

    def tick(self) -> None:
        """Let a port call take its time."""
        self.ms += 20


class WorkerClock:
    """The clock of one process: wrong by its skew, which may jump."""

    def __init__(self, agenda: Agenda, skew_s: float) -> None:
        self.agenda = agenda
        self.skew = timedelta(seconds=skew_s)

    def now(self) -> datetime:
        """Answer what the process believes the time to be."""
        return self.agenda.now + self.skew
