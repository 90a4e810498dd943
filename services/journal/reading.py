"""The journal's read side, for those who tell people what happened: plain functions."""

from datetime import datetime

from services.journal import domain
from services.journal.domain import Entry
from services.journal.ports import Book

BEGINNING, END = "0", "~"  # before and behind every position


def list_events(
    book: Book,
    subject: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 100,
) -> tuple[Entry, ...]:
    """Answer the latest events in the order of causes, the latest last.

    Parameters
    ----------
    subject : str, optional
        A model or a series; all of them by default.
    since, until : datetime, optional
        Bounds of `occurred_at`, both included.
    limit : int
        How many events at most.
    """
    first = domain.moment(since) if since else BEGINNING
    last = (domain.moment(until) if until else "") + END
    return domain.in_order_of_causes(book.latest(subject, first, last, limit))


def show_event(book: Book, event_id: str) -> Entry | None:
    """Answer one event; None if the journal does not know it."""
    return book.find(event_id)
