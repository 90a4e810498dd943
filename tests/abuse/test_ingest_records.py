"""Records that nobody should send: quarantined or a dead letter, each with its reason."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.intake import IngestDoor
from tests.abuse.queues import Outcome, Taking, check_reason
from tests.services.ingest.world import World, record

QUEUE = "modelcycle-dev-ingest-records"
HALF = "half of a character"
LONG = "x" * 10_000
BEFORE, AFTER = record("before", "11:50:10"), record("after", "11:55:00")


def message(*records: Any, **changes: Any) -> str:
    """Answer a batch as a queue holds it."""
    return json.dumps({"batch_id": "a", "series": "fees", "records": records, **changes})


def written(text: str, **more: Any) -> str:
    """Answer a batch whose middle record has a value that no JSON library writes."""
    odd = {**record("odd", "11:50:20"), **more, "value": "@"}
    return message(BEFORE, odd, AFTER).replace('"@"', text)


def take(world: World, *bodies: str) -> Outcome:
    """Hand one batch of messages to ingest."""
    taking, files = Taking(QUEUE), world.outside
    door = IngestDoor(world.intake(), files, QUEUE, taking.dead_letters, taking.notes)
    return taking.take(door, *bodies)


DEEP = "[" * 1_000 + "]" * 1_000
POISON = [
    pytest.param("", "not JSON", id="empty"),
    pytest.param("\0", "not JSON", id="nul"),
    pytest.param("\ufeff" + message(), "BOM", id="bom"),
    pytest.param(message().encode("utf-16").decode("latin-1"), "not JSON", id="utf-16"),
    pytest.param("[" * 100_000, "nested too deeply", id="deep"),
    pytest.param('{"a":' * 5_000, "nested too deeply", id="deep-objects"),
    pytest.param(written(DEEP), "nested too deeply", id="deep-value"),
    pytest.param(written("1", more=DEEP).replace(f'"{DEEP}"', DEEP), "too deeply", id="deep-more"),
    pytest.param(written("9" * 5_000), "thousands of digits", id="5000-digits"),
    pytest.param(message(batch_id=LONG), "batch_id: expected str of length <= 200", id="id-10000"),
    pytest.param(message(batch_id=""), "batch_id: expected str of length >= 1", id="id-empty"),
    pytest.param(message(batch_id="\ud800"), HALF, id="id-surrogate"),
    pytest.param(message(series="\ud800"), HALF, id="series-surrogate"),
    pytest.param(message(series="../fees"), "nobody declared a series '../fees'", id="series-.."),
    pytest.param(message(series="/fees"), "nobody declared a series", id="series-absolute"),
    pytest.param(message(series="fees\0"), "did you mean 'fees'?", id="series-nul"),
    pytest.param(message(series="f\u0435es"), "did you mean 'fees'?", id="series-homoglyph"),
    pytest.param(message(series="\u202esmees"), r"'\u202esmees'", id="series-right-to-left"),
    pytest.param(message(series="inbox#fees#a"), "nobody declared", id="series-of-an-inbox"),
    pytest.param(message(series=LONG * 90), "nobody declared", id="series-900000"),
    pytest.param(message(series=["fees"]), "series: expected str, got array", id="series-list"),
    pytest.param(message(records={}), "records: expected array", id="records-object"),
    pytest.param(message(backfill="yes"), "backfill: expected bool", id="backfill-text"),
    pytest.param(message(records=None, uri=7), "uri: expected str", id="uri-number"),
    pytest.param(message(records=None, uri="s3://b/\ud800"), HALF, id="uri-surrogate"),
    pytest.param(message(records=None, uri="file:///etc/passwd"), "cannot be read", id="uri-file"),
    pytest.param(message(records=None, uri="s3://b/../k"), "cannot be read", id="uri-parent"),
]


@pytest.mark.parametrize(("poison", "reason"), POISON)
def test_a_poisonous_message_is_a_dead_letter_and_costs_its_neighbours_nothing(
    poison: str, reason: str
) -> None:
    tried, spared = World(), World()
    neighbours = message(BEFORE, batch_id="before"), message(AFTER, batch_id="after")
    outcome = take(tried, neighbours[0], poison, neighbours[1])
    assert (outcome.back, outcome.bugs) == ([], [])
    assert [body for body, _ in outcome.letters] == [poison]
    check_reason(outcome.letters[0][1], reason)
    take(spared, *neighbours)
    assert tried.store.items == spared.store.items
    assert tried.bench.bus.entries == spared.bench.bus.entries
    assert tried.outside.files == spared.outside.files


def odd(**changes: Any) -> dict[str, Any]:
    """Answer a record that is as it should be, but for this."""
    return {**record("odd", "11:50:20"), **changes}


NO_TIME = "time: neither ISO 8601"
NO_YEAR = "time: not between the years 1000 and 9999"
BAD = [
    pytest.param(odd(id=LONG), "id: expected str of length <= 200", id="id-10000"),
    pytest.param(odd(id="\ud800"), f"id: holds {HALF}", id="id-surrogate"),
    pytest.param(odd(id=["odd"]), "id: expected str, got array", id="id-list"),
    pytest.param(odd(time="\ud800"), NO_TIME, id="time-surrogate"),
    pytest.param(odd(time="2026-03-01T11:50:20Z\0"), NO_TIME, id="time-nul"),
    pytest.param(odd(time="\u0662\u0660\u0662\u0666-03-01T11:50:20Z"), NO_TIME, id="time-digits"),
    pytest.param(odd(time=LONG), NO_TIME, id="time-10000"),
    pytest.param(odd(time="0001-01-01T00:00:00+14:00"), NO_YEAR, id="time-before-the-year-1"),
    pytest.param(odd(time="9999-12-31T23:59:59-14:00"), NO_YEAR, id="time-after-9999"),
    pytest.param(odd(time=-62_135_596_800), "time: not in seconds", id="time-in-the-year-1"),
    pytest.param(odd(time=True), "time: expected float | str, got bool", id="time-true"),
    pytest.param(odd(value=1e201), "value: expected float <= 1e", id="value-1e201"),
    pytest.param(odd(value=True), "value: expected float, got bool", id="value-true"),
    pytest.param(odd(value="\u202e1"), "value: expected float, got str", id="value-right-to-left"),
    pytest.param(odd(count=10**400), "count: expected int <= ", id="count-401-digits"),
    pytest.param(odd(count="1e999"), "count: expected int, got str", id="count-text"),
    pytest.param("\0", "expected object, got str", id="nul"),
    pytest.param(None, "expected object, got null", id="null"),
    pytest.param([[[[]]]], "expected object, got array", id="lists"),
    pytest.param({"__proto__": {}, "": 1}, "object missing required field id", id="keys"),
]


@pytest.mark.parametrize("in_a_file", [False, True], ids=["in-the-message", "in-a-file"])
@pytest.mark.parametrize(("bad", "reason"), BAD)
def test_a_bad_record_is_quarantined_as_it_was_given_and_its_neighbours_are_counted(
    bad: Any, reason: str, in_a_file: bool
) -> None:
    world, records = World(), (BEFORE, bad, AFTER)
    body = in_s3(world, *map(json.dumps, records)) if in_a_file else message(*records)
    outcome = take(world, body)
    assert outcome == ([], [], [])
    assert [one["record"] for one in world.quarantined()] == [bad]
    check_reason(world.quarantined()[0]["reason"], reason)
    assert world.published() == {"11:50": (1, 1.0, 1)}


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "-1e999"])
def test_what_is_no_number_costs_its_neighbours_nothing(number: str) -> None:
    world = World()
    assert take(world, written(number)) == ([], [], [])
    assert len(world.quarantined()) == 1
    assert world.published() == {"11:50": (1, 1.0, 1)}


def in_s3(world: World, *lines: str | bytes) -> str:
    """Put a file of records into the bucket; answer the message that points to it."""
    content = b"\n".join(one if isinstance(one, bytes) else one.encode() for one in lines)
    uri = world.outside.put_file("imports/a.jsonl", content)
    return message(records=None, uri=uri, sha256=hashlib.sha256(content).hexdigest())


LINES = [
    pytest.param(b"\0" * 1_000, id="nul"),
    pytest.param(b"\xff\xfe" + b'{"id":"x"}'.replace(b"", b"\0"), id="utf-16"),
    pytest.param(b"\xff", id="latin-1"),
    pytest.param(DEEP.encode(), id="deep"),
    pytest.param(json.dumps(odd()).encode().replace(b"1.0", DEEP.encode()), id="deep-value"),
    pytest.param(json.dumps(odd()).encode().replace(b"1.0", b"9" * 5_000), id="5000-digits"),
    pytest.param(b'{"id": "' + b"x" * 1_000_000, id="1000000-characters"),
    pytest.param(b"id,time,value", id="csv"),
]


@pytest.mark.parametrize("line", LINES)
def test_a_bad_line_of_a_file_costs_its_neighbours_nothing(line: bytes) -> None:
    world = World()
    assert take(world, in_s3(world, json.dumps(BEFORE), line, json.dumps(AFTER))) == ([], [], [])
    assert len(world.quarantined()) == 1
    assert world.published() == {"11:50": (1, 1.0, 1)}


def test_a_file_that_begins_with_a_byte_order_mark_is_read() -> None:
    world = World()
    first = b"\xef\xbb\xbf" + json.dumps(BEFORE).encode()
    assert take(world, in_s3(world, first, json.dumps(AFTER))) == ([], [], [])
    assert world.quarantined() == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
TEXTS = st.text(st.characters(exclude_categories=()), max_size=9)
TIMES = st.datetimes(timezones=st.timezones()).map(lambda time: time.isoformat()) | st.floats()
RECORDS = st.fixed_dictionaries(
    {"id": TEXTS, "time": TIMES, "value": st.floats()}, optional={"count": st.integers()}
)


@settings(max_examples=200, deadline=None)
@given(st.lists(RECORDS | JSON, max_size=4), TEXTS, st.booleans())
def test_every_record_is_counted_quarantined_or_in_a_dead_letter(
    records: list[Any], batch_id: str, backfill: bool
) -> None:
    world = World()
    outcome = take(world, message(*records, batch_id=batch_id, backfill=backfill))
    assert (outcome.back, outcome.bugs) == ([], [])
    for _, reason in outcome.letters:
        check_reason(reason)
    for one in world.quarantined():
        check_reason(one["reason"])
    assert outcome.letters or len(world.quarantined()) <= len(records)
