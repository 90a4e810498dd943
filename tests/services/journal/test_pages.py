"""How the archive's objects are named, written and read."""

import functools
import gzip
import hashlib
import itertools
import json
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.journal import domain, pages
from services.journal.archive import Archive
from services.journal.domain import Entry
from services.journal.pages import DamagedError, Page
from shared.contracts import limits
from shared.contracts.envelope import ContractError
from shared.contracts.lifecycle import IN_ORDER, ModelRegistered, RetrainRequested
from tests.services.journal.world import NOON, MemoryShelf, entry_of, said

MIDNIGHT = datetime.fromisoformat("2026-03-02T00:00:00Z")


def entry(event_id: str, at: datetime = NOON, cause: str = "") -> Entry:
    return entry_of(said(RetrainRequested.example(), event_id, at, cause))


def page_of(*entries: Entry) -> Page:
    (page,) = pages.pages(entries)
    return page


def named(text: bytes, day: str = "2026/03/01") -> Page:
    """Make a page of any text, with the name that belongs to it."""
    key = f"journal/{day}/{hashlib.sha256(text).hexdigest()}.jsonl.gz"
    return Page(key, gzip.compress(text))


def test_every_event_of_ours_survives_its_page() -> None:
    entries = {
        entry_of(said(event.example(), event.__name__)).place: entry_of(
            said(event.example(), event.__name__)
        )
        for event in IN_ORDER
    }
    read = pages.opened(page_of(*entries.values()))
    assert {one.place: one for one in read} == entries


def test_what_this_code_does_not_know_and_json_bends_survives_its_page() -> None:
    raw = said(RetrainRequested.example(), "a")
    raw["detail"]["data"]["news"] = ["ü\u2028\n\x00", 1e22, 10**40, -0.0, None, {"": []}]
    (read,) = pages.opened(page_of(entry_of(raw)))
    assert json.dumps(read.detail) == json.dumps(raw["detail"])


@pytest.mark.parametrize("levels", [100, 195, 197, 198, 199, 200, 250])
def test_what_the_door_lets_in_can_be_read_however_deep_it_is(levels: int) -> None:
    raw = said(RetrainRequested.example(), "a")
    deepest: list[object] = []
    raw["detail"]["data"]["news"] = functools.reduce(
        lambda inner, _: [inner], range(levels), deepest
    )
    try:
        kept = entry_of(raw)
    except ContractError:
        return
    assert pages.opened(page_of(kept)) == (kept,)


KEPT = (
    '{"subject":"fees","position":"2026-03-01T12:00:00.000000Z#operator#000000000000.0000#a",'
    '"event_id":"a","detail_type":"RetrainRequested","source":"modelcycle.operator",'
    '"occurred_at":"2026-03-01T12:00:00+00:00","causation_id":"a",'
    '"detail":{"metadata":{"event_id":"a","occurred_at":"2026-03-01T12:00:00Z","subject":"fees",'
    '"correlation_id":"trip","causation_id":"a","producer":"operator","actor":"jane"},'
    '"data":{"model":"fees","reason":"news"}}}\n'
)
"""A line of the first pages: what was kept then is read for ever."""


def test_a_line_of_the_first_pages_is_read_and_would_be_written_so_again() -> None:
    (read,) = pages.opened(named(KEPT.encode()))
    assert pages.line(read) == KEPT.encode()
    assert entry_of(read.as_event()) == read


def test_the_name_tells_the_day_and_the_content() -> None:
    page = page_of(entry("a"))
    text = gzip.decompress(page.body)
    assert page == named(text)._replace(body=page.body)
    assert json.loads(text)["event_id"] == "a"
    assert text.count(b"\n") == 1


def test_a_day_is_one_of_utc() -> None:
    late = entry("a", datetime.fromisoformat("2026-03-02T01:30:00+02:00"))
    assert page_of(late).key.startswith("journal/2026/03/01/")


def test_each_day_has_a_page_of_its_own() -> None:
    before, after = MIDNIGHT - timedelta(microseconds=1), MIDNIGHT
    made = list(pages.pages([entry("b", after), entry("a", before), entry("c", after)]))
    assert [page.key[:19] for page in made] == ["journal/2026/03/01/", "journal/2026/03/02/"]
    assert [[one.event_id for one in pages.opened(page)] for page in made] == [["a"], ["b", "c"]]


def test_the_same_entries_make_the_same_bytes_in_any_order_and_however_often() -> None:
    entries = [entry("a"), entry("b"), entry("c", MIDNIGHT)]
    expected = list(pages.pages(entries))
    for shuffled in itertools.permutations([*entries, entry("b")]):
        assert list(pages.pages(shuffled)) == expected


def test_no_entries_make_no_page() -> None:
    assert list(pages.pages([])) == []


