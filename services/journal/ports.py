"""Where the journal keeps its entries."""

from typing import Protocol

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

    def find(self, event_id: str) -> Entry | None:
        """Answer the entry of an event; None if it is not known."""
        ...
