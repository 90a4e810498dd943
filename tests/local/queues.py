"""Queues of moto's own server, and functions to feed from them."""

import itertools
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

from moto.server import ThreadedMotoServer

from infra.local import account
from infra.local.function_host import Function
from infra.local.lambdas import Supervisor
from infra.local.processes import Children

ROOT = Path(__file__).parents[2]
FIXTURE = "tests.local.fixture_service.handler"
T = TypeVar("T")
_numbers = itertools.count()


@contextmanager
def moto_server() -> Iterator[str]:
    """Run moto's server and answer its URL."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def eventually(look: Callable[[], T], what: str) -> T:
    """Look until there is something to see."""
    deadline = monotonic() + 20
    while not (seen := look()):
        assert monotonic() < deadline, f"never: {what}"
        sleep(0.005)
    return seen


class Stage:
    """One service's function on fresh queues, and what it noted."""

    def __init__(
        self, url: str, folder: Path, queues: int = 1, limit_s: float = 20, handler: str = FIXTURE
    ) -> None:
        number = next(_numbers)
        self.said: list[str] = []
        self.sqs = account.client("sqs", url, "modelcycle-test")
        self.dead = self._queue(f"dead-{number}")
        arn = self._attribute(self.dead, "QueueArn")
        redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
        names = tuple(f"queue-{number}-{index}" for index in range(queues))
        self.urls = [
            self._queue(name, VisibilityTimeout="10", RedrivePolicy=redrive) for name in names
        ]
        self.notes_file = folder / "notes"
        environment = {"PATH": os.environ["PATH"], "NOTES": str(self.notes_file)}
        self.function = Function("fixture", handler, names, environment, limit_s)
        self.children = Children()
        self.supervisor = Supervisor(
            [self.function], url, self.children, ROOT, folder / "logs", self.said.append
        )

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_: object) -> None:
        self.supervisor.stop()
        self.children.close()
        self.sqs.close()

    def send(self, *messages: dict[str, Any], queue: int = 0) -> None:
        """Send messages in one batch, so that they are received together."""
        entries = [
            {"Id": str(index), "MessageBody": json.dumps(message)}
            for index, message in enumerate(messages)
        ]
        self.sqs.send_message_batch(QueueUrl=self.urls[queue], Entries=entries)

    def notes(self) -> list[dict[str, Any]]:
        """Answer what the function noted so far."""
        if not self.notes_file.exists():
            return []
        return [json.loads(line) for line in self.notes_file.read_text().splitlines()]

    def noted(self, count: int) -> list[dict[str, Any]]:
        """Wait for so many notes."""
        eventually(lambda: len(self.notes()) >= count, f"{count} notes")
        return self.notes()

    def wait_until_empty(self) -> None:
        """Wait until all messages are deleted, or dead."""
        eventually(lambda: not any(map(self.left, self.urls)), "empty queues")

    def left(self, url: str) -> int:
        """Answer how many messages a queue holds, hidden ones included."""
        counts = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible")]
        answer: Any = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=counts)
        return sum(int(answer["Attributes"][count]) for count in counts)

    def _queue(self, name: str, **attributes: str) -> str:
        return str(self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])

    def _attribute(self, url: str, name: str) -> str:
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])
        return str(answer["Attributes"][name])
