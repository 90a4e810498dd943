"""The live stream: records grow windows, the watermark closes them, late records revise them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from services.ingest.domain import judging
from services.ingest.domain.batch import Batch, Observation, Quarantined
from services.ingest.domain.judging import Watermark
from services.ingest.domain.plan import ITEMS_MAX, Part, Plan
from services.ingest.domain.seen import Ids, Seen, ShardKey, hashed, shard_of
from services.ingest.domain.state import Series
from services.ingest.domain.windows import Window
from shared.contracts import limits
from shared.contracts.specs import SeriesSpec

Fresh = Mapping[int, Mapping[bytes, Observation]]
"""Records that a window does not know yet, by shard and hashed id."""


class Sorted(NamedTuple):
    """The records of one window in a batch."""

    fresh: Fresh
    full: Sequence[Observation]
    """Fresh ones, too, that the window's memory has no room for."""
    duplicates: int

    def observations(self) -> list[Observation]:
        """Answer the fresh records."""
        return [one for shard in self.fresh.values() for one in shard.values()]


def plan(batch: Batch, series: Series, seen: Seen, spec: SeriesSpec, now: datetime) -> Plan:
    """Decide what live records do to windows.

    Records are judged by the watermark as it was before the batch, and windows are closed by the
    watermark after it: within a batch the order does not matter.
    """
    past, ahead = judging.without_the_future(batch.observations, now)
    latest_us = max((one.at_us for one in past), default=series.latest_us)
    latest_us = max(latest_us, series.latest_us) if latest_us and series.latest_us else latest_us
    before, after = watermark(series.latest_us, series, spec), watermark(latest_us, series, spec)
    covered = covered_from(series, past, before, spec)
    quarantined, duplicates = [*batch.malformed, *ahead], 0
    parts: list[Part] = []
    grouped = judging.by_window(past, series.window_length_s)
    for start, observations in grouped.items():
        end, known = start + series.window_length_s, seen.windows.get(start)
        found = sort_out(start, observations, seen, series.shards)
        duplicates += found.duplicates
        reason = judging.against(start, end - start, known, before, covered, now)
        refused = found.observations() if reason else ()
        quarantined += [Quarantined(one.as_record(), reason or "") for one in refused]
        quarantined += [Quarantined(one.as_record(), judging.TOO_MANY) for one in found.full]
        if reason is None and found.fresh:
            is_late = before is not None and before.has_passed(end)
            window = known if known and known.is_live else None
            begun = window or (known or Window(start=start)).begun_live(now, spec.grace)
            closes = after is not None and after.has_passed(end)
            parts += grown(begun, found.fresh, seen, closes, is_late, now)
    changed = {part.window.start for part in parts}
    waiting = [seen.windows[s] for s in {*series.open_starts(), *grouped} if s in seen.windows]
    parts += closing([w for w in waiting if w.start not in changed], after, series, now)
    return Plan(tuple(parts), duplicates, tuple(quarantined), latest_us, covered)


def watermark(latest_us: int | None, series: Series, spec: SeriesSpec) -> Watermark | None:
    """Answer how far the stream has come when its latest record is of that time."""
    if latest_us is None:
        return None
    most = timedelta(seconds=limits.OPEN_WINDOWS_MAX * series.window_length_s)
    microsecond = timedelta(microseconds=1)
    return Watermark(
        at_us=latest_us - min(spec.lateness, most) // microsecond,
        grace_us=spec.grace // microsecond,
    )


def covered_from(
    series: Series, past: Sequence[Observation], before: Watermark | None, spec: SeriesSpec
) -> int:
    """Answer the start of the first window that the stream holds completely since its last gap."""
    size = series.window_length_s
    in_time = [
        one.at_us
        for one in past
        if before is None or not before.has_ended_grace(one.at_us // 1_000_000)
    ]
    gap_us = spec.expected_interval // timedelta(microseconds=1)
    if series.covered_from is not None and (
        not in_time or series.latest_us is None or min(in_time) <= series.latest_us + gap_us
    ):
        return series.covered_from
    return -(-min(in_time, default=0) // (size * 1_000_000)) * size


def sort_out(start: int, observations: Sequence[Observation], seen: Seen, shards: int) -> Sorted:
    """Part the records that a window does not know from those that it does."""
    fresh: dict[int, dict[bytes, Observation]] = defaultdict(dict)
    full, duplicates = [], 0
    for one in observations:
        digest = hashed(one.id)
        shard = shard_of(digest, shards)
        known = seen.ids.get(ShardKey(start, shard), frozenset())
        if digest in known or digest in fresh[shard]:
            duplicates += 1
        elif len(known) + len(fresh[shard]) >= limits.SHARD_IDS_MAX:
            full.append(one)
        else:
            fresh[shard][digest] = one
    return Sorted({s: found for s, found in fresh.items() if found}, full, duplicates)


def grown(
    window: Window, fresh: Fresh, seen: Seen, closes: bool, is_late: bool, now: datetime
) -> Iterator[Part]:
    """Let a window grow by records, with as many shards of ids at a time as fit together.

    A closed window is published with every part, for it must never differ from what is known of
    it; an open one with the last.
    """
    was_closed = not window.is_open
    shards = sorted(fresh)
    for first in range(0, len(shards), ITEMS_MAX - 1):
        chunk = shards[first : first + ITEMS_MAX - 1]
        window = window.grown(one for shard in chunk for one in fresh[shard].values())
        is_last = chunk[-1] == shards[-1]
        publishes = was_closed or (closes and is_last)
        if publishes:
            window = window.published(now)
        yield Part(
            window,
            {shard: known_ids(seen, window.start, shard) | set(fresh[shard]) for shard in chunk},
            is_published=publishes,
            late=sum(len(fresh[shard]) for shard in chunk) if was_closed or is_late else 0,
        )


def known_ids(seen: Seen, start: int, shard: int) -> Ids:
    """Answer the ids that a shard holds."""
    return seen.ids.get(ShardKey(start, shard), frozenset())


def closing(
    windows: Iterable[Window], watermark: Watermark | None, series: Series, now: datetime
) -> Iterator[Part]:
    """Close the open windows that the watermark has passed."""
    for window in sorted(windows, key=lambda one: one.start):
        end = window.start + series.window_length_s
        if window.is_open and watermark is not None and watermark.has_passed(end):
            yield Part(window.published(now), is_published=True)
