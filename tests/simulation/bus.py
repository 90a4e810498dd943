"""What is said: by services and people on our bus, and by AWS on its own, where hints may be lost,
stale, or forged."""

import json
from typing import TYPE_CHECKING, Any

from shared.contracts.aws import SOURCE as AWS
from shared.contracts.envelope import SOURCE, Envelope, Event, Metadata
from shared.messaging.decision import Entry
from shared.messaging.errors import Retryable
from tests.simulation import poison
from tests.simulation.network import HEARD_BY

if TYPE_CHECKING:
    from tests.simulation.world import World


class Bus:
    """Both buses."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.hints: list[tuple[str, dict[str, Any]]] = []
        self.sent = 0

    def publish(self, entries: tuple[Entry, ...]) -> None:
        """Take what a service says on the bus; sometimes only the first part of it."""
        taken = entries
        if self.world.strikes("partial publish"):
            taken = entries[: len(entries) // 2]
        for entry in taken:
            self.world.facts.said(entry)
            if entry.detail_type in HEARD_BY:
                detail = self.by_newer_code(entry.detail)
                body = (
                    f'{{"source":"{entry.source}","detail-type":"{entry.detail_type}",'
                    f'"detail":{detail}}}'
                )
                self.world.network.deliver(entry.detail_type, body)
        if taken != entries:
            raise Retryable("the bus did not take all of it")

    def by_newer_code(self, detail: str) -> str:
        """Let newer code on the other side say more than ours knows."""
        if not self.world.strikes("newer code"):
            return detail
        return detail.replace('"data":{', '"data":{"said_by_newer_code":[1],', 1)

    def say(self, event: Event, who: str, event_id: str) -> None:
        """Take what a person says."""
        metadata = Metadata(
            event_id=event_id,
            occurred_at=self.world.agenda.now,
            subject=event.subject,
            correlation_id=event_id,
            causation_id=event_id,
            producer="operator",
            actor=who,
        )
        detail = Envelope(metadata=metadata, data=event).detail()
        name = event.detail_type()
        self.world.note(f"{who} says {name}")
        self.world.network.deliver(
            name, f'{{"source":"{SOURCE}operator","detail-type":"{name}","detail":{detail}}}'
        )

    def hint(self, name: str, detail: dict[str, Any]) -> None:
        """Take what AWS says: best effort, perhaps with an old one, or a forged one."""
        self.hints.append((name, detail))
        stream = self.world.chance.of("hints")
        if self.world.strikes("stale hint"):
            self.send_hint(*stream.choice(self.hints))
        if self.world.strikes("forged hint"):
            self.send_hint(*poison.forged(stream, self.hints))
        if not self.world.strikes("lost hint"):
            self.send_hint(name, detail)
        else:
            self.world.network.wake(HEARD_BY[name][0], is_needed=True)

    def send_hint(self, name: str, detail: dict[str, Any]) -> None:
        """Put a hint on the default bus."""
        self.sent += 1
        body = {
            "id": f"hint-{self.sent}",
            "source": AWS,
            "detail-type": name,
            "time": self.world.agenda.now.isoformat(),
            "resources": [],
            "detail": detail,
        }
        self.world.network.deliver(name, json.dumps(body))
