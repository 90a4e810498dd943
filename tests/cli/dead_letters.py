"""What tests of dead letters share: messages, and the queues in which they lie."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from ops.cli.speak import envelope
from shared.contracts import names
from shared.contracts.lifecycle import RetrainRequested
from shared.messaging.clock import WallClock
from shared.messaging.runtime import SqsDeadLetters
from tests.cli.conftest import Clients
from tests.cli.world import heard

NOW = WallClock().now()

Put = Callable[..., str]


def wish(model: str = "fees", days_ago: int = 0) -> str:
    """Write a wish as EventBridge delivers it."""
    event = RetrainRequested.example().changed(model=model)
    said = envelope(event, "arn:aws:iam::123456789012:user/jane", NOW - timedelta(days_ago))
    return json.dumps(
        {
            "id": "of the bus",
            "detail-type": "RetrainRequested",
            "source": "modelcycle.operator",
            "detail": json.loads(said.detail()),
        }
    )


@pytest.fixture
def put(aws: Clients) -> Iterator[Put]:
    """Put a message into a service's dead letters, as its door does; answer its id."""
    sqs = aws("sqs")

    def write(body: str, reason: str = "as told", service: str = "trainer") -> str:
        before = set(ids(aws, service))
        SqsDeadLetters(sqs, names.dead_letter_queue("dev", service)).reject(body, reason)
        (new,) = set(ids(aws, service)) - before
        return new

    yield write
    for service in ("trainer", "ingest"):
        for message in seen(aws, service):
            sqs.delete_message(
                QueueUrl=url_of(aws, service), ReceiptHandle=message["ReceiptHandle"]
            )


def url_of(aws: Clients, service: str) -> str:
    """Answer the queue of a service's dead letters."""
    name = names.dead_letter_queue("dev", service)
    return str(aws("sqs").get_queue_url(QueueName=name)["QueueUrl"])


def seen(aws: Clients, service: str = "trainer") -> list[Mapping[str, Any]]:
    """Answer all dead letters that everybody can see."""
    sqs, url = aws("sqs"), url_of(aws, service)
    found: list[Mapping[str, Any]] = []
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=30
    ).get("Messages"):
        found.extend(messages)
    for message in found:
        sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
        )
    return found


def ids(aws: Clients, service: str = "trainer") -> list[str]:
    """Answer the ids of all dead letters that everybody can see."""
    return [message["MessageId"] for message in seen(aws, service)]


def decisions(aws: Clients) -> list[Mapping[str, Any]]:
    """Take the decisions that the journal was told."""
    return [
        event["detail"]["data"]
        for event in heard(aws)
        if event["detail-type"] == "DeadLetterDecided"
    ]
