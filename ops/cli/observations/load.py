"""From a file to columns as they stand there, with each row's position; nothing is judged yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ops.cli.observations.faults import Fault
from ops.cli.observations.model import ObservationsRefused

FILE_BYTES_MAX = 1 << 30
"""Beyond this the file does not fit comfortably into a laptop's memory; import it in pieces."""

PARQUET_MAGIC = b"PAR1"
SHARE_NEEDED = 0.5
"""Of the rows that must read as times, or as numbers; the rest may be the user's bad rows."""

OPTIONS = "--time, --value, --count, --id"
"""The options by which a user says which column is which."""


class Misfit(NamedTuple):
    """A line that is no row at all."""

    position: int
    text: str
    fault: Fault


@dataclass(frozen=True, eq=False)
class Table:
    """The wanted columns of a file, as texts (CSV) or in their own types (Parquet)."""

    source: str
    place: str
    """What a position is called: `line` or `row`."""
    columns: dict[str, Any]
    """Name → pyarrow ChunkedArray; all of the same length."""
    positions: NDArray[np.int64]
    misfits: tuple[Misfit, ...] = ()

    def __len__(self) -> int:
        return len(self.positions)


def read_bytes(path: Path) -> bytes:
    """Read a whole file; refuse one that is not there, may not be read, is empty or too large."""
    try:
        if (size := path.stat().st_size) > FILE_BYTES_MAX:
            raise ObservationsRefused(
                f"{path.name}: the file has {size:,} bytes, more than {FILE_BYTES_MAX:,}",
                "split it and import the parts one by one",
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise ObservationsRefused(f"{path}: there is no such file", "check the path") from None
    except OSError as error:
        raise ObservationsRefused(
            f"{path}: the file cannot be read ({error.strerror})", "give a file that you may read"
        ) from None
    if not data.strip():
        raise ObservationsRefused(
            f"{path.name}: the file is empty",
            "give a CSV file with a header line, or a Parquet file",
        )
    return data


def load_parquet(path: Path, data: bytes, wanted: Sequence[str] | None) -> Table:
    """Read columns of a Parquet file, all of them where `wanted` is None.

    Raises
    ------
    ObservationsRefused
        The file is damaged, or a wanted column is missing.
    """
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        names = list(file.schema_arrow.names)
        wanted = names if wanted is None else wanted
        require(path.name, names, wanted)
        table = file.read(columns=list(wanted))
    except (pa.ArrowException, OSError) as error:
        raise ObservationsRefused(
            f"{path.name}: the Parquet file is damaged ({str(error).splitlines()[0]})",
            "write it again",
        ) from None
    columns = {name: table.column(name) for name in wanted}
    return Table(path.name, "row", columns, np.arange(1, table.num_rows + 1, dtype=np.int64))


def require(source: str, names: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse a file that lacks a wanted column, naming the nearest one, or has one twice."""
    for name in wanted:
        if name not in names:
            raise missing_column(source, name, names)
        if list(names).count(name) > 1:
            raise ObservationsRefused(
                f"{source}: two columns are called '{name}'", "rename one of them"
            )


def missing_column(source: str, name: str, names: Sequence[str]) -> ObservationsRefused:
    """Say which column is missing, and which one may have been meant."""
    by_lower = {known.lower(): known for known in reversed(names)}
    near = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    listed = ", ".join(f"'{known}'" for known in names[:20])
    fix = f"say which column is which with {OPTIONS}"
    if near:
        fix = f"did you mean '{by_lower[near[0]]}'? Else {fix}"
    return ObservationsRefused(f"{source}: there is no column '{name}' (there are {listed})", fix)
