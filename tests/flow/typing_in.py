"""What flow tests type in, as an operator does: commands, specs and a history."""

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner

from infra.local.simulation import observations
from ops.cli.main import main

STEP_S = 300

Observation = tuple[datetime, float, int]
"""Time, value and count."""


def run(*arguments: object) -> str:
    """Run one command of the CLI."""
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def write(path: Path, document: dict[str, Any]) -> Path:
    """Write a spec."""
    path.write_text(yaml.safe_dump(document))
    return path


def simulated(start: datetime, points: int, seed: int = 5) -> list[Observation]:
    """Answer observations of five minutes each, drawn from the simulation's minutes: its days last
    five days here."""
    made = observations(seed=seed, start=start, minutes=points)
    times = (datetime.fromtimestamp(start.timestamp() + STEP_S * at, UTC) for at in range(points))
    return [
        (time, float(value), int(count))
        for time, value, count in zip(times, made.values, made.counts, strict=True)
    ]


def import_history(folder: Path, history: Sequence[Observation]) -> None:
    """Declare the series `history`, and bring observations of five minutes in."""
    file = folder / "history.csv"
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(("time", "value", "count"))
        writer.writerows((time.isoformat(), value, count) for time, value, count in history)
    spec = write(folder / "series.yaml", {"series": "history", "window": "5m"})
    run("models", "apply", spec)
    run("data", "import", file, "--series", "history")
