"""Users' files: every kind of bad input, the exact words it gets, and what is still taken."""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from ops.cli import observations
from ops.cli.observations import Columns, Fault, Observations, ObservationsRefused

NOW = datetime(2025, 4, 1, tzinfo=UTC)
COLUMNS = Columns("time", "value", "count")
HEADER = "time,value,count\n"
GOOD = "2025-03-05T00:00:00Z,10,2\n"
START = datetime(2025, 3, 5, tzinfo=UTC)


def read(folder: Path, content: str | bytes, **options: Any) -> Observations:
    path = folder / options.pop("name", "fees.csv")
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    columns = options.pop("columns", COLUMNS)
    return observations.read(path, columns, "fees", now=NOW, **options)


def read_parquet(folder: Path, columns: Mapping[str, Any], **options: Any) -> Observations:
    path = folder / "fees.parquet"
    pq.write_table(pa.table(dict(columns)), path)
    return observations.read(path, COLUMNS, "fees", now=NOW, **options)


BAD_ROWS = [
    (
        "2025-03-05T00:01:00Z,abc,2",
        "fees.csv: line 3, column 'value': 'abc' is not a number: "
        "write digits with a decimal point and no separators, as 1234.5",
    ),
    (
        '2025-03-05T00:01:00Z,"1,5",2',
        "fees.csv: line 3, column 'value': '1,5' is not a number: "
        "write digits with a decimal point and no separators, as 1234.5",
    ),
    (
        "2025-03-05T00:01:00Z,NaN,2",
        "fees.csv: line 3, column 'value': 'NaN' is not a finite number: "
        "leave the row out where nothing was measured",
    ),
    (
        "2025-03-05T00:01:00Z,-inf,2",
        "fees.csv: line 3, column 'value': '-inf' is not a finite number: "
        "leave the row out where nothing was measured",
    ),
    (
        "2025-03-05T00:01:00Z,1e999,2",
        "fees.csv: line 3, column 'value': '1e999' is not a finite number: "
        "leave the row out where nothing was measured",
    ),
    (
        "2025-03-05T00:01:00Z,,2",
        "fees.csv: line 3, column 'value': '' is empty: give a value or leave the row out",
    ),
    (
        "2025-03-05T00:01:00Z,1,-2",
        "fees.csv: line 3, column 'count': '-2' is negative: "
        "a count is 0 or more; correct it or choose another column",
    ),
    (
        "2025-03-05T00:01:00Z,1,2.5",
        "fees.csv: line 3, column 'count': '2.5' is not a whole number: "
        "a count says how many events the value sums up; choose another column",
    ),
    (
        "2025-03-05T00:01:00Z,1,0",
        "fees.csv: line 3, column 'count': '0' counts nothing although the value is not 0: "
        "correct one of the two",
    ),
    (
        "2025-05-05T00:01:00Z,1,2",
        "fees.csv: line 3, column 'time': '2025-05-05T00:01:00Z' is in the future: "
        "check its time zone and this machine's clock",
    ),
    (
        "2025-03-05 00:01,1,2",
        "fees.csv: line 3, column 'time': '2025-03-05 00:01' has no time zone although other rows "
        "have one (mixed): write one for every row, or give --assume-utc if those without are UTC",
    ),
    (
        "2025-02-30T00:00:00Z,1,2",
        "fees.csv: line 3, column 'time': '2025-02-30T00:00:00Z' is not a time: "
        "write it as 2025-03-05T02:12:13Z, or as seconds since 1970",
    ),
    (
        "5.3.2025,1,2",
        "fees.csv: line 3, column 'time': '5.3.2025' is not a time: "
        "write it as 2025-03-05T02:12:13Z, or as seconds since 1970",
    ),
    (
        "2025-03-05T00:00:00Z,11,2",
        "fees.csv: line 3, column 'time': '2025-03-05T00:00:00Z' was given before with another "
        "value or count (line 2): keep one of the two; the earlier row was taken",
    ),
    (
        "2025-03-05T01:00:00+01:00,11,2",
        "fees.csv: line 3, column 'time': '2025-03-05T01:00:00+01:00' was given before with "
        "another value or count (line 2): keep one of the two; the earlier row was taken",
    ),
    (
        "2025-03-05T00:01:00Z,1",
        "fees.csv: line 3: '2025-03-05T00:01:00Z,1' has another number of columns than line 1: "
        "quote texts that hold a comma",
    ),
    (
        '2025-03-05T00:01:00Z,"1,2',
        "fees.csv: line 3: '2025-03-05T00:01:00Z,\"1,2' opens a quote that the line does not "
        "close: close it on the same line",
    ),
    (
        b"2025-03-05T00:01:00Z,1\xff,2",
        "fees.csv: line 3: '2025-03-05T00:01:00Z,1\ufffd,2' is not UTF-8 text: "
        "save the file as UTF-8",
    ),
]


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


def test_strict_takes_a_file_without_bad_rows(tmp_path: Path) -> None:
    assert len(read(tmp_path, HEADER + GOOD, strict=True)) == 1


