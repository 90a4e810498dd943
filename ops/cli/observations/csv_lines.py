"""CSV: one line is one row. Lines that are no row are set aside with their number.

A quoted line break is refused on purpose: a single quote left open would otherwise swallow every
row behind it, and no line number would be true any more.
"""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from ops.cli.observations.faults import Fault, shown
from ops.cli.observations.load import Misfit, Table, require
from ops.cli.observations.model import ObservationsRefused

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
DELIMITERS = {",": "','", ";": "';'", "\t": "a tab", "|": "'|'"}
NOT_TEXT = {
    b"PK\x03\x04": "an Excel or zip file",
    b"\x1f\x8b": "a gzip file",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}
MISFIT_CHARACTERS_KEPT = 200
HEADER_CHARACTERS_MAX = 100_000
"""Thousands of names; Python's own reader of CSV ends at 131,072 characters."""
DATA = re.compile(r"\s*([+-]?\d[\d.,]*([eE][+-]?\d+)?|\d{4}-\d\d-\d\d.*)?\s*")
"""What a cell of data looks like: a number or a time. A header has a name in at least one cell."""
DECIMAL_COMMA = re.compile(r"[+-]?\d[\d.]*,\d+")


def load_csv(path: Path, data: bytes, wanted: Sequence[str] | None, delimiter: str) -> Table:
    """Read columns of a CSV file as texts, all of them where `wanted` is None.

    Raises
    ------
    ObservationsRefused
        It is no text, has another delimiter, no header, or lacks a wanted column.
    """
    text = as_lines(path, data)
    names = header(path, text, wanted, delimiter)
    if wanted is None:
        wanted = tuple(name for name in names if name)
    require(path.name, names, wanted)
    text, misfits = without_misfits(text)
    keys = [str(index) for index in range(len(names))]
    chosen = {name: keys[names.index(name)] for name in wanted}

    def set_aside(row: arrow_csv.InvalidRow) -> Literal["skip"]:
        misfits.append(Misfit(row.number or 0, row.text[:MISFIT_CHARACTERS_KEPT], Fault.COLUMNS))
        return "skip"

    try:
        table = arrow_csv.read_csv(
            io.BytesIO(text),
            # One thread: only then are the numbers of invalid rows known.
            # One block: else a line longer than a block would end the reading.
            read_options=arrow_csv.ReadOptions(
                use_threads=False, block_size=len(text) + 1, column_names=keys, skip_rows=1
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, invalid_row_handler=set_aside, ignore_empty_lines=False
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(keys, pa.string()),
                include_columns=list(chosen.values()),
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        raise ObservationsRefused(
            f"{path.name}: the file cannot be read as CSV ({str(error).splitlines()[0]})",
            "give a CSV file with one row a line",
        ) from None
    skipped = {misfit.position for misfit in misfits if misfit.fault is Fault.COLUMNS}
    numbers = np.arange(2, 2 + table.num_rows + len(skipped), dtype=np.int64)
    numbers = numbers[~np.isin(numbers, list(skipped))] if skipped else numbers
    columns = {name: table.column(key) for name, key in chosen.items()}
    misfits.sort()
    return Table(path.name, "line", columns, numbers, tuple(misfits))


def as_lines(path: Path, data: bytes) -> bytes:
    """Return the text without byte order mark, with one kind of line end; refuse what is none."""
    for magic, what in NOT_TEXT.items():
        if data.startswith(magic):
            raise ObservationsRefused(
                f"{path.name}: the file is {what}, not CSV", "save it as CSV in UTF-8"
            )
    if b"\0" in data:
        raise ObservationsRefused(
            f"{path.name}: the file is not text", "give a CSV or a Parquet file"
        )
    data = data.removeprefix(BYTE_ORDER_MARK)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    require_utf8(path, data)
    return data if data.endswith(b"\n") else data + b"\n"


def require_utf8(path: Path, text: bytes) -> None:
    """Refuse a text in another encoding: what is not ASCII in it would go in as other letters."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        begin = text.rfind(b"\n", 0, error.start) + 1
        end = text.find(b"\n", error.start)
        written = text[begin : end if end >= 0 else None].decode("utf-8", errors="replace")
        raise ObservationsRefused(
            f"{path.name}: line {line}: {shown(written)} is not UTF-8 text",
            "save the file as UTF-8",
        ) from None


def header(path: Path, text: bytes, wanted: Sequence[str] | None, delimiter: str) -> list[str]:
    """Return the names of the columns, or refuse a header that is split otherwise, or missing."""
    line = text.split(b"\n", 1)[0].decode("utf-8")
    if len(line) > HEADER_CHARACTERS_MAX:
        raise ObservationsRefused(
            f"{path.name}: line 1: the header has {len(line):,} characters, more than "
            f"{HEADER_CHARACTERS_MAX:,}",
            "give a CSV file with one row a line, and leave out columns that are not needed",
        )
    names = split(line, delimiter)
    if wanted is not None and set(wanted) <= set(names):
        return names
    for other, called in DELIMITERS.items():
        if other != delimiter and better_split(split(line, other), names, wanted):
            raise other_delimiter(path, text, other, called, delimiter)
    if all(DATA.fullmatch(name) for name in names):
        raise ObservationsRefused(
            f"{path.name}: line 1: {shown(line)} is data, not the names of the columns",
            "put a header line with the names above it",
        )
    return names


def other_delimiter(
    path: Path, text: bytes, other: str, called: str, delimiter: str
) -> ObservationsRefused:
    """Say what separates the columns, and at once that the numbers are written otherwise, too."""
    option = "\\t" if other == "\t" else other
    second = text.split(b"\n", 2)[1].decode("utf-8")[:HEADER_CHARACTERS_MAX]
    what = (
        f"{path.name}: line 1: the columns are separated by {called}, "
        f"not by {DELIMITERS.get(delimiter, repr(delimiter))}"
    )
    if any(DECIMAL_COMMA.fullmatch(cell) for cell in split(second, other)):
        return ObservationsRefused(
            f"{what}, and the numbers have decimal commas",
            f"write numbers with a decimal point, as 1234.5, and give --delimiter '{option}'",
        )
    return ObservationsRefused(what, f"give --delimiter '{option}', or save the file with commas")


def split(line: str, delimiter: str) -> list[str]:
    """Split a header line into names without the blanks around them."""
    return [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]


def better_split(other: list[str], names: list[str], wanted: Sequence[str] | None) -> bool:
    """Tell whether another delimiter explains the header better than the one asked for."""
    if wanted is not None and set(wanted) <= set(other):
        return True
    return len(names) == 1 and len(other) > 1


def without_misfits(text: bytes) -> tuple[bytes, list[Misfit]]:
    """Blank the lines that would spoil others, and return them with numbers."""
    if b'"' not in text:
        return text, []
    lines, misfits = text.split(b"\n"), []
    for number, line in enumerate(lines[1:], start=2):
        if line.count(b'"') % 2 == 0:
            continue
        kept = line[:MISFIT_CHARACTERS_KEPT].decode("utf-8", errors="replace")
        misfits.append(Misfit(number, kept, Fault.QUOTE))
        lines[number - 1] = b""
    return b"\n".join(lines), misfits
