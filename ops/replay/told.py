"""What a decision came to, then and now, in terms that can be compared."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ops.replay.recorded import Recorded
from shared.messaging.decision import Kept

Detail = Mapping[str, Any]
"""Metadata and data."""


class Said(NamedTuple):
    """An event of a decision."""

    event_id: str
    kind: str
    detail: Detail | None
    """None: the recording ends before it was said."""


class Told(NamedTuple):
    """What a decision comes to."""

    why: str
    actions: tuple[str, ...]
    events: tuple[Said, ...]
    state: str
    """Digest of the state after it."""
    trip: str
    """The correlation id of all that it says."""

    @property
    def kinds(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What it wants done, and what it says, by name."""
        return self.actions, tuple(event.kind for event in self.events)


class Field(NamedTuple):
    """Something in which two decisions differ; None: it is not there."""

    name: str
    then: Any
    now: Any


def told_then(one: Recorded, said: Mapping[str, Recorded]) -> Told:
    """Read what a decision came to from its record.

    Parameters
    ----------
    said : Mapping
        All events of the recording, by id.
    """
    record = one.record
    events = (
        Said(name, kind, said[name].entry.detail if name in said else None)
        for name, kind in zip(one.ids, record.events, strict=True)
    )
    return Told(record.why, record.actions, tuple(events), record.state_after, one.trip)


def told_now(after: Kept[Any]) -> Told | None:
    """Read what a decision comes to from what the ledger wrote into an empty todo; None: nothing
    was decided."""
    if not after.todo:
        return None
    entries = json.loads(after.todo[0].body)["entries"]  # publishing is the first thing to do
    *details, own = [json.loads(entry["detail"]) for entry in entries]
    events = tuple(
        Said(detail["metadata"]["event_id"], entry["detail_type"], detail)
        for entry, detail in zip(entries, details, strict=False)
    )
    record, trip = own["data"], own["metadata"]["correlation_id"]
    actions = tuple(record["actions"])
    return Told(record["why"], actions, events, record["state_after"], trip)


def differences(then: Told, now: Told | None, states: bool = False) -> tuple[Field, ...]:
    """Answer in which fields two decisions differ; an event that is not recorded is compared by
    its name alone.

    Parameters
    ----------
    states : bool
        Whether the states after them are compared, too: before them they were the same.
    """
    if now is None:
        return (Field("why", then.why, None),)
    pairs = [
        Field("why", then.why, now.why),
        Field("actions", list(then.actions), list(now.actions)),
        Field("events", list(then.kinds[1]), list(now.kinds[1])),
        Field("trip", then.trip, now.trip),
    ]
    if states:
        pairs.append(Field("state", then.state, now.state))
    found = [pair for pair in pairs if pair.then != pair.now]
    for old, new in zip(then.events, now.events, strict=False):
        if old.kind == new.kind and old.detail is not None and new.detail is not None:
            found += fields(old.kind, old.detail["data"], new.detail["data"])
    return tuple(found)


def fields(name: str, then: Any, now: Any) -> Iterator[Field]:
    """Go through two values and answer the parts that differ, by their paths."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        for key in {**then, **now}:
            yield from fields(f"{name}.{key}", then.get(key), now.get(key))
    elif then != now:
        yield Field(name, then, now)