@pytest.mark.parametrize(
    ("written", "time"),
    [
        ("2025-03-05T02:12:13Z", "2025-03-05T02:12:13Z"),
        ("2025-03-05 02:12:13 UTC", "2025-03-05T02:12:13Z"),
        ("2025-03-05T02:12z", "2025-03-05T02:12:00Z"),
        ("2025-03-05T02:12:13.25+01:00", "2025-03-05T01:12:13.250000Z"),
        ("2025-03-05 02:12:13-0530", "2025-03-05T07:42:13Z"),
        ("1741140733", "2025-03-05T02:12:13Z"),
        ("1741140733250", "2025-03-05T02:12:13.250000Z"),
        (" 2025-03-05T02:12:13Z ", "2025-03-05T02:12:13Z"),
    ],
)
def test_a_time_is_read_in_every_unambiguous_spelling(
    tmp_path: Path, written: str, time: str
) -> None:
    [record] = read(tmp_path, f"{HEADER}{written},1,1\n").records()
    assert record == {"series": "fees", "id": time, "time": time, "value": 1.0, "count": 1}


def test_rows_out_of_order_are_sorted_and_repeated_ones_are_counted_once(tmp_path: Path) -> None:
    rows = "2025-03-05T00:02:00Z,12,1\n2025-03-05T01:01:00+01:00,11,1\n"
    result = read(tmp_path, HEADER + GOOD + rows + GOOD)

    assert [record["value"] for record in result.records()] == [10, 11, 12]
    assert (result.repeated, result.out_of_order, len(result.quarantine)) == (1, 1, 0)
    assert (result.first, result.last) == (START, START + timedelta(minutes=2))
    assert result.notes == (
        "sorted by time: 1 row stood behind a later time",
        "counted once: 1 row saying the same as an earlier one",
        "brought to UTC: times with different offsets (+01:00, Z)",
    )


def test_times_without_a_zone_are_utc_where_the_user_says_so(tmp_path: Path) -> None:
    result = read(tmp_path, HEADER + GOOD + "2025-03-06,1,1\n", assume_utc=True)
    assert [record["time"] for record in result.records()] == [
        "2025-03-05T00:00:00Z",
        "2025-03-06T00:00:00Z",
    ]
    assert result.notes == ("taken as UTC, as asked: 1 row without a time zone",)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_byte_order_mark_line_ends_and_blank_lines_do_not_matter(
    tmp_path: Path, line_end: str
) -> None:
    text = f"\ufeff{HEADER}\n{GOOD}\n{GOOD.replace('00:00', '00:01')}\n\n"
    result = read(tmp_path, text.replace("\n", line_end))
    assert (len(result), result.rows, len(result.quarantine)) == (2, 2, 0)


def test_with_an_id_column_rows_of_the_same_time_are_told_apart(tmp_path: Path) -> None:
    time = "2025-03-05T00:00:00Z"
    rows = f"hash,time,fee\na,{time},1\nb,{time},2\nb,{time},2\nb,{time},3\n,{time},4\n"
    result = read(tmp_path, rows, columns=Columns("time", "fee", id="hash"))

    assert [(record["id"], record["value"]) for record in result.records()] == [("a", 1), ("b", 2)]
    assert result.repeated == 1
    assert result.quarantine.counts == {Fault.CONFLICT: 1, Fault.EMPTY: 1}


def test_parquet_is_read_in_its_own_types(tmp_path: Path) -> None:
    times = pa.array([START, START + timedelta(minutes=1), None], pa.timestamp("ns", "UTC"))
    result = read_parquet(tmp_path, {"time": times, "value": [1, 2, 3], "count": [1, -1, 1]})

    assert result.records() == [
        {"series": "fees", "id": "2025-03-05T00:00:00Z", "time": "2025-03-05T00:00:00Z"}
        | {"value": 1.0, "count": 1}
    ]
    assert [str(bad) for bad in result.quarantine.first()] == [
        "fees.parquet: row 2, column 'count': '-1' is negative: "
        "a count is 0 or more; correct it or choose another column",
        "fees.parquet: row 3, column 'time': '' is empty: give a value or leave the row out",
    ]


@pytest.mark.parametrize(
    "times",
    [
        pa.array([START.replace(tzinfo=None)], pa.timestamp("us")),
        pa.array([START.date()], pa.date32()),
        pa.array(["2025-03-05 00:00"]),
    ],
    ids=["timestamp", "date", "text"],
)
def test_parquet_times_without_a_zone_are_refused_or_assumed(tmp_path: Path, times: Any) -> None:
    table = {"time": times, "value": [1.0], "count": [1]}
    with pytest.raises(ObservationsRefused, match="has no time zone"):
        read_parquet(tmp_path, table)
    assert read_parquet(tmp_path, table, assume_utc=True).first == START


def test_parquet_columns_may_be_texts_dictionaries_decimals_or_seconds(tmp_path: Path) -> None:
    table = {
        "time": pa.array([int(START.timestamp())]),
        "value": pa.array(["7.5"]).dictionary_encode(),
        "count": pa.array([Decimal(2)], pa.decimal128(10, 2)),
    }
    [record] = read_parquet(tmp_path, table).records()
    assert (record["time"], record["value"], record["count"]) == ("2025-03-05T00:00:00Z", 7.5, 2)


