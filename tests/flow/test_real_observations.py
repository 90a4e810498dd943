"""Real observations on the local AWS: windowed as pandas does it, forecast, and scored exactly."""

import csv
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ops import forecast
from ops.cli.connecting import connect
from shared.contracts.lifecycle import AccuracyMeasured, EndpointInService
from tests.flow.local_aws import wait_for
from tests.flow.streaming import POINTS_AN_HOUR, WATCHED, Streamed, streamed
from tests.flow.typing_in import Observation

pytestmark = [pytest.mark.flow, pytest.mark.timeout(400)]

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "btc-next-block-fees.csv"
FIVE, HOUR = timedelta(minutes=5), timedelta(hours=1)
STREAMED_HOURS = 60


@pytest.mark.skipif(not REAL.is_file(), reason="the real fee observations are not on this machine")
def test_real_observations_are_windowed_and_scored_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    observed = real_fees()
    begins = observed[-1][0].replace(minute=0, second=0) - timedelta(hours=STREAMED_HOURS)
    split = next(at for at, (time, _, _) in enumerate(observed) if time >= begins)
    judged = {"backtest": {"origins": 20, "stride": 30}, "gate": {"limit_ratio": 1.2}}
    spec = WATCHED | {"horizon": 30} | judged
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
        assert len(verdicts) >= STREAMED_HOURS * POINTS_AN_HOUR // 30 - 3
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
    starts = [since + number * FIVE for number in range(STREAMED_HOURS * POINTS_AN_HOUR)]
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
