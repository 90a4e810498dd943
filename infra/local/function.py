"""The process in which a Lambda function lives.

``python -m infra.local.function <module.of.handler> <descriptor>``: imports the handler, says so,
then answers one request a line, JSON both ways, on the socket it inherited, until that is closed.
Whatever the function prints goes where its parent sent standard output: its log.

=============================  ==============================================================
request                        answer
=============================  ==============================================================
(none: the first line)         ``{"ready": true}``, or ``{"error": …}`` and the end
``{"event", "context"}``       ``{"response": …}``, or ``{"error": {"errorType", …}}``
``{"fault": [when, point, n]}``  ``{"armed": true}``; see `infra.local.faults`
=============================  ==============================================================
"""

import importlib
import json
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra.local.faults import Faults

Handler = Callable[[dict[str, Any], "Context"], Any]


@dataclass(frozen=True)
class Context:
    """What Lambda tells a function about the invocation.

    Parameters
    ----------
    deadline : float
        When the time limit ends, on this machine's monotonic clock, which all processes share.
    """

    aws_request_id: str
    function_name: str
    invoked_function_arn: str
    deadline: float
    function_version: str = "$LATEST"
    memory_limit_in_mb: str = "512"

    @property
    def log_group_name(self) -> str:
        """The group that Lambda would log to."""
        return f"/aws/lambda/{self.function_name}"

    @property
    def log_stream_name(self) -> str:
        """The stream that Lambda would log to."""
        return "local"

    def get_remaining_time_in_millis(self) -> int:
        """Answer how long the function may still run."""
        return max(0, int((self.deadline - monotonic()) * 1_000))


def load(path: str) -> Handler:
    """Import a handler by its dotted path."""
    module, _, name = path.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module), name)
    return handler


@cache
def faults() -> "Faults":
    """Wrap what services call; only where a fault is asked for."""
    from infra.local.faults import Faults, power_cut

    made = Faults(power_cut)
    made.install()
    return made


def answer(handler: Handler, request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer one request."""
    if fault := request.get("fault"):
        from infra.local.faults import Fault

        faults().arm(Fault(*fault))
        return {"armed": True}
    try:
        return {"response": handler(request["event"], Context(**request["context"]))}
    except Exception as error:  # noqa: BLE001  # Lambda's runtime answers any error of a function
        traceback.print_exc()
        return {"error": described(error)}


def described(error: BaseException) -> dict[str, Any]:
    """Describe an error as Lambda's runtime does."""
    return {
        "errorType": type(error).__name__,
        "errorMessage": str(error),
        "stackTrace": traceback.format_tb(error.__traceback__),
    }


def line(content: Mapping[str, Any]) -> bytes:
    """Write one line of the conversation; what is not JSON is an error of the function."""
    try:
        return json.dumps(content).encode() + b"\n"
    except (TypeError, ValueError) as error:
        return json.dumps({"error": described(error)}).encode() + b"\n"


def main(path: str, descriptor: str) -> None:
    """Serve the handler until the parent closes the conversation."""
    with socket.socket(fileno=int(descriptor)) as channel, channel.makefile("rwb") as stream:

        def say(content: Mapping[str, Any]) -> None:
            stream.write(line(content))
            stream.flush()

        try:
            handler = load(path)
        except Exception as error:
            say({"error": described(error)})
            raise
        say({"ready": True})
        for request in stream:
            say(answer(handler, json.loads(request)))


if __name__ == "__main__":
    main(*sys.argv[1:])
