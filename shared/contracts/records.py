"""What producers send to the records queue: observations of one series, many to a message.

A message is the JSON of a `RecordBatch`, or of a `RecordFile` where the records do not fit into
one. The batch is the unit of repetition: a producer that is not sure whether a message arrived
sends the same `batch_id` with the same records again, and nothing is counted twice.

These classes are the producers' side. Ingest reads more tolerantly: one malformed record is
quarantined, and the others go on.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import groupby

from pydantic import AwareDatetime, Field

from shared.contracts import limits
from shared.contracts.frozen import Frozen
from shared.contracts.windows import EPOCH


class Record(Frozen):
    """One observation, or the sum of several that happened at one time."""

    id: str = Field(min_length=1, max_length=limits.RECORD_ID_CHARACTERS_MAX, examples=["f4184fc5"])
    """Tells it from all others of its window: the same id in the same window is a duplicate."""
    time: AwareDatetime | float
    """When it happened: with its zone (ISO 8601), or seconds since 1970 UTC."""
    value: float
    """In the unit of the series; the sum of them where `count` is not 1."""
    count: int = Field(default=1, ge=0)
    """How many observations `value` sums up."""


class RecordBatch(Frozen):
    """Records in the message itself."""

    batch_id: str = Field(min_length=1, max_length=limits.BATCH_ID_CHARACTERS_MAX)
    """The same for the same records, another for others; unique in its series for 45 days."""
    series: str
    backfill: bool = False
    """History: it replaces whole windows, so a window's records must all be in one batch: `cut`."""
    records: tuple[Record, ...] = Field(max_length=limits.BATCH_RECORDS_MAX)


class RecordFile(Frozen):
    """Records in S3: a JSON object a line (JSONL), shaped like `Record`."""

    batch_id: str = Field(min_length=1, max_length=limits.BATCH_ID_CHARACTERS_MAX)
    series: str
    backfill: bool = False
    uri: str = Field(pattern=r"^s3://")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


def window_start(at_us: int, window_s: int) -> int:
    """Answer the start, in seconds since 1970, of the window that holds a moment in
    microseconds."""
    return at_us // (window_s * 1_000_000) * window_s


def microseconds(time: AwareDatetime) -> int:
    """Answer a moment in microseconds since 1970, exactly."""
    return (time - EPOCH) // timedelta(microseconds=1)


def cut(times_us: Sequence[int], window: timedelta, size: int) -> Iterator[slice]:
    """Cut ascending times into batches of whole windows: what a backfill must be made of.

    Parameters
    ----------
    times_us : sequence of int
        Microseconds since 1970, ascending.
    size : int
        Records in a batch; exceeded only where a single window holds more.

    Yields
    ------
    slice
        The positions of one batch; none is empty, and together they hold all.
    """
    window_us = window // timedelta(microseconds=1)
    first = full = 0  # the batch begins at first; whole windows reach to full
    for end in _window_ends(times_us, window_us):
        if end - first > size and full > first:
            yield slice(first, full)
            first = full
        full = end
    if full > first:
        yield slice(first, full)


def _window_ends(times_us: Iterable[int], window_us: int) -> Iterator[int]:
    position = 0
    for _, members in groupby(times_us, key=lambda at_us: at_us // window_us):
        position += sum(1 for _ in members)
        yield position
