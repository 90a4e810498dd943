"""A folder that plays /opt/ml, and the programs run in it as SageMaker would run them."""

import csv
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyarrow
from pyarrow import parquet

from shared.forecasting.grid import Window

REPOSITORY = Path(__file__).parents[2]
BITCOIN = REPOSITORY / "../shared/data/btc-next-block-fees.csv"
READY_S = 20.0


def run(root: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the algorithms to its end."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(
        command, cwd=REPOSITORY, env=environment(root), capture_output=True, text=True, check=False
    )


def environment(root: Path, **more: str) -> dict[str, str]:
    """Answer what a program finds in its environment."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    return {**kept, "MODELCYCLE_ML_ROOT": str(root), "OMP_NUM_THREADS": "1", **more}


def write_offline_store(folder: Path, series: str, windows: Sequence[Window]) -> None:
    """Write windows as the offline store has them, one file a day of event time."""
    by_day: dict[str, list[Window]] = {}
    for window in windows:
        by_day.setdefault(window.start.strftime("year=%Y/month=%m/day=%d"), []).append(window)
    for day, part in by_day.items():
        rows = [offline_row(series, window) for window in part]
        write_rows(folder / day / "hour=00" / "part.parquet", rows)


def offline_row(
    series: str,
    window: Window,
    *,
    event_time: datetime | None = None,
    is_deleted: bool = False,
) -> dict[str, object]:
    """Make a row of the feature group; by default its event time is the window's start."""
    start = window.start.strftime("%Y-%m-%dT%H:%M:%SZ")
    closed = event_time or window.start
    return {
        "record_id": f"{series}#{start}",
        "event_time": closed.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "series": series,
        "window_start": start,
        "count": window.count,
        "total": float(window.total),
        "mean": window.total / window.count if window.count else None,
        "revision": 1,
        "write_time": closed,
        "api_invocation_time": closed,
        "is_deleted": is_deleted,
    }


def write_rows(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write one Parquet file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pyarrow.Table.from_pylist([dict(row) for row in rows]), path)


def write_training_job(root: Path, train: Path, hyperparameters: Mapping[str, str]) -> None:
    """Lay out what a training container finds."""
    (root / "input/config").mkdir(parents=True, exist_ok=True)
    (root / "input/config/hyperparameters.json").write_text(json.dumps(hyperparameters))
    channel = root / "input/data/train"
    channel.mkdir(parents=True, exist_ok=True)
    (channel / train.name).write_bytes(train.read_bytes())


def bitcoin_windows() -> list[Window]:
    """Read the real fees as windows of five minutes."""
    sums: dict[int, tuple[int, float]] = {}
    with BITCOIN.open(newline="") as file:
        for row in csv.DictReader(file):
            start = int(datetime.fromisoformat(row["time"]).timestamp()) // 300 * 300
            count, total = sums.get(start, (0, 0.0))
            sums[start] = (count + int(row["n_tx"]), total + float(row["total_fee_sat"]))
    return [Window(datetime.fromtimestamp(at, UTC), *pair) for at, pair in sums.items()]


class Serving:
    """A serving program that answers over HTTP."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.port = port

    def request(
        self, method: str, path: str, body: str | bytes = b"", content_type: str = ""
    ) -> tuple[int, str]:
        """Answer status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {"Content-Type": content_type})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def ready(self) -> bool:
        """Say whether it answers pings; raises ChildProcessError if it has ended."""
        if self.process.poll() is not None:
            raise ChildProcessError(f"the serving program ended with {self.process.returncode}")
        try:
            return self.request("GET", "/ping")[0] == 200
        except OSError:
            return False


@contextmanager
def serving(root: Path, **variables: str) -> Iterator[Serving]:
    """Serve the model in the sandbox as long as the context lasts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    variables = {"SAGEMAKER_BIND_TO_PORT": str(port), **variables}
    with (root / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "algorithms.lightgbm.serve"],
            cwd=REPOSITORY,
            env=environment(root, **variables),
            stdout=log,
            stderr=log,
        )
    try:
        server = Serving(process, port)
        until = time.monotonic() + READY_S
        while not server.ready():
            if time.monotonic() > until:
                raise TimeoutError("the serving program does not answer pings")
            time.sleep(0.02)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=10)
