"""Users' files: what a bad row and a bad file get, word for word, and that good rows survive."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.cli import observations
from ops.cli.observations import ObservationsRefused
from tests.cli.observation_files import BAD_ROWS, COLUMNS, GOOD, HEADER, NOW, START, read


@pytest.mark.parametrize(("row", "message"), BAD_ROWS, ids=[row[1][10:70] for row in BAD_ROWS])
def test_a_bad_row_goes_to_quarantine_with_one_message_and_its_neighbours_are_taken(
    tmp_path: Path, row: str | bytes, message: str
) -> None:
    row = row if isinstance(row, bytes) else row.encode()
    neighbour = b"\n2025-03-05T00:02:00Z,12,3\n"
    result = read(tmp_path, HEADER.encode() + GOOD.encode() + row + neighbour)

    assert [str(bad) for bad in result.quarantine.first()] == [message]
    assert [record["value"] for record in result.records()] == [10.0, 12.0]
    assert result.rows == 3


REFUSED_FILES: list[tuple[str | bytes, dict[str, Any], str]] = [
    (
        "",
        {},
        "fees.csv: the file is empty: give a CSV file with a header line, or a Parquet file",
    ),
    (HEADER, {}, "fees.csv: the file has a header and no rows: give a file with rows"),
    (
        HEADER.strip(),
        {},
        "fees.csv: the file has a header and no rows: give a file with rows",
    ),
    (
        (HEADER + GOOD).replace(",", ";"),
        {},
        "fees.csv: line 1: the columns are separated by ';', not by ',': "
        "give --delimiter ';', or save the file with commas",
    ),
    (
        (HEADER + GOOD).replace(",", "\t"),
        {},
        "fees.csv: line 1: the columns are separated by a tab, not by ',': "
        "give --delimiter '\\t', or save the file with commas",
    ),
    (
        HEADER + GOOD,
        {"delimiter": ";"},
        "fees.csv: line 1: the columns are separated by ',', not by ';': "
        "give --delimiter ',', or save the file with commas",
    ),
    (
        HEADER + GOOD,
        {"delimiter": "ab"},
        "--delimiter 'ab' separates nothing: give one character, as ',' or ';'",
    ),
    (
        "time,Values,count\n" + GOOD,
        {},
        "fees.csv: there is no column 'value' (there are 'time', 'Values', 'count'): did you mean "
        "'Values'? Else say which column is which with --time, --value, --count, --id",
    ),
    (
        "time,load,count\n" + GOOD,
        {},
        "fees.csv: there is no column 'value' (there are 'time', 'load', 'count'): "
        "say which column is which with --time, --value, --count, --id",
    ),
    (
        "time,value,count,value\n" + GOOD,
        {},
        "fees.csv: two columns are called 'value': rename one of them",
    ),
    (
        GOOD + GOOD,
        {},
        "fees.csv: line 1: '2025-03-05T00:00:00Z,10,2' is data, not the names of the columns: "
        "put a header line with the names above it",
    ),
    (
        HEADER + "2025-03-05T00:00:00,10,2\n2025-03-05 00:01,10,2\n",
        {},
        "fees.csv: none of its 2 rows can be used (2 × no time zone). The first: line 2, column "
        "'time': '2025-03-05T00:00:00' has no time zone: write 2025-03-05T02:12:13Z or +01:00, "
        "or give --assume-utc if it is UTC",
    ),
    (
        HEADER + GOOD + "x,1,1\ny,1,1\n",
        {"strict": True},
        "fees.csv: 2 of 3 rows are bad (2 × not a time), and strict means all or nothing. The "
        "first: line 3, column 'time': 'x' is not a time: write it as 2025-03-05T02:12:13Z, or as "
        "seconds since 1970; or import the good rows without --strict",
    ),
    (
        (HEADER + GOOD).encode("utf-16"),
        {},
        "fees.csv: the file is UTF-16 text, not CSV: save it as CSV in UTF-8",
    ),
    (
        HEADER.replace("value", "Gebühr").encode("latin-1") + GOOD.encode(),
        {},
        "fees.csv: line 1: 'time,Geb\ufffdhr,count' is not UTF-8 text: save the file as UTF-8",
    ),
    (
        (HEADER + GOOD).encode() + b"2025-03-05T00:01:00Z,1\xff,2\r\n",
        {},
        "fees.csv: line 3: '2025-03-05T00:01:00Z,1\ufffd,2' is not UTF-8 text: "
        "save the file as UTF-8",
    ),
    (
        b"PK\x03\x04...",
        {},
        "fees.csv: the file is an Excel or zip file, not CSV: save it as CSV in UTF-8",
    ),
    (b"a\0b", {}, "fees.csv: the file is not text: give a CSV or a Parquet file"),
    (
        HEADER + GOOD,
        {"name": "fees.parquet"},
        "fees.parquet: the file is not Parquet, whatever its name says: write it again",
    ),
]


@pytest.mark.parametrize(
    ("content", "options", "message"), REFUSED_FILES, ids=[case[2][:60] for case in REFUSED_FILES]
)
def test_a_file_of_which_nothing_can_be_taken_is_refused_with_one_message(
    tmp_path: Path, content: str | bytes, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ObservationsRefused) as refused:
        read(tmp_path, content, **options)
    assert str(refused.value) == message


def test_a_file_that_is_not_there_or_may_not_be_read_is_refused_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(ObservationsRefused, match="there is no such file: check the path"):
        observations.read(tmp_path / "none.csv", COLUMNS, "fees", now=NOW)
    with pytest.raises(ObservationsRefused, match="cannot be read"):
        observations.read(tmp_path, COLUMNS, "fees", now=NOW)


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ObservationsRefused, match=r"fees\.parquet: the Parquet file is damaged"):
        read(tmp_path, b"PAR1 and no footer", name="fees.parquet")


def test_a_line_of_megabytes_harms_no_other(tmp_path: Path) -> None:
    result = read(tmp_path, f"{HEADER}{GOOD}2025-03-05T00:01:00Z,{'x' * 3_000_000},1\n")
    assert len(result) == 1
    [bad] = result.quarantine.first()
    assert len(str(bad)) < 200


def test_strict_takes_a_file_without_bad_rows(tmp_path: Path) -> None:
    assert len(read(tmp_path, HEADER + GOOD, strict=True)) == 1


GOOD_ROW = st.tuples(
    st.integers(0, 20_000), st.floats(-1e12, 1e12, allow_nan=False), st.integers(1, 10**6)
)
BAD_ROW = st.sampled_from([row for row, message in BAD_ROWS if "given before" not in message])


@given(
    good=st.lists(GOOD_ROW, min_size=1, max_size=20, unique_by=lambda row: row[0]),
    bad=st.lists(st.tuples(st.integers(0, 20), BAD_ROW), max_size=10),
)
@settings(deadline=None, max_examples=60)
def test_good_rows_come_out_whatever_bad_rows_stand_between_them(
    tmp_path_factory: pytest.TempPathFactory,
    good: list[tuple[int, float, int]],
    bad: list[tuple[int, str | bytes]],
) -> None:
    lines: list[bytes] = [
        f"{START + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ},{value!r},{count}".encode()
        for minute, value, count in good
    ]
    for position, row in bad:
        lines.insert(min(position, len(lines)), row if isinstance(row, bytes) else row.encode())
    text = HEADER.encode() + b"\n".join(lines)
    result = read(tmp_path_factory.mktemp("rows"), text)

    taken = [(record["value"], record["count"]) for record in result.records()]
    assert taken == [(value, count) for _, value, count in sorted(good)]
    assert len(result.quarantine) == len(bad)
