"""Whatever table and archive lack of each other is found, and the table gets it back."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.journal import mending
from services.journal.archive import BEGINNING, END, Archive
from services.journal.domain import Entry
from shared.contracts.lifecycle import RetrainRequested
from tests.services.journal.world import NOON, MemoryBook, MemoryShelf, entry_of, said

HOURS = st.integers(0, 100)  # over five days


def entry(hour: int) -> Entry:
    event = RetrainRequested.example()
    return entry_of(said(event, f"{hour:03}", NOON + timedelta(hours=hour)))


def places(in_table: set[int], in_archive: set[int]) -> tuple[Archive, MemoryBook]:
    archive, book = Archive(MemoryShelf()), MemoryBook()
    archive.keep(map(entry, in_archive))
    for hour in in_table:
        book.keep(entry(hour))
    return archive, book


def ids(hours: set[int]) -> list[str]:
    return [f"{hour:03}" for hour in sorted(hours)]


@given(st.sets(HOURS), st.sets(HOURS), HOURS, HOURS)
def test_what_differs_is_told_day_by_day(
    in_table: set[int], in_archive: set[int], first: int, last: int
) -> None:
    since, until = (NOON + timedelta(hours=hour) for hour in sorted((first, last)))
    asked = set(range(min(first, last), max(first, last) + 1))
    archive, book = places(in_table, in_archive)
    days = list(mending.compare(archive, book, since, until))
    assert [day.folder for day in days] == sorted({day.folder for day in days})
    assert [one for day in days for one in day.only_table] == ids((in_table - in_archive) & asked)
    assert [one for day in days for one in day.only_archive] == ids((in_archive - in_table) & asked)
    assert sum(day.events for day in days) == len((in_table | in_archive) & asked)
    assert not any(day.changed for day in days)


@given(st.sets(HOURS), st.sets(HOURS), st.booleans())
def test_the_table_gets_back_what_the_archive_holds_and_nothing_is_written_dry(
    in_table: set[int], in_archive: set[int], is_dry: bool
) -> None:
    archive, book = places(in_table, in_archive)
    done = list(mending.rebuild(archive, book, BEGINNING, END, is_dry=is_dry))
    assert [day.folder for day in done] == [day.folder for day in archive.days()]
    assert sum(day.events for day in done) == len(in_archive)
    assert sum(day.written for day in done) == len(in_archive - in_table)
    held = in_table if is_dry else in_table | in_archive
    assert sorted(one.event_id for one in book.entries.values()) == ids(held)


def test_words_that_were_changed_are_told_and_a_mark_of_a_replay_is_none() -> None:
    archive, book = places(set(), {1, 2, 3})
    for hour, mark in ((1, {}), (2, {"replayed": True}), (3, {"actor": "somebody else"})):
        one = entry(hour)
        metadata = {**one.detail["metadata"], **mark}
        book.keep(one.changed(detail={**one.detail, "metadata": metadata}))
    (first, *rest) = mending.compare(archive, book, BEGINNING, END)
    assert first.changed == ("003",)
    assert all(day.is_same for day in rest)


TRUE = entry(1)
LIES: list[dict[str, Any]] = [
    *({"data": {**TRUE.detail["data"], "reason": f"lie {number}"}} for number in range(8)),
    {"metadata": {**TRUE.detail["metadata"], "actor": "somebody else"}},
    {"metadata": {**TRUE.detail["metadata"], "causation_id": "000"}},
]


def lie(changes: dict[str, Any]) -> Entry:
    detail = {**TRUE.detail, **changes}
    return entry_of({"source": TRUE.source, "detail-type": TRUE.detail_type, "detail": detail})


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("changes", LIES)
def test_an_event_that_was_said_again_with_other_words_is_found_and_never_takes_its_place(
    changes: dict[str, Any], together: bool
) -> None:
    archive, book = places({1}, set())
    book.keep(lie(changes))
    for batch in [[TRUE, lie(changes)]] if together else [[TRUE], [lie(changes)]]:
        archive.keep(batch)
    (found,) = mending.compare(archive, book, BEGINNING, END)
    assert found[1:] == (1, (), (), (), ("001",))
    assert not found.is_same
    rebuilt = MemoryBook()
    list(mending.rebuild(archive, rebuilt, BEGINNING, END, is_dry=False))
    assert rebuilt.entries == book.entries


def test_an_event_that_was_said_again_at_another_moment_hides_nothing() -> None:
    archive, book = places({1}, {1})
    metadata = {**TRUE.detail["metadata"], "occurred_at": entry(2).occurred_at.isoformat()}
    again = lie({"metadata": metadata})
    assert book.keep(again)
    archive.keep([again])
    assert list(archive.read()) == [TRUE, again]
    assert all(day.is_same for day in mending.compare(archive, book, BEGINNING, END))
    rebuilt = MemoryBook()
    list(mending.rebuild(archive, rebuilt, BEGINNING, END, is_dry=False))
    assert rebuilt.entries == book.entries
