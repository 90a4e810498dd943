"""Child processes that never outlive their parent.

Three lines of defence: an orderly `Children.close`; an exit handler for a parent that ends without
it; and, on Linux, the kernel's parent-death signal for a parent that is killed. The kernel watches
the *thread* that started a child, not the process, hence all children are started from one thread
that lives as long as the family.
"""

import atexit
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from time import monotonic
from types import TracebackType

GRACE_S = 5.0  # how long a process may take to end by itself after SIGTERM
LOG_TAIL_BYTES = 64 * 1024


class ClosingError(RuntimeError):
    """A process was asked for while its family is being stopped."""


class Child:
    """One running program, the leader of its own process group.

    Parameters
    ----------
    process : subprocess.Popen
        Started with a session of its own.
    log : Path
        Where its standard output and error go.
    """

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        """The process id, which is the id of its group, too."""
        return self._process.pid

    def poll(self) -> int | None:
        """Answer the exit code (negative: the signal that ended it), or None while it runs."""
        return self._process.poll()

    def wait(self, limit_s: float) -> int | None:
        """Answer the exit code, or None if it still runs after ``limit_s`` seconds."""
        try:
            return self._process.wait(limit_s)
        except subprocess.TimeoutExpired:
            return None

    def stop(self, grace_s: float = GRACE_S) -> None:
        """Ask it to end, and return at once; after ``grace_s`` seconds its group is killed."""
        self.signal(signal.SIGTERM)
        threading.Thread(target=self._see_it_end, args=(grace_s,), daemon=True).start()

    def kill(self) -> None:
        """End it and its group now."""
        self.signal(signal.SIGKILL)
        self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group, if the process still runs."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def logs(self) -> str:
        """Answer the last 64 KiB of what it wrote."""
        return tail(self._log)

    def _see_it_end(self, grace_s: float) -> None:
        if self.wait(grace_s) is None:
            self.kill()


class Children:
    """A family of processes that ends together.

    Safe to use from several threads. Use it as a context manager or call `close`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._alive: list[Child] = []
        self._closed = False
        self._starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="starts-children")
        atexit.register(self._kill_all)

    def start(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        log: Path,
        descriptors: Sequence[int] = (),
    ) -> Child:
        """Start a program with exactly this environment.

        Parameters
        ----------
        command : sequence of str
            Program and arguments. One that does not exist ends at once with a word in its log.
        folder : Path
            Its working directory.
        log : Path
            Its standard output and error, appended; the folder is made.
        descriptors : sequence of int
            Open files that it gets under the same numbers; the caller closes its own copies.

        Raises
        ------
        ClosingError
            After `close` has begun.
        """
        with self._lock:
            if self._closed:
                raise ClosingError(f"not starting {command[0]}: everything is being stopped")
            child = self._starter.submit(
                _start, command, environment, folder, log, descriptors
            ).result()
            self._alive = [*(other for other in self._alive if other.poll() is None), child]
            return child

    def close(self, grace_s: float = GRACE_S) -> None:
        """Stop all of them at the same time and wait for their end; nothing starts any more."""
        with self._lock:
            self._closed = True
        for child in self._alive:
            child.signal(signal.SIGTERM)
        deadline = monotonic() + grace_s
        for child in self._alive:
            if child.wait(max(0.0, deadline - monotonic())) is None:
                child.kill()
        self._starter.shutdown()
        atexit.unregister(self._kill_all)

    def __enter__(self) -> "Children":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _kill_all(self) -> None:
        for child in self._alive:
            child.kill()


def tail(log: Path, limit_bytes: int = LOG_TAIL_BYTES) -> str:
    """Answer the last ``limit_bytes`` of a log as text; the empty text where there is none."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - limit_bytes))
            return stream.read().decode(errors="replace")
    except FileNotFoundError:
        return ""


def _start(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    log: Path,
    descriptors: Sequence[int],
) -> Child:
    log.parent.mkdir(parents=True, exist_ok=True)
    tether = Path(__file__).with_name("tether.py")
    tied = [sys.executable, "-I", "-S", str(tether), str(os.getpid()), *command]
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603  # the engine runs the programs it was given: that is its trade
            tied,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=descriptors,
            start_new_session=True,
        )
    return Child(process, log)
