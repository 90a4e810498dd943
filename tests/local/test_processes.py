"""Children end with their parent, however the parent ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from infra.local.processes import Children, ClosingError, tail

SLEEPS = (sys.executable, "-c", "print('up', flush=True); import time; time.sleep(60)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('up', flush=True); time.sleep(60)",
)
PARENT = """
import os, sys, threading
from pathlib import Path
from infra.local.processes import Children
family = Children()
def start():
    log = Path(sys.argv[1])
    child = family.start((sys.executable, "-c", "import time; time.sleep(60)"),
                         environment={}, folder=log.parent, log=log)
    print(child.pid, flush=True)
thread = threading.Thread(target=start)
thread.start()
thread.join()
print("the thread that asked has ended", flush=True)
sys.stdin.readline()
"""
ROOT = Path(__file__).parents[2]


def until_it_says(log: Path, word: str) -> None:
    deadline = monotonic() + 10
    while word not in tail(log):
        assert monotonic() < deadline, f"never said {word}: {tail(log)}"
        sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def until_gone(pid: int) -> bool:
    deadline = monotonic() + 10
    while is_alive(pid) and monotonic() < deadline:
        sleep(0.01)
    return not is_alive(pid)


def test_a_program_gets_exactly_the_given_environment_and_its_exit_code_is_known(
    tmp_path: Path,
) -> None:
    log = tmp_path / "logs" / "child.log"
    program = "import os; print(dict(os.environ)); raise SystemExit(3)"
    with Children() as family:
        child = family.start(
            (sys.executable, "-I", "-c", program), environment={"A": "1"}, folder=tmp_path, log=log
        )
        assert child.wait(10) == 3
    assert "'A': '1'" in child.logs()
    assert "PATH" not in child.logs()


def test_stopping_returns_at_once_and_the_child_ends_by_itself(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Children() as family:
        child = family.start(SLEEPS, environment={}, folder=tmp_path, log=log)
        until_it_says(log, "up")
        child.stop()
        assert child.wait(10) == -signal.SIGTERM


def test_a_child_that_ignores_the_polite_request_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Children() as family:
        child = family.start(STUBBORN, environment={}, folder=tmp_path, log=log)
        until_it_says(log, "up")
        child.stop(grace_s=0.05)
        assert child.wait(10) == -signal.SIGKILL


def test_closing_ends_all_and_starts_no_more(tmp_path: Path) -> None:
    log = tmp_path / "log"
    family = Children()
    stubborn = family.start(STUBBORN, environment={}, folder=tmp_path, log=log)
    gentle = family.start(SLEEPS, environment={}, folder=tmp_path, log=tmp_path / "other")
    until_it_says(log, "up")
    family.close(grace_s=0.1)
    assert (stubborn.poll(), gentle.poll() is None) == (-signal.SIGKILL, False)
    with pytest.raises(ClosingError, match="everything is being stopped"):
        family.start(SLEEPS, environment={}, folder=tmp_path, log=log)


def test_a_program_that_does_not_exist_ends_with_a_sentence_in_its_log(tmp_path: Path) -> None:
    with Children() as family:
        child = family.start(
            ("no-such-program",), environment={}, folder=tmp_path, log=tmp_path / "log"
        )
        assert child.wait(10) != 0
    assert "cannot start no-such-program: No such file" in child.logs()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's signal is Linux's")
def test_children_of_a_killed_parent_die_but_not_when_only_the_asking_thread_ends(
    tmp_path: Path,
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "log")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.stdout.readline()
        sleep(0.2)
        assert is_alive(child)
        parent.kill()
    assert until_gone(child)


def test_children_end_with_a_parent_that_forgot_them(tmp_path: Path) -> None:
    parent = subprocess.run(
        [sys.executable, "-c", PARENT, str(tmp_path / "log")],
        input="\n",
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert until_gone(int(parent.stdout.split()[0]))


def test_only_the_end_of_a_long_log_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("a" * 100 + "b" * 10)
    assert tail(log, limit_bytes=12) == "aa" + "b" * 10
    assert tail(tmp_path / "absent") == ""
