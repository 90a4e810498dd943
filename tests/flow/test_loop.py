"""The live loop on the local AWS: real observations scored exactly, a model replaced whatever
restarts meanwhile, and data at fault, which train nothing."""

import csv
import math
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

import numpy as np
import pandas as pd
import pytest

from infra.local.stack import LocalStack
from ops import forecast
from ops.cli.connecting import connect
from shared.contracts import names
from shared.contracts.lifecycle import (
    AccuracyMeasured,
    AccuracyRecovered,
    DataFaultCleared,
    DataFaultDetected,
    DataResumed,
    DataStalled,
    EndpointInService,
)
from shared.contracts.subscriptions import SERVICES
from tests.flow.local_aws import wait_for
from tests.flow.streaming import Streamed, record, streamed
from tests.flow.typing_in import Observation, simulated

pytestmark = [pytest.mark.flow, pytest.mark.timeout(400)]

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "btc-next-block-fees.csv"
FIVE, HOUR = timedelta(minutes=5), timedelta(hours=1)
START = datetime(2026, 3, 1, tzinfo=UTC)
BY_RULE = {"staging": "rule", "production": "rule"}
STREAMED_HOURS = 60

SPEC: dict[str, Any] = {
    "model": "watched",
    "series": "history",
    "target": "mean",
    "frequency": "5m",
    "horizon": 6,
    "backtest": {"origins": 10, "stride": 6},
    "approval": BY_RULE,
}


