"""Users' files: what is taken, in which spellings, and how what was left out is shown."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from rich.console import Console

from ops.cli import observations
from ops.cli.observations import Columns, Fault, ObservationsRefused
from tests.cli.observation_files import (
    GOOD,
    HEADER,
    START,
    read,
    read_parquet,
)


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
    assert result.notes == ("assumed UTC: 1 row without a time zone",)


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
