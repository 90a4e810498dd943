"""`modelcycle up`: one terminal keeps everything running, another one steers it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from time import monotonic

import pytest

from tests.flow.test_demo import left_running

pytestmark = pytest.mark.flow

MODELCYCLE = Path(sys.executable).with_name("modelcycle")
LIMIT_S = 120.0
ENDING_LIMIT_S = 30.0


class Terminal:
    """A running `modelcycle up`, and what it has said so far."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        with (folder / "stderr.txt").open("w") as errors:
            self.process = subprocess.Popen(
                [MODELCYCLE, "up", "--port", "0", *options],
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.lines: Queue[str] = Queue()
        self.said: list[str] = []
        self.reader = Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        """Take its lines as they come."""
        assert self.process.stdout
        with self.process.stdout as stdout:
            for line in stdout:
                self.lines.put(line.rstrip())

    def until(self, pattern: str) -> str:
        """Wait for a line."""
        deadline = monotonic() + LIMIT_S
        while monotonic() < deadline:
            try:
                line = self.lines.get(timeout=1.0)
            except Empty:
                assert self.process.poll() is None, self.told()
                continue
            self.said.append(line)
            if re.search(pattern, line):
                return line
        raise AssertionError(f"no line with {pattern!r}: {self.told()}")

    def told(self) -> str:
        """Answer all that it said."""
        return "\n".join([*self.said, (self.folder / "stderr.txt").read_text()])

    def enter(self, *words: str) -> str:
        """Type a command into another terminal, and wait for its end."""
        entered = self.begin(*words)
        stdout, stderr = entered.communicate(timeout=LIMIT_S)
        assert entered.returncode == 0, stderr
        return stdout

    def enter_until(self, shown: str, *words: str) -> None:
        """Type a command until it shows something: the bus tells before the journal has kept it."""
        deadline = monotonic() + LIMIT_S
        while shown not in (said := self.enter(*words)):
            assert monotonic() < deadline, said

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Type a command into another terminal, which knows what was to be exported."""
        exported = next(line for line in self.said if line.strip().startswith("export "))
        pairs = dict(pair.split("=", 1) for pair in exported.split()[1:])
        return subprocess.Popen(
            [MODELCYCLE, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **pairs},
        )

    def interrupt(self) -> int:
        """Press Ctrl-C; answer the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(ENDING_LIMIT_S)


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for one in opened:
        one.process.kill()
        one.process.wait()
        one.reader.join()


def test_a_model_is_steered_from_another_terminal_while_days_pass(
    tmp_path: Path, terminals: list[Terminal]
) -> None:
    terminals.append(Terminal(tmp_path, "--speed", "600"))
    (up,) = terminals
    up.until(r"ModelRegistered +fees +v1 of .* waits for approval  ← TrainingCompleted \w{8}$")
    assert "modelcycle approve fees" in up.enter("status")
    up.enter("approve", "fees", "--note", "from the other terminal")
    up.until(r"PromotionRequested")
    up.enter("promote", "fees")
    up.until(r"EndpointInService +fees +v1 serves in production")
    up.until(r"ObservationsIngested +transactions +30 windows")
    tailed = up.enter("events", "tail", "--model", "fees")
    assert "from the other terminal" in tailed
    assert re.search(r"^03-15 .*v1 serves in production", tailed, re.M)
    watching = up.begin("status", "--watch")
    up.enter("retrain", "fees", "--reason", "to see it")
    up.until(r"ModelRegistered +fees +v2 of")
    up.enter("approve", "fees")
    up.until(r"PromotionRequested +fees +v2")
    up.enter("promote", "fees")
    up.until(r"EndpointInService +fees +v2 serves in production")
    up.enter("rollback", "fees", "--stage", "production", "--reason", "v1 was better")
    up.until(r"DeploymentRolledBack +fees")
    watching.send_signal(signal.SIGINT)
    seen, _ = watching.communicate(timeout=LIMIT_S)
    assert "v2" in seen
    up.enter_until("v1 was better", "status", "fees")
    assert up.interrupt() == 0
    assert "Traceback" not in up.told()
    assert left_running(tmp_path) == []


def test_ctrl_c_ends_it_while_it_starts_and_a_second_start_is_refused_and_harms_nothing(
    tmp_path: Path, terminals: list[Terminal]
) -> None:
    terminals.append(Terminal(tmp_path, "--source", "none"))
    (up,) = terminals
    exported = up.until("export AWS_ENDPOINT_URL")
    port = re.search(r"127\.0\.0\.1:(\d+)", exported)
    assert port
    (second_folder := tmp_path / "second").mkdir()
    up.until("ModelSpecApplied")
    for folder, code, says in (
        (second_folder, 2, f"port {port[1]}"),
        (tmp_path, 1, "another `modelcycle up` is running"),
    ):
        second = subprocess.run(
            [MODELCYCLE, "up", "--port", port[1]],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        assert second.returncode == code
        assert says in second.stderr
        assert "Traceback" not in second.stderr
    assert (tmp_path / ".local" / "up" / "logs" / "trainer.log").exists()
    assert "fees" in up.enter("status")
    assert up.interrupt() == 0
    assert "Traceback" not in up.told()
    assert left_running(tmp_path) == []
