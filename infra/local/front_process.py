"""The front as a child process: its port, its start, and the wait until it answers."""

import socket
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

from infra.local import account
from infra.local.http_server import HOST, PortTakenError
from infra.local.processes import Children
from infra.local.sagemaker.runner import free_port

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
    """

    def __init__(self, port: int, state_dir: Path, root: Path, children: Children) -> None:
        self._port = port
        self._log = state_dir / "logs" / "front.log"
        program = (sys.executable, "-m", "infra.local.front", "--port", str(port))
        self._child = children.start(
            (*program, "--state-dir", str(state_dir)),
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


def usable(port: int) -> int:
    """Answer the port if it can be had, and a free one for 0.

    Raises
    ------
    PortTakenError
        If somebody else listens on it.
    """
    if not port:
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PortTakenError(
                f"port {port} on {HOST} cannot be used ({error.strerror}): end the program that "
                "listens there, or choose another port"
            ) from error
    return port
