"""What absorption works on, what handlers look at (`Look`), and what effects act on (`Ports`)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from services.ingest.domain.pages import Page
from services.ingest.domain.seen import Ids, Shard, ShardKey
from services.ingest.domain.state import Series
from services.ingest.domain.windows import Window
from shared.contracts.specs import SeriesSpec
from shared.contracts.windows import SeriesSummary
from shared.messaging.clock import Clock
from shared.messaging.decision import Kept
from shared.messaging.ports import Store


class SeriesStore(Store[Series], Protocol):
    """The series' aggregates, and their windows and remembered ids beside them."""

    def keys(self) -> tuple[str, ...]:
        """Answer all series."""
        ...

    def windows(self, series: str, pages: Iterable[int]) -> Mapping[int, Window]:
        """Answer all windows of some pages by their start, as they are now."""
        ...

    def ids(self, series: str, shards: Iterable[ShardKey]) -> Mapping[ShardKey, Ids]:
        """Answer those of the shards of ids that there are, as they are now."""
        ...

    def commit_windows(
        self, key: str, kept: Kept[Series], pages: Mapping[int, Page], shards: Sequence[Shard]
    ) -> None:
        """Write the series at ``kept.revision``, pages of windows and shards of ids, all or
        nothing.

        The series' revision is the lock of all its windows: whoever read an older one may not
        write.

        Raises
        ------
        Conflict
            If somebody else wrote in between.
        """
        ...


class Look(Protocol):
    """Questions only: a handler cannot act."""

    def context(self, series: str) -> timedelta:
        """Answer how much of a series the models that read it give to one forecast."""
        ...


class Declared(Look, Protocol):
    """What users declared."""

    def series_spec(self, series: str) -> SeriesSpec | None:
        """Answer a series' spec; None when nobody applied one."""
        ...

    def series_names(self) -> tuple[str, ...]:
        """Answer the names of all series that have a spec."""
        ...


class Files(Protocol):
    """The environment's bucket."""

    def put(self, key: str, body: bytes) -> str:
        """Write an object and answer its URI."""
        ...

    def get(self, uri: str) -> bytes:
        """Read an object."""
        ...


class Features(Protocol):
    """The feature store."""

    def write(
        self, series: str, windows: Sequence[Window], online_from: int, online_until: datetime
    ) -> None:
        """Write windows offline and, those that start at `online_from` or later, online.

        Raises
        ------
        Retryable
            If not all of them could be written.
        """
        ...

    def write_online(self, series: str, windows: Sequence[Window], online_until: datetime) -> None:
        """Write windows online only; what is online already stays as it is.

        Raises
        ------
        Retryable
            If not all of them could be written.
        """
        ...


class Summaries(Protocol):
    """The summaries that everybody may read."""

    def put(self, summary: SeriesSummary) -> None:
        """Merge the summary of a series with the one that is there: see `SeriesSummary.merged`."""
        ...


@dataclass(frozen=True)
class Ports:
    """All that effects act on."""

    store: SeriesStore
    declared: Declared
    features: Features
    summaries: Summaries
    clock: Clock
