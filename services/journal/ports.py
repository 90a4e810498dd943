"""Where the journal keeps its entries."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple, Protocol

from services.journal.domain import Entry


class Book(Protocol):
    """Keeps entries for ever; each is written once."""

    def keep(self, entry: Entry) -> bool:
        """Write an entry; False if it was there already."""
        ...

    def latest(self, subject: str | None, since: str, until: str, limit: int) -> list[Entry]:
        """Answer the latest entries between two positions, at most `limit` of them.

        Parameters
        ----------
        subject : str or None
            A model or a series; None: all.
        since, until : str
            Positions, or beginnings of them: times as `domain.moment` writes them.
        """
        ...

    def life(self, subject: str, since: str, until: str) -> list[Entry]:
        """Answer all that tells the life of a model or series between two positions, in order."""
        ...

    def caused_by(self, event_id: str, limit: int) -> list[Entry]:
        """Answer what was said because of an event, or of a hint, in order; at most `limit`."""
        ...

    def each(self, since: str, until: str) -> Iterator[Entry]:
        """Answer all entries between two positions, in order, a page at a time."""
        ...

    def holds(self, entry: Entry) -> bool:
        """Tell whether it was written."""
        ...

    def find(self, event_id: str) -> Entry | None:
        """Answer the entry of an event; None if it is not known."""
        ...


class Object(NamedTuple):
    """An object on a shelf."""

    key: str
    written: datetime
    """To the second, as S3 has it."""


class Shelf(Protocol):
    """Keeps objects by their names, each as it was first written."""

    def put(self, key: str, body: bytes) -> bool:
        """Write an object; False if there is one of that name, which stays as it is.

        Raises
        ------
        Retryable, Refused
            If it cannot be kept.
        """
        ...

    def objects(self, prefix: str, since: str, until: str) -> Iterator[Object]:
        """Answer what has names that begin with `prefix`, from `since` to `until`, in order."""
        ...

    def get(self, key: str) -> bytes:
        """Read an object.

        Raises
        ------
        Retryable, Refused
            If it cannot be read.
        """
        ...
