"""From a file to columns as they stand there, with each row's position; nothing is judged yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ops.cli.observations.faults import Fault, shown
from ops.cli.observations.model import ObservationsRefused

FILE_BYTES_MAX = 1 << 30
"""Beyond this the file does not fit comfortably into a laptop's memory; import it in pieces."""
ROWS_MAX = 50_000_000
"""As many as fit into so large a CSV file; a Parquet file of a few KB may unpack to billions."""

SPLIT = "split it and import the parts one by one"
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
        with path.open("rb") as file:  # what is no file has no size, and may never end
            data = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        raise ObservationsRefused(f"{path}: there is no such file", "check the path") from None
    except OSError as error:
        raise ObservationsRefused(
            f"{path}: the file cannot be read ({error.strerror})", "give a file that you may read"
        ) from None
    if len(data) > FILE_BYTES_MAX:
        raise ObservationsRefused(
            f"{path.name}: the file has more than {FILE_BYTES_MAX:,} bytes", SPLIT
        )
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
        schema = pq.read_schema(pa.BufferReader(data))
        texts = [field.name for field in schema if is_text_type(field.type)]
        file = pq.ParquetFile(pa.BufferReader(data), read_dictionary=texts)
        wanted = schema.names if wanted is None else wanted
        require(path.name, schema.names, wanted)
        require_room(path.name, file.metadata)
        table = file.read(columns=list(wanted))
        require_room_unpacked(path.name, table)
        columns = {name: unpacked(table.column(name)) for name in wanted}
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # the last for names
        raise ObservationsRefused(
            f"{path.name}: the Parquet file is damaged ({str(error).splitlines()[0]})",
            "write it again",
        ) from None
    return Table(path.name, "row", columns, np.arange(1, table.num_rows + 1, dtype=np.int64))


def require_room(source: str, metadata: Any) -> None:
    """Refuse a Parquet file whose columns, unpacked, would not fit into memory."""
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    if (rows := sum(group.num_rows for group in groups)) > ROWS_MAX:
        raise ObservationsRefused(
            f"{source}: the file has {rows:,} rows, more than {ROWS_MAX:,}", SPLIT
        )
    require_bytes(source, sum(group.total_byte_size for group in groups))


def require_room_unpacked(source: str, table: Any) -> None:
    """Refuse texts that were packed by writing each different one once."""
    chunks = (chunk for column in table.columns for chunk in column.chunks)
    lengths = (
        pc.sum(pc.take(pc.binary_length(chunk.dictionary), chunk.indices)).as_py() or 0
        for chunk in chunks
        if pa.types.is_dictionary(chunk.type) and is_text_type(chunk.type.value_type)
    )
    require_bytes(source, sum(lengths))


def require_bytes(source: str, size: int) -> None:
    """Refuse what unpacks to too much."""
    if size > FILE_BYTES_MAX:
        raise ObservationsRefused(
            f"{source}: the file unpacks to {size:,} bytes, more than {FILE_BYTES_MAX:,}", SPLIT
        )


def unpacked(column: Any) -> Any:
    """Answer a column with each text written out; raise ArrowException where one is none."""
    if pa.types.is_dictionary(column.type) and is_text_type(column.type.value_type):
        column = column.cast(column.type.value_type)
    column.validate(full=True)
    return column


def is_text_type(kind: Any) -> bool:
    """Tell whether a type is of texts."""
    types = pa.types
    return types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)


def require(source: str, names: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse a file that lacks a wanted column, naming the nearest one, or has one twice."""
    for name in wanted:
        if name not in names:
            raise missing_column(source, name, names)
        if list(names).count(name) > 1:
            raise ObservationsRefused(
                f"{source}: two columns are called {shown(name)}", "rename one of them"
            )


def missing_column(source: str, name: str, names: Sequence[str]) -> ObservationsRefused:
    """Say which column is missing, and which one may have been meant."""
    by_lower = {known.lower(): known for known in reversed(names)}
    near = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    listed = ", ".join(shown(known) for known in names[:20])
    fix = f"say which column is which with {OPTIONS}"
    if near:
        fix = f"did you mean {shown(by_lower[near[0]])}? Else {fix}"
    return ObservationsRefused(
        f"{source}: there is no column {shown(name)} (there are {listed})", fix
    )
