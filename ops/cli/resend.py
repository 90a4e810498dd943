"""``modelcycle events resend``: says an event of the journal again, with its own id."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import click

from ops.cli import output
from ops.cli.connecting import connected
from ops.cli.connection import Connection
from ops.cli.errors import refused
from ops.cli.story import Story
from ops.cli.trigger import hearing
from services.journal.domain import Entry
from shared.contracts import limits, names
from shared.contracts.lifecycle import EVENTS
from shared.contracts.subscriptions import SERVICES
from shared.messaging import decision
from shared.messaging.bus import EventBridgeBus


@click.command()
@click.argument("event_id", metavar="ID")
@click.option("--to", "service", type=click.Choice(SERVICES), help="To one service alone.")
@connected
def resend(connection: Connection, event_id: str, service: str | None) -> None:
    """Say an event of the journal again, as it was said and with its own id.

    Who has handled it before recognises it, and does nothing. In an account whose policies let
    nobody speak as a service, --to goes by the service's queue.
    """
    connection.require_environment()
    entry = Story(connection).find(event_id)
    check_age(connection, entry)
    heard_by = check_hearer(entry, service) if service else listeners(entry)
    if service:
        hand_over(connection, entry, service)
    else:
        said = as_said(entry)
        again = decision.Entry(
            source=entry.source, detail_type=entry.detail_type, detail=json.dumps(said)
        )
        EventBridgeBus(connection.client("events"), names.bus(connection.env)).publish((again,))
    where = f"{service}'s queue" if service else "the bus"
    click.echo(f"{entry.detail_type} of {entry.subject} is sent to {where} again: {entry.event_id}")
    output.note(f"heard by {', '.join(heard_by) or 'nobody'}; who has handled it does nothing")


def check_age(connection: Connection, entry: Entry) -> None:
    """Refuse what might have been handled and forgotten.

    Raises
    ------
    CliError
        If it is older than services remember.
    """
    if connection.clock.now() - entry.occurred_at > timedelta(days=limits.EVENT_AGE_DAYS_MAX):
        raise refused(
            f"{entry.detail_type} was said {entry.occurred_at:%Y-%m-%d}, and services remember "
            f"{limits.INBOX_DAYS} days: each would reject it, for it may have been handled",
            "ask for what you want by a new wish: modelcycle retrain, deploy or rollback",
        )


def listeners(entry: Entry) -> tuple[str, ...]:
    """Answer who hears an event; of one that this code does not know, nobody."""
    kind = EVENTS.get(entry.detail_type)
    return hearing(kind) if kind else ()


def check_hearer(entry: Entry, service: str) -> tuple[str, ...]:
    """Make sure that a service hears an event, else it would reject it.

    Raises
    ------
    CliError
        If it does not.
    """
    heard_by = listeners(entry)
    if service not in heard_by:
        raise refused(
            f"{service} does not hear {entry.detail_type}: it would reject it",
            f"send it to {' or '.join(heard_by)}"
            if heard_by
            else "this code does not know the event: use that of a later version",
        )
    return (service,)


def hand_over(connection: Connection, entry: Entry, service: str) -> None:
    """Put an event into a service's queue, as EventBridge would."""
    sqs = connection.client("sqs")
    url = sqs.get_queue_url(QueueName=names.queue(connection.env, service))["QueueUrl"]
    body = {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": entry.detail_type,
        "source": entry.source,
        "account": connection.identity.account,
        "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "region": connection.region,
        "resources": [],
        "detail": as_said(entry),
    }
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))


def as_said(entry: Entry) -> dict[str, Any]:
    """Answer what was said, marked as said again; fields of tomorrow are kept."""
    return {**entry.detail, "metadata": {**entry.detail["metadata"], "replayed": True}}
