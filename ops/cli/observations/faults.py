"""What can be wrong with a row, in words that name the fix, and the rows that stay outside."""

import csv
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.contracts import limits
from shared.contracts.printable import printable

MESSAGES_SHOWN = 20
VALUE_CHARACTERS_SHOWN = 60


class Fault(StrEnum):
    """Why a row was not taken. Quarantine files and counts use the value as its name."""

    COLUMNS = "wrong number of columns"
    QUOTE = "quote not closed"
    EMPTY = "empty"
    NOT_A_TIME = "not a time"
    NO_ZONE = "no time zone"
    MIXED_ZONE = "no time zone among times with one"
    FUTURE = "in the future"
    TOO_EARLY = "before 1971"
    NOT_A_NUMBER = "not a number"
    NOT_FINITE = "not finite"
    TOO_LARGE = "too large"
    NOT_WHOLE = "not a whole number"
    NEGATIVE = "negative"
    COUNTS_TOO_MANY = "count too large"
    NOTHING_COUNTED = "count 0 with a value"
    CONFLICT = "given twice, differently"


FAULTS = tuple(Fault)
"""Arrays hold a fault as its position here plus one; 0 is a good row."""

SAYS: dict[Fault, tuple[str, str]] = {
    Fault.COLUMNS: ("has another number of columns than line 1", "quote texts that hold a comma"),
    Fault.QUOTE: ("opens a quote that the line does not close", "close it on the same line"),
    Fault.EMPTY: ("is empty", "give a value or leave the row out"),
    Fault.NOT_A_TIME: (
        "is not a time",
        "write it as 2025-03-05T02:12:13Z, or as seconds since 1970",
    ),
    Fault.NO_ZONE: (
        "has no time zone",
        "write 2025-03-05T02:12:13Z or +01:00, or give --assume-utc if it is UTC",
    ),
    Fault.MIXED_ZONE: (
        "has no time zone although other rows have one (mixed)",
        "write one for every row, or give --assume-utc if those without are UTC",
    ),
    Fault.FUTURE: ("is in the future", "check its time zone and this machine's clock"),
    Fault.TOO_EARLY: (
        "is before 1971, as programs write a time that they do not know",
        "correct it or leave the row out",
    ),
    Fault.NOT_A_NUMBER: (
        "is not a number",
        "write digits with a decimal point and no separators, as 1234.5",
    ),
    Fault.NOT_FINITE: ("is not a finite number", "leave the row out where nothing was measured"),
    Fault.TOO_LARGE: (
        f"is beyond {limits.RECORD_VALUE_MAX:g}, the most that a value may be",
        "correct it or leave the row out",
    ),
    Fault.NOT_WHOLE: (
        "is not a whole number",
        "a count says how many events the value sums up; choose another column",
    ),
    Fault.NEGATIVE: (
        "is negative",
        "a count is 0 or more; correct it or choose another column",
    ),
    Fault.COUNTS_TOO_MANY: (
        f"is more than {limits.RECORD_COUNT_MAX:,}, the most that a row may count",
        "correct it or choose another column",
    ),
    Fault.NOTHING_COUNTED: ("counts nothing although the value is not 0", "correct one of the two"),
    Fault.CONFLICT: (
        "was given before with another value or count",
        "keep one of the two; the earlier row was taken",
    ),
}


class Quarantined(NamedTuple):
    """One row that was not taken, as its message and the quarantine file show it."""

    source: str
    place: str
    """What a position is called: `line` in CSV (the header is line 1), `row` in Parquet."""
    position: int
    column: str
    """Empty where the row as a whole is at fault."""
    value: str
    fault: Fault
    first_position: int
    """Where the time was given first, for a conflict; else 0."""

    @property
    def reason(self) -> str:
        """What is wrong, without the fix."""
        says, _ = SAYS[self.fault]
        first = f" ({self.place} {self.first_position})" if self.first_position else ""
        return says + first

    @property
    def fix(self) -> str:
        """What the user can do about it."""
        return SAYS[self.fault][1]

    @property
    def where(self) -> str:
        """Where it is in the file, and what stands there."""
        column = f", column '{self.column}'" if self.column else ""
        return f"{self.place} {self.position}{column}: {shown(self.value)}"

    def __str__(self) -> str:
        return f"{self.source}: {self.where} {self.reason}: {self.fix}"


def shown(value: str) -> str:
    """Quote a value for a message, shortened where it is long, without what no terminal prints."""
    value = printable(value[:VALUE_CHARACTERS_SHOWN]) + value[VALUE_CHARACTERS_SHOWN:]
    if len(value) > VALUE_CHARACTERS_SHOWN:
        value = value[: VALUE_CHARACTERS_SHOWN - 1] + "…"
    return f"'{value}'"


@dataclass(frozen=True, eq=False)
class Quarantine:
    """All rows of one file that were not taken, in the file's order.

    Held as arrays, since a million rows can be bad; they become messages on demand.
    """

    source: str
    place: str
    positions: NDArray[np.int64]
    columns: NDArray[np.object_]
    values: NDArray[np.object_]
    faults: NDArray[np.int8]
    first_positions: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.positions)

    def row(self, index: int) -> Quarantined:
        """Return the row at this index, 0 being the first bad one."""
        return Quarantined(
            self.source,
            self.place,
            int(self.positions[index]),
            str(self.columns[index]),
            str(self.values[index]),
            FAULTS[self.faults[index] - 1],
            int(self.first_positions[index]),
        )

    def first(self, limit: int = MESSAGES_SHOWN) -> tuple[Quarantined, ...]:
        """Return the first rows, at most `limit`."""
        return tuple(self.row(index) for index in range(min(limit, len(self))))

    @property
    def counts(self) -> dict[Fault, int]:
        """How many rows each fault has, the most frequent first."""
        counted = Counter(self.faults.tolist())
        return {FAULTS[code - 1]: number for code, number in counted.most_common()}

    def write(self, path: Path) -> None:
        """Write every row as CSV: position, column, value, what is wrong, how to fix it."""
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow((self.place, "column", "value", "fault", "reason", "fix"))
            for index in range(len(self)):
                row = self.row(index)
                writer.writerow(
                    (row.position, row.column, row.value, row.fault.value, row.reason, row.fix)
                )
