"""Read a user's file: good rows in order of time, bad rows into quarantine, or one refusal."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np

from ops.cli.observations.csv_lines import load_csv
from ops.cli.observations.faults import Quarantine
from ops.cli.observations.judge import BLANK, first_of_each, judge, quarantine_of, texts
from ops.cli.observations.load import PARQUET_MAGIC, Table, load_parquet, read_bytes
from ops.cli.observations.model import Columns, Observations, ObservationsRefused
from ops.cli.observations.times import Times


def load(path: Path, columns: Columns | None, delimiter: str = ",") -> Table:
    """Load the wanted columns of a CSV or Parquet file, all of them where `columns` is None."""
    delimiter = "\t" if delimiter == "\\t" else delimiter
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise ObservationsRefused(
            f"--delimiter '{delimiter}' separates nothing", "give one character, as ',' or ';'"
        )
    data = read_bytes(path)
    wanted = None if columns is None else columns.named()
    if data.startswith(PARQUET_MAGIC):
        return load_parquet(path, data, wanted)
    if path.suffix.lower() in (".parquet", ".pq"):
        raise ObservationsRefused(
            f"{path.name}: the file is not Parquet, whatever its name says", "write it again"
        )
    return load_csv(path, data, wanted, delimiter)


def read(
    path: Path,
    columns: Columns,
    series: str,
    *,
    now: datetime,
    assume_utc: bool = False,
    delimiter: str = ",",
    strict: bool = False,
) -> Observations:
    """Read observations from a CSV or Parquet file.

    Parameters
    ----------
    path : Path
        Told apart by content: Parquet by its magic bytes, anything else is CSV with a header line.
    columns : Columns
        Which column holds what.
    series : str
        The series that the records will name.
    now : datetime
        Aware; an observation later than this is refused.
    assume_utc : bool
        Take times without a zone as UTC; else they go to quarantine.
    delimiter : str
        What separates the columns of a CSV file.
    strict : bool
        Refuse the whole file where a single row is bad.

    Raises
    ------
    ObservationsRefused
        Nothing can be taken from the file, or not all of it although `strict` asks for it.
    """
    table = load(path, columns, delimiter)
    judged = judge(table, columns, now, assume_utc=assume_utc)
    kept, repeated = first_of_each(table, columns, judged)
    quarantine = quarantine_of(table, columns, judged)
    rows = int((judged.faults != BLANK).sum()) + len(table.misfits)
    refuse_if_useless(quarantine, len(kept), rows, strict=strict)
    microseconds = judged.times.microseconds[kept]
    order = np.argsort(microseconds, kind="stable")
    chosen = kept[order]
    late = int((microseconds < np.maximum.accumulate(microseconds)).sum())
    return Observations(
        source=table.source,
        series=series,
        microseconds=microseconds[order],
        values=judged.values[chosen],
        counts=judged.counts[chosen],
        ids=None if columns.id is None else texts(table, columns.id, chosen),
        quarantine=quarantine,
        rows=rows,
        repeated=repeated,
        out_of_order=late,
        notes=tuple(noticed(judged.times, repeated, late)),
    )


def refuse_if_useless(quarantine: Quarantine, good: int, rows: int, *, strict: bool) -> None:
    """Refuse a file without a good row, and in strict mode one with a bad row."""
    if not rows:
        raise ObservationsRefused(
            f"{quarantine.source}: the file has a header and no rows", "give a file with rows"
        )
    if good and not (strict and len(quarantine)):
        return
    first = quarantine.row(0)
    reasons = ", ".join(f"{number:,} × {fault}" for fault, number in quarantine.counts.items())
    if not good:
        raise ObservationsRefused(
            f"{quarantine.source}: none of its {rows:,} rows can be used ({reasons}). The first: "
            f"{first.where} {first.reason}",
            first.fix,
        )
    raise ObservationsRefused(
        f"{quarantine.source}: {len(quarantine):,} of {rows:,} rows are bad ({reasons}), and "
        f"strict means all or nothing. The first: {first.where} {first.reason}",
        f"{first.fix}; or import the good rows without --strict",
    )


def noticed(times: Times, repeated: int, late: int) -> Iterator[str]:
    """Say what was settled for the user without losing anything."""
    if late:
        yield f"sorted by time: {rows_of(late)} stood behind a later time"
    if repeated:
        yield f"counted once: {rows_of(repeated)} saying the same as an earlier one"
    if times.assumed:
        yield f"assumed UTC: {rows_of(times.assumed)} without a time zone"
    if len(times.offsets) > 1:
        yield f"brought to UTC: times with different offsets ({', '.join(times.offsets)})"


def rows_of(number: int) -> str:
    """Write a number of rows."""
    return f"{number:,} row" if number == 1 else f"{number:,} rows"
