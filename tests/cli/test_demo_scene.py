"""What the demo makes of a user's own series, before anything starts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.cli.demo import scene
from ops.cli.demo.scene import Wanted
from ops.cli.errors import CliError

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where specs are written; the series is in the working directory."""
    monkeypatch.chdir(tmp_path)
    write_rows(lambda place: f"{place}.5")
    made = tmp_path / "demo"
    made.mkdir()
    return made


def write_rows(value: Any, naive: bool = False) -> None:
    """Write 40 rows of five minutes."""
    times = [START + timedelta(minutes=5 * place) for place in range(40)]
    shown = [time.replace(tzinfo=None) if naive else time for time in times]
    rows = [f"{time.isoformat()},{value(place)},2" for place, time in enumerate(shown)]
    Path("mine.csv").write_text("\n".join(("time,fee,n", *rows)) + "\n")


def own(folder: Path, **said: Any) -> scene.Scene:
    return scene.own(folder, Wanted(data=Path("mine.csv"), **said))


def test_what_is_guessed_is_said_and_what_is_named_is_not(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = own(folder, value="fee")
    assert made.columns == {"time": "time", "value": "fee", "count": "n"}
    assert made.bad_rows is None
    assert capsys.readouterr().err.splitlines() == [
        "guessed time: column 'time'",
        "guessed count: column 'n'",
        "guessed step: 5 minutes between observations",
    ]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"horizon": 0}, ["--horizon: must be >= 1 and <= 400, got 0"]),
        ({"horizon": -3, "stride": 1}, ["--horizon: must be >= 1 and <= 400, got -3"]),
        ({"origins": 0}, ["--origins: must be >= 2 and <= 200, got 0"]),
        ({"stride": 0}, ["--stride: must be >= 1 and <= 400, got 0"]),
        ({"season": 0}, ["--season: must be >= 1 and <= 10080, got 0"]),
        ({"frequency": "7m"}, ["--frequency: must be whole minutes that divide a day evenly"]),
        (
            {"horizon": 1, "season": 2},
            [
                "the backtest has 20 points (origins x horizon), the gate wants 50: set --origins "
                "to at least 50"
            ],
        ),
    ],
)
def test_an_option_that_fits_no_model_is_refused_by_its_own_name(
    folder: Path, said: dict[str, Any], told: list[str]
) -> None:
    with pytest.raises(CliError) as refused:
        own(folder, **said)
    lines = refused.value.what.splitlines()
    assert len(lines) == len(told)
    assert all(line.startswith(start) for line, start in zip(lines, told, strict=True))
    assert refused.value.code == 2
    assert refused.value.fix.endswith('(with make: make demo DATA=… ARGS="…")')


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"value": "nope"}, "mine.csv: there is no column 'nope'"),
        ({"count": "fee"}, "mine.csv: none of its 40 rows can be used"),
        ({"time": "fee"}, "mine.csv: none of its 40 rows can be used"),
    ],
)
def test_a_wrong_column_is_found_before_anything_starts(
    folder: Path, said: dict[str, Any], told: str
) -> None:
    with pytest.raises(CliError, match=told):
        own(folder, **said)


def test_rows_that_cannot_be_used_are_counted_and_kept(folder: Path) -> None:
    write_rows(lambda place: "many" if place % 2 else place)
    made = own(folder)
    assert str(made.bad_rows) == "20 of 40 rows: mine.csv.quarantine.csv"
    assert len(Path("mine.csv.quarantine.csv").read_text().splitlines()) == 21


def test_bad_rows_that_cannot_be_written_are_told(folder: Path) -> None:
    write_rows(lambda place: "many" if place % 2 else place)
    Path("mine.csv.quarantine.csv").mkdir()
    with pytest.raises(CliError, match="the bad rows cannot be written"):
        own(folder)
