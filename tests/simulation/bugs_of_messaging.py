"""Planted bugs of worker, store, bus and door, each patched around the production code."""

from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from shared.contracts import envelope
from shared.contracts.envelope import ContractError
from shared.contracts.wishes import SweepRequested
from shared.messaging.decision import Kept
from shared.messaging.errors import Rejected
from shared.messaging.lambda_entry import Entrance
from shared.messaging.worker import Worker
from tests.simulation import store
from tests.simulation.ports import Bus

Planted = AbstractContextManager[Any]


def done_mark_missing() -> Planted:
    return patch.object(Kept, "without", lambda self, item_id: self)


def sweep_does_nothing() -> Planted:
    honest = Worker.handle_for

    def handle_for(self: Any, key: str, said: Any) -> Any:
        return None if isinstance(said.data, SweepRequested) else honest(self, key, said)

    return patch.object(Worker, "handle_for", handle_for)


def inbox_forgets_after_an_hour() -> Planted:
    honest = store.Table.__init__

    def forgetful(self: Any, *arguments: Any) -> None:
        honest(self, *arguments)
        self.inbox_memory = timedelta(hours=1)

    return patch.object(store.Table, "__init__", forgetful)


def revision_not_compared() -> Planted:
    honest = store.Store.commit

    def commit(self: Any, key: str, kept: Any, event_id: Any, now: Any) -> None:
        there = self.table.kept(key).revision
        mine = Kept(there + 1, kept.state, kept.todo, kept.heard)
        honest(self, key, mine, event_id, now)

    return patch.object(store.Store, "commit", commit)


def ids_made_when_said() -> Planted:
    honest, said = Bus.publish, iter(range(10**9))

    def publish(self: Any, entries: Any) -> None:
        fresh = tuple(
            one.changed(detail=one.detail.replace('"event_id":"', f'"event_id":"{next(said)}-', 1))
            for one in entries
        )
        honest(self, fresh)

    return patch.object(Bus, "publish", publish)


def poison_swallowed() -> Planted:
    def take(self: Any, record: Any) -> None:
        try:
            self.hear(record)
        except (ContractError, Rejected):
            return

    return patch.object(Entrance, "take", take)


def poison_goes_back_to_the_queue() -> Planted:
    return patch.object(Entrance, "take", lambda self, record: self.hear(record))


def fault_repeats_its_input() -> Planted:
    return patch.object(envelope, "first_fault", lambda error: str(error))
