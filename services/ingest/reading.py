"""From a message on the records queue to a batch: what is well formed, and what is not.

A batch that is sound throughout, as nearly all are, is read in one go; only where something is
wrong, each record is judged by itself.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import DecodeError, Meta, Struct, ValidationError

from services.ingest.domain.batch import Batch, Observation, Quarantined
from services.ingest.ports import Files
from shared.contracts import limits
from shared.contracts.records import microseconds
from shared.messaging.errors import Refused, Rejected

SECOND_US = 1_000_000
EARLIEST, LATEST = -30_610_224_000, 253_402_300_799  # years of four digits, in seconds since 1970
HALF_A_CHARACTER = "holds half of a character: send valid Unicode"


class WireRecord(Struct, frozen=True, gc=False):
    """A record as it is sent; fields that are not ours are ignored."""

    id: Annotated[str, Meta(min_length=1, max_length=limits.RECORD_ID_CHARACTERS_MAX)]
    time: str | float
    value: Annotated[float, Meta(ge=-limits.RECORD_VALUE_MAX, le=limits.RECORD_VALUE_MAX)]
    count: Annotated[int, Meta(ge=0, le=limits.RECORD_COUNT_MAX)] = 1


class Message(Struct, frozen=True):
    """A message, its records not looked at yet."""

    batch_id: Annotated[str, Meta(min_length=1, max_length=limits.BATCH_ID_CHARACTERS_MAX)]
    series: str
    backfill: bool = False
    records: list[Any] | None = None
    uri: str | None = None
    sha256: str | None = None


class SoundMessage(Message, frozen=True):
    """A message whose records are all well formed, but perhaps for their times."""

    records: list[WireRecord] | None = None


SOUND_MESSAGE = msgspec.json.Decoder(SoundMessage)
SOUND_LINE = msgspec.json.Decoder(WireRecord)


def read(body: str, files: Files) -> Batch:
    """Read one message.

    Raises
    ------
    Rejected
        If it is no batch at all, holds too many records, or names a file that is not there or is
        another one.
    Retryable
        If its file cannot be read now.
    """
    try:
        message: Message = SOUND_MESSAGE.decode(body)
    except (DecodeError, UnicodeEncodeError, RecursionError):  # the second for half of a character
        message = opened(body)
    if message.records is not None:
        judged = judged_all(message.records, lambda: opened(body).records or ())
    elif message.uri is not None:
        content = fetched(message.uri, message.sha256, files)
        judged = judged_all(sound_lines(content), lambda: lines(content))
    else:
        raise Rejected("a batch has records, or the uri and sha256 of a file with records")
    return Batch(
        message.batch_id,
        message.series,
        message.backfill,
        observations=[one for one in judged if isinstance(one, Observation)],
        malformed=[one for one in judged if isinstance(one, Quarantined)],
    )


def opened(body: str) -> Message:
    """Read the message around the records; raise Rejected if it is none.

    Python's own parser, because it takes the NaN that many producers write: one such value must
    not cost its neighbours.
    """
    try:
        message = msgspec.convert(json.loads(body), Message)
        f"{message.batch_id}{message.series}{message.uri}".encode()
    except ValidationError as error:
        raise Rejected(f"not a batch of records: {complaint(error)}") from error
    except json.JSONDecodeError as error:
        raise Rejected(f"not JSON: {error}") from error
    except UnicodeEncodeError as error:
        raise Rejected(f"batch_id, series or uri {HALF_A_CHARACTER}") from error
    except (ValueError, RecursionError) as error:
        raise Rejected(
            "not JSON that can be read: it is nested too deeply, or a number has thousands of "
            "digits"
        ) from error
    return message


def fetched(uri: str, sha256: str | None, files: Files) -> bytes:
    """Read the file that a message points to; raise Rejected unless it is the very one."""
    try:
        content = files.get(uri)
    except Refused as refusal:
        raise Rejected(f"{uri} cannot be read: {refusal}") from refusal
    if (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise Rejected(f"{uri} has sha256 {found}, the message says {sha256}: send it again")
    return content


def sound_lines(content: bytes) -> Sequence[Any]:
    """Read a JSONL file that is sound throughout, else as `lines` does."""
    try:
        return SOUND_LINE.decode_lines(content)
    except (DecodeError, RecursionError):
        return lines(content)


def lines(content: bytes) -> Sequence[Any]:
    """Read a JSONL file; a line that is no JSON stands for itself, to be quarantined."""
    return [line_of(line) for line in content.splitlines() if line.strip()]


def line_of(line: bytes) -> Any:
    """Read one line as JSON, or as text."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return line.decode(errors="replace")


def judged_all(
    records: Sequence[Any], as_given: Callable[[], Sequence[Any]]
) -> list[Observation | Quarantined]:
    """Judge all records; raise Rejected if they are too many.

    Parameters
    ----------
    as_given : Callable
        Reads them once more, with all fields: what is quarantined is kept as it was given.
    """
    if len(records) > limits.BATCH_RECORDS_MAX:
        raise Rejected(
            f"{len(records)} records, a batch has at most {limits.BATCH_RECORDS_MAX}: send several"
        )
    judged = [judge(record) for record in records]
    if any(isinstance(one, Quarantined) and isinstance(one.record, WireRecord) for one in judged):
        return [judge(record) for record in as_given()]
    return judged


def judge(record: Any) -> Observation | Quarantined:
    """Answer a well-formed record, or what is wrong with it."""
    try:
        sound = record if isinstance(record, WireRecord) else converted(record)
    except ValidationError as error:
        return Quarantined(record, complaint(error))
    except UnicodeEncodeError:
        return Quarantined(record, f"id: {HALF_A_CHARACTER}")
    at_us = moment_us(sound.time)
    if isinstance(at_us, str):
        return Quarantined(record, at_us)
    return Observation(sound.id, sound.time, sound.value, sound.count, at_us)


def converted(record: Any) -> WireRecord:
    """Answer what Python's parser read as a record; it lets half of a character pass.

    Raises
    ------
    ValidationError
        If it is no record.
    UnicodeEncodeError
        If nobody can write its id.
    """
    sound = msgspec.convert(record, WireRecord)
    sound.id.encode()
    return sound


def moment_us(time: str | float) -> int | str:
    """Answer a time in microseconds since 1970, or what is wrong with it."""
    if isinstance(time, float):
        if not EARLIEST <= time <= LATEST:
            return "time: not in seconds since 1970"
        return round(time * SECOND_US)
    try:
        moment = datetime.fromisoformat(time.replace("\0", "?"))  # it takes NUL for the end
    except ValueError:
        return "time: neither ISO 8601 nor a number of seconds"
    if moment.tzinfo is None:
        return "time: has no time zone"
    at_us = microseconds(moment)
    if not EARLIEST * SECOND_US <= at_us <= LATEST * SECOND_US:
        return "time: not between the years 1000 and 9999"
    return at_us


def complaint(error: ValidationError) -> str:
    """Put msgspec's words in our order: the field, then what is wrong with it."""
    said, _, path = str(error).replace("`", "").partition(" - at $.")
    words = f"{said[:1].lower()}{said[1:]}"
    return f"{path.rstrip('`')}: {words}" if path else words
