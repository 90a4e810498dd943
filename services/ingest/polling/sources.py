"""ONE TABLE of the sources that can be polled: where they are asked, and how an answer is read."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import DecodeError, Struct, ValidationError

BLOCKCHAIN_URL = "https://blockchain.info/unconfirmed-transactions?format=json"
SHOWN_BYTES = 80  # of an answer that cannot be read


class BadAnswerError(ValueError):
    """A source answered something else than what it promises; the text says what."""


class Sound(Struct, frozen=True, gc=False):
    """A record as ingest takes it."""

    id: str
    time: float
    value: float


class Found(NamedTuple):
    """What an answer holds."""

    sound: Sequence[Sound]
    malformed: Sequence[Any]
    """Records that lack something: ingest quarantines them with the reason."""


class Source(NamedTuple):
    """One row: a source, and how it is polled."""

    url: str
    interval_s: float
    """Between two polls: an answer holds what came in about that time, so that polls overlap."""
    read: Callable[[bytes], Found]
    """Raises `BadAnswerError`."""


class Transaction(Struct, frozen=True, gc=False):
    """An unconfirmed transaction of blockchain.com, as far as we read it."""

    hash: str
    time: float
    """Seconds since 1970, when it was first seen."""
    fee: float
    """Satoshi."""


class Transactions(Struct, frozen=True):
    """An answer of blockchain.com."""

    txs: list[Transaction]


class AnyTransactions(Struct, frozen=True):
    """An answer of blockchain.com whose transactions are not looked at yet."""

    txs: list[Any]


RENAMED: Mapping[str, str] = {"hash": "id", "time": "time", "fee": "value"}
WHOLE = msgspec.json.Decoder(Transactions)
PARTS = msgspec.json.Decoder(AnyTransactions)
UNREADABLE = DecodeError, UnicodeDecodeError, RecursionError  # what msgspec raises of such bytes


def blockchain(body: bytes) -> Found:
    """Read an answer of blockchain.com: a record for each transaction, its value is the fee.

    Raises
    ------
    BadAnswerError
        If it is no such answer, or none of its transactions is one.
    """
    try:
        return whole(body)
    except UNREADABLE as error:
        shown = body[:SHOWN_BYTES].decode(errors="replace")
        raise BadAnswerError(f"not JSON, {len(body)} bytes ({error}): {shown!r}") from error


def whole(body: bytes) -> Found:
    """Read an answer at once, or piece by piece where something is wrong with it."""
    try:
        return Found([record_of(one) for one in WHOLE.decode(body).txs], ())
    except ValidationError:
        return piece_by_piece(body)


def piece_by_piece(body: bytes) -> Found:
    """Read an answer of which something is wrong: what is sound must not suffer for the rest."""
    try:
        given = PARTS.decode(body).txs
    except ValidationError as error:
        raise BadAnswerError(f"no list of transactions: {error}") from error
    sound: list[Sound] = []
    malformed: list[Any] = []
    for one in given:
        try:
            sound.append(record_of(msgspec.convert(one, Transaction)))
        except ValidationError as error:
            malformed.append(as_it_is(one))
            why = str(error)
    if malformed and not sound:
        raise BadAnswerError(f"none of {len(given)} transactions can be read: {why}")
    return Found(sound, malformed)


def record_of(one: Transaction) -> Sound:
    """Answer the record of a transaction."""
    return Sound(one.hash, one.time, one.fee)


def as_it_is(one: Any) -> Any:
    """Answer what there is of a record in a malformed transaction."""
    if not isinstance(one, dict):
        return json.dumps(one)
    return {ours: one[theirs] for theirs, ours in RENAMED.items() if theirs in one}


SOURCES: Mapping[str, Source] = {
    # an answer holds the last 100 transactions, 15 to 20 seconds of the network's usual traffic
    "blockchain": Source(BLOCKCHAIN_URL, interval_s=10.0, read=blockchain),
}
