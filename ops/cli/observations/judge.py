"""Judge every row of a loaded file: what it holds, what is wrong, whether another says the same."""

from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ops.cli.observations.arrow import code, empty
from ops.cli.observations.faults import Fault, Quarantine
from ops.cli.observations.load import Table
from ops.cli.observations.model import EPOCH, Columns
from ops.cli.observations.quantities import judge_counts, judge_values
from ops.cli.observations.times import Times, judge_times

Rows = NDArray[np.int64]

BLANK = -1
"""How a row that holds nothing is marked among the faults."""


class Judged(NamedTuple):
    """The columns of a file after the check, row by row."""

    times: Times
    values: NDArray[np.float64]
    counts: Rows
    faults: NDArray[np.int8]
    """0 good, `BLANK`, or the fault."""
    faulty: NDArray[np.int8]
    """Which of the wanted columns is at fault: its position in `Columns`."""
    first_positions: Rows
    """Where the same time was given first, for a conflict."""


def judge(table: Table, columns: Columns, now: datetime, *, assume_utc: bool) -> Judged:
    """Check every column; of several faults in a row the first in order of `Columns` counts."""
    now_microseconds = (now - EPOCH) // timedelta(microseconds=1)
    times = judge_times(table.columns[columns.time], now_microseconds, assume_utc=assume_utc)
    value = judge_values(table.columns[columns.value])
    found = [times.faults, value.faults]
    count = np.ones(len(table))
    if columns.count is not None:
        count, count_faults = judge_counts(table.columns[columns.count])
        nothing = (count_faults == 0) & (count == 0) & (value.faults == 0) & (value.values != 0)
        count_faults[nothing] = code(Fault.NOTHING_COUNTED)
        found.append(count_faults)
    if columns.id is not None:
        missing = empty(table.columns[columns.id])
        if columns.count is None:
            found.append(np.zeros(len(table), dtype=np.int8))
        found.append(np.where(missing, code(Fault.EMPTY), 0).astype(np.int8))
    stacked = np.stack(found)
    faulty = (stacked != 0).argmax(axis=0)
    faults = stacked[faulty, np.arange(len(table))] if len(table) else times.faults
    faults[blank(table)] = BLANK
    return Judged(
        times,
        value.values,
        np.where(faults == 0, count, 0).astype(np.int64),
        faults,
        faulty.astype(np.int8),
        np.zeros(len(table), dtype=np.int64),
    )


def blank(table: Table) -> NDArray[np.bool_]:
    """Tell which rows hold nothing in any wanted column: blank lines and lines set aside."""
    nothing = np.ones(len(table), dtype=bool)
    for column in table.columns.values():
        nothing &= empty(column)
    return nothing


def first_of_each(table: Table, columns: Columns, judged: Judged) -> tuple[Rows, int]:
    """Keep the first good row of each identity; later ones that say something else are conflicts.

    Returns
    -------
    kept : array of int
        Indices of rows, in the file's order.
    repeated : int
        How many later rows say the same, and are left out.
    """
    good = np.flatnonzero(judged.faults == 0)
    micros = judged.times.microseconds
    identity = micros[good] if columns.id is None else texts(table, columns.id, good)
    codes, _ = pd.factorize(identity)
    _, first = np.unique(codes, return_index=True)
    original = good[first[codes]] if len(good) else good
    later = original != good
    same = (
        (judged.values[good] == judged.values[original])
        & (judged.counts[good] == judged.counts[original])
        & (micros[good] == micros[original])
    )
    conflicts = good[later & ~same]
    judged.faults[conflicts] = code(Fault.CONFLICT)
    judged.faulty[conflicts] = Columns.TIME if columns.id is None else Columns.ID
    judged.first_positions[conflicts] = table.positions[original[later & ~same]]
    return good[~later], int((later & same).sum())


def quarantine_of(table: Table, columns: Columns, judged: Judged) -> Quarantine:
    """Gather the bad rows and the lines that are no rows, in the file's order."""
    bad = np.flatnonzero(judged.faults > 0)
    names = np.array([name or "" for name in columns.in_order()], dtype=object)
    values = np.empty(len(bad), dtype=object)
    for position, name in enumerate(columns.in_order()):
        of_column = judged.faulty[bad] == position
        if name is not None and of_column.any():
            values[of_column] = texts(table, name, bad[of_column])
    misfits = table.misfits
    positions = np.concatenate(
        [table.positions[bad], np.array([misfit.position for misfit in misfits], dtype=np.int64)]
    )
    order = np.argsort(positions, kind="stable")
    nameless = np.full(len(misfits), "", dtype=object)
    misfit_codes = np.array([code(misfit.fault) for misfit in misfits], dtype=np.int8)
    misfit_texts = np.array([misfit.text for misfit in misfits], dtype=object)
    zeros = np.zeros(len(misfits), dtype=np.int64)
    return Quarantine(
        source=table.source,
        place=table.place,
        positions=positions[order],
        columns=np.concatenate([names[judged.faulty[bad]], nameless])[order],
        values=np.concatenate([values, misfit_texts])[order],
        faults=np.concatenate([judged.faults[bad], misfit_codes])[order],
        first_positions=np.concatenate([judged.first_positions[bad], zeros])[order],
    )


def texts(table: Table, name: str, rows: Rows) -> NDArray[np.object_]:
    """Return some rows of a column as the file shows them, nothing as an empty text."""
    column = table.columns[name].take(pa.array(rows))
    try:
        values = column.to_pylist()
    except (pa.ArrowException, OverflowError, ValueError):  # times that no calendar has
        values = [cell.value for cell in column]
    shown = ["" if value is None else str(value) for value in values]
    return np.array(shown, dtype=object)
