"""Train: the program that SageMaker runs as ``train``.

Reads ``input/config/hyperparameters.json`` and DeepAR training lines from ``input/data/train``
(``.json``, ``.json.gz`` or ``.jsonl``); writes the artifact to ``model``.
"""

import gzip
import json
import logging
from collections.abc import Iterator
from pathlib import Path

from algorithms import container
from algorithms.container import Failure
from algorithms.lightgbm import artifact, learning, settings
from algorithms.lightgbm.points import Points, UnusableSeriesError, usable
from algorithms.lightgbm.settings import Settings
from shared.forecasting import deepar_json

SUFFIXES = (".json", ".jsonl", ".json.gz")

log = logging.getLogger(__name__)


def main() -> None:
    """Train as the container's configuration says; raises Failure where it is not possible."""
    root = container.root()
    chosen = settings.parse(hyperparameters(root / "input" / "config" / "hyperparameters.json"))
    series = list(read_series(root / "input" / "data" / "train", chosen))
    model = learning.learn(series, chosen)
    artifact.save(model, chosen, root / "model")
    log.info(
        "Trained %d boosters of %d trees on %d points of %d series up to %s.",
        len(model.boosters),
        chosen.num_boost_round,
        sum(len(one.values) for one in series),
        len(series),
        model.trained_to.isoformat(),
    )


def hyperparameters(path: Path) -> dict[str, str]:
    """Read the hyperparameters as SageMaker writes them: strings by name.

    Raises
    ------
    Failure
        If the file is missing or not that.
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Failure(f"The hyperparameters in {path.name} cannot be read: {error}.") from error
    if not isinstance(given, dict):
        raise Failure(f"The hyperparameters in {path.name} are no JSON object.")
    return {name: str(value) for name, value in given.items()}


def read_series(folder: Path, chosen: Settings) -> Iterator[Points]:
    """Read the training channel, one series a line.

    Raises
    ------
    Failure
        If there is none, or a line cannot be used; the text names file and line.
    """
    paths = [path for path in sorted(folder.rglob("*")) if path.name.endswith(SUFFIXES)]
    if not paths:
        raise Failure(
            "The channel train has no .json, .json.gz or .jsonl file: name its S3 folder."
        )
    for path in paths:
        for number, line in enumerate(_lines(path), start=1):
            try:
                series = deepar_json.read_series(line)
                yield usable(series, chosen.frequency_s, chosen.season_length)
            except deepar_json.FormatError as error:
                raise Failure(f"{path.name}, line {number}: {error}.") from error
            except UnusableSeriesError as error:
                raise Failure(f"{path.name}, line {number}: the series {error}.") from error


def _lines(path: Path) -> list[bytes]:
    try:
        content = path.read_bytes()
        text = gzip.decompress(content) if path.suffix == ".gz" else content
    except (OSError, EOFError) as error:
        raise Failure(f"{path.name} cannot be read: {error}.") from error
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise Failure(f"{path.name} is empty: it must hold one series a line.")
    return lines


if __name__ == "__main__":
    container.run(main, reason=container.root() / "output" / "failure")
