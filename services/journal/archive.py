"""The archive: every event once more, by day, to be kept for years and read in order.

A day is read as a whole, because an effect may have been kept before its cause; of its entries
only what tells their order is held in memory, the rest waits in a temporary file.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import groupby
from tempfile import SpooledTemporaryFile
from typing import NamedTuple

from services.journal import domain, pages
from services.journal.domain import Entry, Key, Place
from services.journal.pages import Page
from services.journal.ports import Shelf
from shared.contracts import limits

AT_ONCE = 8  # objects that are fetched at the same time: S3 answers one in tens of milliseconds
FETCHED = 64  # that wait to be read, at the most
DAY_BYTES_IN_MEMORY = 32 * 1024 * 1024  # a day that is larger goes to the disk
BEGINNING = datetime(limits.EVENT_YEAR_MIN, 1, 1, tzinfo=UTC)
END = datetime(limits.EVENT_YEAR_MAX, 1, 1, tzinfo=UTC)


class Day(NamedTuple):
    """One day of the archive."""

    folder: str
    keys: tuple[str, ...]
    """What was written first comes first."""


class Line(NamedTuple):
    """An entry that waits to be told."""

    place: Place
    begins: int
    """Where in the file."""


class Archive:
    """Entries in pages on a shelf.

    Parameters
    ----------
    shelf : Shelf
        Where the pages are: the environment's bucket.
    """

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def keep(self, entries: Iterable[Entry]) -> None:
        """Write entries, a page for each day; what was written before is written once.

        Raises
        ------
        Retryable, Refused
            If not all of it can be kept.
        """
        for page in pages.pages(entries):
            self.shelf.put(page.key, page.body)

    def days(self, since: datetime = BEGINNING, until: datetime = END) -> Iterator[Day]:
        """Answer the days of which there is something, the earliest first.

        Raises
        ------
        DamagedError
            If something lies there that the journal has not written.
        """
        first, last = (pages.folder_of(min(max(time, BEGINNING), END)) for time in (since, until))
        found = self.shelf.objects(f"{pages.FOLDER}/", first, last + "~")
        for folder, of_day in groupby(found, key=lambda one: pages.folder_of_key(one.key)):
            in_time = sorted(of_day, key=lambda one: (one.written, one.key))
            yield Day(folder, tuple(one.key for one in in_time))

    def entries(self, day: Day) -> Iterator[Entry]:
        """Answer the entries of a day as they were written, some more than once.

        Raises
        ------
        DamagedError
            If a page is not what the journal wrote.
        """
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for first in range(0, len(day.keys), FETCHED):
                keys = day.keys[first : first + FETCHED]
                for key, body in zip(keys, threads.map(self.shelf.get, keys), strict=True):
                    yield from pages.opened(Page(key, body))

    def read(
        self,
        since: datetime = BEGINNING,
        until: datetime = END,
        subject: str | None = None,
    ) -> Iterator[Entry]:
        """Answer entries, each once, day by day, within a day in the order of causes.

        Parameters
        ----------
        since, until : datetime
            Bounds of ``occurred_at``, both included.
        subject : str, optional
            A model or a series; all of them by default.

        Raises
        ------
        DamagedError
            At the first page that is not what the journal wrote.
        """
        for day in self.days(since, until):
            wanted = (entry for entry in self.entries(day) if subject in (None, entry.subject))
            yield from in_order(one for one in wanted if since <= one.occurred_at <= until)


def in_order(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Put entries into the order of causes, each once, as it came first, with little memory. Sent
    again with a mark it is told only where there is none without."""
    with SpooledTemporaryFile(DAY_BYTES_IN_MEMORY) as lines:
        said: dict[Key, Line] = {}
        replayed: dict[Key, Line] = {}
        for entry in entries:
            known = replayed if entry.is_replayed else said
            if entry.key not in known:
                known[entry.key] = Line(entry.place, lines.tell())
                lines.write(pages.line(entry))
        begins = dict((replayed | said).values())
        for place in domain.places_in_order(begins):
            lines.seek(begins[place])
            yield pages.read_line(lines.readline())
