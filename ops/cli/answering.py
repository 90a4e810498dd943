"""Waiting, shortly, for what a service answers to a wish; the journal tells it."""

from time import monotonic, sleep

from ops.cli import output, telling
from ops.cli.connection import Connection
from ops.cli.errors import refused
from ops.cli.story import Story
from services.journal import reading
from services.journal.ports import Book
from services.journal.questions import answers
from services.journal.questions.answers import Answer
from shared.contracts import limits
from shared.messaging.errors import Refused, Retryable

LOOK_S = 0.2
WAIT_S = 5.0
WAIT_S_OF_AWS = limits.JOURNAL_BATCH_SECONDS_MAX + 10.0  # there the journal waits for a batch
READ_MAX = 100  # of what followed from one wish


def tell(connection: Connection, event_id: str, fix: str) -> None:
    """Tell what became of a wish that was said; where nothing is known of it yet, how to ask.

    Parameters
    ----------
    fix : str
        What to do where it was refused.

    Raises
    ------
    CliError
        If it was refused: nothing follows from it.
    """
    if not connection.is_local:
        output.note(f"it was said, as {event_id}; its answer is waited for")
    answer = wait(connection, event_id)
    if answer is None:
        return output.note(f"modelcycle events show {event_id} says what became of it")
    said = f"{answer.service}: {telling.plain(answer.why)}"
    if answer.is_no:
        raise refused(f"it was refused by {said}", fix)
    output.note(said)
    return output.note(f"modelcycle events show {event_id} says what follows")


def wait(connection: Connection, event_id: str) -> Answer | None:
    """Answer what was decided upon a wish; None: the journal has not heard of it in time."""
    book = Story(connection).book
    deadline = monotonic() + (WAIT_S if connection.is_local else WAIT_S_OF_AWS)
    while True:
        found = look(book, event_id)
        if found or monotonic() >= deadline:
            return found
        sleep(LOOK_S)


def look(book: Book, event_id: str) -> Answer | None:
    """Answer what the journal knows of it now; one that cannot be read takes nothing from a wish
    that was said."""
    try:
        return answers.answer(event_id, reading.caused_by(book, event_id, READ_MAX))
    except (Refused, Retryable):
        return None
