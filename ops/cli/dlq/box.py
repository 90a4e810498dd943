"""The dead letters of a service in SQS: looked at, put back, taken away.

SQS cannot be looked into: whoever reads a message hides it from all others for a while. So what was
read is put back at once, and who sees less than there is, is told.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

from ops.cli.connection import Connection
from ops.cli.dlq import letter
from ops.cli.dlq.letter import Letter
from ops.cli.errors import failed
from shared.contracts import names
from shared.contracts.subscriptions import SERVICES

READ_MAX = 1_000  # letters of a service at a time: as many as one person decides upon
HIDDEN_S = 300  # longer than it mostly takes to decide upon so many
BATCH = 10  # AWS: messages in one call
WAIT_S_OF_AWS = 1  # a long poll asks all of SQS's servers, a short one some
VISIBLE, HIDDEN = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"


@dataclass(frozen=True)
class Held:
    """A letter that nobody else can see for a while."""

    letter: Letter
    receipt: str
    url: str
    until: float
    """By the monotonic clock, in seconds."""

    @property
    def is_over(self) -> bool:
        """Whether somebody else may have it by now."""
        return monotonic() >= self.until


@dataclass(frozen=True)
class Counts:
    """How many letters a service has."""

    visible: int
    hidden: int
    """In somebody else's hands, for up to `HIDDEN_S`."""


@dataclass(frozen=True)
class Box:
    """The dead letters of one service.

    Parameters
    ----------
    url : str
        Of the queue.
    """

    connection: Connection
    service: str
    url: str

    def counts(self) -> Counts:
        """Answer how many there are; in an account the counts lag behind, by seconds."""
        answer = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=[VISIBLE, HIDDEN])
        told = answer["Attributes"]
        return Counts(int(told[VISIBLE]), int(told[HIDDEN]))

    def read(self) -> Iterator[Held]:
        """Answer all letters that can be seen, at most `READ_MAX`, each once; they are hidden."""
        seen: set[str] = set()
        while len(seen) < READ_MAX:
            until = monotonic() + HIDDEN_S
            answer = self.sqs.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=min(BATCH, READ_MAX - len(seen)),
                VisibilityTimeout=HIDDEN_S,
                WaitTimeSeconds=0 if self.connection.is_local else WAIT_S_OF_AWS,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            messages = answer.get("Messages", [])
            if not messages:
                return
            for message in messages:
                found = letter.read(self.connection.env, self.service, message)
                if found.message_id not in seen:
                    seen.add(found.message_id)
                    yield Held(found, message["ReceiptHandle"], self.url, until)

    @property
    def sqs(self) -> Any:
        """Answer the client."""
        return self.connection.client("sqs")


def boxes(connection: Connection, service: str | None) -> tuple[Box, ...]:
    """Answer the boxes of all services that are deployed, or of one.

    Raises
    ------
    CliError
        If there is none.
    """
    sqs, found = connection.client("sqs"), []
    for one in (service,) if service else SERVICES:
        try:
            answer = sqs.get_queue_url(QueueName=names.dead_letter_queue(connection.env, one))
        except sqs.exceptions.QueueDoesNotExist:
            continue
        found.append(Box(connection, one, answer["QueueUrl"]))
    if not found:
        connection.require_environment()
        raise failed(
            f"{service or 'no service'} is {'not ' if service else ''}deployed in environment "
            f"'{connection.env}': there is no queue of dead letters",
            f"make deploy ENV={connection.env}" + (f" STACK={service}" if service else ""),
        )
    return tuple(found)


@contextmanager
def held(boxes: Sequence[Box]) -> Iterator[list[Held]]:
    """Hold all letters of some boxes, the oldest first; those that remain are put back at the end.

    Whoever takes one away for good removes it from the list.
    """
    letters: list[Held] = []

    def read(box: Box) -> None:
        for one in box.read():
            letters.append(one)  # at once: what was read before an error is put back, too

    try:
        with ThreadPoolExecutor(len(boxes)) as readers:  # an empty queue takes its second to say so
            tuple(readers.map(read, boxes))
        letters.sort(key=lambda one: one.letter.sent_at)
        yield letters
    finally:
        put_back(boxes[0].sqs, letters)


def put_back(sqs: Any, letters: Sequence[Held]) -> None:
    """Let everybody see letters again."""
    for url in {one.url for one in letters}:
        of_one = [one for one in letters if one.url == url]
        for start in range(0, len(of_one), BATCH):
            entries = [
                {"Id": str(number), "ReceiptHandle": one.receipt, "VisibilityTimeout": 0}
                for number, one in enumerate(of_one[start : start + BATCH])
            ]
            sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)
