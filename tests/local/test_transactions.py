"""TransactWriteItems is all or nothing, leaves others alone, and repeats do nothing."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.transactions import TOKEN_MEMORY_S, Tokens
from tests.local.conftest import Clients

TABLE = "transactions"


@pytest.fixture(scope="module")
def dynamodb(aws: Clients) -> Any:
    found = aws("dynamodb")
    keys = ("model", "part")
    found.create_table(
        TableName=TABLE,
        KeySchema=[
            {"AttributeName": name, "KeyType": kind}
            for name, kind in zip(keys, ("HASH", "RANGE"), strict=True)
        ],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    found.create_table(
        TableName="simple",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return found


def key(model: str, part: str = "state") -> dict[str, Any]:
    return {"model": {"S": model}, "part": {"S": part}}


def put(model: str, value: int, **condition: Any) -> dict[str, Any]:
    item = {**key(model), "value": {"N": str(value)}}
    return {"Put": {"TableName": TABLE, "Item": item, **condition}}


def large(model: str) -> dict[str, Any]:
    item = {**key(model), "text": {"S": "x" * 380_000}}
    return {"Put": {"TableName": TABLE, "Item": item}}


def value(dynamodb: Any, model: str) -> int | None:
    item = dynamodb.get_item(TableName=TABLE, Key=key(model)).get("Item")
    return None if item is None else int(item["value"]["N"])


NEW = {"ConditionExpression": "attribute_not_exists(model)"}


def test_all_items_are_written_together(dynamodb: Any) -> None:
    dynamodb.transact_write_items(TransactItems=[put("all-1", 1), put("all-2", 2)])
    dynamodb.transact_write_items(
        TransactItems=[
            {
                "Update": {
                    "TableName": TABLE,
                    "Key": key("all-1"),
                    "UpdateExpression": "SET #v = #v + :one",
                    "ConditionExpression": "#v = :one",
                    "ExpressionAttributeNames": {"#v": "value"},
                    "ExpressionAttributeValues": {":one": {"N": "1"}},
                }
            },
            {"Delete": {"TableName": TABLE, "Key": key("all-2")}},
            {
                "ConditionCheck": {
                    "TableName": TABLE,
                    "Key": key("all-3"),
                    "ConditionExpression": "attribute_not_exists(model)",
                }
            },
            {"Put": {"TableName": "simple", "Item": {"id": {"S": "a"}}}},
        ]
    )
    assert [value(dynamodb, f"all-{n}") for n in (1, 2, 3)] == [2, None, None]
    assert "Item" in dynamodb.get_item(TableName="simple", Key={"id": {"S": "a"}})


def test_one_condition_that_does_not_hold_stops_everything_and_each_item_has_its_reason(
    dynamodb: Any,
) -> None:
    dynamodb.transact_write_items(TransactItems=[put("held", 1)])
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as refused:
        dynamodb.transact_write_items(
            TransactItems=[
                put("other", 1),
                put("held", 2, **NEW, ReturnValuesOnConditionCheckFailure="ALL_OLD"),
            ]
        )
    first, second = refused.value.response["CancellationReasons"]
    assert first == {"Code": "None"}
    assert second["Code"] == "ConditionalCheckFailed"
    assert second["Message"] == "The conditional request failed"
    assert second["Item"]["value"] == {"N": "1"}
    assert (value(dynamodb, "other"), value(dynamodb, "held")) == (None, 1)


def test_what_was_written_before_an_update_that_cannot_be_done_is_taken_back(
    dynamodb: Any,
) -> None:
    dynamodb.transact_write_items(TransactItems=[put("back-1", 1), put("back-3", 3)])
    impossible = {
        "Update": {
            "TableName": TABLE,
            "Key": key("back-3"),
            "UpdateExpression": "SET #m = #m + :one",
            "ExpressionAttributeNames": {"#m": "missing"},
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }
    gone = {"Delete": {"TableName": TABLE, "Key": key("back-1")}}
    single = {"Put": {"TableName": "simple", "Item": {"id": {"S": "back"}}}}
    with pytest.raises(dynamodb.exceptions.ClientError):
        dynamodb.transact_write_items(TransactItems=[gone, put("back-2", 2), single, impossible])
    assert [value(dynamodb, f"back-{n}") for n in (1, 2, 3)] == [1, None, 3]
    assert "Item" not in dynamodb.get_item(TableName="simple", Key={"id": {"S": "back"}})


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ([put("twice", 1), put("twice", 2)], "ValidationException"),
        ([put(f"many-{n}", n) for n in range(101)], "ValidationException"),
        ([large(f"large-{n}") for n in range(12)], "ValidationException"),
        ([{"Put": {"TableName": TABLE, "Item": {"model": {"S": "x"}}}}], "ValidationException"),
        ([{"Delete": {"TableName": TABLE, "Key": {"part": {"S": "x"}}}}], "ValidationException"),
        ([{"Put": {"TableName": "no-table", "Item": key("x")}}], "ResourceNotFoundException"),
    ],
)
def test_what_is_no_transaction_is_refused(
    dynamodb: Any, items: list[dict[str, Any]], code: str
) -> None:
    with pytest.raises(dynamodb.exceptions.ClientError) as refused:
        dynamodb.transact_write_items(TransactItems=items)
    assert refused.value.response["Error"]["Code"] == code


def test_a_hundred_items_are_one_transaction(dynamodb: Any) -> None:
    dynamodb.transact_write_items(TransactItems=[put(f"hundred-{n}", n) for n in range(100)])
    assert value(dynamodb, "hundred-99") == 99


def test_a_repeat_with_its_token_succeeds_and_does_nothing(dynamodb: Any) -> None:
    once = {"TransactItems": [put("token", 1, **NEW)], "ClientRequestToken": "token-1"}
    dynamodb.transact_write_items(**once)
    dynamodb.put_item(TableName=TABLE, Item={**key("token"), "value": {"N": "7"}})
    dynamodb.transact_write_items(**once)
    assert value(dynamodb, "token") == 7
    with pytest.raises(dynamodb.exceptions.IdempotentParameterMismatchException):
        dynamodb.transact_write_items(**{**once, "TransactItems": [put("token", 2)]})


def test_a_transaction_that_failed_may_be_tried_again_with_its_token(dynamodb: Any) -> None:
    dynamodb.transact_write_items(TransactItems=[put("again", 1)])
    retried = {"TransactItems": [put("again", 2, **NEW)], "ClientRequestToken": "token-2"}
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(**retried)
    dynamodb.delete_item(TableName=TABLE, Key=key("again"))
    dynamodb.transact_write_items(**retried)
    assert value(dynamodb, "again") == 2


def test_a_token_is_forgotten_after_ten_minutes() -> None:
    seconds = [0.0]
    tokens = Tokens(lambda: seconds[0])
    tokens.remember("t", "content")
    seconds[0] = TOKEN_MEMORY_S
    assert tokens.committed("t", "content")
    seconds[0] = TOKEN_MEMORY_S + 1
    assert not tokens.committed("t", "another")


def test_counters_that_many_write_at_once_lose_nothing(dynamodb: Any) -> None:
    """Conditional writes of two kinds, failing often, on neighbouring items."""
    dynamodb.transact_write_items(TransactItems=[put(f"count-{n}", 0) for n in range(2)])

    def add_one(worker: int) -> None:
        model = f"count-{worker % 2}"
        for _ in range(10):
            while True:
                seen = value(dynamodb, model) or 0
                expected = {
                    "ConditionExpression": "#v = :seen",
                    "ExpressionAttributeNames": {"#v": "value"},
                    "ExpressionAttributeValues": {":seen": {"N": str(seen)}},
                }
                try:
                    dynamodb.transact_write_items(TransactItems=[put(model, seen + 1, **expected)])
                    break
                except dynamodb.exceptions.TransactionCanceledException:
                    continue

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(add_one, range(4)))
    assert [value(dynamodb, f"count-{n}") for n in range(2)] == [20, 20]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=5, unique=True), st.data())
def test_a_transaction_does_all_or_nothing(
    dynamodb: Any, models: list[int], data: st.DataObject
) -> None:
    conditional = [data.draw(st.booleans()) for _ in models]
    before = [value(dynamodb, f"law-{model}") for model in models]
    number = data.draw(st.integers(0, 1000))
    items = [
        put(f"law-{model}", number, **(NEW if wants_new else {}))
        for model, wants_new in zip(models, conditional, strict=True)
    ]
    possible = all(
        old is None or not wants_new for old, wants_new in zip(before, conditional, strict=True)
    )
    try:
        dynamodb.transact_write_items(TransactItems=items)
        done = True
    except dynamodb.exceptions.TransactionCanceledException:
        done = False
    after = [value(dynamodb, f"law-{model}") for model in models]
    assert done == possible
    assert after == ([number] * len(models) if possible else before)
