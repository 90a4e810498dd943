"""Users' files: which columns hold what, and how often, guessed."""

from datetime import timedelta
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
