"""What DynamoDB answers to a conditional write, read as who was faster."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from shared.contracts.frozen import Frozen
from shared.messaging.clock import WallClock
from shared.messaging.decision import Kept
from shared.messaging.errors import AlreadyHeard, Conflict, Retryable
from shared.messaging.store import DynamoStore

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LOST, FINE = {"Code": "ConditionalCheckFailed"}, {"Code": "None"}


class State(Frozen):
    """Any state."""


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("ConditionalCheckFailedException", Conflict),
        ("TransactionConflictException", Conflict),
        ("ProvisionedThroughputExceededException", Retryable),
        ("InternalServerError", Retryable),
    ],
)
def test_a_write_of_one_item_is_lost_or_put_off(code: str, answer: type[Exception]) -> None:
    commit("put_item", None, answer, code)


@pytest.mark.parametrize(
    ("reasons", "answer"),
    [
        ([LOST, FINE], Conflict),
        ([FINE, LOST], AlreadyHeard),
        ([LOST, LOST], AlreadyHeard),
        ([{"Code": "TransactionConflict"}, FINE], Conflict),
        ([{"Code": "ThrottlingError"}, FINE], Retryable),
        ([FINE, {"Code": "ProvisionedThroughputExceeded"}], Retryable),
    ],
)
def test_a_write_of_aggregate_and_inbox_is_lost_heard_before_or_put_off(
    reasons: list[dict[str, str]], answer: type[Exception]
) -> None:
    commit(
        "transact_write_items",
        "event-1",
        answer,
        "TransactionCanceledException",
        modeled_fields={"CancellationReasons": reasons},
    )


def commit(
    operation: str, event_id: str | None, answer: type[Exception], code: str, **fields: Any
) -> None:
    client = boto3.client(
        "dynamodb",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    store = DynamoStore(client, "table", State, lambda key: State(), wall=WallClock())
    with Stubber(client) as stub:
        stub.add_client_error(operation, code, **fields)
        with pytest.raises(answer):
            store.commit("fees", Kept(1, State()), event_id, NOW)
