"""The journal's ports in memory, and events as they are on the bus."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from services.journal import domain, reading
from services.journal.domain import Entry
from services.journal.ports import Book, Object
from shared.contracts.door import open_event
from shared.contracts.envelope import SOURCE, Envelope, Event, Metadata

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class MemoryBook:
    """Entries in a dict."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], Entry] = {}

    def keep(self, entry: Entry) -> bool:
        key = (entry.subject, entry.position)
        is_new = key not in self.entries
        self.entries.setdefault(key, entry)
        return is_new

    def latest(self, subject: str | None, since: str, until: str, limit: int) -> list[Entry]:
        found = (
            one
            for one in self.entries.values()
            if subject in (None, one.subject) and since <= one.position <= until
        )
        return sorted(found, key=lambda one: one.position, reverse=True)[:limit]

    def life(self, subject: str, since: str, until: str) -> list[Entry]:
        found = self.latest(subject, since, until, len(self.entries))
        return [one for one in reversed(found) if one.tells_life]

    def caused_by(self, event_id: str, limit: int) -> list[Entry]:
        found = (one for one in self.entries.values() if one.causation_id == event_id)
        others = (one for one in found if one.event_id != event_id)
        return sorted(others, key=lambda one: one.position)[:limit]

    def each(self, since: str, until: str) -> Iterator[Entry]:
        return reversed(self.latest(None, since, until, len(self.entries)))

    def holds(self, entry: Entry) -> bool:
        return (entry.subject, entry.position) in self.entries

    def find(self, event_id: str) -> Entry | None:
        return next((one for one in self.entries.values() if one.event_id == event_id), None)


class MemoryShelf:
    """Objects in a dict, each written a second after the one before."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    def put(self, key: str, body: bytes) -> bool:
        is_new = key not in self.bodies
        self.bodies.setdefault(key, body)
        return is_new

    def objects(self, prefix: str, since: str, until: str) -> Iterator[Object]:
        written = {key: NOON + timedelta(seconds=second) for second, key in enumerate(self.bodies)}
        return (
            Object(key, written[key])
            for key in sorted(self.bodies)
            if key.startswith(prefix) and since <= key <= until
        )

    def get(self, key: str) -> bytes:
        return self.bodies[key]


def answers(book: Book) -> list[Any]:
    """Ask the journal all that it is asked, of all that it holds."""
    entries = reading.list_events(book, limit=10_000)
    subjects = sorted({one.subject for one in entries})
    causes = sorted({one.causation_id for one in entries})
    return [
        entries,
        [reading.show_event(book, one.event_id) for one in entries],
        [reading.of_decision(book, one) for one in entries],
        [reading.life(book, subject) for subject in subjects],
        [reading.list_events(book, subject) for subject in subjects],
        [reading.caused_by(book, cause) for cause in causes],
    ]


def said(
    event: Event,
    event_id: str,
    at: datetime = NOON,
    cause: str = "",
    producer: str = "",
    **metadata: Any,
) -> dict[str, Any]:
    """Say an event as it is on the bus."""
    producer = producer or (event.producer if event.producer != "*" else "trainer")
    envelope = Envelope(
        metadata=Metadata(
            event_id=event_id,
            occurred_at=at,
            subject=event.subject,
            correlation_id="trip",
            causation_id=cause or event_id,
            producer=producer,
            actor=producer,
            **metadata,
        ),
        data=event,
    )
    return {
        "source": SOURCE + producer,
        "detail-type": event.detail_type(),
        "detail": json.loads(envelope.detail()),
    }


def entry_of(raw: dict[str, Any]) -> Entry:
    """Make the entry of an event as it is on the bus."""
    envelope = open_event(raw)
    assert envelope is not None
    return domain.entry(envelope, raw["detail"])
