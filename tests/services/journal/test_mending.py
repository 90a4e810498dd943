"""Whatever table and archive lack of each other is found, and the table gets it back."""

from datetime import timedelta

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
