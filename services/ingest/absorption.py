"""Getting the records of a batch into their windows: ingest's own loop before the worker's.

A batch may change thousands of windows, more than one transaction holds. So it is absorbed in
groups of parts, each a transaction of windows, the ids that they remember, and the series' item,
whose revision is the lock of all of them; in that item the batch's tally grows with every group.
Whatever dies in between, the next attempt finds what is committed by the ids, and the tally still
knows it. Then, and only then, the worker concludes the batch as it handles any event: with the
batch id in the inbox, one todo, and the one ObservationsIngested.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches

from services.ingest.domain import backfill, silence, streaming
from services.ingest.domain.batch import (
    Batch,
    BatchAbsorbed,
    Quarantined,
    QuarantineFile,
    reasons_of,
)
from services.ingest.domain.pages import page_start, pages_of
from services.ingest.domain.plan import Part, Plan, groups
from services.ingest.domain.seen import Seen, shard_keys
from services.ingest.domain.state import Series
from services.ingest.domain.windows import Window
from services.ingest.ports import Declared, Files, SeriesStore
from shared.contracts import limits
from shared.contracts.names import IllegalNameError
from shared.contracts.records import window_start
from shared.contracts.specs import SeriesSpec
from shared.contracts.timing import write_duration
from shared.messaging.clock import Clock
from shared.messaging.decision import Kept
from shared.messaging.errors import Conflict, Rejected, Retryable


class Absorption:
    """Absorb batches into windows."""

    def __init__(self, store: SeriesStore, declared: Declared, files: Files, clock: Clock) -> None:
        self.store = store
        self.declared = declared
        self.files = files
        self.clock = clock

    def absorb(self, batch: Batch) -> BatchAbsorbed:
        """Get a batch's records into their windows, or into quarantine.

        Raises
        ------
        AlreadyHeard
            If it was concluded before.
        Rejected
            If nobody declared its series, or not as it is, or it changes too many windows.
        Retryable
            If others write to the series all the time, or it has too much unfinished business.
        """
        spec = self.spec(batch.series)
        for _ in range(limits.CONFLICT_RETRIES_MAX):
            try:
                plan = self.attempt(batch, spec)
            except Conflict:
                continue
            return BatchAbsorbed(
                series=batch.series,
                batch_id=batch.batch_id,
                backfill=batch.backfill,
                records=len(batch.observations) + len(batch.malformed),
                duplicates=plan.duplicates,
                quarantined=self.quarantine(batch.series, plan.quarantined),
                latest_us=plan.latest_us,
                covered_from=plan.covered_from,
            )
        raise Retryable(f"lost {limits.CONFLICT_RETRIES_MAX} races for series {batch.series}")

    def spec(self, series: str) -> SeriesSpec:
        """Answer what was declared of a series; raise Rejected, naming the nearest, if nothing."""
        try:
            spec = self.declared.series_spec(series)
        except IllegalNameError:
            spec = None
        if spec is not None:
            return spec
        near = get_close_matches(series, self.declared.series_names(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else "apply its spec first"
        raise Rejected(f"nobody declared a series {series[:100]!r}: {hint}")

    def attempt(self, batch: Batch, spec: SeriesSpec) -> Plan:
        """Load, look, decide and commit, part after part."""
        kept = self.store.load(batch.series, batch.batch_id)
        kept = replace(kept, state=checked(batch, kept, spec))
        now = self.clock.now()
        seen = self.look(batch, kept.state)
        if batch.backfill:
            plan = backfill.plan(batch, kept.state, seen.windows, now)
        else:
            plan = streaming.plan(batch, kept.state, seen, spec, now)
        self.commit(batch, kept, seen, plan.parts, now)
        return plan

    def look(self, batch: Batch, series: Series) -> Seen:
        """Look at the windows, and the ids, that a batch concerns."""
        size = series.window_length_s
        placed = [(window_start(one.at_us, size), one.id) for one in batch.observations]
        starts = {start for start, _ in placed}
        if len(starts) > limits.BATCH_WINDOWS_MAX:
            raise Rejected(
                f"{len(starts)} windows, a batch has at most {limits.BATCH_WINDOWS_MAX}: "
                "send several"
            )
        if batch.backfill:
            return Seen(self.windows(series, starts), {})
        shards = shard_keys(placed, series.shards)
        return Seen(
            self.windows(series, starts | {*series.open_starts()}),
            self.store.ids(series.series, shards),
        )

    def windows(self, series: Series, starts: Iterable[int]) -> Mapping[int, Window]:
        """Answer all windows in the pages of some."""
        pages = {page_start(start, series.window_length_s) for start in starts}
        return self.store.windows(series.series, pages)

    def commit(
        self,
        batch: Batch,
        kept: Kept[Series],
        seen: Seen,
        parts: Iterable[Part],
        now: datetime,
    ) -> None:
        """Commit parts, group after group; raise Conflict if somebody else writes in between."""
        size, windows = kept.state.window_length_s, dict(seen.windows)
        for group in groups(parts, size):
            kept = having(kept, batch, group, now)
            changed = {part.window.start: part.window for part in group}
            windows |= changed
            shards = [shard for part in group for shard in part.shards()]
            pages = pages_of(changed, windows, size)
            self.store.commit_windows(batch.series, kept, pages, shards)

    def quarantine(self, series: str, records: Sequence[Quarantined]) -> QuarantineFile | None:
        """Keep records that cannot be used, each with its reason.

        The file is named by its content: it can be written before anything is said of it, and
        again.
        """
        if not records:
            return None
        lines = (json.dumps({"record": one.record, "reason": one.reason}) for one in records)
        body = "".join(f"{line}\n" for line in lines).encode()
        key = f"quarantine/{series}/{hashlib.sha256(body).hexdigest()}.jsonl"
        uri = self.files.put(key, body)
        return QuarantineFile(count=len(records), reasons=dict(reasons_of(records)), uri=uri)

    def silence(self, series: str) -> BatchAbsorbed | None:
        """Close the windows of a series that fell silent; None if there are none.

        Raises
        ------
        Retryable
            If records come in after all: then the next sweep looks again.
        """
        spec, kept = self.declared.series_spec(series), self.store.load(series, None)
        now = self.clock.now()
        due = silence.due(kept.state, spec, now) if spec and kept.state.window_s else ()
        if spec is None or not due:
            return None
        pause = Batch(f"silence-{due[0]}-{due[-1]}", series, backfill=False, observations=())
        seen = Seen(self.windows(kept.state, due), {})
        try:
            self.commit(pause, kept, seen, silence.closing(kept.state, seen, spec, now), now)
        except Conflict as conflict:
            raise Retryable(f"series {series} is not silent any more") from conflict
        return BatchAbsorbed(
            series=series, batch_id=pause.batch_id, backfill=False, records=0, duplicates=0
        )


def checked(batch: Batch, kept: Kept[Series], spec: SeriesSpec) -> Series:
    """Answer the series, laid out, if it can take a batch now."""
    window_s = int(spec.window.total_seconds())
    state = kept.state if kept.state.window_s else kept.state.laid_out(window_s)
    if state.window_s != window_s:
        raise Rejected(
            f"series {batch.series} was cut into windows of {state.window_s} s, its spec now says "
            f"{write_duration(spec.window)}: give the new windows a new series"
        )
    unfinished = state.pending.keys() - {batch.batch_id}
    if max(len(unfinished), len(kept.todo)) >= limits.UNFINISHED_BUSINESS_MAX:
        raise Retryable(f"series {batch.series} has too much unfinished business")
    return state


def having(kept: Kept[Series], batch: Batch, group: Sequence[Part], now: datetime) -> Kept[Series]:
    """Answer the series' next revision, which remembers a group of parts."""
    state = kept.state.having(
        batch.batch_id,
        batch.backfill,
        windows=[part.window for part in group],
        published=frozenset(part.window.start for part in group if part.is_published),
        late=sum(part.late for part in group),
        now=now,
    )
    return replace(kept, revision=kept.revision + 1, state=state)
