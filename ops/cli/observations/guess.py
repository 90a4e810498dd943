"""Guess which columns of a file hold what, and how often it was observed; nothing is taken yet."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ops.cli.observations.arrow import code
from ops.cli.observations.faults import Fault
from ops.cli.observations.load import SHARE_NEEDED, Table
from ops.cli.observations.model import EPOCH, Columns
from ops.cli.observations.quantities import judge_counts
from ops.cli.observations.read import load
from ops.cli.observations.steps import in_words, typical_step_s
from ops.cli.observations.times import judge_times
from ops.cli.observations.unguessable import (
    decimal_commas,
    has_decimal_commas,
    no_numbers,
    no_times,
    reads_as_numbers,
    require_rows,
)

ROWS_LOOKED_AT = 10_000
TIME_NAMES = ("time", "timestamp", "datetime", "date", "ds", "t")
VALUE_NAMES = ("value", "total", "y", "target", "amount", "sum", "price", "fee", "load")
COUNT_NAMES = ("count", "n", "num", "number", "cnt")
NO_VALUES = ("id", "index", "hash", "lat", "lon")
"""Words of names, the surest first."""


@dataclass(frozen=True)
class Guess:
    """What a file seems to hold."""

    columns: Columns
    step: timedelta
    """The typical time between two observations, one of `STEPS_S`."""
    naive: bool
    """No time has a zone, so that the user must say that it is UTC."""
    says: tuple[str, ...]
    """What was guessed and why, a sentence each, for the user to check."""


def guess(path: Path, *, now: datetime, delimiter: str = ",") -> Guess:
    """Guess columns and step of a CSV or Parquet file from names and content.

    Raises
    ------
    ObservationsRefused
        The file cannot be read, no column reads as times or none as numbers, or observations are
        further apart than a day.
    """
    table = head(load(path, None, delimiter))
    require_rows(table)
    time, micros, naive = find_times(table, (now - EPOCH) // timedelta(microseconds=1))
    others = [name for name in table.columns if name != time]
    count = best(COUNT_NAMES, (name for name in others if is_counts(table, name)), needed=True)
    value = best(VALUE_NAMES, (name for name in others if name != count and is_values(table, name)))
    if value is not None and has_decimal_commas(table, value):
        raise decimal_commas(table, value)
    if value is None:
        value, count = count, None
    if value is None:
        raise no_numbers(table, others)
    step_s = typical_step_s(table.source, micros)
    counted = f"column '{count}'" if count else "none, each row counts as one"
    says = (
        f"time: column '{time}'" + (", which has no time zone" if naive else ""),
        f"value: column '{value}'",
        f"count: {counted}",
        f"step: {in_words(step_s)} between observations",
    )
    return Guess(Columns(time, value, count), timedelta(seconds=step_s), naive, says)


def head(table: Table) -> Table:
    """Return the first rows of a table: enough to guess by."""
    columns = {name: column.slice(0, ROWS_LOOKED_AT) for name, column in table.columns.items()}
    return replace(table, columns=columns, positions=table.positions[:ROWS_LOOKED_AT])


def find_times(table: Table, now_microseconds: int) -> tuple[str, NDArray[np.int64], bool]:
    """Return the column of times, its good times, and whether they all lack a zone."""
    found, judged = {}, {}
    for name, column in table.columns.items():
        aware = judge_times(column, now_microseconds, assume_utc=False)
        judged[name] = times = judge_times(column, now_microseconds, assume_utc=True)
        good = times.faults == 0
        if good.mean() >= SHARE_NEEDED:
            naive = fault_everywhere(aware.faults[good], Fault.NO_ZONE)
            found[name] = times.microseconds[good], naive
    time = best(TIME_NAMES, found)
    if time is None:
        raise no_times(table, best(TIME_NAMES, judged, needed=True), judged)
    return time, *found[time]


def fault_everywhere(faults: NDArray[np.int8], fault: Fault) -> bool:
    """Tell whether all rows have this fault."""
    return bool((faults == code(fault)).all())


def is_values(table: Table, name: str) -> bool:
    """Tell whether a column is meant as numbers, and not called as what only looks like one."""
    if set(words(name)) & set(NO_VALUES):
        return False
    return reads_as_numbers(table, name) or has_decimal_commas(table, name)


def is_counts(table: Table, name: str) -> bool:
    """Tell whether a column reads as whole numbers that are not negative."""
    faults = judge_counts(table.columns[name]).faults
    return bool((faults == 0).mean() >= SHARE_NEEDED)


def best(known: tuple[str, ...], names: Iterable[str], *, needed: bool = False) -> str | None:
    """Return the name that holds the surest of the known words.

    Without one: the first name, or None where a known word is `needed`.
    """
    names = list(names)
    for word in known:
        for name in names:
            if word in words(name):
                return name
    return None if needed or not names else names[0]


def words(name: str) -> list[str]:
    """Split a column's name into words: `total_fee_sat`, `totalFeeSat`, `Total Fee (sat)`."""
    spaced = "".join(f" {letter}" if letter.isupper() else letter for letter in name)
    plain = "".join(letter if letter.isalnum() else " " for letter in spaced)
    return [*plain.lower().split(), plain.replace(" ", "").lower()]
