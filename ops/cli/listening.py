"""Listening to the bus: a queue of one's own, and each event with the reason of its decision."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

from ops.cli.causes import Causes, Reasons
from ops.cli.connection import Connection
from shared.contracts import names
from shared.contracts.door import open_event
from shared.contracts.envelope import SOURCE, ContractError, Envelope, Event
from shared.contracts.lifecycle import EVENTS, DecisionRecorded
from shared.contracts.subscriptions import SERVICES

POLL_S = 1
MARK = "mark "  # what a note to oneself begins with; an event begins with a brace
WAIT_FOR_REASON_S = 2.0  # an event and the record of its decision are said together


@dataclass(frozen=True)
class Heard:
    """An event, and why it was said; people give no other reason than the event itself."""

    envelope: Envelope[Event]
    why: str

    @property
    def at(self) -> datetime:
        """When it was said."""
        return self.envelope.metadata.occurred_at


class Listener:
    """Hears every event of an environment, in the order in which they come."""

    def __init__(self, sqs: Any, url: str, causes: Causes) -> None:
        self.sqs = sqs
        self.url = url
        self.causes = causes
        self.reasons = Reasons()
        self.waiting: list[tuple[float, Envelope[Event]]] = []
        self.marks = 0
        self.mark_taken = 0
        self.mark_heard = 0
        """The latest mark before which everything was heard."""

    def mark(self) -> int:
        """Put a mark behind all that was said until now; answer its number, for `mark_heard`.

        The queue of a local AWS keeps the order in which messages come.
        """
        self.marks += 1
        self.sqs.send_message(QueueUrl=self.url, MessageBody=f"{MARK}{self.marks}")
        return self.marks

    def listen(self) -> Iterator[Heard]:
        """Answer what came since the last call; waits for up to a second."""
        answer = self.sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=0 if self.waiting else POLL_S,
        )
        messages = answer.get("Messages", ())
        self.delete(messages)
        for message in messages:
            body = message["Body"]
            if body.startswith(MARK):
                self.mark_taken = int(body.removeprefix(MARK))
                continue
            with suppress(ContractError):  # a stranger's: the services' doors put it aside, too
                self.take(open_event(json.loads(body)))
        while self.waiting:
            since, envelope = self.waiting[0]
            why = self.reasons.of(envelope)
            if why is None and monotonic() - since < WAIT_FOR_REASON_S:
                return
            self.waiting.pop(0)
            yield Heard(envelope, why or "")
        self.mark_heard = self.mark_taken

    def delete(self, messages: Sequence[Any]) -> None:
        """Delete messages from the queue."""
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
            for number, message in enumerate(messages)
        ]
        if entries:
            self.sqs.delete_message_batch(QueueUrl=self.url, Entries=entries)

    def take(self, envelope: Envelope[Event] | None) -> None:
        """Keep an event until its reason is known."""
        if envelope is None:
            return
        self.causes.hear(envelope)
        self.reasons.hear(envelope)
        if not isinstance(envelope.data, DecisionRecorded):
            self.waiting.append((monotonic(), envelope))


@contextmanager
def listening(
    connection: Connection, name: str, causes: Causes | None = None
) -> Iterator[Listener]:
    """Hear everything from now on; queue and rule go when it ends.

    Parameters
    ----------
    name : str
        Of the queue: its own for each who listens.
    causes : Causes, optional
        What learns of every event, and of every decision's cause.
    """
    sqs, events = connection.client("sqs"), connection.client("events")
    bus, own = names.bus(connection.env), f"{names.bus(connection.env)}-{name}"
    url = sqs.create_queue(QueueName=own)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    sources = [SOURCE + service for service in (*SERVICES, "operator")]
    pattern = json.dumps({"source": sources, "detail-type": list(EVENTS)})
    events.put_rule(Name=own, EventBusName=bus, EventPattern=pattern)
    target = {"Id": "listener", "Arn": attributes["Attributes"]["QueueArn"]}
    events.put_targets(Rule=own, EventBusName=bus, Targets=[target])
    try:
        yield Listener(sqs, url, causes or Causes())
    finally:
        events.remove_targets(Rule=own, EventBusName=bus, Ids=["listener"])
        events.delete_rule(Name=own, EventBusName=bus)
        sqs.delete_queue(QueueUrl=url)
