"""Facts of a model's life, each once, in the order of the aggregate that said them."""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import ValidationError

from services.journal.domain import Entry
from shared.contracts.envelope import Event, read

Order = tuple[int, int, str]
"""Revision, index in its decision, position: what one aggregate said later is greater. Times do
not decide: clocks of several machines differ, and a driven clock stands still."""


class Fact(NamedTuple):
    """What an event says, and when."""

    order: Order
    at: datetime
    event_id: str
    trip: str
    """The trip round the loop that it belongs to."""
    said: Any
    """The event's data."""


class Facts:
    """What one aggregate said about one thing, whatever order it is heard in."""

    def __init__(self) -> None:
        self.kept: list[Fact] = []

    def __iter__(self) -> Iterator[Fact]:
        return iter(self.kept)

    def add(self, fact: Fact) -> None:
        """Put a fact into its place; one that was heard before changes nothing."""
        kept = self.kept
        if not kept or kept[-1].order < fact.order:
            kept.append(fact)
            return
        place = bisect_left(kept, fact.order, key=order_of)
        if kept[place].order != fact.order:
            kept.insert(place, fact)

    def latest(self, *kinds: type[Event]) -> Fact | None:
        """Answer the latest fact of some kinds, or of all; None: there is none."""
        return next(
            (one for one in reversed(self.kept) if isinstance(one.said, kinds or Event)), None
        )

    def since(self, order: Order) -> list[Fact]:
        """Answer the facts after a place."""
        return self.kept[bisect_left(self.kept, order, key=order_of) :]


class Row(Facts):
    """Facts since the latest that begins a row anew; earlier ones are forgotten."""

    def __init__(self, begins: Callable[[Event], bool]) -> None:
        super().__init__()
        self.begins = begins

    @property
    def has_begun(self) -> bool:
        """Whether what begins it was heard; if not, it may be longer than what is kept."""
        return bool(self.kept) and self.begins(self.kept[0].said)

    def add(self, fact: Fact) -> None:
        """Put a fact into its place, unless a later one began the row."""
        first = self.kept[0] if self.kept else fact
        if fact.order < first.order and self.begins(first.said):
            return
        super().add(fact)
        if self.begins(fact.said):
            self.kept = self.since(fact.order)


def order_of(fact: Fact) -> Order:
    """Answer by what facts are sorted."""
    return fact.order


def read_fact(entry: Entry, event_class: type[Event]) -> Fact | None:
    """Read a fact; None where it has a form that this code does not know."""
    metadata = entry.detail["metadata"]
    revision = metadata.get("revision") or {"number": 0, "index": 0}
    try:
        said = read(event_class, entry.detail["data"])
    except ValidationError:
        return None
    return Fact(
        order=(revision["number"], revision["index"], entry.position),
        at=entry.occurred_at,
        event_id=entry.event_id,
        trip=metadata["correlation_id"],
        said=said,
    )
