"""The prepare step: from the offline store's windows to what is trained on and what is judged.

Runs as a SageMaker Processing job: ``python3 -m algorithms.dataset.prepare --model fees …``. Reads
``processing/input/offline``; writes under ``processing/output``:

``judged/train.json``
    A DeepAR training line up to the first origin of the backtest.
``full/train.json``
    A training line with everything.
``backtest/backtest.jsonl``
    One bare DeepAR instance per origin, oldest first.
``manifest/manifest.json``
    What all this is, with the sha256 of each file; ``shared.contracts.manifest`` describes it.
"""

import hashlib
import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from algorithms import container
from algorithms.container import Failure
from algorithms.dataset import arguments, offline_store
from algorithms.dataset.arguments import Arguments
from shared.forecasting import deepar_json, grid
from shared.forecasting.deepar_json import Series
from shared.forecasting.grid import Grid

log = logging.getLogger(__name__)


def main() -> None:
    """Prepare what the command line asks for; raises Failure where it is not possible."""
    asked = arguments.parse(sys.argv[1:])
    folder = container.root() / "processing"
    points = read_grid(folder / "input" / "offline", asked)
    files = datasets(points, asked)
    digests = {name: _write(folder / "output" / name, text) for name, text in files.items()}
    described = manifest(points, asked, digests)
    _write(folder / "output" / "manifest" / "manifest.json", json.dumps(described, indent=1))
    log.info(
        "Prepared %s: %s points from %s to %s, %s filled in %s gaps, %s origins.",
        asked.model,
        *(described[key] for key in ("points", "first", "cutoff", "filled", "gaps")),
        asked.origins,
    )


def read_grid(folder: Path, asked: Arguments) -> Grid:
    """Read the series' windows and put them on the model's grid, holes filled.

    Raises
    ------
    Failure
        If there are too few points, or the windows make no grid.
    """
    windows = offline_store.read(folder, asked.series)
    try:
        built = grid.build(windows, asked.target, asked.window_s, asked.frequency_s)
    except grid.GridError as error:
        raise Failure(f"The series {asked.series} cannot be used: {error}.") from error
    # At least as much to learn from as is forecast at once
    needed = max(asked.min_points, asked.held_out + asked.horizon)
    if len(built.values) < needed:
        raise Failure(
            f"The series {asked.series} has {len(built.values)} points of {asked.frequency_s} s;"
            f" {needed} are needed, {asked.held_out} of them for the backtest of {asked.origins}"
            " origins: import more history or ask for fewer origins."
        )
    filled = built.filled(asked.season)
    return filled.tail(max(asked.max_points, needed)) if asked.max_points else filled


def datasets(points: Grid, asked: Arguments) -> dict[str, str]:
    """Make the text of each file, by its path below the output folder."""
    positions = origins(points, asked)
    instances = (
        _line(points, max(0, position - asked.context_points), position) for position in positions
    )
    return {
        "judged/train.json": _line(points, 0, positions[0]),
        "full/train.json": _line(points, 0, len(points.values)),
        "backtest/backtest.jsonl": "".join(instances),
    }


def origins(points: Grid, asked: Arguments) -> list[int]:
    """Answer the positions of the first forecast steps, oldest first; the last ends the grid."""
    first = len(points.values) - asked.held_out
    return [first + asked.stride * number for number in range(asked.origins)]


def manifest(points: Grid, asked: Arguments, digests: dict[str, str]) -> dict[str, Any]:
    """Describe the dataset."""
    positions = origins(points, asked)
    return {
        "manifest_version": 1,
        "run_id": asked.run_id,
        "model": asked.model,
        "series": asked.series,
        "target": asked.target,
        "frequency_s": asked.frequency_s,
        "horizon": asked.horizon,
        "quantiles": list(asked.quantiles),
        "season": asked.season,
        "first": _text(points.time(0)),
        "cutoff": _text(points.time(len(points.values) - 1)),
        "judged_cutoff": _text(points.time(positions[0] - 1)),
        "points": len(points.values),
        "gaps": len(points.holes),
        "filled": points.missing,
        "origins": [
            {"index": position, "start": _text(points.time(position))} for position in positions
        ],
        "context_points": asked.context_points,
        "files": digests,
    }


def _line(points: Grid, start: int, end: int) -> str:
    naive = points.time(start).replace(tzinfo=None)
    return deepar_json.write_series(Series(naive, points.values[start:end])) + "\n"


def _write(path: Path, text: str) -> str:
    content = text.encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    container.run(main, reason=container.root() / "output" / "message")
