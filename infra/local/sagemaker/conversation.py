"""A transform job's talk with its serving container: wait for ``/ping``, then ``/invocations``."""

from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException
from time import sleep

from infra.local.sagemaker import containers, serving
from infra.local.sagemaker.runner import Container, Running
from infra.local.sagemaker.storage import JobError

PING_EVERY_S = 0.02
START_LIMIT_S = 480.0  # SageMaker lets a container take eight minutes
SHOWN_BYTES = 300  # of an answer that was an error


def wait_until_ready(
    container: Container, running: Running, port: int, elapsed_s: Callable[[], float]
) -> None:
    """Wait for the first good ping. Blocks: not for a tick.

    Raises
    ------
    JobError
        If the container ends, or takes longer than eight minutes.
    """
    deadline = elapsed_s() + START_LIMIT_S
    while not serving.ping(port):
        code = running.poll()
        if code is not None:
            message = container.root / "output" / "failure"
            raise JobError(containers.failure(message, running.logs(), code))
        if elapsed_s() > deadline:
            raise JobError("AlgorithmError: the container did not answer GET /ping with 200")
        sleep(PING_EVERY_S)


class Conversation:
    """Requests to one serving container over one connection, which stays open between them.

    Parameters
    ----------
    headers : mapping
        Sent with every request.
    timeout_s : float
        For one answer.
    """

    def __init__(self, port: int, headers: Mapping[str, str], timeout_s: float) -> None:
        self._connection = HTTPConnection(serving.HOST, port, timeout=timeout_s)
        self._headers = dict(headers)

    def ask(self, body: bytes) -> bytes:
        """Post one payload to ``/invocations`` and answer the body of the answer.

        Raises
        ------
        JobError
            ClientError for a 4xx, AlgorithmError for any other status and for no answer at all.
        """
        try:
            self._connection.request("POST", "/invocations", body, self._headers)
            answer = self._connection.getresponse()
            said = answer.read()
        except (OSError, HTTPException) as error:
            raise JobError(f"AlgorithmError: no answer from the container: {error!r}") from error
        if 200 <= answer.status < 300:
            return said
        blame = "ClientError" if 400 <= answer.status < 500 else "AlgorithmError"
        shown = said[:SHOWN_BYTES].decode(errors="replace")
        raise JobError(f"{blame}: /invocations answered {answer.status}: {shown}")

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
