"""What DynamoDB leaves unanswered is asked for again, and only that."""

from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from services.journal.aws import BY_CAUSE, DynamoBook, written
from services.journal.domain import Entry
from shared.contracts import limits
from shared.contracts.lifecycle import RetrainRequested
from shared.messaging.errors import Retryable
from tests.services.journal.chronicle import Chronicle

TABLE = "journal"


def three() -> list[Entry]:
    told = Chronicle()
    for _ in range(3):
        told.say(RetrainRequested)
    return [one.changed(causation_id="cause") for one in told.entries]


def key(entry: Entry) -> Mapping[str, Any]:
    return {"subject": {"S": entry.subject}, "position": {"S": entry.position}}


def asking(*entries: Entry) -> dict[str, Any]:
    return {"RequestItems": {TABLE: {"Keys": list(map(key, entries))}}}


def answering(answered: list[Entry], *left: Entry) -> dict[str, Any]:
    unprocessed = {TABLE: {"Keys": list(map(key, left))}} if left else {}
    return {"Responses": {TABLE: list(map(written, answered))}, "UnprocessedKeys": unprocessed}


def asked_for_three() -> tuple[DynamoBook, Stubber]:
    """Answer a book on a DynamoDB whose index answers the keys of three entries."""
    client = boto3.client("dynamodb", region_name="us-east-1")
    stub = Stubber(client)
    asked = {
        "TableName": TABLE,
        "IndexName": BY_CAUSE,
        "KeyConditionExpression": "#key = :key",
        "ExpressionAttributeNames": {"#key": "causation_id"},
        "ExpressionAttributeValues": {":key": {"S": "cause"}},
    }
    stub.add_response("query", {"Items": list(map(key, three()))}, asked)
    return DynamoBook(client, TABLE), stub


def test_entries_that_were_left_are_asked_for_again_and_all_are_told_in_order() -> None:
    book, stub = asked_for_three()
    first, second, third = three()
    stub.add_response(
        "batch_get_item", answering([third], first, second), asking(first, second, third)
    )
    stub.add_response("batch_get_item", answering([second], first), asking(first, second))
    stub.add_response("batch_get_item", answering([first]), asking(first))
    with stub:
        assert book.caused_by("cause", 10) == [first, second, third]
    stub.assert_no_pending_responses()


def test_what_has_expired_since_the_index_was_read_is_left_out() -> None:
    book, stub = asked_for_three()
    first, second, third = three()
    stub.add_response("batch_get_item", answering([first, third]), asking(first, second, third))
    with stub:
        assert book.caused_by("cause", 10) == [first, third]


def test_entries_that_are_never_answered_are_an_error_and_not_left_out() -> None:
    book, stub = asked_for_three()
    for _ in range(limits.BATCH_ATTEMPTS_MAX):
        stub.add_response("batch_get_item", answering([], *three()))
    with stub, pytest.raises(Retryable, match="table journal did not answer 3 keys"):
        book.caused_by("cause", 10)
