"""One function's process: started, asked, timed, killed and started again."""

import json
import socket
import sys
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from infra.local.faults import Fault
from infra.local.processes import Child, Children, ClosingError

START_S = 30.0  # an import that takes longer hangs
BACKOFF_S = (0.0, 0.5, 1.0, 2.0, 5.0)  # before the next start, when a start has failed


class FunctionError(RuntimeError):
    """The function did not answer as it should.

    ::

        FunctionError
        ├── FunctionRaisedError   it raised: the whole batch goes back to the queue
        ├── FunctionDiedError     its process ended, or was killed at the time limit
        └── FunctionBrokenError   it cannot even be imported
    """


class FunctionRaisedError(FunctionError):
    """The handler raised an error."""


class FunctionDiedError(FunctionError):
    """The process ended before it answered."""


class FunctionBrokenError(FunctionError):
    """The process does not come up."""


@dataclass(frozen=True)
class Function:
    """A Lambda function and what feeds it.

    Parameters
    ----------
    service : str
        Whose it is.
    handler : str
        Dotted path: ``services.deployer.app.handler``.
    queues : tuple of str
        Names of the queues whose messages it gets.
    environment : mapping
        All that it sees of the world.
    limit_s : float
        Its time limit.
    """

    service: str
    handler: str
    queues: tuple[str, ...]
    environment: Mapping[str, str]
    limit_s: float


class FunctionHost:
    """Keeps one process of a function, and asks it one thing at a time.

    Parameters
    ----------
    folder : Path
        The working directory, from which the handler can be imported.
    log : Path
        What the function prints.
    say : Callable
        Told in a sentence when a process died or did not start.
    """

    def __init__(
        self,
        function: Function,
        children: Children,
        folder: Path,
        log: Path,
        say: Callable[[str], None],
    ) -> None:
        self.function = function
        self.deaths = 0
        self._children = children
        self._folder = folder
        self._log = log
        self._say = say
        self._child: Child | None = None
        self._channel: socket.socket | None = None
        self._failures = 0
        self._closing = Event()
        self._turn = ThreadPoolExecutor(1, thread_name_prefix=f"function-{function.service}")

    def start(self) -> Future[None]:
        """Start the process unless it runs.

        Raises
        ------
        FunctionBrokenError
            Through the future, with the end of its log.
        """
        return self._turn.submit(self._ensure)

    def invoke(self, event: Mapping[str, Any], arn: str) -> Future[Any]:
        """Call the handler when it is its turn; the future answers its response, or a
        `FunctionError`."""
        return self._turn.submit(self._invoke, event, arn)

    def arm(self, fault: Fault) -> Future[Any]:
        """Prepare a sudden death; see `infra.local.faults`."""
        return self._turn.submit(self._ask, {"fault": fault})

    def kill(self) -> None:
        """End the process now, whatever it does; a new one is started at once."""
        if self._child is not None:
            self._child.kill()
        self.start()

    def close(self) -> None:
        """Start nothing any more; returns at once. The process ends after what it is at, or with
        its family."""
        self._closing.set()
        self._turn.submit(self._hang_up)
        self._turn.shutdown(wait=False)

    def join(self) -> None:
        """Wait after `close` until the function has answered or is dead."""
        self._turn.shutdown(wait=True)

    def _invoke(self, event: Mapping[str, Any], arn: str) -> Any:
        context = {
            "aws_request_id": str(uuid.uuid4()),
            "function_name": self.function.environment.get("AWS_LAMBDA_FUNCTION_NAME", "local"),
            "invoked_function_arn": arn,
            "deadline": monotonic() + self.function.limit_s,
        }
        answer = self._ask({"event": event, "context": context})
        if error := answer.get("error"):
            raise FunctionRaisedError(f"{error['errorType']}: {error['errorMessage']}")
        return answer["response"]

    def _ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._ensure()
        try:
            return self._exchange(request, self.function.limit_s)
        except TimeoutError:
            fate = f"ran into its time limit of {self.function.limit_s:g} s"
        except (OSError, EOFError):
            fate = "died"
        self._end()
        if not self._closing.is_set():  # else it ended with its family, as it should
            self.deaths += 1
            self._say(f"{self.function.service}: its function {fate} and is started again")
            with suppress(FunctionBrokenError, ClosingError):
                self._ensure()
        raise FunctionDiedError(f"{self.function.service}: {fate}")

    def _exchange(self, request: Mapping[str, Any] | None, limit_s: float) -> dict[str, Any]:
        """Say one line, unless the process speaks first, and hear one.

        Raises
        ------
        TimeoutError, OSError, EOFError
            If there is no answer.
        """
        if self._channel is None:
            raise EOFError
        self._channel.settimeout(limit_s)
        if request is not None:
            self._channel.sendall(json.dumps(request).encode() + b"\n")
        with self._channel.makefile("rb") as lines:
            line = lines.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        heard: dict[str, Any] = json.loads(line)
        return heard

    def _ensure(self) -> None:
        if self._child is not None and self._child.poll() is None:
            return
        self._end()
        self._closing.wait(BACKOFF_S[min(self._failures, len(BACKOFF_S) - 1)])
        try:
            self._begin()
            self._exchange_ready()
        except FunctionBrokenError as error:
            self._failures += 1
            self._say(str(error))
            raise
        self._failures = 0

    def _begin(self) -> None:
        if self._closing.is_set():
            raise ClosingError(f"not starting {self.function.service}: everything is being stopped")
        self._channel, theirs = socket.socketpair()
        program = (sys.executable, "-m", "infra.local.function")
        with theirs:
            self._child = self._children.start(
                (*program, self.function.handler, str(theirs.fileno())),
                environment=self.function.environment,
                folder=self._folder,
                log=self._log,
                descriptors=(theirs.fileno(),),
            )

    def _exchange_ready(self) -> None:
        try:
            first = self._exchange(None, START_S)
        except (OSError, EOFError):
            why = f"ended, or said nothing for {START_S:g} s"
            first = {"error": {"errorType": "NotReady", "errorMessage": why}}
        if error := first.get("error"):
            logs = self._child.logs() if self._child else ""
            self._end()
            raise FunctionBrokenError(
                f"{self.function.service}: {self.function.handler} does not start: "
                f"{error['errorType']}: {error['errorMessage']}. "
                f"See {self._log}\n{last_lines(logs)}"
            )

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
        self._child = None
        self._hang_up()

    def _hang_up(self) -> None:
        if self._channel is not None:
            self._channel.close()
        self._channel = None


def last_lines(text: str, count: int = 5) -> str:
    """Answer the end of a log."""
    return "\n".join(text.splitlines()[-count:])