@pytest.mark.skipif(not REAL.is_file(), reason="the real fee observations are not on this machine")
def test_real_observations_are_windowed_and_scored_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    observed = real_fees()
    begins = observed[-1][0].replace(minute=0, second=0) - timedelta(hours=STREAMED_HOURS)
    split = next(at for at, (time, _, _) in enumerate(observed) if time >= begins)
    judged = {"backtest": {"origins": 20, "stride": 30}, "gate": {"limit_ratio": 1.2}}
    spec = SPEC | {"horizon": 30} | judged
    step = 30 * FIVE
    with streamed(tmp_path, monkeypatch, observed[:split], observed[split:], step=step) as scene:
        scene.declare(spec)
        wait_for("production", lambda: scene.serves("watched", "production", 1))
        scene.driver.drive(STREAMED_HOURS * HOUR // step)
        scene.listen()
        windows = reference(observed)
        closed = windows[(windows.index >= begins) & (windows.index < scene.driver.now - HOUR)]
        found = read_windows(scene, begins)
        assert {start: found[start] for start in found if start in closed.index} == closed.to_dict(
            "index"
        )
        verdicts = scene.each("watched", AccuracyMeasured)
        (live,) = [
            one for one in scene.each("watched", EndpointInService) if one.stage == "production"
        ]
        kept = scene.forecasts_kept("watched")
        points = (windows["total"] / windows["count"]).to_dict()
        for one in kept:
            truth = [points.get(one.start + step * FIVE) for step in range(30)]
            assert one.truth == tuple(truth)
        for verdict in verdicts:
            assert verdict.points >= 50
            assert verdict.window.first > live.cutoff
            assert verdict.mean_wql == pytest.approx(loss_between(kept, verdict), rel=1e-9)
        assert len(verdicts) >= STREAMED_HOURS * 12 // 30 - 3
    mean = np.mean([verdict.mean_wql for verdict in verdicts])
    with capsys.disabled():
        print(f"\nlive on real fees: {len(verdicts)} verdicts, mean wQL {mean:.4f}")  # noqa: T201


def real_fees() -> list[Observation]:
    """Read the real observations."""
    with REAL.open(newline="") as opened:
        return [
            (
                datetime.fromisoformat(row["time"]),
                float(row["total_fee_sat"]),
                int(row["n_tx"]),
            )
            for row in csv.DictReader(opened)
        ]


def reference(observed: list[Observation]) -> pd.DataFrame:
    """Cut observations into windows with pandas: count and total by start."""
    frame = pd.DataFrame(observed, columns=["time", "total", "count"])
    frame["start"] = frame["time"].dt.floor("5min")
    return frame.groupby("start").agg(count=("count", "sum"), total=("total", "sum"))


def read_windows(scene: Streamed, since: datetime) -> dict[pd.Timestamp, dict[str, float]]:
    """Read the windows of the stream from the online store."""
    connection = connect("dev")
    starts = [since + number * FIVE for number in range(STREAMED_HOURS * 12)]
    size = forecast.RECORDS_PER_CALL
    found = [
        window
        for at in range(0, len(starts), size)
        for window in forecast.read(connection.client, "dev", "history", starts[at : at + size])
    ]
    return {
        pd.Timestamp(one.start): {"count": one.count, "total": one.total}
        for one in sorted(found, key=lambda one: one.start)
    }


def loss_between(kept: list[Any], verdict: AccuracyMeasured) -> float:
    """Compute the mean weighted quantile loss of a verdict's forecasts, from its definition."""
    inside = [one for one in kept if verdict.window.first <= one.start < verdict.window.last]
    truth = np.array([one.truth for one in inside], dtype=float)
    losses = []
    for level in inside[0].quantiles:
        error = truth - np.array([one.quantiles[level] for one in inside])
        pinball = np.maximum(float(level) * error, (float(level) - 1) * error)
        losses.append(2 * np.nansum(pinball) / np.nansum(np.abs(truth)))
    return float(np.mean(losses))


HISTORY = 4 * 288
CHANGE_HOUR = 4
LOOP_HOURS = 48
RESTARTED_EVERY_S = 8.0
LOOK_S = 0.1
EAGER: dict[str, Any] = {
    "backtest": {"origins": 8, "stride": 6},
    "gate": {"limit_ratio": 1.5, "min_points": 48},
    "monitor": {"points": 30, "consecutive": 2},
}
BY_THE_HOUR = {"AccuracyMeasured", "TrainingSuppressed"}
"""Where a lease outlives its process the next sweep goes on, an hour later."""


def test_the_loop_ends_the_same_though_everything_is_restarted_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = close_the_loop(tmp_path / "undisturbed", monkeypatch, restarted=False)
    assert undisturbed["serves"] == {"staging": 2, "production": 2}
    assert (
        undisturbed["facts"]["AccuracyDegraded"] == undisturbed["facts"]["AccuracyRecovered"] == 1
    )
    assert close_the_loop(tmp_path / "restarted", monkeypatch, restarted=True) == undisturbed


def close_the_loop(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, restarted: bool
) -> dict[str, Any]:
    """Let the regime change, until a new version has recovered; answer how that ended."""
    folder.mkdir()
    history, stream = with_a_change()
    with streamed(folder, monkeypatch, history, stream) as scene, ExitStack() as ending:
        if restarted:
            restarter = ending.enter_context(Restarter(scene.stack))
        scene.declare(SPEC | EAGER)
        wait_for("production", lambda: scene.serves("watched", "production", 1))
        for _ in range(LOOP_HOURS):
            scene.driver.step()
            scene.listen()
            if scene.each("watched", AccuracyRecovered):
                break
        scene.stack.wait_until_quiet(60)
        if restarted:
            assert restarter.rounds_with_jobs >= 2
            assert sum(scene.stack.supervisor.deaths().values()) >= restarter.rounds_with_jobs
        scored = [one.start for one in scene.forecasts_kept("watched")]
        assert scored == sorted(set(scored))  # each window once, whoever served
        facts = scene.told("watched")
        return {
            "facts": {kind: count for kind, count in facts.items() if kind not in BY_THE_HOUR},
            "serves": serving(scene),
            "registry": registry(scene),
        }


class Restarter(Thread):
    """Ends every process of every service, whatever it does: whenever a job has begun, and every
    few seconds. The supervisor starts them again."""

    def __init__(self, stack: LocalStack) -> None:
        super().__init__(name="restarter", daemon=True)
        self.stack = stack
        self.rounds_with_jobs = 0
        self.ending = Event()

    def run(self) -> None:
        """Look for jobs, and end everything."""
        had_jobs, ended_at = False, monotonic()
        while not self.ending.wait(LOOK_S):
            has_jobs = bool(self.stack.watch.health()["jobs_running"])
            if (has_jobs and not had_jobs) or monotonic() - ended_at > RESTARTED_EVERY_S:
                self.rounds_with_jobs += has_jobs
                ended_at = monotonic()
                for service in SERVICES:
                    self.stack.supervisor.kill(service)
            had_jobs = has_jobs

    def __enter__(self) -> "Restarter":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.ending.set()
        self.join()


def serving(scene: Streamed) -> dict[str, int]:
    """Answer the version at each stage, as the endpoints say."""
    sagemaker = scene.stack.client("sagemaker")
    found = {}
    for stage in ("staging", "production"):
        name = names.endpoint("dev", "watched", stage)
        config = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
        owned = names.read_endpoint_config(config)
        found[stage] = owned.version if owned else 0
    return found


def registry(scene: Streamed) -> list[tuple[int, str, str]]:
    """Answer each version with what was decided upon it, as the registry says."""
    sagemaker = scene.stack.client("sagemaker")
    group = names.package_group("dev", "watched")
    packages = sagemaker.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]
    described = [
        sagemaker.describe_model_package(ModelPackageName=package["ModelPackageArn"])
        for package in packages
    ]
    return sorted(
        (
            one["ModelPackageVersion"],
            one["ModelApprovalStatus"],
            one.get("ModelLifeCycle", {}).get("StageStatus", ""),
        )
        for one in described
    )


