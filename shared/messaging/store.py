"""The DynamoDB store: one table per service, one item per aggregate, one per fact heard.

==================  ===================================================================
``id``              what it is
==================  ===================================================================
``<key>``           the aggregate: ``revision``, ``state``, ``todo``, ``heard``, ``kind``
``inbox#<key>#<e>`` event ``e`` was committed for the aggregate; expires after 45 days
``lease#<key>#<i>`` item ``i`` is being done until ``until``
==================  ===================================================================

The index ``by-kind`` holds the aggregates only, so that a sweep need not read the inbox.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic

from botocore.exceptions import ClientError
from pydantic import TypeAdapter

from shared.contracts import limits
from shared.contracts.envelope import Revision
from shared.messaging.aws_errors import translated
from shared.messaging.clock import Clock
from shared.messaging.decision import Kept, S, Todo
from shared.messaging.errors import AlreadyHeard, Conflict, Refused, Retryable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TODO: TypeAdapter[tuple[Todo, ...]] = TypeAdapter(tuple[Todo, ...])
HEARD: TypeAdapter[dict[str, Revision]] = TypeAdapter(dict[str, Revision])
INDEX = "by-kind"
AGGREGATE = "aggregate"
LOST_PUT = "ConditionalCheckFailedException"
FAILED = "ConditionalCheckFailed"
UNCHANGED = "revision = :before OR (attribute_not_exists(id) AND :before = :none)"
LOST_PUTS = frozenset({LOST_PUT, "TransactionConflictException"})
LOST_RACE = frozenset({FAILED, "TransactionConflict"})
THROTTLED = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded"})

Item = Mapping[str, Any]


class DynamoStore(Generic[S]):
    """Keep a service's aggregates in its table.

    Parameters
    ----------
    state : type
        The class of the aggregates' state.
    initial : Callable
        ``key -> state`` of an aggregate that was never committed.
    lease_seconds : float
        Longer than the function's time limit.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        state: type[S],
        initial: Callable[[str], S],
        wall: Clock,
        lease_seconds: float = limits.LEASE_SECONDS,
    ) -> None:
        self.client = client
        self.table = table
        self.state = state
        self.initial = initial
        self.wall = wall
        self.lease_seconds = lease_seconds

    def load(self, key: str, event_id: str | None) -> Kept[S]:
        """Answer the aggregate, a new one at revision 0 if there is none.

        Raises
        ------
        AlreadyHeard
            If the inbox knows `event_id`.
        """
        if event_id is not None and self.get(inbox_id(key, event_id)):
            raise AlreadyHeard(event_id)
        item = self.get(key)
        if item is None:
            return Kept(revision=0, state=self.initial(key))
        return Kept(
            revision=int(item["revision"]["N"]),
            state=self.state.model_validate_json(item["state"]["S"]),
            todo=TODO.validate_json(item["todo"]["S"]),
            heard=HEARD.validate_json(item["heard"]["S"]),
        )

    def get(self, item_id: str) -> Item | None:
        """Answer one item as it is now."""
        with translated():
            answer = self.client.get_item(
                TableName=self.table, Key={"id": {"S": item_id}}, ConsistentRead=True
            )
        return answer.get("Item")

    def commit(self, key: str, kept: Kept[S], event_id: str | None, now: datetime) -> None:
        """Write the aggregate if its revision is still the one before, and the inbox with it.

        Raises
        ------
        Conflict
            If somebody else wrote in between.
        AlreadyHeard
            If the inbox knows `event_id`.
        """
        aggregate = self.put(key, kept)
        try:
            with translated():
                if event_id is None:
                    self.client.put_item(**aggregate)
                else:
                    inbox = self.put_inbox(key, event_id, now)
                    self.client.transact_write_items(
                        TransactItems=[{"Put": aggregate}, {"Put": inbox}]
                    )
        except Refused as refusal:
            raise lost_race(refusal, event_id) from refusal

    def put(self, key: str, kept: Kept[S]) -> Any:
        """Build the conditional Put of an aggregate."""
        return {
            "TableName": self.table,
            "Item": {
                "id": {"S": key},
                "kind": {"S": AGGREGATE},
                "revision": {"N": str(kept.revision)},
                "state": {"S": kept.state.model_dump_json()},
                "todo": {"S": TODO.dump_json(kept.todo).decode()},
                "heard": {"S": HEARD.dump_json(dict(kept.heard)).decode()},
            },
            "ConditionExpression": UNCHANGED,
            "ExpressionAttributeValues": {
                ":before": {"N": str(kept.revision - 1)},
                ":none": {"N": "0"},
            },
        }

    def put_inbox(self, key: str, event_id: str, now: datetime) -> Any:
        """Build the conditional Put that remembers a fact."""
        expires = now + timedelta(days=limits.INBOX_DAYS)
        return {
            "TableName": self.table,
            "Item": {
                "id": {"S": inbox_id(key, event_id)},
                "expires": {"N": str(int(expires.timestamp()))},
            },
            "ConditionExpression": "attribute_not_exists(id)",
        }

    def lease(self, key: str, item_id: str) -> bool:
        """Take the only right to do an item for a while; False when another worker has it.

        Leases keep the wall clock, even where the clock port is driven: processes die in real time.
        """
        now = self.wall.now().timestamp()
        until = now + self.lease_seconds
        lease = {
            "id": {"S": f"lease#{key}#{item_id}"},
            "until": {"N": str(until)},
            "expires": {"N": str(int(until))},
        }
        try:
            with translated():
                self.client.put_item(
                    TableName=self.table,
                    Item=lease,
                    ConditionExpression="attribute_not_exists(id) OR #until < :now",
                    ExpressionAttributeNames={"#until": "until"},
                    ExpressionAttributeValues={":now": {"N": str(now)}},
                )
        except Refused as refusal:
            if refusal.code == LOST_PUT:
                return False
            raise
        return True

    def keys(self) -> tuple[str, ...]:
        """Answer the keys of all aggregates."""
        with translated():
            pages = self.client.get_paginator("query").paginate(
                TableName=self.table,
                IndexName=INDEX,
                KeyConditionExpression="kind = :kind",
                ExpressionAttributeValues={":kind": {"S": AGGREGATE}},
            )
            return tuple(item["id"]["S"] for page in pages for item in page["Items"])


def inbox_id(key: str, event_id: str) -> str:
    """Name the inbox record of a fact."""
    return f"inbox#{key}#{event_id}"


def lost_race(refusal: Refused, event_id: str | None) -> Exception:
    """Read from a refused write who was faster: another worker, or the same fact before."""
    if refusal.code in LOST_PUTS:
        return Conflict(str(refusal))
    if refusal.code != "TransactionCanceledException":
        return refusal
    cause = refusal.__cause__
    reasons = (
        cause.response.get("CancellationReasons", []) if isinstance(cause, ClientError) else []
    )
    codes = [reason.get("Code") for reason in reasons]
    if len(codes) > 1 and codes[1] == FAILED:
        return AlreadyHeard(str(event_id))
    if LOST_RACE & set(codes):
        return Conflict(str(refusal))
    return Retryable(str(refusal)) if THROTTLED & set(codes) else refusal
