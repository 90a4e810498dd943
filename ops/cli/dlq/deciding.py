"""Doing what a person decided about a dead letter, so that a crash at any point loses nothing.

The letter leaves its queue last. Whatever ends before that leaves the letter where it was, and what
is done a second time is harmless: a message that was handled before is recognised by its id, and a
body is kept under the letter's own key.
"""

from collections.abc import Callable

from ops.cli.connection import Connection
from ops.cli.dlq.box import Held
from ops.cli.dlq.letter import Decision, Letter
from ops.cli.speak import say

KEPT = "dead-letters"
"""Prefix of what was dropped, in the environment's bucket."""

Decide = Callable[[Connection, Held, str], str]
"""``(connection, letter, reason) -> where it went``."""


def redrive(connection: Connection, one: Held, reason: str) -> str:
    """Send a letter back to the queue that it was meant for, without what it was faulted for."""
    letter, sqs = one.letter, connection.client("sqs")
    url = sqs.get_queue_url(QueueName=letter.queue)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=letter.body)
    conclude(connection, one, Decision.REDRIVEN, reason, None)
    return letter.queue


def drop(connection: Connection, one: Held, reason: str) -> str:
    """Take a letter away; its body is kept in S3."""
    key = key_of(one.letter)
    body = one.letter.body.encode()
    connection.client("s3").put_object(Bucket=connection.bucket, Key=key, Body=body)
    uri = f"s3://{connection.bucket}/{key}"
    conclude(connection, one, Decision.DROPPED, reason, uri)
    return uri


def key_of(letter: Letter) -> str:
    """Name the object in which a dropped letter's body is kept."""
    return f"{KEPT}/{letter.service}/{letter.message_id}"


def conclude(
    connection: Connection, one: Held, decision: Decision, reason: str, uri: str | None
) -> None:
    """Tell the journal what was done, and then take the letter out of its queue."""
    letter = one.letter
    say(connection, letter.decided(decision, reason, uri), cause=letter.content.metadata)
    connection.client("sqs").delete_message(QueueUrl=one.url, ReceiptHandle=one.receipt)


DECISIONS: dict[Decision, Decide] = {Decision.REDRIVEN: redrive, Decision.DROPPED: drop}
