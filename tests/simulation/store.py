"""A service's table in memory: optimistic revisions, the inbox, leases that expire.

What is kept is frozen, so that it need not be copied. In some schedules all goes through JSON, as
in DynamoDB; with other code on the other side that is what is read.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic

from pydantic import TypeAdapter

from shared.contracts import limits
from shared.contracts.envelope import Revision
from shared.messaging.decision import Kept, S, Todo
from shared.messaging.errors import AlreadyHeard, Conflict
from tests.simulation.gate import Gate, crossing

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.world import World

TODO: TypeAdapter[tuple[Todo, ...]] = TypeAdapter(tuple[Todo, ...])
HEARD: TypeAdapter[dict[str, Revision]] = TypeAdapter(dict[str, Revision])


class Table(Generic[S]):
    """What a service has stored; it outlives its processes."""

    def __init__(self, service: str, state: type[S], initial: "Callable[[str], S]") -> None:
        self.service = service
        self.state = state
        self.initial = initial
        self.items: dict[str, Kept[S]] = {}
        self.inbox: dict[tuple[str, str], datetime] = {}
        self.leases: dict[tuple[str, str], float] = {}
        self.inbox_memory = timedelta(days=limits.INBOX_DAYS)

    def kept(self, key: str) -> Kept[S]:
        """Answer an aggregate."""
        return self.items.get(key) or Kept(revision=0, state=self.initial(key))

    def through_text(self, kept: Kept[S]) -> Kept[S]:
        """Write an aggregate down and read it again."""
        return Kept(
            kept.revision,
            self.state.model_validate_json(kept.state.model_dump_json()),
            TODO.validate_json(TODO.dump_json(kept.todo)),
            HEARD.validate_json(HEARD.dump_json(dict(kept.heard))),
        )


class Store(Generic[S]):
    """The table, as one process reaches it."""

    def __init__(self, world: "World", gate: Gate, table: Table[S]) -> None:
        self.world = world
        self.gate = gate
        self.table = table

    @crossing
    def load(self, key: str, event_id: str | None) -> Kept[S]:
        self.refuse_known(key, event_id)
        return self.table.kept(key)

    def refuse_known(self, key: str, event_id: str | None) -> None:
        """Raise AlreadyHeard if the inbox knows an event."""
        heard_at = self.table.inbox.get((key, event_id)) if event_id else None
        if heard_at and self.world.agenda.now - heard_at < self.table.inbox_memory:
            raise AlreadyHeard(str(event_id))

    @crossing
    def commit(self, key: str, kept: Kept[S], event_id: str | None, now: datetime) -> None:
        self.refuse_known(key, event_id)
        table, before = self.table, self.table.kept(key)
        if before.revision != kept.revision - 1:
            raise Conflict(key)
        if event_id is not None:
            table.inbox[key, event_id] = self.world.agenda.now
        after: Kept[Any] = table.through_text(kept) if self.world.as_text else kept
        table.items[key] = after
        self.world.watch.committed(table.service, key, before, after, now)

    @crossing
    def lease(self, key: str, item_id: str) -> bool:
        now = self.world.agenda.seconds
        if self.table.leases.get((key, item_id), -1.0) >= now:
            return False
        self.table.leases[key, item_id] = now + limits.LEASE_SECONDS
        return True

    @crossing
    def keys(self) -> tuple[str, ...]:
        return tuple(self.table.items)
