"""AWS Lambda on one machine: each service's queue is polled, its function asked, the answer obeyed.

The long poll is here, in the supervisor, and the function's process is its child: a poll that dies
with its process would swallow the next message for the whole visibility timeout.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.local import account
from infra.local.faults import Fault
from infra.local.function_host import Function, FunctionHost
from infra.local.poller import LONG_POLL_S, Poller
from infra.local.processes import Children


class QueueLostError(RuntimeError):
    """A poller ended by an error of its own: the supervisor is not whole any more."""


class Supervisor:
    """Runs a set of functions, each fed by its queues.

    Parameters
    ----------
    children : Children
        The family of the functions' processes; whoever owns it closes it after `stop`.
    folder : Path
        The working directory, from which the handlers can be imported.
    logs : Path
        A folder: ``<service>.log`` has what a function printed.
    say : Callable
        Told in a sentence what went wrong; from several threads.
    """

    def __init__(
        self,
        functions: Sequence[Function],
        endpoint_url: str,
        children: Children,
        folder: Path,
        logs: Path,
        say: Callable[[str], None],
    ) -> None:
        sqs = account.client(
            "sqs", endpoint_url, "modelcycle-local", read_timeout_s=3 * LONG_POLL_S, attempts=1
        )
        self._hosts = {
            function.service: FunctionHost(
                function, children, folder, logs / f"{function.service}.log", say
            )
            for function in functions
        }
        self._pollers = [
            Poller(queue, self._hosts[function.service], sqs, say)
            for function in functions
            for queue in function.queues
        ]

    def warm_up(self) -> None:
        """Begin to start all functions, side by side; returns at once."""
        for host in self._hosts.values():
            host.start()

    def start(self) -> None:
        """Wait until all functions are ready, then begin to poll. The queues must exist.

        Raises
        ------
        FunctionBrokenError
            If one does not come up; the text has the end of its log.
        """
        for starting in [host.start() for host in self._hosts.values()]:
            starting.result()
        for poller in self._pollers:
            poller.start()

    def stop(self) -> None:
        """Take no further batch and start no further process; returns at once."""
        for poller in self._pollers:
            poller.stop()
        for host in self._hosts.values():
            host.close()

    def join(self) -> None:
        """Wait after `stop`, and after the end of `children`, for the last polls: they end with
        the local AWS, or within `LONG_POLL_S`."""
        for host in self._hosts.values():
            host.join()
        for poller in self._pollers:
            poller.join()

    def invoke(self, service: str, event: Mapping[str, Any]) -> Any:
        """Call a function and answer its response, as a schedule or a person would.

        Raises
        ------
        FunctionError
            If it raised or died.
        """
        arn = f"arn:aws:scheduler:{account.REGION}:{account.ACCOUNT}:schedule/default/{service}"
        return self._hosts[service].invoke(event, arn).result()

    def kill(self, service: str) -> None:
        """End a function's process now, as a power cut would; it is started again."""
        self._hosts[service].kill()

    def arm(self, service: str, fault: Fault) -> None:
        """Make a function's process die at a point; the process after it is whole again."""
        self._hosts[service].arm(fault).result()

    def deaths(self) -> Mapping[str, int]:
        """Answer how often each service's process ended while it was asked something."""
        return {service: host.deaths for service, host in self._hosts.items()}

    def batches(self) -> int:
        """Answer how many batches were taken so far.

        Raises
        ------
        QueueLostError
            If a poller has ended: its queue would wait for ever.
        """
        for poller in self._pollers:
            if poller.failure is not None:
                raise QueueLostError(f"nobody polls {poller.name}") from poller.failure
        return sum(poller.batches for poller in self._pollers)
