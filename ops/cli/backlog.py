"""What the journal was told and could not keep: answers from it may lack that."""

from botocore.exceptions import BotoCoreError, ClientError

from ops.cli import output
from ops.cli.connection import Connection
from shared.contracts import names

COUNTED = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


def noted(connection: Connection) -> int | None:
    """Say on stderr that events wait in the journal's dead letters, if some do; answer how many,
    None where that cannot be known."""
    waiting = count(connection)
    if waiting:
        events = "1 event waits" if waiting == 1 else f"{waiting:,} events wait"
        output.note(
            f"{events} in the journal's dead letters, so this may lack some: "
            "`modelcycle dlq list journal` says why"
        )
    return waiting


def count(connection: Connection) -> int | None:
    """Count the journal's dead letters; None where there is no such queue, or one may not look."""
    sqs = connection.client("sqs")
    try:
        name = names.dead_letter_queue(connection.env, "journal")
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(COUNTED))["Attributes"]
    except (BotoCoreError, ClientError):
        return None
    return sum(int(found[one]) for one in COUNTED)