def test_a_parquet_column_of_the_wrong_type_is_bad_in_every_row(tmp_path: Path) -> None:
    with pytest.raises(ObservationsRefused, match=r"none of its 1 rows .* 'True' is not a number"):
        read_parquet(tmp_path, {"time": [1741132800], "value": [True], "count": [1]})


def test_the_quarantine_file_holds_every_bad_row_with_reason_and_fix(tmp_path: Path) -> None:
    bad_rows = "".join(f"2025-03-05T00:{minute:02}:00Z,?,1\n" for minute in range(1, 31))
    result = read(tmp_path, HEADER + GOOD + bad_rows)
    assert (len(result.quarantine), len(result.quarantine.first())) == (30, 20)

    result.quarantine.write(tmp_path / "quarantine.csv")
    with (tmp_path / "quarantine.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 30
    assert rows[0] == {
        "line": "3",
        "column": "value",
        "value": "?",
        "fault": "not a number",
        "reason": "is not a number",
        "fix": "write digits with a decimal point and no separators, as 1234.5",
    }


def test_the_summary_fits_one_screen_and_shows_counts_and_the_first_bad_rows(
    tmp_path: Path,
) -> None:
    bad_rows = "".join(f"2025-03-05T00:{minute:02}:00Z,[x],1\n" for minute in range(1, 31))
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(observations.summary(read(tmp_path, HEADER + GOOD + bad_rows)))
    lines = console.export_text().splitlines()

    assert lines[0] == (
        "fees.csv: 1 observations of 31 rows, 2025-03-05 00:00 to 2025-03-05 00:00 UTC, "
        "30 to quarantine"
    )
    assert any("'[x]'" in line and "is not a number" in line for line in lines)
    assert lines[-1].strip() == "… and 10 more"
    assert len(lines) <= 40


def test_batches_hold_all_records_in_order(tmp_path: Path) -> None:
    rows = "".join(f"2025-03-05T00:{minute:02}:00Z,{minute},1\n" for minute in range(25))
    result = read(tmp_path, HEADER + rows)
    batches = list(result.batches(10))
    assert [len(batch) for batch in batches] == [10, 10, 5]
    assert [record for batch in batches for record in batch] == result.records()


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


@pytest.mark.parametrize(
    ("content", "columns", "step"),
    [
        (
            "time,total_fee_sat,n_tx\n2025-03-05T02:12:13Z,9,3\n2025-03-05T02:17:11Z,9,3\n",
            Columns("time", "total_fee_sat", "n_tx"),
            timedelta(minutes=5),
        ),
        (
            "id,load,Timestamp\n1,5.5,1741132800\n2,5.5,1741136400\n",
            Columns("Timestamp", "load"),
            timedelta(hours=1),
        ),
        (
            "ds,count\n2025-03-05T00:00:00Z,5\n2025-03-06T00:00:00Z,6\n",
            Columns("ds", "count"),
            timedelta(days=1),
        ),
    ],
    ids=["fees", "load", "counts only"],
)
def test_columns_and_step_are_guessed_from_names_and_content(
    tmp_path: Path, content: str, columns: Columns, step: timedelta
) -> None:
    path = tmp_path / "own.csv"
    path.write_text(content)
    guessed = observations.guess(path, now=NOW)
    assert (guessed.columns, guessed.step, guessed.naive) == (columns, step, False)
    assert guessed.says[0] == f"time: column '{columns.time}'"


def test_a_guess_says_that_times_have_no_zone(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("Date;Price\n2025-03-05;1\n2025-03-06;2\n")
    guessed = observations.guess(path, now=NOW, delimiter=";")
    assert guessed.naive
    assert guessed.says == (
        "time: column 'Date', which has no time zone",
        "value: column 'Price'",
        "count: none, each row counts as one",
        "step: 1 day between observations",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\nx,y\n", "no column reads as times"),
        ("a,b\n2025-03-05T00:00:00Z,y\n", "no column reads as numbers"),
        ("a,b\n2025-03-05T00:00:00Z,1\n", "all rows have the same time"),
        ("a;b\n2025-03-05T00:00:00Z;1\n", "the columns are separated by ';'"),
    ],
)
def test_a_file_that_cannot_be_guessed_says_what_is_missing(
    tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "own.csv"
    path.write_text(content)
    with pytest.raises(ObservationsRefused, match=message):
        observations.guess(path, now=NOW)


FEES = Path(__file__).parents[2] / "../shared/data/btc-next-block-fees.csv"


@pytest.mark.skipif(not FEES.exists(), reason="the real fees are not beside this repository")
def test_the_real_fees_are_read_without_a_bad_row() -> None:
    guessed = observations.guess(FEES, now=NOW + timedelta(days=60))
    result = observations.read(FEES, guessed.columns, "fees", now=NOW + timedelta(days=60))
    assert (len(result), len(result.quarantine), result.notes) == (14_950, 0, ())
    assert guessed.step == timedelta(minutes=5)
