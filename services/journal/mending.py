"""Table and archive compared, and what the table lacks brought back from the archive."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import groupby, islice
from typing import NamedTuple

from services.journal import domain, pages
from services.journal.archive import Archive, Day, in_order
from services.journal.domain import Entry, Key
from services.journal.ports import Book
from services.journal.reading import END

AT_ONCE = 8  # puts, each of which waits for DynamoDB for some milliseconds
WAITING = 1_000  # entries that wait for their put, at the most
Words = Mapping[Key, Set[bytes]]
"""Digests of what events say; of more than one wording only where somebody lied."""
NOTHING: Words = {}


class Rebuilt(NamedTuple):
    """What became of one day."""

    folder: str
    events: int
    written: int
    """The others were there already."""


class Compared(NamedTuple):
    """How table and archive differ on one day; ids of events."""

    folder: str
    events: int
    """Each event once, whoever holds it."""
    only_table: tuple[str, ...]
    only_archive: tuple[str, ...]
    changed: tuple[str, ...]
    """Both hold them, the table with words that the archive does not have."""
    ambiguous: tuple[str, ...]
    """The archive holds them with several words: somebody said them again, otherwise."""

    @property
    def is_same(self) -> bool:
        """Whether both hold the same, and there is no doubt about its words."""
        return not (self.only_table or self.only_archive or self.changed or self.ambiguous)


def rebuild(
    archive: Archive, book: Book, since: datetime, until: datetime, *, is_dry: bool
) -> Iterator[Rebuilt]:
    """Write what the archive holds and the book lacks, day by day; in a dry run only count it.

    A day is read as a whole before anything of it is written. Of an event with several words those
    that were archived first are written.

    Raises
    ------
    DamagedError
        If a page is not what the journal wrote; then nothing of its day was written.
    """

    def is_new(entry: Entry) -> bool:
        return not book.holds(entry) if is_dry else book.keep(entry)

    for day in archive.days(since, until):
        events = written = 0
        entries = in_order(one for one in archive.entries(day) if since <= one.occurred_at <= until)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            while some := list(islice(entries, WAITING)):
                events += len(some)
                written += sum(threads.map(is_new, some))
        yield Rebuilt(day.folder, events, written)


def compare(archive: Archive, book: Book, since: datetime, until: datetime) -> Iterator[Compared]:
    """Compare what table and archive hold, day by day, the earliest first.

    Raises
    ------
    DamagedError
        At the first page that is not what the journal wrote.
    """

    def archived(day: Day) -> Words:
        entries = archive.entries(day)
        return words_of(one for one in entries if since <= one.occurred_at <= until)

    kept = archive.days(since, until)
    day = next(kept, None)
    first, last = domain.moment(since), domain.moment(until) + END
    for folder, told in groupby(book.each(first, last), key=folder_of):
        while day and day.folder < folder:
            yield compared(day.folder, NOTHING, archived(day))
            day = next(kept, None)
        if day and day.folder == folder:
            yield compared(folder, words_of(told), archived(day))
            day = next(kept, None)
        else:
            yield compared(folder, words_of(told), NOTHING)
    while day:
        yield compared(day.folder, NOTHING, archived(day))
        day = next(kept, None)


def compared(folder: str, table: Words, archive: Words) -> Compared:
    """Compare what both hold of one day."""
    both = table.keys() & archive.keys()
    return Compared(
        folder=folder,
        events=len(table.keys() | archive.keys()),
        only_table=ids(table.keys() - archive.keys()),
        only_archive=ids(archive.keys() - table.keys()),
        changed=ids(key for key in both if not table[key] <= archive[key]),
        ambiguous=ids(key for key, words in archive.items() if len(words) > 1),
    )


def ids(keys: Iterable[Key]) -> tuple[str, ...]:
    """Answer the ids of events, the earliest first."""
    return tuple(key.event_id for key in sorted(keys))


def words_of(entries: Iterable[Entry]) -> Words:
    """Answer a digest of each event's words; whether it was sent again is none of them."""
    words: defaultdict[Key, set[bytes]] = defaultdict(set)
    for one in entries:
        words[one.key].add(hashlib.sha256(pages.line(one.as_said)).digest())
    return words


def folder_of(entry: Entry) -> str:
    """Answer the folder of an entry's day."""
    return pages.folder_of(entry.occurred_at)
