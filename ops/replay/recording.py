"""The recording: what the journal keeps of a stretch of time, complete in one file.

JSON Lines, compressed; the same content is the same file, byte for byte.

=======  ==========================================================================
line     what it is
=======  ==========================================================================
first    `Header`: format, environment, bounds
others   `Line`: one entry of the journal each, in the order of causes
last     `Ending`: how many entries there are, and the sha256 of all lines before it
=======  ==========================================================================

What a decision saw and the journal keeps beside it, in S3, is in the line of its record.
"""

import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from ops.replay.errors import ReplayError
from ops.replay.recorded import Header, Recorded, Recording
from services.journal.domain import Entry
from shared.contracts import limits
from shared.contracts.door import open_event
from shared.contracts.envelope import ContractError, first_fault
from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle import DecisionRecorded
from shared.contracts.lifecycle.fields import Sha256

FORMAT = 1
FRAME = 2  # lines that are no events: the first and the last
ENDS = b'{"entries":'
LESS = "record one --model, or end earlier with --to"
AGAIN = "record it again: modelcycle events record -o FILE"
NEWER = "replay it with the version of Modelcycle that recorded it, or a later one"

F = TypeVar("F", bound=Frozen)


class Line(Frozen):
    """One event, or the record of a decision."""

    entry: Entry
    seen: str | None = None
    """JSON, as S3 held it; none: the record holds what was seen, or it is no record."""


class Ending(Frozen):
    """By what an unchanged file is known."""

    entries: int
    sha256: Sha256


def text_of(header: Header, lines: Iterable[Line]) -> tuple[bytes, int]:
    """Write a recording as compressed text; answer how many entries there are, too.

    Raises
    ------
    ReplayError
        If it would be larger than what is read.
    """
    target, sha256, entries, size = io.BytesIO(), hashlib.sha256(), 0, 0
    with gzip.GzipFile(filename="", mode="wb", fileobj=target, mtime=0) as file:

        def write(value: Frozen) -> None:
            nonlocal size
            text = value.model_dump_json(exclude_none=True).encode() + b"\n"
            size += len(text)
            if why := too_large(len(text), size):
                raise ReplayError(f"event {entries + 1} is {why}", LESS)
            sha256.update(text)
            file.write(text)

        write(header)
        for line in lines:
            write(line)
            entries += 1
        write(Ending(entries=entries, sha256=sha256.hexdigest()))
    return target.getvalue(), entries


def write(path: Path, text: bytes) -> None:
    """Write a file as a whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(text)
    part.replace(path)


def read(path: Path, told: Callable[[int], object] = lambda position: None) -> Recording:
    """Read a recording.

    Parameters
    ----------
    told : Callable
        Told how many bytes of the file were read, line by line.

    Raises
    ------
    ReplayError
        If it is none, was cut short or edited, or holds what this code does not know.
    OSError
        If the file cannot be read.
    """
    lines = raw_lines(path, told)
    text = next(lines, None)
    if text is None:
        raise ReplayError(f"{path} is empty", AGAIN)
    header, sha256, events = header_of(path, text), hashlib.sha256(text), []
    for number, text in enumerate(lines, start=2):
        if text.startswith(ENDS):
            break
        events.append(recorded(path, number, text))
        sha256.update(text)
    else:
        raise cut_short(path, len(events) + 1)
    found = Ending(entries=len(events), sha256=sha256.hexdigest())
    if next(lines, None) or parsed(path, len(events) + 2, Ending, text) != found:
        what = f"{path} was edited: its lines are not those of which its end has the digest"
        raise ReplayError(what, AGAIN)
    if not any(header.reports(one.envelope.metadata.occurred_at) for one in events):
        raise ReplayError(f"{path} holds no event{bounds(header.since, header.until)}", AGAIN)
    return Recording(header, tuple(events))


def bounds(since: datetime | None, until: datetime | None) -> str:
    """Write a time range as the end of a sentence."""
    first = f" from {since:%Y-%m-%d %H:%M:%S} UTC" if since else ""
    return first + (f" to {until:%Y-%m-%d %H:%M:%S} UTC" if until else "")


def raw_lines(path: Path, told: Callable[[int], object]) -> Iterator[bytes]:
    """Iterate over the lines of a compressed file."""
    number = size = 0
    try:
        with path.open("rb") as opened, gzip.open(opened) as file:
            while text := file.readline(limits.RECORDING_LINE_BYTES_MAX + 1):
                number, size = number + 1, size + len(text)
                if why := too_large(len(text), size):
                    raise ReplayError(f"{path}, line {number} is {why}", LESS)
                if number > limits.RECORDING_EVENTS_MAX + FRAME:
                    most = f"at most {limits.RECORDING_EVENTS_MAX:,} events are read"
                    raise ReplayError(f"{path} is too long: {most}", LESS)
                if not text.endswith(b"\n"):
                    raise cut_short(path, number)
                told(opened.tell())
                yield text
    except EOFError:
        raise cut_short(path, number) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        where = f", after line {number}" if number else ""
        raise ReplayError(f"{path}{where}: no compressed recording ({error})", AGAIN) from None


def too_large(line: int, text: int) -> str:
    """Say why a line, or the text up to its end, is more than is read; empty: it is not."""
    if line > limits.RECORDING_LINE_BYTES_MAX:
        return f"too long: at most {limits.RECORDING_LINE_BYTES_MAX:,} bytes are read"
    if text > limits.RECORDING_BYTES_MAX:
        return f"beyond the {limits.RECORDING_BYTES_MAX:,} bytes that are read at most"
    return ""


def cut_short(path: Path, number: int) -> ReplayError:
    """Say that the end is missing."""
    return ReplayError(f"{path} was cut short: it ends after line {number}", AGAIN)


def header_of(path: Path, text: bytes) -> Header:
    """Read the first line; a format that this code does not know is told first."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    version = found.get("format") if isinstance(found, dict) else None
    if isinstance(version, int) and version > FORMAT:
        raise ReplayError(f"{path} is of format {version}, this code reads {FORMAT}", NEWER)
    return parsed(path, 1, Header, text)


def recorded(path: Path, number: int, text: bytes) -> Recorded:
    """Read one entry, and open it as services do."""
    line = parsed(path, number, Line, text)
    try:
        envelope = open_event(line.entry.as_event())
    except ContractError as error:
        raise ReplayError(f"{path}, line {number}: {error}", NEWER) from None
    if envelope is None:
        raise ReplayError(f"{path}, line {number}: an event of AWS, not of ours", AGAIN)
    one = Recorded(number, line.entry, envelope, line.seen)
    if one.is_decision and not one.revision:
        what = f"{path}, line {number}: the record of a decision without its revision"
        raise ReplayError(what, AGAIN)
    if one.is_decision and not is_as_seen(one.record, line.seen):
        raise ReplayError(f"{path}, line {number}: what was seen was edited", AGAIN)
    return one


def is_as_seen(record: DecisionRecorded, seen: str | None) -> bool:
    """Tell whether what a decision saw is what it was, if it is there."""
    return seen is None or hashlib.sha256(seen.encode()).hexdigest() == record.seen.sha256


def parsed(path: Path, number: int, value_class: type[F], text: bytes) -> F:
    """Read one line."""
    try:
        return value_class.model_validate_json(text, extra="ignore")
    except ValidationError as error:
        what = f"{path}, line {number}: no {value_class.__name__.lower()} of a recording"
        raise ReplayError(f"{what}: {first_fault(error)}", AGAIN) from None
