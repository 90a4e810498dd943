"""The journal's read side, for those who tell people what happened: plain functions."""

from datetime import datetime

from services.journal import domain
from services.journal.domain import Entry
from services.journal.ports import Book
from shared.contracts import limits

BEGINNING, END = "0", "~"  # before and behind every position
CAUSED_MAX = 1_000  # of one event: far more than follows from any but a wake-up of all models
SAID_MAX = limits.EVENT_INDEX_MAX + 1  # by one decision


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
    return domain.in_order_of_causes(book.latest(subject, *between(since, until), limit))


def between(since: datetime | None, until: datetime | None) -> tuple[str, str]:
    """Answer the positions between which a time lies, both ends included."""
    first = domain.moment(since) if since else BEGINNING
    return first, (domain.moment(until) if until else "") + END


def life(
    book: Book, subject: str, since: datetime | None = None, until: datetime | None = None
) -> tuple[Entry, ...]:
    """Answer all that tells the life of a model or series, in the order of causes.

    What is said as often as data come in (`domain.NOISE`) is left out, so that a year is little.
    """
    return domain.in_order_of_causes(book.life(subject, *between(since, until)))


def of_decision(book: Book, entry: Entry) -> tuple[Entry, ...]:
    """Answer all that was said by the decision that said an event, the decision's record last.

    Alone is what a person said, and what the record of its decision is not known of.
    """
    beginning = domain.decision_of(entry)
    if beginning is None:
        return (entry,)
    others = (
        one
        for subject in domain.subjects_of_decision(entry)
        for one in book.latest(subject, beginning, beginning + END, SAID_MAX)
    )
    return domain.decided_with(entry, others)


def caused_by(book: Book, event_id: str, limit: int = CAUSED_MAX) -> tuple[Entry, ...]:
    """Answer what was said because of an event, or of a hint of AWS, in the order of causes."""
    return domain.in_order_of_causes(book.caused_by(event_id, limit))


def show_event(book: Book, event_id: str) -> Entry | None:
    """Answer one event; None if the journal does not know it."""
    return book.find(event_id)
