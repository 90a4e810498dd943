"""Why nothing could be guessed of a file: the reason that is true, with a value that shows it."""

from collections.abc import Mapping, Sequence

import numpy as np

from ops.cli.observations.arrow import Flags, code, decoded, empty, is_text, matches, trimmed
from ops.cli.observations.faults import SAYS, Fault, shown
from ops.cli.observations.judge import blank
from ops.cli.observations.load import SHARE_NEEDED, Table
from ops.cli.observations.model import ObservationsRefused
from ops.cli.observations.quantities import judge_values
from ops.cli.observations.times import Times

COMMA = r"^[+-]?\d[\d.]*,\d+$"
SURELY_DECIMAL = r"^[+-]?(0,\d+|\d[\d.]*,(\d{1,2}|\d{4,}))$"
"""With three digits behind it a comma may separate thousands: 1,234."""

NO_USE = (Fault.TOO_LARGE, Fault.NOT_FINITE)
"""What is wrong with values that are numbers."""

OUT_OF_RANGE = (Fault.FUTURE, Fault.TOO_EARLY)
"""What is wrong with times that can be read."""


def require_rows(table: Table) -> None:
    """Refuse a file in which no line is a row that holds something."""
    if not blank(table).all():
        return
    if not table.misfits:
        raise ObservationsRefused(
            f"{table.source}: the file has a header and no rows", "give a file with rows"
        )
    first = table.misfits[0]
    says, fix = SAYS[first.fault]
    raise ObservationsRefused(
        f"{table.source}: no line is a row. The first: {table.place} {first.position}: "
        f"{shown(first.text)} {says}",
        fix,
    )


def no_times(table: Table, named: str | None, judged: Mapping[str, Times]) -> ObservationsRefused:
    """Say why no column holds times that can be used.

    Parameters
    ----------
    named : str or None
        The column that is called as times are.
    judged : mapping
        The columns, judged as times.
    """
    nameless = [name for name in judged if not reads_as_numbers(table, name)]
    for name in [named] if named else nameless:
        faults = judged[name].faults
        if np.isin(faults, (0, *map(code, OUT_OF_RANGE))).mean() >= SHARE_NEEDED:
            fault = max(OUT_OF_RANGE, key=lambda fault: int((faults == code(fault)).sum()))
            says, fix = SAYS[fault]
            where = example(table, name, faults == code(fault))
            return ObservationsRefused(
                f"{table.source}: most times cannot be used: {where} {says}", fix
            )
    shows = named or next(iter([*nameless, *judged]))
    return ObservationsRefused(
        f"{table.source}: no column reads as times (there are {listed(table)}): "
        f"{example(table, shows, ~empty(table.columns[shows]))} is not a time",
        "write them as 2025-03-05T02:12:13Z, or say which column holds the times with --time",
    )


def no_numbers(table: Table, others: Sequence[str]) -> ObservationsRefused:
    """Say that none of the columns that hold no times holds numbers that can be used."""
    for name in others:
        faults = judge_values(table.columns[name]).faults
        for fault in NO_USE:
            if (faults == code(fault)).mean() >= SHARE_NEEDED:
                says, fix = SAYS[fault]
                where = example(table, name, faults == code(fault))
                return ObservationsRefused(
                    f"{table.source}: most values cannot be used: {where} {says}", fix
                )
    shows = "".join(
        f": {example(table, name, ~empty(table.columns[name]))} is not a number"
        for name in others[:1]
    )
    return ObservationsRefused(
        f"{table.source}: no column reads as numbers (there are {listed(table)}){shows}",
        "write them as 1234.5, or say which column holds the values with --value",
    )


def reads_as_numbers(table: Table, name: str) -> bool:
    """Tell whether enough of a column is numbers."""
    return bool((judge_values(table.columns[name]).faults == 0).mean() >= SHARE_NEEDED)


def has_decimal_commas(table: Table, name: str) -> bool:
    """Tell whether enough of what a column holds is a number with a decimal comma."""
    column = decoded(table.columns[name])
    filled = ~empty(column)
    if not is_text(column) or not filled.any():
        return False
    texts = trimmed(column)
    return bool(
        matches(texts, COMMA)[filled].mean() >= SHARE_NEEDED
        and matches(texts, SURELY_DECIMAL).any()
    )


def decimal_commas(table: Table, name: str) -> ObservationsRefused:
    """Say that the numbers of a column are written with decimal commas."""
    texts = trimmed(decoded(table.columns[name]))
    where = example(table, name, matches(texts, SURELY_DECIMAL))
    return ObservationsRefused(
        f"{table.source}: the numbers of column '{name}' have decimal commas: {where}",
        "write them with a decimal point, as 1234.5; or, if another column holds the values, say "
        "which with --time and --value",
    )


def example(table: Table, name: str, chosen: Flags) -> str:
    """Show the first of the chosen rows, or the first row where none is chosen."""
    row = int(np.argmax(chosen))
    value = table.columns[name][row].as_py()
    written = shown("" if value is None else str(value))
    return f"{table.place} {table.positions[row]}, column '{name}': {written}"


def listed(table: Table) -> str:
    """Name the columns of a file."""
    return ", ".join(f"'{name}'" for name in table.columns)
