"""A series that can be learned, prepared and trained on once for all tests that look on."""

import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.forecasting.grid import Window
from tests.algorithms import sandbox

START = datetime(2025, 3, 3, tzinfo=UTC)
ARGUMENTS = {
    "model": "fees",
    "run-id": "fees-r1",
    "series": "transactions",
    "target": "mean",
    "window-s": "1800",
    "frequency-s": "3600",
    "horizon": "6",
    "quantiles": '["0.1","0.5","0.9"]',
    "season": "24",
    "origins": "5",
    "stride": "6",
    "context-points": "48",
    "min-points": "100",
}
HYPERPARAMETERS = {
    "prediction_length": "6",
    "time_freq": "1H",
    "season_length": "24",
    "test_quantiles": "[0.1, 0.5, 0.9]",
    "num_boost_round": "40",
    "min_data_in_leaf": "20",
}


def windows(hours: int) -> list[Window]:
    """Make half-hour windows of fees with a daily rhythm and noise."""
    chance = random.Random(7)  # noqa: S311
    made = []
    for number in range(2 * hours):
        mean = 100 + 60 * math.sin(number * math.pi / 24) + chance.gauss(0, 5)
        made.append(Window(START + timedelta(minutes=30 * number), 4, 4 * mean))
    return made


def words(changed: dict[str, str]) -> list[str]:
    """Make the prepare step's arguments; an empty value leaves one out."""
    arguments = {name: value for name, value in (ARGUMENTS | changed).items() if value}
    return [word for name, value in arguments.items() for word in (f"--{name}", value)]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answer a sandbox in which the prepare step has run on 500 hours."""
    root = tmp_path_factory.mktemp("prepared")
    sandbox.write_offline_store(root / "processing/input/offline", "transactions", windows(500))
    done = sandbox.run(root, "algorithms.dataset.prepare", *words({}))
    assert done.returncode == 0, done.stdout + done.stderr
    return root


@pytest.fixture(scope="session")
def trained(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answer a sandbox in which LightGBM has trained on the judged part."""
    root = tmp_path_factory.mktemp("trained")
    line = prepared / "processing/output/judged/train.json"
    sandbox.write_training_job(root, line, HYPERPARAMETERS)
    done = sandbox.run(root, "algorithms.lightgbm.train")
    assert done.returncode == 0, done.stdout + done.stderr
    return root


@pytest.fixture(scope="session")
def server(trained: Path) -> Iterator[sandbox.Serving]:
    """Answer the trained model behind HTTP."""
    configuration = '{"output_types":["quantiles"],"quantiles":["0.1","0.5","0.9"]}'
    with sandbox.serving(trained, DEEPAR_INFERENCE_CONFIG=configuration) as running:
        yield running
