"""How good and how fast the algorithms are on real fees: ``python -m bench.algorithms``.

Runs the real programs, prepare, train, serve, in a folder that plays /opt/ml, on the observations
that tests find beside the repository, and prints one table a data set that ends at another time.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from shared.forecasting import baseline, deepar_json, losses
from shared.forecasting.grid import Window
from shared.forecasting.losses import Outcome, Score
from tests.algorithms import sandbox

SEASON, HORIZON, ORIGINS = 288, 30, 20
SAMPLING_S = 0.02
ENDS = (1.0, 0.85, 0.7, 0.5)  # parts of the file: one end alone is an anecdote
ARGUMENTS = {
    "model": "fees",
    "run-id": "fees-bench",
    "series": "fees",
    "target": "mean",
    "window-s": "300",
    "frequency-s": "300",
    "horizon": str(HORIZON),
    "quantiles": "0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9",
    "season": str(SEASON),
    "origins": str(ORIGINS),
    "stride": str(HORIZON),
    "context-points": str(2 * SEASON),
}
HYPERPARAMETERS = {
    "prediction_length": str(HORIZON),
    "time_freq": "5min",
    "season_length": str(SEASON),
}


class Used(NamedTuple):
    """What a program took: time, and the most memory seen."""

    seconds: float
    peak_mb: float


@dataclass(frozen=True)
class Measured:
    """How good and how fast one backtest was."""

    manifest: dict[str, Any]
    scores: dict[str, Score]
    better: str
    prepare: Used
    train: Used
    ready_s: float
    forecast_ms: float
    baseline_s: float
    serving_mb: float


def main() -> None:
    """Print a table for each end of the data."""
    if not sandbox.BITCOIN.exists():
        sys.exit("the real fees are not beside the repository: nothing to measure")
    windows = sandbox.bitcoin_windows()
    for part in ENDS:
        with tempfile.TemporaryDirectory() as folder:
            show(measure(windows[: int(len(windows) * part)], Path(folder)))


def measure(windows: Sequence[Window], folder: Path) -> Measured:
    """Prepare, train, forecast and score once, in an empty folder."""
    sandbox.write_offline_store(folder / "processing/input/offline", "fees", windows)
    prepare = timed(folder, "algorithms.dataset.prepare", ARGUMENTS)
    output = folder / "processing/output"
    sandbox.write_training_job(folder, output / "judged/train.json", HYPERPARAMETERS)
    train = timed(folder, "algorithms.lightgbm.train", {})
    lines = (output / "backtest/backtest.jsonl").read_text().splitlines()
    began = time.perf_counter()
    with sandbox.serving(folder) as server:
        ready_s = time.perf_counter() - began
        began = time.perf_counter()
        bodies = [
            server.request("POST", "/invocations", line, "application/jsonlines")[1]
            for line in lines
        ]
        forecast_ms = (time.perf_counter() - began) / len(lines) * 1000
        serving_mb = memory_mb(server.process.pid)
    manifest = json.loads((output / "manifest/manifest.json").read_text())
    target = deepar_json.read_series((output / "full/train.json").read_text()).target
    cut = [cut_window(target, origin) for origin in manifest["origins"]]
    began = time.perf_counter()
    best = baseline.better(cut, SEASON, manifest["quantiles"])
    return Measured(
        manifest=manifest,
        scores=score(cut, [deepar_json.read_prediction(body) for body in bodies]),
        better=best.name,
        prepare=prepare,
        train=train,
        ready_s=ready_s,
        forecast_ms=forecast_ms,
        baseline_s=time.perf_counter() - began,
        serving_mb=serving_mb,
    )


def score(
    cut: Sequence[baseline.Window], predictions: Sequence[deepar_json.Prediction]
) -> dict[str, Score]:
    """Score the model's forecasts, and the naive ones on the same windows."""
    told = [
        Outcome(window.truth, one.quantiles or {})
        for window, one in zip(cut, predictions, strict=True)
    ]
    scores = {"lightgbm": losses.score(told)}
    levels = list(told[0].quantiles)
    for name, naive in baseline.NAIVE.items():
        outcomes = [Outcome(one.truth, naive(one.context, SEASON, HORIZON, levels)) for one in cut]
        scores[name] = losses.score(outcomes)
    return scores


def show(measured: Measured) -> None:
    """Print a table."""
    manifest, best = measured.manifest, measured.scores[measured.better]
    print(f"{manifest['points']} points to {manifest['cutoff']}, {manifest['filled']} filled")
    print(f"{'forecast':<16}{'mean wQL':>9}{'ratio':>7}{'RMSE':>9}  coverage of 0.1, 0.5, 0.9")
    for name, one in measured.scores.items():
        covered = "  ".join(f"{one.coverage[level]:.2f}" for level in (0.1, 0.5, 0.9))
        ratio = one.mean_wql / best.mean_wql
        print(f"{name:<16}{one.mean_wql:>9.3f}{ratio:>7.2f}{one.rmse:>9.0f}  {covered}")
    for name, used in (("prepare", measured.prepare), ("train", measured.train)):
        print(f"{name} {used.seconds:.1f} s and {used.peak_mb:.0f} MB, ", end="")
    print(
        f"endpoint ready {measured.ready_s:.2f} s and {measured.serving_mb:.0f} MB,"
        f" a forecast {measured.forecast_ms:.1f} ms, both baselines {measured.baseline_s:.2f} s\n"
    )


def cut_window(target: Sequence[float], origin: dict[str, Any]) -> baseline.Window:
    """Cut what is known at an origin, and what came true after it."""
    at = origin["index"]
    return baseline.Window(target[max(0, at - 2 * SEASON) : at], target[at : at + HORIZON])


def timed(folder: Path, module: str, arguments: dict[str, str]) -> Used:
    """Run a program and answer what it took; ends the bench where it fails."""
    words = [word for name, value in arguments.items() for word in (f"--{name}", value)]
    began, peak_mb = time.perf_counter(), 0.0
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 (our own programs)
            [sys.executable, "-m", module, *words],
            cwd=sandbox.REPOSITORY,
            env=sandbox.environment(folder),
            stdout=log,
            stderr=log,
        )
        while process.poll() is None:
            peak_mb = max(peak_mb, memory_mb(process.pid))
            time.sleep(SAMPLING_S)
    if process.returncode:
        sys.exit((folder / "log").read_text())
    return Used(time.perf_counter() - began, peak_mb)


def memory_mb(pid: int) -> float:
    """Answer the process's proportional share of memory, or 0 where the system does not tell."""
    path = Path(f"/proc/{pid}/smaps_rollup")
    try:
        lines = path.read_text().splitlines()
    except OSError:  # it has ended meanwhile
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


if __name__ == "__main__":
    main()
