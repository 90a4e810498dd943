"""Producers that send records, and the feature store that ends up with their windows.

The value of the n-th record of a window is 2ⁿ: so the total of a window tells which of its records
are in it, and how often.
"""

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from services.ingest.domain.windows import Window
from services.monitor.domain.seen import Observed
from shared.contracts.windows import SeriesSummary
from tests.simulation.clock import HOUR_S, START
from tests.simulation.declarations import PLENTY
from tests.simulation.documents import SERIES

if TYPE_CHECKING:
    from tests.simulation.world import World

START_S = int(START.timestamp())
HISTORY_HOURS = 120
RECORDS_MAX = 6
BATCH_HOURS = (18, 24)
LENGTH_DAYS = (2, 3, 4)


class Streams:
    """One stream of records, and its windows in the feature store."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.sent: dict[int, int] = {}
        """By window start: the sum of the values of its records that were sent."""
        self.offline: dict[int, Window] = {}
        self.online: dict[datetime, Observed] = dict(history())
        self.event_times: dict[datetime, int] = {}
        self.decays_at: datetime | None = None
        self.kept_back: list[dict[str, Any]] = []
        self.batches = 0

    def begin(self) -> None:
        """Let the producers send batch after batch, for some days."""
        stream = self.world.chance.of("stream")
        hours = stream.choice(LENGTH_DAYS) * 24
        at = 0
        while at < hours:
            first, at = at, at + stream.choice(BATCH_HOURS)
            self.world.agenda.after(at * HOUR_S, partial(self.send, first, at))
        if self.world.strikes("decay"):
            self.decays_at = START + timedelta(hours=stream.randrange(24, 72))
            self.world.note(f"what was learned is worth nothing from {self.decays_at} on")

    def send(self, first: int, last: int) -> None:
        """Send the records of some hours; some come twice, some later, some are no records."""
        stream = self.world.chance.of("records")
        records = [one for hour in range(first, last) for one in made(hour, stream)]
        self.kept_back, again = [], self.kept_back
        if self.world.strikes("late records"):
            late = set(stream.sample(range(len(records)), k=len(records) // 4))
            self.kept_back = [one for at, one in enumerate(records) if at in late]
            records = [one for at, one in enumerate(records) if at not in late]
        if self.world.strikes("records twice"):
            again = again + stream.sample(records, k=len(records) // 3)
        if self.world.strikes("malformed records"):
            again = [*again, {"id": f"bad-{first}", "time": "yesterday", "value": 1.0}]
        self.deliver(records + again)

    def send_what_is_left(self) -> None:
        """Send what was kept back, at last."""
        left, self.kept_back = self.kept_back, []
        if left:
            self.deliver(left)

    def deliver(self, records: Sequence[dict[str, Any]]) -> None:
        """Put a batch on the records queue."""
        self.batches += 1
        for one in records:
            if "start" in one:
                start, value = one["start"], int(one["value"])
                self.sent[start] = self.sent.get(start, 0) | value
        wire = [{key: one[key] for key in ("id", "time", "value")} for one in records]
        batch = {"batch_id": f"batch-{self.batches}", "series": SERIES, "records": wire}
        self.world.network.send_records(json.dumps(batch))

    # the feature store ----------------------------------------------------------------------------

    def write(self, windows: Sequence[Window], online_from: int) -> None:
        """Take windows: of one that came before, the later EventTime counts."""
        for window in windows:
            self.world.watch.window_written(window)
            known = self.offline.get(window.start)
            if known is None or window.event_time_ms > known.event_time_ms:
                self.offline[window.start] = window
        self.write_online([one for one in windows if one.start >= online_from])

    def write_online(self, windows: Iterable[Window]) -> None:
        """Put windows online: an EventTime that is not greater does not get there."""
        for window in windows:
            start = datetime.fromtimestamp(window.start, UTC)
            if window.event_time_ms > self.event_times.get(start, 0):
                self.event_times[start] = window.event_time_ms
                self.online[start] = Observed(
                    start=start, count=window.count, total=float(window.total)
                )

    def summarize(self, summary: SeriesSummary) -> None:
        """Keep the summary; what was imported before the schedule began is counted, too."""
        declared = self.world.declared
        more = summary.changed(first=PLENTY.first, windows=PLENTY.windows + summary.windows)
        before = declared.summary
        declared.summary = more.merged(before) if before is not PLENTY else more
        declared.of_models.clear()

    def has_decayed(self, cutoff: datetime, origin: datetime) -> bool:
        """Tell whether the world changed between what a version has learned and an origin."""
        return self.decays_at is not None and cutoff < self.decays_at <= origin

    def truth(self, start: datetime) -> float:
        """Answer what came true in a window."""
        seen = self.online.get(start)
        return seen.mean if seen else 5.0


def made(hour: int, stream: random.Random) -> list[dict[str, Any]]:
    """Make the records of an hour."""
    start = START_S + hour * HOUR_S
    number = stream.randrange(RECORDS_MAX // 2, RECORDS_MAX + 1)
    return [
        {
            "id": f"{hour}-{index}",
            "time": start + 60 * index + 1,
            "value": float(2**index),
            "start": start,
        }
        for index in range(number)
    ]


@cache
def history() -> Mapping[datetime, Observed]:
    """Answer the windows from before the schedule, which are online already."""
    noise = random.Random(7)  # noqa: S311 (always the same)
    starts = [START - timedelta(hours=back) for back in range(HISTORY_HOURS, 0, -1)]
    return {
        start: Observed(start=start, count=4, total=float(2 ** noise.randrange(3, 7) - 1))
        for start in starts
    }