IDS = st.text(min_size=1, max_size=limits.EVENT_ID_CHARACTERS_MAX).filter(
    lambda text: not any("\ud800" <= sign <= "\udfff" for sign in text)
)


@given(IDS)
def test_no_stranger_chooses_where_a_page_is(event_id: str) -> None:
    page = page_of(entry(f"../../runs/{event_id}"))
    assert pages.KEY.fullmatch(page.key)
    assert page.key.startswith("journal/2026/03/01/")


GOOD = page_of(entry("a"), entry("b"))
TEXT = gzip.decompress(GOOD.body)
DAMAGES: dict[str, tuple[Callable[[], Page], str]] = {
    "truncated": (lambda: GOOD._replace(body=GOOD.body[:-9]), "cannot be unpacked"),
    "empty": (lambda: GOOD._replace(body=b""), "not what its name says"),
    "a flipped bit": (lambda: GOOD._replace(body=flipped(GOOD.body)), "cannot be unpacked"),
    "no gzip": (lambda: GOOD._replace(body=TEXT), "cannot be unpacked"),
    "edited": (lambda: GOOD._replace(body=gzip.compress(TEXT + TEXT)), "was changed"),
    "half of it": (
        lambda: GOOD._replace(body=gzip.compress(TEXT[: len(TEXT) // 2])),
        "was changed",
    ),
    "another name": (lambda: GOOD._replace(key="journal/2026/03/01/x.jsonl.gz"), "no name that"),
    "of another day": (lambda: named(TEXT, "2026/03/02"), "event a, which is of another day"),
    "no JSON": (lambda: named(b"{\n"), "a line that is no entry"),
    "no entry": (lambda: named(b"{}\n"), "a line that is no entry"),
    "a list": (lambda: named(b"[]\n"), "a line that is no entry"),
    "a bomb": (lambda: named(b" " * (limits.JOURNAL_PAGE_BYTES_MAX + 1)), "which no batch brings"),
}


def flipped(body: bytes) -> bytes:
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]


@pytest.mark.parametrize("what", DAMAGES)
def test_a_page_that_the_journal_has_not_written_so_is_named(what: str) -> None:
    damaged, why = DAMAGES[what]
    page = damaged()
    with pytest.raises(DamagedError) as caught:
        pages.opened(page)
    assert caught.value.key == page.key
    assert str(caught.value).startswith(page.key)
    assert why in str(caught.value)


def test_where_an_event_was_sent_again_with_a_mark_it_is_told_as_it_was_said() -> None:
    first = entry("a")
    metadata = {**first.detail["metadata"], "replayed": True}
    again = first.changed(detail={**first.detail, "metadata": metadata})
    for order in ((first, again), (again, first)):
        archive = Archive(MemoryShelf())
        for one in order:
            archive.keep([one])
        assert list(archive.read()) == [first]
    only = Archive(MemoryShelf())
    only.keep([again])
    assert list(only.read()) == [again]


@given(st.lists(st.integers(0, 300), unique=True, max_size=20), st.integers(1, 5))
def test_however_batches_were_cut_the_archive_tells_what_memory_would(
    minutes: list[int], cut: int
) -> None:
    start = MIDNIGHT - timedelta(minutes=150)
    entries = [
        entry(str(n), start + timedelta(minutes=minute), cause=str(n + 1))
        for n, minute in enumerate(minutes)
    ]
    archive = Archive(MemoryShelf())
    for first in range(0, len(entries), cut):
        archive.keep(entries[max(0, first - 1) : first + cut])
    told = [one.event_id for one in archive.read()]
    days = (
        [one for one in entries if (one.occurred_at < MIDNIGHT) is is_first]
        for is_first in (True, False)
    )
    assert told == [one.event_id for day in days for one in domain.in_order_of_causes(day)]


def test_an_archive_is_read_between_two_moments_of_one_subject() -> None:
    archive = Archive(MemoryShelf())
    hours = [NOON + timedelta(hours=n) for n in range(0, 48, 6)]
    archive.keep(entry(str(n), at) for n, at in enumerate(hours))
    archive.keep([entry_of(said(ModelRegistered.example().changed(model="other"), "other", NOON))])
    assert [one.event_id for one in archive.read(hours[1], hours[5])] == list("12345")
    assert [one.event_id for one in archive.read(subject="other")] == ["other"]
    assert [one.event_id for one in archive.read(hours[1], hours[0])] == []


def test_a_damaged_page_ends_the_reading_when_its_day_comes() -> None:
    shelf = MemoryShelf()
    archive = Archive(shelf)
    archive.keep([entry("a"), entry("b", MIDNIGHT)])
    (key,) = (key for key in shelf.bodies if "2026/03/02" in key)
    shelf.bodies[key] = zlib.compress(b"")
    told = archive.read()
    assert next(told).event_id == "a"
    with pytest.raises(DamagedError, match=key):
        next(told)
