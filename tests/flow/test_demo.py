"""The main job, as a user runs it: a file of observations becomes a model in production."""

import fcntl
import json
import math
import os
import re
import shutil
import socket
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.flow

MODELCYCLE = Path(sys.executable).with_name("modelcycle")
REAL = Path(__file__).parents[2].parent / "shared" / "data" / "btc-next-block-fees.csv"
IN_ORDER = [
    "ModelSpecApplied",
    "TrainingStarted",
    "TrainingCompleted",
    "ModelEvaluated",
    "ModelRegistered",
    "ModelApproved",
    "DeploymentStarted",
    "EndpointInService",
    "PromotionRequested",
    "PromotionApproved",
    "DeploymentStarted",
    "EndpointInService",
]
MEMORY_MB_MAX = 1_500
OWN_DAYS = 80
PNG = b"\x89PNG\r\n\x1a\n"


def play(folder: Path, *options: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Run the demo in an empty folder; answer how it ended, and its result."""
    done = subprocess.run(
        [MODELCYCLE, "demo", "--json", "result.json", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=290,
        env={**os.environ, "AWS_PROFILE": "no-such-profile"},
    )
    result = folder / "result.json"
    return done, json.loads(result.read_text()) if result.exists() else {}


def left_running(folder: Path) -> list[str]:
    """Answer the command lines of processes that still live in a folder (Linux only)."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        line = b" ".join(words).decode(errors="replace")
        if str(folder) in line:
            found.append(line)
    return found


def told(result: dict[str, Any]) -> str:
    """Say how the model did, for whoever reads the log."""
    coverage = {level: round(share, 2) for level, share in result["coverage"].items()}
    return (
        f"mean wQL {result['mean_wql']:.4f}, baseline {result['baseline_wql']:.4f} "
        f"({result['baseline']}), {result['points']} points, coverage {coverage}, "
        f"{result['seconds']} s, {result['memory_mb']} MB"
    )


def test_the_demo_closes_the_loop_a_model_falls_short_and_is_replaced_by_one_that_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done, result = play(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    with capsys.disabled():
        print(f"\nsimulated: {told(result)}, {result['calls']} calls")  # noqa: T201 - measured
    assert result["closed"]
    assert result["version"] >= 2
    assert result["degraded_at"] < result["recovered_at"]
    by_chance = {"ObservationsIngested", "TrainingSuppressed"}  # of a backfill that settles
    events = [name for name in result["events"] if name not in by_chance]
    assert events[: len(IN_ORDER)] == IN_ORDER
    degraded, recovered = events.index("AccuracyDegraded"), events.index("AccuracyRecovered")
    for name in ("TrainingCompleted", "ModelRegistered", "EndpointInService"):
        assert name in events[degraded:recovered]
    assert events.count("AccuracyDegraded") == 1
    assert result["mean_wql"] <= result["limit"]
    assert set(result["forecast"]["quantiles"]) == {f"0.{n}" for n in range(1, 10)}
    assert all(len(values) == 12 for values in result["forecast"]["quantiles"].values())
    if result["memory_mb"] is not None:
        assert result["memory_mb"] <= MEMORY_MB_MAX
    page = (tmp_path / "demo-report.html").read_text()
    assert "AccuracyDegraded" in page
    assert "AccuracyRecovered" in page
    for picture in ("demo-report.png", "demo-forecast.png"):
        assert (tmp_path / picture).read_bytes().startswith(PNG)
    assert "SIMULATED" in done.stdout
    lines = Counter(re.findall(r"^\d\d-\d\d \d\d:\d\d  \w+ +(\w+) +[\w-]+ +.+$", done.stdout, re.M))
    often = ("ObservationsIngested", "AccuracyMeasured")  # the usual ones have no line
    said = Counter(name for name in result["events"] if name not in often)
    assert {name: count for name, count in lines.items() if name not in often} == said
    assert left_running(tmp_path) == []


def test_the_last_part_of_ones_own_series_is_streamed(tmp_path: Path) -> None:
    with (tmp_path / "mine.csv").open("w") as file:
        file.write("when,sold\n")
        for hour in range(OWN_DAYS * 24):
            at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
            wave = 100 + 40 * math.sin(2 * math.pi * at.hour / 24) + (hour * 7919 % 23)
            file.write(f"{at.isoformat()},{wave:.3f}\n")
    done, result = play(tmp_path, "--data", "mine.csv", "--horizon", "24", "--stride", "24")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the last" in done.stdout
    assert "AccuracyMeasured" in result["events"]
    assert result["closed"] is False
    assert (tmp_path / "demo-report.png").read_bytes().startswith(PNG)


def test_the_demo_takes_real_observations_to_a_model_that_beats_the_baseline(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not REAL.is_file():
        pytest.skip("the real fee observations are not on this machine")
    shutil.copy(REAL, tmp_path / "fees.csv")
    options = [
        "--first-act",
        "--data",
        "fees.csv",
        "--target",
        "mean",
        "--horizon",
        "30",
        "--stride",
        "30",
        "--origins",
        "20",
    ]
    columns = ["--value", "total_fee_sat", "--count", "n_tx", "--frequency", "5m"]
    done, result = play(tmp_path, *options, *columns)
    assert done.returncode == 0, done.stdout + done.stderr
    with capsys.disabled():
        print(f"\nreal fees: {told(result)}")  # noqa: T201
    assert result["points"] == 600
    assert result["mean_wql"] <= 0.33
    assert result["mean_wql"] <= result["baseline_wql"]
    assert "SIMULATED" not in done.stdout
    assert left_running(tmp_path) == []


HOURS = "".join(f"2026-01-01T{hour:02}:00:00Z,1\n" for hour in range(9))
CANNOT_PLAY = [
    pytest.param("", "is empty", id="an empty file"),
    pytest.param("time;value\n2026-01-01T00:00:00Z;1\n", "delimiter", id="a wrong delimiter"),
    pytest.param(f"time,value\n{HOURS}", "nothing is trained", id="too little history"),
]


@pytest.mark.parametrize(("content", "says"), CANNOT_PLAY)
def test_the_demo_says_in_two_lines_why_it_cannot_play(
    tmp_path: Path, content: str, says: str
) -> None:
    (tmp_path / "mine.csv").write_text(content)
    done, result = play(tmp_path, "--data", "mine.csv")
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert "Error: " in done.stderr
    assert "Try: " in done.stderr
    assert says in done.stderr
    assert result == {}
    assert left_running(tmp_path) == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--horizon", "24"], "--horizon: the simulated series is described by models/fees.yaml"),
        (["--picture", "nowhere/x.png"], "nowhere/x.png: nothing can be written there"),
        (["--port", "99999"], "99999 is not in the range"),
        (["--data", "absent.csv"], "absent.csv"),
    ],
)
def test_the_demo_refuses_what_it_cannot_do_before_anything_starts(
    tmp_path: Path, options: list[str], says: str
) -> None:
    done, _ = play(tmp_path, *options)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demo_refuses_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done, _ = play(tmp_path, "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2, done.stderr
    assert "0 takes a free one" in done.stderr


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    (tmp_path / ".local").mkdir()
    with (tmp_path / ".local" / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done, _ = play(tmp_path)
    assert done.returncode == 1
    assert "another `modelcycle demo` is running" in done.stderr
