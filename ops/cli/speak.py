"""Saying what a person wants on the bus, as source ``modelcycle.operator``."""

import hashlib
import json
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ops.cli.connection import Connection
from shared.contracts import names
from shared.contracts.envelope import SOURCE, Envelope, Event, Metadata
from shared.messaging.bus import EventBridgeBus
from shared.messaging.decision import Entry


def say(connection: Connection, *events: Event, cause: Metadata | None = None) -> tuple[str, ...]:
    """Say events in the name of the caller; answer their ids.

    Parameters
    ----------
    cause : Metadata, optional
        Of the event that they answer; none: they are the beginning of a story.

    Raises
    ------
    Retryable, Refused
        If the bus does not take them.
    """
    now = connection.clock.now()
    said = [envelope(event, connection.identity.arn, now, cause) for event in events]
    publish(connection, *said)
    return tuple(one.metadata.event_id for one in said)


def publish(connection: Connection, *said: Envelope[Event]) -> None:
    """Say events on the environment's bus.

    Raises
    ------
    Retryable, Refused
        If the bus does not take them.
    """
    entries = tuple(
        Entry(
            source=SOURCE + one.metadata.producer,
            detail_type=one.data.detail_type(),
            detail=one.detail(),
        )
        for one in said
    )
    EventBridgeBus(connection.client("events"), names.bus(connection.env)).publish(entries)


def envelope(
    event: Event,
    actor: str,
    now: datetime,
    cause: Metadata | None = None,
    producer: str | None = None,
) -> Envelope[Event]:
    """Put a person's event into its envelope; its id comes from what is said, by whom and when.

    Parameters
    ----------
    producer : str, optional
        The service in whose place a person speaks.
    """
    content = hashlib.sha256(event.model_dump_json().encode()).hexdigest()
    speaker = producer or event.producer
    identity = f"{speaker}/{event.detail_type()}/{content}/{actor}/{now.isoformat()}"
    event_id = str(uuid5(NAMESPACE_URL, identity))
    metadata = Metadata(
        event_id=event_id,
        schema_version=event.schema_version,
        occurred_at=now,
        subject=event.subject,
        correlation_id=cause.correlation_id if cause else event_id,
        causation_id=cause.event_id if cause else event_id,
        producer=speaker,
        actor=actor,
    )
    return Envelope(metadata=metadata, data=event)


def on_the_bus(said: Envelope[Event]) -> dict[str, Any]:
    """Answer an event as rules match it and the door opens it."""
    return {
        "source": SOURCE + said.metadata.producer,
        "detail-type": said.data.detail_type(),
        "detail": json.loads(said.detail()),
    }
