"""The journal's book in DynamoDB: translation only."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.journal.domain import Entry
from shared.messaging.aws_errors import translated
from shared.messaging.errors import Refused

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BOOK = "journal"
BY_EVENT, ALL = "by-event", "all"
KNOWN = "ConditionalCheckFailedException"
TEXTS = ("subject", "position", "event_id", "detail_type", "source", "causation_id")


class DynamoBook:
    """One item per event.

    The key is ``subject`` and ``position``; the index ``by-event`` finds an event by its id; the
    index ``all`` holds every event in order, under the one ``book``. A partition of an index takes
    a thousand kilobytes a second: many times what ten thousand models say.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self.client = client
        self.table = table

    def keep(self, entry: Entry) -> bool:
        """Write an entry; False if it was there already."""
        try:
            with translated():
                self.client.put_item(
                    TableName=self.table,
                    Item=written(entry),
                    ConditionExpression="attribute_not_exists(event_id)",
                )
        except Refused as refusal:
            if refusal.code == KNOWN:
                return False
            raise
        return True

    def latest(self, subject: str | None, since: str, until: str, limit: int) -> list[Entry]:
        """Answer the latest entries between two positions, at most `limit` of them."""
        key, index = ("subject", {}) if subject else ("book", {"IndexName": ALL})
        query: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": "#key = :key AND #position BETWEEN :since AND :until",
            "ExpressionAttributeNames": {"#key": key, "#position": "position"},
            "ExpressionAttributeValues": {
                ":key": {"S": subject or BOOK},
                ":since": {"S": since},
                ":until": {"S": until},
            },
            "ScanIndexForward": False,
            **index,
        }
        pages = self.client.get_paginator("query").paginate(
            **query, PaginationConfig={"MaxItems": limit}
        )
        with translated():
            return [read(item) for page in pages for item in page["Items"]]

    def find(self, event_id: str) -> Entry | None:
        """Answer the entry of an event; None if it is not known."""
        with translated():
            answer = self.client.query(
                TableName=self.table,
                IndexName=BY_EVENT,
                KeyConditionExpression="event_id = :event_id",
                ExpressionAttributeValues={":event_id": {"S": event_id}},
            )
            if not answer["Items"]:
                return None
            key = {name: answer["Items"][0][name] for name in ("subject", "position")}
            return read(self.client.get_item(TableName=self.table, Key=key)["Item"])


def written(entry: Entry) -> Mapping[str, Any]:
    """Write an entry as an item."""
    return {
        "book": {"S": BOOK},
        **{name: {"S": getattr(entry, name)} for name in TEXTS},
        "occurred_at": {"S": entry.occurred_at.isoformat()},
        "detail": {"S": json.dumps(entry.detail, separators=(",", ":"))},
    }


def read(item: Mapping[str, Any]) -> Entry:
    """Read an entry from its item."""
    return Entry(
        **{name: item[name]["S"] for name in TEXTS},
        occurred_at=datetime.fromisoformat(item["occurred_at"]["S"]),
        detail=json.loads(item["detail"]["S"]),
    )
