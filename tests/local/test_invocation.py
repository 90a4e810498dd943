"""What Lambda gives to a function, and what it reads from the answer."""

from typing import Any

import pytest

from infra.local.invocation import failed, sqs_event

ARN = "arn:aws:sqs:us-east-1:123456789012:modelcycle-dev-deployer"
DOCUMENTED = {
    "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
    "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...",
    "body": "Test message.",
    "attributes": {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": "1545082649183",
        "SenderId": "AIDAIENQZJOLO23YVJ4VO",
        "ApproximateFirstReceiveTimestamp": "1545082649185",
    },
    "messageAttributes": {},
    "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
    "eventSource": "aws:sqs",
    "eventSourceARN": ARN,
    "awsRegion": "us-east-1",
}
RECEIVED: dict[str, Any] = {
    "MessageId": DOCUMENTED["messageId"],
    "ReceiptHandle": DOCUMENTED["receiptHandle"],
    "MD5OfBody": DOCUMENTED["md5OfBody"],
    "Body": "Test message.",
    "Attributes": DOCUMENTED["attributes"],
}


def test_a_message_becomes_the_record_that_aws_documents() -> None:
    assert sqs_event([RECEIVED], ARN) == {"Records": [DOCUMENTED]}


def test_message_attributes_are_spelled_as_lambda_spells_them() -> None:
    sent = {"reason": {"DataType": "String", "StringValue": "too old"}}
    (record,) = sqs_event([{**RECEIVED, "MessageAttributes": sent}], ARN)["Records"]
    assert record["messageAttributes"]["reason"] == {
        "stringValue": "too old",
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": "String",
    }


@pytest.mark.parametrize(
    ("response", "back"),
    [
        (None, ""),
        ({}, ""),
        ({"batchItemFailures": None}, ""),
        ({"batchItemFailures": []}, ""),
        ({"batchItemFailures": [{"itemIdentifier": "b"}]}, "b"),
        ({"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "b"}]}, "b"),
        ({"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "c"}]}, "ac"),
        ({"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "x"}]}, "abc"),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, "abc"),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, "abc"),
        ({"batchItemFailures": [{"id": "b"}]}, "abc"),
        ({"batchItemFailures": ["b"]}, "abc"),
        ({"batchItemFailures": "b"}, "abc"),
        ("done", "abc"),
        ([], "abc"),
    ],
)
def test_what_goes_back_to_the_queue_is_what_lambda_would_send_back(
    response: object, back: str
) -> None:
    assert failed(response, ["a", "b", "c"]) == frozenset(back)
