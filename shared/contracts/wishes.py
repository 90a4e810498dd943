"""The wishes of our own schedules: a service's sweep. They carry nothing; what is due, the service
finds out itself."""

from datetime import datetime
from typing import Any

from shared.contracts.envelope import SOURCE, Wish


class SweepRequested(Wish):
    """Resume unfinished business, and ask Describe about whatever is in flight."""

    @property
    def subject(self) -> str:
        """A sweep is about everything that the service keeps."""
        return "sweep"


WISHES: dict[str, type[Wish]] = {wish.detail_type(): wish for wish in (SweepRequested,)}


def scheduled(wish: type[Wish], event_id: str, now: datetime) -> dict[str, Any]:
    """Build the message that a schedule sends to a service's queue, shaped like an event on the
    bus."""
    metadata = {
        "event_id": event_id,
        "occurred_at": now.isoformat(),
        "subject": "sweep",
        "correlation_id": event_id,
        "causation_id": event_id,
        "producer": wish.producer,
        "actor": wish.producer,
    }
    return {
        "id": event_id,
        "source": SOURCE + wish.producer,
        "detail-type": wish.detail_type(),
        "detail": {"metadata": metadata, "data": {}},
    }
