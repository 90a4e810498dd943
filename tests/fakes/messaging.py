"""In-memory sides of the ports that every worker has. Everything goes through JSON, as in AWS."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic

from pydantic import TypeAdapter

from shared.contracts import limits
from shared.contracts.door import open_event
from shared.contracts.envelope import Envelope, Event, Metadata, Revision, check_size
from shared.messaging.decision import Entry, Kept, S, Todo
from shared.messaging.errors import AlreadyHeard, Conflict, Refused
from shared.messaging.evidence import Evidence
from shared.messaging.worker import Service, Worker

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ITEM_BYTES_MAX = 400 * 1024  # DynamoDB
TODO: TypeAdapter[tuple[Todo, ...]] = TypeAdapter(tuple[Todo, ...])


class DrivenClock:
    """A clock that a test moves."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def forward(self, **duration: float) -> None:
        self.at += timedelta(**duration)


class MemoryStore(Generic[S]):
    """Aggregates, inbox and leases in dicts; the clock of leases stands still until it is moved."""

    def __init__(
        self,
        state: type[S],
        initial: Callable[[str], S],
        wall: DrivenClock | None = None,
        lease_seconds: float = limits.LEASE_SECONDS,
    ) -> None:
        self.state = state
        self.initial = initial
        self.wall = wall or DrivenClock()
        self.lease_seconds = lease_seconds
        self.items: dict[str, tuple[int, str, bytes, dict[str, Revision]]] = {}
        self.inbox: set[tuple[str, str]] = set()
        self.leases: dict[tuple[str, str], datetime] = {}

    def load(self, key: str, event_id: str | None) -> Kept[S]:
        if event_id is not None and (key, event_id) in self.inbox:
            raise AlreadyHeard(event_id)
        if key not in self.items:
            return Kept(revision=0, state=self.initial(key))
        revision, state, todo, heard = self.items[key]
        return Kept(
            revision, self.state.model_validate_json(state), TODO.validate_json(todo), heard
        )

    def commit(self, key: str, kept: Kept[S], event_id: str | None, now: datetime) -> None:
        if event_id is not None and (key, event_id) in self.inbox:
            raise AlreadyHeard(event_id)
        before = self.items[key][0] if key in self.items else 0
        if before != kept.revision - 1:
            raise Conflict(key)
        state, todo = kept.state.model_dump_json(), TODO.dump_json(kept.todo)
        if len(state.encode()) + len(todo) > ITEM_BYTES_MAX:
            raise Refused("ValidationException", f"{key}: Item size has exceeded the maximum")
        if event_id is not None:
            self.inbox.add((key, event_id))
        self.items[key] = (kept.revision, state, todo, dict(kept.heard))

    def lease(self, key: str, item_id: str) -> bool:
        until = self.leases.get((key, item_id))
        if until is not None and until >= self.wall.now():
            return False
        self.leases[key, item_id] = self.wall.now() + timedelta(seconds=self.lease_seconds)
        return True

    def keys(self) -> tuple[str, ...]:
        return tuple(self.items)


class MemoryBus:
    """Keeps what was said."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def publish(self, entries: tuple[Entry, ...]) -> None:
        for entry in entries:
            check_size(entry.detail.encode(), entry.detail_type)
        self.entries += entries

    def events(self) -> list[Envelope[Event]]:
        """Answer what was said, each id once, without the records of decisions."""
        seen: dict[str, Envelope[Event]] = {}
        for entry in self.entries:
            envelope = open_event(
                {
                    "source": entry.source,
                    "detail-type": entry.detail_type,
                    "detail": json.loads(entry.detail),
                }
            )
            if envelope is not None and entry.detail_type != "DecisionRecorded":
                seen.setdefault(envelope.metadata.event_id, envelope)
        return list(seen.values())

    def said(self) -> list[str]:
        """Answer the names of what was said, in order, each event once."""
        return [envelope.data.detail_type() for envelope in self.events()]


@dataclass
class Bench(Generic[S]):
    """A worker on memory, and all that a test wants to look at."""

    service: Service[S]
    store: MemoryStore[S]
    bus: MemoryBus = field(default_factory=MemoryBus)
    clock: DrivenClock = field(default_factory=DrivenClock)
    concerned: Callable[[Envelope[Event]], tuple[str, ...]] = lambda envelope: (
        envelope.metadata.subject,
    )

    def worker(self) -> Worker[S]:
        """Make a worker, as a process that starts does."""
        return Worker(
            service=self.service,
            store=self.store,
            bus=self.bus,
            clock=self.clock,
            evidence=Evidence(lambda key, body: f"s3://evidence/{key}"),
            concerned=self.concerned,
            log=logging.getLogger("test"),
            code_version="test",
        )

    def handle(self, event: Event, event_id: str = "event-1", **metadata: Any) -> None:
        """Hand one event to a fresh worker."""
        self.worker().handle(envelope(event, event_id, **metadata))


def envelope(event: Event, event_id: str = "event-1", **metadata: Any) -> Envelope[Event]:
    """Put an event into an envelope."""
    values: dict[str, Any] = {
        "event_id": event_id,
        "occurred_at": START,
        "subject": event.subject or "fees",
        "correlation_id": "trip-1",
        "causation_id": "cause-1",
        "producer": event.producer,
        "actor": event.producer,
        **metadata,
    }
    return Envelope(metadata=Metadata(**values), data=event)
