"""The journal's way in: an event is kept as it was said, nothing is decided, nothing else done.

A message is done when both hold its event: the book, for questions, and the archive, for ever.
"""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from services.journal import domain
from services.journal.archive import Archive
from services.journal.domain import Entry
from services.journal.ports import Book
from shared.contracts.door import open_event
from shared.messaging.lambda_entry import DeadLetters, Entrance, told
from shared.messaging.log import Log


class JournalEntrance(Entrance):
    """Keeps each event that comes in."""

    def __init__(self, book: Book, archive: Archive, dead_letters: DeadLetters, log: Log) -> None:
        super().__init__(dead_letters, log)
        self.book = book
        self.archive = archive
        self.heard: list[Entry] = []

    def hear(self, record: SQSRecord) -> tuple[str, ...]:
        """Keep one event of ours; a hint of AWS is not kept.

        Raises
        ------
        ContractError
            If it is not one of our events; what strangers say is no part of the story.
        Retryable
            If it cannot be kept now.
        """
        raw: Any = told(record)
        envelope = open_event(raw)
        if envelope is None or envelope.data.is_hint:
            return ()
        entry = domain.entry(envelope, raw["detail"])
        self.book.keep(entry)
        self.heard.append(entry)
        return (entry.subject,)

    def complete(self) -> None:
        """Keep in the archive what the book took of this batch, known or new: what it knows may
        have missed the archive the last time.

        Raises
        ------
        Retryable, Refused
            If not all of it can be kept now.
        """
        heard, self.heard = self.heard, []
        self.archive.keep(heard)
