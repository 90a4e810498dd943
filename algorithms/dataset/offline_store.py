"""Read windows from the offline store's Parquet files (Glue table format)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow
from pyarrow import parquet

from algorithms.container import Failure
from shared.forecasting.grid import Window

COLUMNS = (
    "record_id",
    "event_time",
    "series",
    "window_start",
    "count",
    "total",
    "is_deleted",
    "write_time",
)


class Write(NamedTuple):
    """One write of one record: its place among the others, and the window, or None for a delete."""

    order: tuple[float, float, bool]
    window: Window | None


def read(folder: Path, series: str) -> list[Window]:
    """Read the windows of one series: of each record the last write, unless that is a delete.

    The last write has the greatest event time; of equal ones the one written last, and of these a
    delete.

    Raises
    ------
    Failure
        If a file cannot be read, lacks a column or has a value of a wrong kind; the text names it.
    """
    latest: dict[str, Write] = {}
    for path in sorted(folder.rglob("*.parquet")):
        try:
            for record_id, write in _writes(path, series):
                if record_id not in latest or latest[record_id].order <= write.order:
                    latest[record_id] = write
        except (pyarrow.ArrowException, OSError, ValueError, TypeError) as error:
            name = path.relative_to(folder)
            raise Failure(f"The offline store's file {name} cannot be used: {error}.") from error
    return [write.window for write in latest.values() if write.window]


def _writes(path: Path, series: str) -> Iterator[tuple[str, Write]]:
    # INT96 is how older writers store times; in nanoseconds, their usual unit, Python has no room
    with parquet.ParquetFile(path, coerce_int96_timestamp_unit="ms") as file:
        if missing := sorted(set(COLUMNS) - set(file.schema_arrow.names)):
            raise ValueError(f"it has no column {missing[0]!r}")
        table = file.read(columns=list(COLUMNS)).to_pydict()
    columns = (table[name] for name in COLUMNS)
    for record_id, event_time, of, start, count, total, is_deleted, write_time in zip(
        *columns, strict=True
    ):
        if of != series and not (is_deleted and of is None):
            continue  # a delete may carry the record's id and event time alone
        window = None if is_deleted else Window(_moment(start), int(count), float(total))
        order = (_seconds(event_time), _seconds(write_time), bool(is_deleted))
        yield record_id, Write(order, window)


def _seconds(moment: Any) -> float:
    """Read a time in any of the types that a feature group gives it: text, number, timestamp."""
    if isinstance(moment, int | float):
        return float(moment)
    return _moment(moment).timestamp()


def _moment(moment: str | datetime) -> datetime:
    parsed = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
