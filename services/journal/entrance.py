"""The journal's way in: an event is kept as it was said, nothing is decided, nothing else done."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from services.journal import domain
from services.journal.ports import Book
from shared.contracts.door import open_event
from shared.messaging.lambda_entry import DeadLetters, Entrance, told
from shared.messaging.log import Log


class JournalEntrance(Entrance):
    """Keeps each event that comes in."""

    def __init__(self, book: Book, dead_letters: DeadLetters, log: Log) -> None:
        super().__init__(dead_letters, log)
        self.book = book

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
        self.book.keep(domain.entry(envelope, raw["detail"]))
        return (envelope.metadata.subject,)
