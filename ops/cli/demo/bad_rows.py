"""The rows of a user's series that the demo leaves out."""

from pathlib import Path
from typing import NamedTuple

from ops.cli.errors import misused
from ops.cli.observations import Observations


class BadRows(NamedTuple):
    """Rows of a user's file that are left out."""

    number: int
    of: int
    file: Path
    """Where each is with what is wrong, and what to do."""

    def __str__(self) -> str:
        return f"{self.number:,} of {self.of:,} rows: {self.file}"


def keep_bad_rows(data: Path, taken: Observations) -> BadRows | None:
    """Write the rows that cannot be used beside their file; None if there are none."""
    if not len(taken.quarantine):
        return None
    file = data.with_name(f"{data.name}.quarantine.csv")
    try:
        taken.quarantine.write(file)
    except OSError as error:
        raise misused(
            f"{file}: the bad rows cannot be written: {error.strerror}",
            "copy your file to a folder that you may write to",
        ) from None
    return BadRows(len(taken.quarantine), taken.rows, file)
