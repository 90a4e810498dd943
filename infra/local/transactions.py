"""DynamoDB's TransactWriteItems for moto: all or nothing, touching nothing else.

moto copies whole tables for each item of a transaction and puts the copies back when it fails,
which takes seconds at a hundred items and drops what others wrote meanwhile. Here only the touched
items are kept, and everything happens under the one lock under which moto answers.
"""

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import RLock
from time import monotonic
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.comparisons import get_filter_expression
from moto.dynamodb.exceptions import (
    ConditionalCheckFailed,
    DynamodbException,
    MockValidationException,
    MultipleTransactionsException,
    TooManyTransactionsException,
    TransactionCanceledException,
    TransactWriteSingleOpException,
)
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.responses import DynamoHandler

ITEMS_LIMIT = 100
BYTES_LIMIT = 4 * 1024 * 1024
TOKEN_MEMORY_S = 600.0  # AWS remembers a client request token for 10 minutes
KINDS = frozenset({"ConditionCheck", "Put", "Delete", "Update"})

Reason = tuple[str | None, str | None, Mapping[str, Any] | None]  # code, message, old item


class Tokens:
    """Which client request tokens were committed lately, and for what."""

    def __init__(self, elapsed_s: Callable[[], float] = monotonic) -> None:
        self._elapsed_s = elapsed_s
        self._known: dict[str, tuple[float, str]] = {}

    def committed(self, token: str, content: str) -> bool:
        """Whether the transaction was committed under this token.

        Raises
        ------
        DynamodbException
            IdempotentParameterMismatchException if another one was.
        """
        now = self._elapsed_s()
        for old in [t for t, (at, _) in self._known.items() if at < now - TOKEN_MEMORY_S]:
            del self._known[old]
        if token not in self._known:
            return False
        if self._known[token][1] != content:
            raise DynamodbException(
                "com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException",
                "This ClientRequestToken was used for another transaction: take a new one",
            )
        return True

    def remember(self, token: str, content: str) -> None:
        """Note a committed transaction."""
        self._known[token] = (self._elapsed_s(), content)


@dataclass(frozen=True)
class Write:
    """One item of a transaction: what is to be done to which item of which table."""

    kind: str
    request: Mapping[str, Any]
    table: Any
    key: dict[str, Any]

    @property
    def identity(self) -> str:
        """The same text for the same item."""
        return json.dumps([self.table.name, self.key], sort_keys=True)

    @property
    def _keys(self) -> tuple[Any, Any]:
        hash_key = DynamoType(self.key[self.table.hash_key_attr])
        range_name = self.table.range_key_attr
        return hash_key, DynamoType(self.key[range_name]) if range_name else None

    def current(self) -> Any:
        """Answer the item as it is, or None."""
        return self.table.get_item(*self._keys)

    def restore(self, before: Any) -> None:
        """Put the item back as it was."""
        hash_key, range_key = self._keys
        if before is None:
            self.table.delete_item(hash_key, range_key)
        elif range_key is None:
            self.table.items[hash_key] = before
        else:
            self.table.items[hash_key][range_key] = before

    def refusal(self) -> Reason:
        """Answer why the item's condition does not hold, or a reason that is none."""
        condition = self.request.get("ConditionExpression")
        if condition is None:
            return (None, None, None)
        holds = get_filter_expression(condition, *self._attributes)
        before = self.current()
        if holds.expr(before):
            return (None, None, None)
        wanted = self.request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        old = before.to_json()["Attributes"] if wanted and before is not None else None
        return ("ConditionalCheckFailed", str(ConditionalCheckFailed().message), old)

    def apply(self, backend: DynamoDBBackend) -> None:
        """Do it; the condition was looked at before."""
        names, values = self._attributes
        if self.kind == "Put":
            backend.put_item(self.table.name, self.request["Item"])
        elif self.kind == "Delete":
            backend.delete_item(self.table.name, self.key)
        elif self.kind == "Update":
            backend.update_item(
                self.table.name, self.key, self.request["UpdateExpression"], names, values
            )

    @property
    def _attributes(self) -> tuple[Any, Any]:
        request = self.request
        return request.get("ExpressionAttributeNames"), request.get("ExpressionAttributeValues")


def transact_write_items(
    backend: DynamoDBBackend, transact_items: Sequence[Mapping[str, Any]]
) -> None:
    """Do all of a transaction, or nothing; the caller holds the lock.

    Raises
    ------
    TransactionCanceledException
        With one reason per item, if a condition does not hold or an update cannot be done.
    MockValidationException
        For more than 100 items or 4 MB, two writes to one item, and what is no transaction at all.
    """
    if len(transact_items) > ITEMS_LIMIT:
        raise TooManyTransactionsException
    if sum(_size(item["Put"]["Item"]) for item in transact_items if "Put" in item) > BYTES_LIMIT:
        raise MockValidationException("Transaction request size cannot exceed 4 MB")
    writes = [_write(backend, item) for item in transact_items]
    if len({write.identity for write in writes}) < len(writes):
        raise MultipleTransactionsException
    reasons = [write.refusal() for write in writes]
    if any(code is not None for code, _, _ in reasons):
        raise TransactionCanceledException(reasons)
    done: list[tuple[Write, Any]] = []
    try:
        for write in writes:
            done.append((write, copy.deepcopy(write.current())))
            write.apply(backend)
    except Exception as error:
        for write, before in reversed(done):
            write.restore(before)
        if isinstance(error, MockValidationException):
            raise
        reasons[len(done) - 1] = ("ValidationError", str(error), None)
        raise TransactionCanceledException(reasons) from error


def install(lock: RLock) -> None:
    """Let moto's server in this process answer TransactWriteItems by this module."""
    tokens = Tokens()
    validated = DynamoHandler.transact_write_items  # which calls the backend's

    def answer(handler: Any) -> Any:
        token = handler.body.get("ClientRequestToken")
        content = json.dumps(handler.body["TransactItems"], sort_keys=True, default=str)
        with lock:
            if token is not None and tokens.committed(token, content):
                return ActionResult({"ConsumedCapacity": [], "ItemCollectionMetrics": {}})
            result = validated(handler)
            if token is not None:
                tokens.remember(token, content)
            return result

    DynamoHandler.transact_write_items = answer
    DynamoDBBackend.transact_write_items = transact_write_items


def _size(item: Mapping[str, Any]) -> int:
    """Answer how many bytes DynamoDB counts for an item."""
    return sum(len(name.encode()) + DynamoType(value).size() for name, value in item.items())


def _write(backend: DynamoDBBackend, item: Mapping[str, Any]) -> Write:
    if len(item) != 1 or not KINDS.issuperset(item):
        raise TransactWriteSingleOpException
    ((kind, request),) = item.items()
    table = backend.get_table(request["TableName"])
    given = request["Item" if kind == "Put" else "Key"]
    names = [name for name in (table.hash_key_attr, table.range_key_attr) if name]
    for name in names:
        if name not in given:
            raise MockValidationException(
                f"One or more parameter values were invalid: Missing the key {name} in the item"
            )
    return Write(kind, request, table, {name: given[name] for name in names})
