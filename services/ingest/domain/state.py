"""What ingest keeps of a series: its aggregate. Its windows are parts of it, kept beside it."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import AwareDatetime

from services.ingest.domain import runs
from services.ingest.domain.batch import BatchAbsorbed
from services.ingest.domain.runs import Runs
from services.ingest.domain.windows import Window
from shared.contracts import limits
from shared.contracts.frozen import Frozen


class Tally(Frozen):
    """What a batch that is not concluded yet has done to windows, in however many attempts."""

    since: AwareDatetime
    backfill: bool
    created: Runs = ()
    """Windows whose first content was published."""
    revised: Runs = ()
    late: int = 0
    """Records that came after their window had closed."""


class Series(Frozen):
    """A series, as far as it was heard."""

    series: str
    window_s: int | None = None
    """Fixed by the first batch: a series is never cut anew."""
    shards: int = 1
    """Parts into which the ids of a window's records are laid out; fixed by the first batch."""
    latest_us: int | None = None
    """The latest event time of the live stream, in microseconds since 1970: the watermark is the
    series' lateness before it."""
    covered_from: int | None = None
    """Start of the first window that the live stream holds completely since its last gap."""
    heard_at: AwareDatetime | None = None
    """When the last live batch was concluded, by the clock."""
    open: Runs = ()
    """Windows that wait for records."""
    pending: dict[str, Tally] = {}
    """Batches of which some windows are committed and nothing is said yet, by batch id."""
    first: int | None = None
    last: int | None = None
    windows: int = 0
    """How many windows were published, from `first` to `last`."""
    conclusions: int = 0
    """How often windows were published: the revision of the summary."""
    online_s: int | None = 0
    """How far back from `last` no window is missing online; 0: unknown, as in states from before it
    was kept; none: nothing was published yet."""
    is_filling: bool = False
    """Whether older windows are on their way online."""

    @property
    def window_length_s(self) -> int:
        """Length of a window; known since the first batch."""
        if self.window_s is None:
            raise ValueError(f"{self.series} has no windows yet")
        return self.window_s

    def laid_out(self, window_s: int) -> "Series":
        """Return a copy whose windows have a length."""
        capacity = window_s * limits.WINDOW_IDS_PER_SECOND / limits.SHARD_IDS_MAX
        shards = 1 << max(0, int(2 * capacity).bit_length())
        return self.changed(window_s=window_s, shards=shards, online_s=None)

    def open_starts(self) -> tuple[int, ...]:
        """Answer the starts of the open windows."""
        return runs.unpack(self.open, self.window_s) if self.window_s else ()

    def having(
        self,
        batch_id: str,
        backfill: bool,
        windows: Iterable[Window],
        published: frozenset[int],
        late: int,
        now: datetime,
    ) -> "Series":
        """Return a copy that remembers what a batch did to windows.

        Parameters
        ----------
        published : frozenset of int
            Starts of those windows whose content is a new revision.
        """
        size = self.window_length_s
        windows = tuple(windows)
        closed = {window.start for window in windows if not window.is_open}
        still_open = {window.start for window in windows if window.is_open}
        tally = self.pending.get(batch_id) or Tally(since=now, backfill=backfill)
        new = {w.start for w in windows if w.start in published and w.revision == 1}
        created = {*runs.unpack(tally.created, size), *new}
        revised = {*runs.unpack(tally.revised, size), *(published - new)} - created
        tally = tally.changed(
            created=runs.pack(created, size),
            revised=runs.pack(revised, size),
            late=tally.late + late,
        )
        return self.changed(
            open=runs.pack(({*self.open_starts()} | still_open) - closed, size),
            pending={**self.pending, batch_id: tally},
        )

    def concluding(self, batch_id: str, tally: Tally) -> "Series":
        """Return a copy that has done with a batch, and counts its windows as published."""
        created = runs.unpack(tally.created, self.window_s or 1)
        pending = {key: kept for key, kept in self.pending.items() if key != batch_id}
        if not created and not tally.revised:
            return self.changed(pending=pending)
        ends = [
            end for end in (self.first, self.last, *created[:1], *created[-1:]) if end is not None
        ]
        return self.changed(
            pending=pending,
            windows=self.windows + len(created),
            first=min(ends, default=None),
            last=max(ends, default=None),
            conclusions=self.conclusions + 1,
        )

    def publishing(self, online_s: int) -> "Series":
        """Return a copy that knows how far back published windows went online."""
        known = online_s if self.online_s is None else min(self.online_s, online_s)
        return self.changed(online_s=known)

    def hearing(self, absorbed: BatchAbsorbed, now: datetime) -> "Series":
        """Return a copy whose live stream has come as far as a batch."""
        if absorbed.latest_us is None:
            return self
        covered = [one for one in (self.covered_from, absorbed.covered_from) if one is not None]
        return self.changed(
            latest_us=max(absorbed.latest_us, self.latest_us or absorbed.latest_us),
            covered_from=max(covered, default=None),
            heard_at=now,
        )
