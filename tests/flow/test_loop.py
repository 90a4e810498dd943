"""The live loop on the local AWS: real observations scored exactly, a model replaced whatever
restarts meanwhile, and data at fault, which train nothing."""

import csv
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

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
RESTARTED_EVERY = 3


def test_the_loop_closes_the_same_though_everything_is_restarted_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = close_the_loop(tmp_path / "undisturbed", monkeypatch, lambda scene: None)
    assert undisturbed["facts"]["AccuracyDegraded"] == 1
    assert undisturbed["serves"] == {"staging": 2, "production": 2}
    assert close_the_loop(tmp_path / "restarted", monkeypatch, restart) == undisturbed


def close_the_loop(
    folder: Path, monkeypatch: pytest.MonkeyPatch, then: Callable[[Streamed], None]
) -> dict[str, Any]:
    """Let the regime change, until a new version has recovered; answer how that ended."""
    folder.mkdir()
    history, stream = with_a_change()
    with streamed(folder, monkeypatch, history, stream) as scene:
        judged = {
            "backtest": {"origins": 8, "stride": 6},
            "gate": {"limit_ratio": 1.5, "min_points": 48},
        }
        scene.declare(SPEC | judged | {"monitor": {"points": 30, "consecutive": 2}})
        wait_for("production", lambda: scene.serves("watched", "production", 1))
        for hour in range(LOOP_HOURS):
            scene.driver.step()
            if hour % RESTARTED_EVERY == 0:
                then(scene)
            scene.listen()
            if scene.each("watched", AccuracyRecovered):
                break
        scene.stack.wait_until_quiet(60)
        facts = scene.told("watched")
        (recovered,) = scene.each("watched", AccuracyRecovered)
        return {
            "facts": dict(facts),
            "recovered": (recovered.version, recovered.since),
            "serves": serving(scene),
            "registry": registry(scene),
            "scored": [(one.start, one.truth) for one in scene.forecasts_kept("watched")],
        }


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


def restart(scene: Streamed) -> None:
    """End every process of every service, whatever it does, and start it again."""
    for service in SERVICES:
        scene.stack.supervisor.kill(service)


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