def with_a_change() -> tuple[list[Observation], list[Observation]]:
    """Answer a history, and a stream that begins to beat, every 23 points, after some hours."""
    observed = simulated(START, HISTORY + LOOP_HOURS * 12, seed=7)
    changed = HISTORY + CHANGE_HOUR * 12
    beating = [
        (time, value * math.exp(1.5 * math.sin(2 * math.pi * number / 23)), count)
        for number, (time, value, count) in enumerate(observed[changed:])
    ]
    return observed[:HISTORY], observed[HISTORY:changed] + beating


GAP_AT, FAULTY_HOURS, QUIET_HOURS = 4, 44, 4


def test_data_at_fault_are_named_and_train_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    observed = simulated(START, HISTORY + FAULTY_HOURS * 12, seed=7)
    history, (stream, records) = observed[:HISTORY], at_fault(observed[HISTORY:])
    with streamed(tmp_path, monkeypatch, history, stream, records, step=2 * HOUR) as scene:
        scene.declare(SPEC)
        wait_for("production", lambda: scene.serves("watched", "production", 1))
        scene.driver.drive((FAULTY_HOURS + QUIET_HOURS) // 2)
        scene.listen()
        detected = [fault.kind for fault in scene.each("watched", DataFaultDetected)]
        cleared = [fault.kind for fault in scene.each("watched", DataFaultCleared)]
        assert detected == ["gap", "unit", "constant", "flood"]
        assert cleared == detected
        assert scene.told("watched")["TrainingStarted"] == 1
        assert scene.told("watched")["AccuracyDegraded"] == 0
        silences = [
            (event.detail_type(), event.last_seen)
            for event in scene.said("history")
            if isinstance(event, DataStalled | DataResumed)
        ]
    kinds = [kind for kind, _ in silences]
    assert kinds == ["DataStalled", "DataResumed"] * (len(kinds) // 2) + ["DataStalled"]
    for silent_from in (GAP_AT, FAULTY_HOURS):  # the last window before it is the last one seen
        last_seen = stream[0][0] + silent_from * HOUR - FIVE
        assert ("DataStalled", last_seen) in silences


def at_fault(observed: list[Observation]) -> tuple[list[Observation], list[dict[str, Any]]]:
    """Spoil a stream: four hours are missing, then hundredfold, constant and flooded hours."""
    hour = 12
    spoiled: list[Observation] = []
    records: list[dict[str, Any]] = []
    for at, (time, value, count) in enumerate(observed):
        if GAP_AT * hour <= at < (GAP_AT + 4) * hour:
            continue
        if 14 * hour <= at < 17 * hour:
            value *= 100
        if 24 * hour <= at < 28 * hour:
            value, count = 5_000.0 * 100, 100
        copies = 12 if 34 * hour <= at < 37 * hour else 1
        for copy in range(copies):
            one = record((time, value, count))
            spoiled.append((time, value, count))
            records.append(one | {"id": f"{one['id']}-{copy}"})
    return spoiled, records
