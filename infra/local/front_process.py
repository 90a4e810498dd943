"""The front as a child process: its port, its start, and the wait until it answers."""

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep

from infra.local import account
from infra.local.http_server import bound
from infra.local.processes import Children

START_LIMIT_S = 30.0
LOOK_S = 0.05


class FrontError(RuntimeError):
    """The front does not answer; the text has the end of its log."""


class FrontProcess:
    """The front in a process of its own, so that its work takes nothing from ours.

    Parameters
    ----------
    state_dir : Path
        For its sandboxes, and its log: ``logs/front.log``.
    root : Path
        The working directory, from which it can be imported.
    children : Children
        The family with which it ends.
    clock_start : datetime, optional
        Where its driven clock begins; none: it keeps the wall clock.
    record_calls : bool
        Whether it keeps who called what.
    """

    def __init__(
        self,
        port: int,
        state_dir: Path,
        root: Path,
        children: Children,
        clock_start: datetime | None = None,
        record_calls: bool = False,
    ) -> None:
        self._port = port
        self._log = state_dir / "logs" / "front.log"
        program = (sys.executable, "-m", "infra.local.front", "--port", str(port))
        recording = ("--record-calls",) if record_calls else ()
        self._child = children.start(
            (*program, "--state-dir", str(state_dir), *clock_options(clock_start), *recording),
            environment=account.plain_environment(),
            folder=root,
            log=self._log,
        )

    def wait(self, look: Callable[[], object]) -> None:
        """Wait until it answers.

        Parameters
        ----------
        look : Callable
            Asks it something; raises OSError while it does not answer.

        Raises
        ------
        FrontError
            If it has ended, or does not answer in time.
        """
        deadline = monotonic() + START_LIMIT_S
        while True:
            try:
                look()
            except OSError as error:
                if self._child.poll() is not None or monotonic() > deadline:
                    raise FrontError(
                        f"the local AWS does not answer on port {self._port} ({error}); "
                        f"see {self._log}:\n{self._child.logs()[-1000:]}"
                    ) from error
                sleep(LOOK_S)
            else:
                return


def clock_options(start: datetime | None) -> tuple[str, ...]:
    """Answer the front's options for a clock.

    The offline store does not lag by a driven clock: one that stands still until a training has
    ended would hold back for ever what that training wants to read.
    """
    if start is None:
        return ()
    return ("--clock", "driven", "--start", start.isoformat(), "--offline-lag-s", "0")


def usable(port: int) -> int:
    """Answer the port if it can be had, and a free one for 0.

    Raises
    ------
    PortTakenError
        If somebody else listens on it.
    """
    with bound(port) as probe:
        number: int = probe.getsockname()[1]
        return number
