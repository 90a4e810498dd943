"""The recording file: complete, and refused with a reason where it is not what was recorded."""

import gzip
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.replay import recording
from ops.replay.errors import ReplayError
from shared.contracts import limits
from shared.contracts.envelope import Event, Revision
from shared.contracts.lifecycle import DecisionRecorded, ModelRegistered, RetrainRequested
from shared.contracts.lifecycle.monitoring import Seen
from shared.messaging.decision import Entry
from tests.fakes.messaging import START, envelope
from tests.replay.world import recorded

SEEN = '[["world", ["fees"], null]]'
SHA256 = hashlib.sha256(SEEN.encode()).hexdigest()
URI = f"s3://bucket/seen/{SHA256}.json"
Lines = list[bytes]


def said(event: Event, event_id: str) -> Entry:
    """Say an event."""
    producer = "trainer" if isinstance(event, DecisionRecorded) else event.producer
    revision = Revision(number=1, index=0)
    detail = envelope(event, event_id, producer=producer, revision=revision).detail()
    source = f"modelcycle.{producer}"
    return Entry(source=source, detail_type=event.detail_type(), detail=detail)


EVENTS = (
    said(ModelRegistered.example(), "event-1"),
    said(RetrainRequested.example(), "event-2"),
    said(DecisionRecorded.example().changed(seen=Seen(uri=URI, sha256=SHA256)), "event-3"),
)


def fetch(uri: str) -> bytes:
    """Read what was seen."""
    assert uri == URI
    return SEEN.encode()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A recording of three events."""
    recorded(tmp_path, EVENTS, fetch)
    return tmp_path / "recording.jsonl.gz"


def rewrite(file: Path, change: Callable[[Lines], Lines], *, honest: bool = True) -> None:
    """Change a recording's lines; an honest one has the digest of what it holds."""
    lines = change(gzip.decompress(file.read_bytes()).splitlines(keepends=True))
    if honest:
        sha256 = hashlib.sha256(b"".join(lines[:-1])).hexdigest()
        ending = {"entries": len(lines) - 2, "sha256": sha256}
        lines[-1] = json.dumps(ending, separators=(",", ":")).encode() + b"\n"
    file.write_bytes(gzip.compress(b"".join(lines)))


def replacing(number: int, old: bytes, new: bytes) -> Callable[[Lines], Lines]:
    """Change one line."""

    def change(lines: Lines) -> Lines:
        assert old in lines[number - 1]
        lines[number - 1] = lines[number - 1].replace(old, new)
        return lines

    return change


def refused(file: Path) -> str:
    """Answer why a file cannot be read."""
    with pytest.raises(ReplayError) as error:
        recording.read(file)
    assert error.value.fix
    return error.value.what.replace(str(file), "FILE")


def test_a_recording_holds_the_events_and_what_was_seen_outside_of_them(file: Path) -> None:
    found = recording.read(file)
    assert [one.entry.event_id for one in found.events] == ["event-1", "event-2", "event-3"]
    assert [one.number for one in found.events] == [2, 3, 4]
    assert found.events[2].notes == [["world", ["fees"], None]]
    assert found.header.environment == "dev"


def test_it_is_compressed_lines_of_json(file: Path) -> None:
    text = gzip.decompress(file.read_bytes())
    header, *events, ending = [json.loads(line) for line in text.splitlines()]
    assert header["format"] == 1
    assert [event["entry"]["detail_type"] for event in events] == [
        "ModelRegistered",
        "RetrainRequested",
        "DecisionRecorded",
    ]
    assert ending["entries"] == 3
    above = text[: text.rindex(b"\n", 0, -1) + 1]
    assert ending["sha256"] == hashlib.sha256(above).hexdigest()
    assert file.read_bytes()[4:8] == bytes(4)  # of gzip: no time


BAD: dict[str, tuple[Callable[[Lines], Lines], str]] = {
    "no lines": (lambda lines: [], "FILE is empty"),
    "no end": (lambda lines: lines[:-1], "FILE was cut short: it ends after line 4"),
    "half a line": (
        lambda lines: [*lines[:-1], lines[-1][:-1]],
        "FILE was cut short: it ends after line 5",
    ),
    "another value": (
        replacing(2, b'"fees"', b'"cees"'),
        "FILE was edited: its lines are not those of which its end has the digest",
    ),
    "a line less": (
        lambda lines: [*lines[:2], *lines[3:]],
        "FILE was edited: its lines are not those of which its end has the digest",
    ),
    "a later format": (
        replacing(1, b'"format":1', b'"format":2'),
        "FILE is of format 2, this code reads 1",
    ),
    "no header": (
        lambda lines: lines[1:],
        "FILE, line 1: no header of a recording: format: Field required",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_was_cut_short_or_edited_is_told(file: Path, name: str) -> None:
    change, why = BAD[name]
    rewrite(file, change, honest=False)
    assert refused(file) == why


UNKNOWN: dict[str, tuple[int, bytes, bytes, str]] = {
    "no JSON": (2, b'{"entry"', b"{entry", "FILE, line 2: no line of a recording: "),
    "an unknown event": (
        2,
        b'"detail_type":"ModelRegistered"',
        b'"detail_type":"ModelRegisterd"',
        "FILE, line 2: ModelRegisterd: no event of that name",
    ),
    "a later version": (
        2,
        b'"schema_version":1',
        b'"schema_version":2',
        "FILE, line 2: ModelRegistered: schema version 2, this code knows 1",
    ),
    "a decision without its revision": (
        4,
        b'"revision":{"number"',
        b'"revisjon":{"number"',
        "FILE, line 4: the record of a decision without its revision",
    ),
    "what was seen, edited": (
        4,
        b"null",
        b"true",
        "FILE, line 4: what was seen was edited",
    ),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_this_code_does_not_know_is_told_with_its_line(file: Path, name: str) -> None:
    number, old, new, why = UNKNOWN[name]
    rewrite(file, replacing(number, old, new))
    assert refused(file).startswith(why)


def test_what_was_seen_and_is_not_kept_any_more_is_known_to_be_missing(tmp_path: Path) -> None:
    found = recorded(tmp_path, EVENTS, lambda uri: None)
    assert [one.lacks_seen for one in found.events if one.is_decision] == [True]


def test_half_of_a_file_is_told(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-200])
    assert refused(file).startswith("FILE was cut short: it ends after line ")


def test_something_else_is_told(file: Path) -> None:
    file.write_text("series,time,value\n")
    assert refused(file).startswith("FILE: no compressed recording (Not a gzipped file")


def test_an_endless_line_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RECORDING_LINE_BYTES_MAX", 300)
    assert refused(file) == "FILE, line 2 is too long: at most 300 bytes are read"


def test_a_small_file_of_very_much_text_is_told(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RECORDING_BYTES_MAX", 2_000)
    assert refused(file) == "FILE, line 3 is beyond the 2,000 bytes that are read at most"


def test_as_many_events_as_are_recorded_are_read_and_no_more(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RECORDING_EVENTS_MAX", 3)
    assert len(recording.read(file).events) == 3
    monkeypatch.setattr(limits, "RECORDING_EVENTS_MAX", 2)
    assert refused(file) == "FILE is too long: at most 2 events are read"


def test_a_time_in_which_nothing_was_said_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="holds no event from 2026-03-02 00:00:00 UTC"):
        recorded(tmp_path, EVENTS, fetch, since=datetime(2026, 3, 2, tzinfo=UTC))
    assert recorded(tmp_path, EVENTS, fetch, since=START).header.since == START
