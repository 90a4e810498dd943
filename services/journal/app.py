"""The journal's composition root and Lambda entry."""

from aws_lambda_powertools import Logger

from services.journal.archive import Archive
from services.journal.aws import DynamoBook, S3Shelf
from services.journal.entrance import JournalEntrance
from shared.contracts import names
from shared.messaging import runtime
from shared.messaging.lambda_entry import entry
from shared.messaging.runtime import SqsDeadLetters
from shared.messaging.settings import Settings

NAME = "journal"


def build() -> JournalEntrance:
    """Put the journal together on AWS."""
    settings = Settings.read(NAME)
    table = names.table(settings.env, NAME)
    book = DynamoBook(runtime.client("dynamodb"), table, settings.queries_days)
    dead_letters = SqsDeadLetters(
        runtime.client("sqs"), names.dead_letter_queue(settings.env, NAME)
    )
    archive = Archive(S3Shelf(runtime.client("s3"), settings.bucket))
    return JournalEntrance(book, archive, dead_letters, Logger(service=NAME))


handler = entry(build)
