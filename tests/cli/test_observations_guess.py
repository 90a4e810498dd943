"""Users' files: which columns hold what, and how often, guessed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.cli import observations
from ops.cli.observations import Columns, ObservationsRefused
from tests.cli.observation_files import NOW


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
        ("a;b\n2025-03-05T00:00:00Z;1\n", "the columns are separated by ';', not by ',': give"),
        (
            "a;b\n2025-03-05T00:00:00Z;1,5\n",
            "by ';', not by ',', and the numbers have decimal commas: write numbers with a decimal "
            "point, as 1234.5, and give --delimiter ';'",
        ),
        ("a;b", "the columns are separated by ';'"),
    ],
)
def test_a_file_that_cannot_be_guessed_says_what_is_missing(
    tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "own.csv"
    path.write_text(content)
    with pytest.raises(ObservationsRefused, match=message):
        observations.guess(path, now=NOW)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "Zeit;Preis;n\n2025-03-05T00:00:00Z;1.234,50;3\n2025-03-06T00:00:00Z;2,345;3\n",
            "own.csv: the numbers of column 'Preis' have decimal commas: line 2, column 'Preis': "
            "'1.234,50': write them with a decimal point, as 1234.5; or, if another column holds "
            "the values, say which with --time and --value",
        ),
        (
            "time;value\n2025-03-05T00:00:00Z;\n2025-03-06T00:00:00Z;1,234\n",
            "own.csv: no column reads as numbers (there are 'time', 'value'): line 3, column "
            "'value': '1,234' is not a number: write them as 1234.5, or say which column holds "
            "the values with --value",
        ),
        (
            "time;value\n2025-03-05T00:00:00Z;1.5e+303\n2025-03-06T00:00:00Z;1.5e+303\n",
            "own.csv: most values cannot be used: line 2, column 'value': '1.5e+303' is beyond "
            "1e+200, the most that a value may be: correct it or leave the row out",
        ),
        (
            "when;value\n2031-01-01T00:00:00Z;2500000000\n2031-01-01T01:00:00Z;2500000000\n",
            "own.csv: most times cannot be used: line 2, column 'when': '2031-01-01T00:00:00Z' "
            "is in the future: check its time zone and this machine's clock",
        ),
        (
            "value;timestamp\n1;\n1;0\n1;1900-01-01\n1;1900-01-02\n",
            "own.csv: most times cannot be used: line 4, column 'timestamp': '1900-01-01' is "
            "before 1971, as programs write a time that they do not know: correct it or leave the "
            "row out",
        ),
        (
            "value;Date\n1;\n2;03/05/2025 10:00\n",
            "own.csv: no column reads as times (there are 'value', 'Date'): line 3, column 'Date': "
            "'03/05/2025 10:00' is not a time: write them as 2025-03-05T02:12:13Z, or say which "
            "column holds the times with --time",
        ),
        (
            "value;when\n2500000000;03/05/2025 10:00\n2500000000;03/05/2025 11:00\n",
            "own.csv: no column reads as times (there are 'value', 'when'): line 2, column 'when': "
            "'03/05/2025 10:00' is not a time: write them as 2025-03-05T02:12:13Z, or say which "
            "column holds the times with --time",
        ),
        ("time;value\n", "own.csv: the file has a header and no rows: give a file with rows"),
        ("time;value\n\n;\n", "own.csv: the file has a header and no rows: give a file with rows"),
        (
            "time;value\n2025-03-05T00:00:00Z;1;5\n",
            "own.csv: no line is a row. The first: line 2: '2025-03-05T00:00:00Z;1;5' has another "
            "number of columns than line 1: quote texts that hold a comma",
        ),
    ],
    ids=[
        "decimal commas",
        "thousands",
        "too large",
        "future",
        "past",
        "US dates",
        "US dates beside large numbers",
        "header only",
        "blank",
        "too many columns",
    ],
)
def test_a_file_that_cannot_be_guessed_shows_a_value_and_says_what_to_do(
    tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "own.csv"
    path.write_text(content)
    with pytest.raises(ObservationsRefused) as refused:
        observations.guess(path, now=NOW, delimiter=";")
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("days", "step"),
    [((0, 31, 59, 90), "a month"), ((0, 7, 14), "a week"), ((0, 2, 4), "two days")],
)
def test_steps_longer_than_a_day_are_refused_instead_of_taken_for_daily(
    tmp_path: Path, days: tuple[int, ...], step: str
) -> None:
    path = tmp_path / "own.csv"
    rows = [f"{datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day):%Y-%m-%d},1" for day in days]
    path.write_text("\n".join(("month,value", *rows)))
    message = f"steps of {step} are not supported, at most a day: give observations that are"
    with pytest.raises(ObservationsRefused, match=message):
        observations.guess(path, now=NOW)


FEES = Path(__file__).parents[2] / "../shared/data/btc-next-block-fees.csv"


@pytest.mark.skipif(not FEES.exists(), reason="the real fees are not beside this repository")
def test_the_real_fees_are_read_without_a_bad_row() -> None:
    guessed = observations.guess(FEES, now=NOW + timedelta(days=60))
    result = observations.read(FEES, guessed.columns, "fees", now=NOW + timedelta(days=60))
    assert (len(result), len(result.quarantine), result.notes) == (14_950, 0, ())
    assert guessed.step == timedelta(minutes=5)
