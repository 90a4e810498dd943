"""What the worker needs of the world: where aggregates are kept, and where events are said."""

from datetime import datetime
from typing import Protocol

from shared.messaging.decision import Entry, Kept, S


class Store(Protocol[S]):
    """Where a service keeps its aggregates. Every write is conditional on the revision."""

    def load(self, key: str, event_id: str | None) -> Kept[S]:
        """Answer the aggregate, a new one at revision 0 if there is none.

        Raises
        ------
        AlreadyHeard
            If the inbox knows `event_id`.
        """
        ...

    def commit(self, key: str, kept: Kept[S], event_id: str | None, now: datetime) -> None:
        """Write the aggregate at ``kept.revision`` if the one before it is still there.

        Raises
        ------
        Conflict
            If somebody else wrote in between.
        AlreadyHeard
            If the inbox knows `event_id`; else it is written in the same transaction.
        """
        ...

    def lease(self, key: str, item_id: str) -> bool:
        """Take the only right to do an item, for longer than a function may run; or say no."""
        ...


class Bus(Protocol):
    """Where events are said."""

    def publish(self, entries: tuple[Entry, ...]) -> None:
        """Say all entries; those that were said before are recognised by their ids."""
        ...
