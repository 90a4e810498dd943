"""What Lambda's event source for SQS gives to a function, and how it reads the answer."""

from collections.abc import Mapping, Sequence
from typing import Any

Message = Mapping[str, Any]
"""A message as ReceiveMessage answers it."""


def sqs_event(messages: Sequence[Message], queue_arn: str) -> dict[str, Any]:
    """Build the event of one batch."""
    return {"Records": [sqs_record(message, queue_arn) for message in messages]}


def sqs_record(message: Message, queue_arn: str) -> dict[str, Any]:
    """Build one record; Lambda spells everything with a small letter first."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": {
            name: message_attribute(value)
            for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }


def message_attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    """Build one message attribute of text or number."""
    return {
        "stringValue": value.get("StringValue"),
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value["DataType"],
    }


def failed(response: object, message_ids: Sequence[str]) -> frozenset[str]:
    """Answer the messages that go back to the queue.

    Nothing said about failures is a complete success. Anything that Lambda cannot read (no JSON
    object, no list, an item without identifier, one that is empty or not of this batch) fails the
    whole batch, because nobody knows what was meant.
    """
    everything = frozenset(message_ids)
    if response is None:
        return frozenset()
    if not isinstance(response, Mapping):
        return everything
    items = response.get("batchItemFailures")
    if items is None:
        return frozenset()
    if not isinstance(items, list):
        return everything
    named = {str(item.get("itemIdentifier")) for item in items if isinstance(item, Mapping)}
    readable = all(isinstance(item, Mapping) for item in items)
    return frozenset(named) if readable and named <= everything else everything


def receives(message: Message) -> int:
    """Answer how often a message was received, this time included."""
    return int(message.get("Attributes", {}).get("ApproximateReceiveCount", "1"))
