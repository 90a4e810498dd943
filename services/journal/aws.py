"""The journal's book in DynamoDB and its shelf in S3: translation only."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from services.journal.domain import Entry
from services.journal.ports import Object
from shared.contracts import limits
from shared.contracts.tables import TTL_ATTRIBUTE
from shared.messaging.aws_errors import translated
from shared.messaging.errors import Refused, Retryable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import PaginatorConfigTypeDef
    from mypy_boto3_s3 import S3Client

BOOK = "journal"
BY_EVENT, BY_CAUSE, LIFE, ALL = "by-event", "by-cause", "life", "all"
KNOWN = "ConditionalCheckFailedException"
THERE = "PreconditionFailed"
AT_IT = "ConditionalRequestConflict"  # somebody writes it right now
KEY = ("subject", "position")
Item = Mapping[str, Any]
TEXTS = ("subject", "position", "event_id", "detail_type", "source", "causation_id")


class DynamoBook:
    """One item per event.

    The key is ``subject`` and ``position``; the index ``by-event`` finds an event by its id,
    ``by-cause`` by the id of what caused it; ``life`` holds what tells the life of a model or
    series; ``all`` holds every event in order, under the one ``book``. A partition of an index
    takes a thousand write units a second: what some thousand models say (``JOURNAL_MODELS_MAX`` in
    ``infra/aws/cost/usage.py``). Where more is said, DynamoDB throttles the puts.

    Parameters
    ----------
    kept_days : int, optional
        How long after it was said an entry is kept; by default for ever.
    """

    def __init__(self, client: "DynamoDBClient", table: str, kept_days: int | None = None) -> None:
        self.client = client
        self.table = table
        self.kept_for = timedelta(days=kept_days) if kept_days else None

    def keep(self, entry: Entry) -> bool:
        """Write an entry; False if it was there already."""
        try:
            with translated():
                self.client.put_item(
                    TableName=self.table,
                    Item={**written(entry), **self.expiry(entry)},
                    ConditionExpression="attribute_not_exists(event_id)",
                )
        except Refused as refusal:
            if refusal.code == KNOWN:
                return False
            raise
        return True

    def expiry(self, entry: Entry) -> Mapping[str, Any]:
        """Say when DynamoDB may drop an entry; it is the same whenever the entry is written."""
        if self.kept_for is None:
            return {}
        ends = entry.occurred_at + self.kept_for
        return {TTL_ATTRIBUTE: {"N": str(int(ends.timestamp()))}}

    def latest(self, subject: str | None, since: str, until: str, limit: int) -> list[Entry]:
        """Answer the latest entries between two positions, at most `limit` of them."""
        index = {} if subject else {"IndexName": ALL}
        key = "subject" if subject else "book"
        query = {**within(key, subject or BOOK, since, until), **index, "ScanIndexForward": False}
        return [read(item) for item in self.asked(query, limit)]

    def life(self, subject: str, since: str, until: str) -> list[Entry]:
        """Answer all that tells the life of a model or series between two positions, in order."""
        query = {**within("life", subject, since, until), "IndexName": LIFE}
        return [read(item) for item in self.asked(query)]

    def caused_by(self, event_id: str, limit: int) -> list[Entry]:
        """Answer what was said because of an event, or of a hint, in order; at most `limit`."""
        keys = self.asked({**equal("causation_id", event_id), "IndexName": BY_CAUSE}, limit + 1)
        others = [one for one in self.wholes(keys) if one.event_id != event_id]
        return sorted(others, key=lambda one: one.position)[:limit]

    def each(self, since: str, until: str) -> Iterator[Entry]:
        """Answer all entries between two positions, in order, a page at a time."""
        query = {**within("book", BOOK, since, until), "IndexName": ALL}
        pages = self.client.get_paginator("query").paginate(TableName=self.table, **query)
        with translated():
            for page in pages:
                yield from map(read, page["Items"])

    def holds(self, entry: Entry) -> bool:
        """Tell whether it was written."""
        with translated():
            answer = self.client.get_item(
                TableName=self.table,
                Key={name: {"S": getattr(entry, name)} for name in KEY},
                ProjectionExpression="event_id",
                ConsistentRead=True,
            )
        return "Item" in answer

    def find(self, event_id: str) -> Entry | None:
        """Answer the entry of an event; None if it is not known."""
        keys = self.asked({**equal("event_id", event_id), "IndexName": BY_EVENT}, 1)
        return next(filter(None, map(self.whole, keys)), None)

    def asked(self, query: Mapping[str, Any], limit: int | None = None) -> list[Item]:
        """Answer the items, or keys, of a query; at most `limit`."""
        bound: PaginatorConfigTypeDef = {} if limit is None else {"MaxItems": limit}
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table, **query, PaginationConfig=bound
        )
        with translated():
            return [item for page in pages for item in page["Items"]]

    def whole(self, item: Item) -> Entry | None:
        """Read the entry that an index has the key of; None if it has expired meanwhile."""
        key = {name: item[name] for name in KEY}
        with translated():
            answer = self.client.get_item(TableName=self.table, Key=key)
        return read(answer["Item"]) if "Item" in answer else None

    def wholes(self, items: Sequence[Item]) -> Iterator[Entry]:
        """Read entries that an index has the keys of, in any order, but for what has expired; raise
        Retryable if some are not answered."""
        for first in range(0, len(items), limits.BATCH_GET_KEYS_MAX):
            some = items[first:][: limits.BATCH_GET_KEYS_MAX]
            wanted: Any = [{name: item[name] for name in KEY} for item in some]
            for _ in range(limits.BATCH_ATTEMPTS_MAX):
                with translated():
                    answer = self.client.batch_get_item(RequestItems={self.table: {"Keys": wanted}})
                yield from map(read, answer["Responses"].get(self.table, ()))
                wanted = answer["UnprocessedKeys"].get(self.table, {"Keys": []})["Keys"]
                if not wanted:
                    break
            else:
                raise Retryable(f"table {self.table} did not answer {len(wanted)} keys")


class S3Shelf:
    """The environment's bucket; nothing on it is ever replaced."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self.client = client
        self.bucket = bucket

    def put(self, key: str, body: bytes) -> bool:
        """Write an object; False if there is one of that name, which stays as it is."""
        try:
            with translated():
                self.client.put_object(Bucket=self.bucket, Key=key, Body=body, IfNoneMatch="*")
        except Refused as refusal:
            if refusal.code == THERE:
                return False
            if refusal.code == AT_IT:
                raise Retryable(str(refusal)) from refusal
            raise
        return True

    def objects(self, prefix: str, since: str, until: str) -> Iterator[Object]:
        """Answer what has names that begin with `prefix`, from `since` to `until`, in order."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix, StartAfter=since
        )
        with translated():
            for page in pages:
                for found in page.get("Contents", ()):
                    if found["Key"] > until:
                        return
                    yield Object(found["Key"], found["LastModified"])

    def get(self, key: str) -> bytes:
        """Read an object."""
        with translated():
            return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()


def equal(name: str, value: str) -> dict[str, Any]:
    """Ask for one partition."""
    return {
        "KeyConditionExpression": "#key = :key",
        "ExpressionAttributeNames": {"#key": name},
        "ExpressionAttributeValues": {":key": {"S": value}},
    }


def within(name: str, value: str, since: str, until: str) -> dict[str, Any]:
    """Ask for a part of one partition."""
    return {
        "KeyConditionExpression": "#key = :key AND #position BETWEEN :since AND :until",
        "ExpressionAttributeNames": {"#key": name, "#position": "position"},
        "ExpressionAttributeValues": {
            ":key": {"S": value},
            ":since": {"S": since},
            ":until": {"S": until},
        },
    }


def written(entry: Entry) -> Mapping[str, Any]:
    """Write an entry as an item; signs as they are, for escaped the largest event would not fit."""
    detail = json.dumps(entry.detail, separators=(",", ":"), ensure_ascii=False)
    return {
        "book": {"S": BOOK},
        **({"life": {"S": entry.subject}} if entry.tells_life else {}),
        **{name: {"S": getattr(entry, name)} for name in TEXTS},
        "occurred_at": {"S": entry.occurred_at.isoformat()},
        "detail": {"S": detail},
    }


def read(item: Mapping[str, Any]) -> Entry:
    """Read an entry from its item."""
    return Entry(
        **{name: item[name]["S"] for name in TEXTS},
        occurred_at=datetime.fromisoformat(item["occurred_at"]["S"]),
        detail=json.loads(item["detail"]["S"]),
    )
