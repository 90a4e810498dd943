"""What comes out of a user's file: the observations and what was noticed, or one refusal."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar, TypedDict

import numpy as np
from numpy.typing import NDArray

from ops.cli.observations.faults import Quarantine
from shared.contracts.printable import printable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ObservationsRefused(Exception):  # noqa: N818 - the house word: a file is refused, a row is quarantined
    """Nothing of the file was taken.

    Parameters
    ----------
    what : str
        What is wrong, naming the file and, where there is one, line, column and value.
    fix : str
        What to do about it.
    """

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(printable(f"{what}: {fix}"))
        self.what = printable(what)
        self.fix = printable(fix)


@dataclass(frozen=True)
class Columns:
    """Which columns of a user's file hold what."""

    time: str
    value: str
    count: str | None = None
    """How many events the value sums up; without it each row counts as one."""
    id: str | None = None
    """What tells two rows of the same time apart; without it the time itself is the identity."""

    TIME: ClassVar[int] = 0
    ID: ClassVar[int] = 3
    """Positions in `in_order`."""

    def in_order(self) -> tuple[str, str, str | None, str | None]:
        """Return time, value, count, id: the order in which a row's faults are looked for."""
        return self.time, self.value, self.count, self.id

    def named(self) -> tuple[str, ...]:
        """Return the columns that must be there, each once."""
        return tuple(dict.fromkeys(name for name in self.in_order() if name is not None))


class Record(TypedDict):
    """One observation as ingest takes it from any producer."""

    series: str
    id: str
    time: str
    """UTC, ISO 8601 with `Z`."""
    value: float
    count: int


@dataclass(frozen=True, eq=False)
class Observations:
    """The good rows of a file in order of time, and an account of the others."""

    source: str
    series: str
    microseconds: NDArray[np.int64]
    """Times since 1970 UTC, ascending."""
    values: NDArray[np.float64]
    counts: NDArray[np.int64]
    ids: NDArray[np.object_] | None
    """The user's own ids, or None where the time is the identity."""
    quarantine: Quarantine
    rows: int
    """Rows in the file, good and bad, blank ones left out."""
    repeated: int
    """Rows left out because an earlier one says the same."""
    out_of_order: int
    """Rows that stood behind a later time, and were sorted in."""
    notes: tuple[str, ...] = field(default=())
    """What was noticed and settled for the user, a sentence each."""

    def __len__(self) -> int:
        return len(self.microseconds)

    @property
    def first(self) -> datetime:
        """Return the earliest time, UTC."""
        return EPOCH + timedelta(microseconds=int(self.microseconds[0]))

    @property
    def last(self) -> datetime:
        """Return the latest time, UTC."""
        return EPOCH + timedelta(microseconds=int(self.microseconds[-1]))

    def records(self, start: int = 0, stop: int | None = None) -> list[Record]:
        """Return the records of a stretch of positions.

        The id is the time itself, or the user's own, so that importing again changes nothing.
        """
        times = iso(self.microseconds[start:stop])
        ids = times if self.ids is None else self.ids[start:stop].tolist()
        values, counts = self.values[start:stop].tolist(), self.counts[start:stop].tolist()
        return [
            Record(series=self.series, id=id_, time=time, value=value, count=count)
            for id_, time, value, count in zip(ids, times, values, counts, strict=True)
        ]

    def batches(self, size: int) -> Iterator[list[Record]]:
        """Yield all records in order of time, `size` to a batch, the last one perhaps shorter."""
        for start in range(0, len(self), size):
            yield self.records(start, start + size)


def iso(microseconds: NDArray[np.int64]) -> list[str]:
    """Write times since 1970 as UTC ISO 8601, a fraction only where there is one."""
    texts: list[str] = np.datetime_as_string(microseconds.astype("datetime64[us]")).tolist()
    return [text.removesuffix(".000000") + "Z" for text in texts]
