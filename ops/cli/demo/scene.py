"""What the demo plays with: a file of observations, and the specs of its series and its model."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from infra.spec_files import load
from infra.yaml_files import FileError
from ops.cli import output
from ops.cli.demo.bad_rows import BadRows, keep_bad_rows
from ops.cli.demo.options import as_option, with_make
from ops.cli.errors import misused
from ops.cli.observations import (
    Columns,
    Guess,
    ObservationsRefused,
    guess,
    read,
)
from shared.contracts import limits
from shared.contracts.specs import ModelSpec, SeriesSpec
from shared.contracts.timing import write_duration
from shared.messaging.clock import WallClock

REPOSITORY = Path(__file__).parents[3]
SIMULATED_FROM = datetime(2026, 3, 1, tzinfo=UTC)
SIMULATED_DAYS = 14
HISTORY_ENDS = SIMULATED_FROM + timedelta(days=SIMULATED_DAYS)
SERIES = "mine"
HORIZON = 12
SHORTEST = timedelta(seconds=limits.FREQUENCY_SECONDS_MIN)


@dataclass(frozen=True)
class Scene:
    """A file to import, with its columns, and the specs to apply."""

    file: Path
    columns: Mapping[str, str]
    """``--time``, ``--value``, ``--count`` of `modelcycle data import`."""
    naive: bool
    """Whether times lack a zone: they are taken as UTC, and that is said."""
    series_file: Path
    model_file: Path
    series: SeriesSpec
    model: ModelSpec
    simulated: bool
    unit: str
    """What the target is, for people."""
    bad_rows: BadRows | None = None


@dataclass(frozen=True)
class Wanted:
    """What a user says of their own series; nothing: guessed, or the default."""

    data: Path
    time: str | None = None
    value: str | None = None
    count: str | None = None
    delimiter: str | None = None
    target: str | None = None
    frequency: str | None = None
    horizon: int | None = None
    origins: int | None = None
    stride: int | None = None
    season: int | None = None


def simulated(folder: Path, seed: int) -> Scene:
    """Two weeks of one-minute observations from the seeded simulation, as a file."""
    from infra.local import simulation

    file = folder / "simulated-transactions.csv"
    minutes = simulation.observations(seed, SIMULATED_FROM, SIMULATED_DAYS * 24 * 60)
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(("time", "fees_satoshi", "transactions"))
        for record in minutes.records("transactions"):
            writer.writerow((record["time"], record["value"], record["count"]))
    models = REPOSITORY / "models"
    series_file, model_file = models / "series" / "transactions.yaml", models / "fees.yaml"
    declared = load((series_file, model_file), {})
    columns = {"time": "time", "value": "fees_satoshi", "count": "transactions"}
    return Scene(
        file=file,
        columns=columns,
        naive=False,
        series_file=series_file,
        model_file=model_file,
        series=declared.series[0],
        model=declared.models[0],
        simulated=True,
        unit="mean fee, satoshi per transaction",
    )


def own(folder: Path, wanted: Wanted) -> Scene:
    """A user's own series: what is not said is guessed, and the specs are written as files.

    Raises
    ------
    CliError
        If the file cannot be read, or what was said does not fit together.
    """
    delimiter = wanted.delimiter or ","
    now = WallClock().now()
    try:
        guessed = guess(wanted.data, now=now, delimiter=delimiter)
        columns = Columns(
            wanted.time or guessed.columns.time,
            wanted.value or guessed.columns.value,
            wanted.count or guessed.columns.count,
        )
        taken = read(
            wanted.data,
            columns,
            SERIES,
            now=now,
            assume_utc=guessed.naive,
            delimiter=delimiter,
        )
    except ObservationsRefused as refusal:
        raise misused(refusal.what, with_make(refusal.fix)) from None
    tell_guess(wanted, guessed)
    window = min(guessed.step, timedelta(days=1))
    target = wanted.target or ("mean" if columns.count else "sum")
    frequency = wanted.frequency or write_duration(max(window, SHORTEST))
    series_file = write(
        folder / "series.yaml", {"series": SERIES, "window": write_duration(window)}
    )
    model_file = write(folder / "model.yaml", model_document(wanted, target, frequency))
    try:
        declared = load((series_file, model_file), {})
    except FileError as error:
        told = [as_option(line, model_file) for line in error.lines]
        if wanted.stride is None:
            told = [line for line in told if not line.startswith("--stride")]  # it is the horizon
        fix = with_make("say it otherwise: modelcycle demo --help")
        raise misused("\n".join(told), fix) from None
    said = {
        "time": columns.time,
        "value": columns.value,
        "count": columns.count,
        "delimiter": wanted.delimiter,
    }
    return Scene(
        file=wanted.data,
        columns={key: value for key, value in said.items() if value},
        naive=guessed.naive,
        series_file=series_file,
        model_file=model_file,
        series=declared.series[0],
        model=declared.models[0],
        simulated=False,
        unit=f"{target} of {columns.value}",
        bad_rows=keep_bad_rows(wanted.data, taken),
    )


def tell_guess(wanted: Wanted, guessed: Guess) -> None:
    """Say which columns were guessed, for the user to check."""
    for sentence in guessed.says:
        if getattr(wanted, sentence.partition(":")[0], None) is None:
            output.note(f"guessed {sentence}")


def model_document(wanted: Wanted, target: str, frequency: str) -> dict[str, Any]:
    """Write the model's spec; every point of the backtest is judged once."""
    horizon = HORIZON if wanted.horizon is None else wanted.horizon
    stride = horizon if wanted.stride is None else wanted.stride
    document = {
        "model": "mine",
        "series": SERIES,
        "target": target,
        "frequency": frequency,
        "horizon": horizon,
        "season": wanted.season,
        "backtest": given({"origins": wanted.origins, "stride": stride}),
    }
    return given(document)


def given(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out what nobody said."""
    return {key: value for key, value in document.items() if value is not None}


def write(path: Path, document: Mapping[str, Any]) -> Path:
    """Write a spec as a YAML file."""
    path.write_text(yaml.safe_dump(dict(document), sort_keys=False))
    return path
