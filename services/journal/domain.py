"""What is kept of an event, and in which order events are told."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pydantic import AwareDatetime

from shared.contracts.envelope import SOURCE, Envelope, Event, Revision, read
from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle import (
    AccuracyMeasured,
    DecisionRecorded,
    ObservationsIngested,
    RecordsQuarantined,
)
from shared.contracts.subscriptions import SERIES_KEY

NUMBER_DIGITS = 12  # of a revision: a thousand a second for thirty years
INDEX_DIGITS = 4  # of an event within its decision
DECISION = DecisionRecorded.detail_type()
NOISE = frozenset(
    event.detail_type()
    for event in (
        ObservationsIngested,
        RecordsQuarantined,
        AccuracyMeasured,
        DecisionRecorded,
    )
)
"""What is said as often as data come in; all other events tell the life of a model or series. The
governor says the same no once, however often it is asked."""


class Key(NamedTuple):
    """Where an event is kept: the same event has the same key, whenever it comes."""

    position: str
    subject: str
    event_id: str
    """The end of its position."""


class Place(NamedTuple):
    """Where an event is told: by its position, but after its cause, and after what its aggregate
    said before in the same moment."""

    position: str
    subject: str
    event_id: str
    causation_id: str
    moment: str
    """Of its aggregate; empty: a person said it, there is no aggregate."""


class Entry(Frozen):
    """One event as it was said, with what it is found by."""

    subject: str
    position: str
    event_id: str
    detail_type: str
    source: str
    occurred_at: AwareDatetime
    causation_id: str
    detail: dict[str, Any]
    """Metadata and data, with fields that this code does not know yet."""

    @property
    def key(self) -> Key:
        """Where it is kept; the table holds one entry there, the first that came."""
        return Key(self.position, self.subject, self.event_id)

    @property
    def place(self) -> Place:
        """Where it is told."""
        aggregate = (self.subject, self.source, moment(self.occurred_at))
        return Place(
            position=self.position,
            subject=self.subject,
            event_id=self.event_id,
            causation_id=self.causation_id,
            moment="#".join(aggregate) if self.detail["metadata"].get("revision") else "",
        )

    @property
    def tells_life(self) -> bool:
        """Whether it belongs to the life of its model or series, rather than to the noise."""
        return self.detail_type not in NOISE

    @property
    def revision(self) -> Revision | None:
        """Of the aggregate that said it; people have none."""
        revision = self.detail["metadata"].get("revision")
        return read(Revision, revision) if revision else None

    @property
    def is_replayed(self) -> bool:
        """Whether it was marked as sent again; else it is as it was said first."""
        return bool(self.detail["metadata"].get("replayed"))

    @property
    def as_said(self) -> "Entry":
        """A copy without the mark that it was sent again."""
        metadata = {k: v for k, v in self.detail["metadata"].items() if k != "replayed"}
        return self.changed(detail={**self.detail, "metadata": metadata})

    def as_event(self) -> dict[str, Any]:
        """Answer the event as it was on the bus: `open_event` reads it."""
        return {"source": self.source, "detail-type": self.detail_type, "detail": self.detail}


def entry(envelope: Envelope[Event], detail: Mapping[str, Any]) -> Entry:
    """Make the entry of an event.

    Parameters
    ----------
    detail : Mapping
        As it came, because the envelope holds only what this code knows of it.
    """
    metadata = envelope.metadata
    return Entry(
        subject=metadata.subject,
        position=position(envelope),
        event_id=metadata.event_id,
        detail_type=envelope.data.detail_type(),
        source=SOURCE + metadata.producer,
        occurred_at=metadata.occurred_at,
        causation_id=metadata.causation_id,
        detail=dict(detail),
    )


def position(envelope: Envelope[Event]) -> str:
    """Answer the place of an event among those of its subject; texts sort as times do.

    Time first; where it stands still, what one aggregate said in its own order. The event's id
    keeps places apart, so that the same event has the same place whenever it comes.
    """
    metadata = envelope.metadata
    revision = metadata.revision
    number, index = (revision.number, revision.index) if revision else (0, 0)
    decision = of_revision(metadata.occurred_at, metadata.producer, number)
    return f"{decision}{index:0{INDEX_DIGITS}}#{metadata.event_id}"


def of_revision(time: datetime, producer: str, number: int) -> str:
    """Answer with what the places of all events begin that one decision said."""
    return f"{moment(time)}#{producer}#{number:0{NUMBER_DIGITS}}."


def moment(time: datetime) -> str:
    """Write a time so that texts sort as times do."""
    return f"{time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def decision_of(entry: Entry) -> str | None:
    """Answer with what the places begin of what was decided together; None: a person said it."""
    revision = entry.revision
    if revision is None:
        return None
    return of_revision(entry.occurred_at, entry.source.removeprefix(SOURCE), revision.number)


def subjects_of_decision(entry: Entry) -> tuple[str, ...]:
    """Answer under which subjects there may be what was decided together.

    A record bears its aggregate's key: of a series, that may begin with `SERIES_KEY`, where the
    events bear the name alone.
    """
    name = entry.subject.removeprefix(SERIES_KEY)
    return (name, SERIES_KEY + name)


def decided_with(entry: Entry, others: Iterable[Entry]) -> tuple[Entry, ...]:
    """Answer what one decision said, in its order, the record of the decision last.

    A model and a series of one name may both have reached one revision in one moment: the record
    names the kinds of events that belong to it.

    Parameters
    ----------
    others : Iterable of Entry
        Whose places begin as `decision_of` says, under the `subjects_of_decision`.
    """
    found = sorted({one.event_id: one for one in (*others, entry)}.values(), key=in_its_decision)
    for record in (one for one in found if one.detail_type == DECISION):
        said = record.detail["data"]["events"]
        together = (*(one for one in found if is_said(one, said)), record)
        if entry in together:
            return together
    return (entry,)


def is_said(entry: Entry, said: Sequence[str]) -> bool:
    """Tell whether an event is one of those that a record names, each at its index."""
    index = in_its_decision(entry)
    return index < len(said) and said[index] == entry.detail_type


def in_its_decision(entry: Entry) -> int:
    """Answer the index of an event within its decision."""
    return entry.revision.index if entry.revision else 0


def in_order_of_causes(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Sort events by their place, but each after the one that caused it; each is told once. Of one
    id there may be several, if somebody lies: all of them are told."""
    by_place = {one.place: one for one in entries}
    return tuple(by_place[place] for place in places_in_order(by_place))


def places_in_order(places: Iterable[Place]) -> tuple[Place, ...]:
    """Sort places by position, but each after the one of its cause.

    Clocks of several machines differ, and a driven clock stands still: time alone may tell an
    effect before its cause. Where it stands still, an event also comes after what its aggregate
    said before: an effect of AWS's hints has a cause that is no event, and only the records of
    the decisions before it lead back to what its aggregate had heard.
    """
    in_time = sorted(places)
    by_id = {one.event_id: one for one in reversed(in_time)}
    said_before = dict(_pairs_of_a_moment(in_time))
    told: dict[Place, None] = {}
    for one in in_time:
        path = {one: None}
        while path:
            last = next(reversed(path))
            reasons = (by_id.get(last.causation_id), said_before.get(last))
            untold = [
                reason for reason in reasons if reason and reason not in told and reason not in path
            ]
            if untold:
                path[untold[0]] = None
            else:
                told[last] = None
                del path[last]
    return tuple(told)


def _pairs_of_a_moment(in_time: Iterable[Place]) -> Iterator[tuple[Place, Place]]:
    """Answer places, each with what its aggregate said right before in the same moment."""
    latest: dict[str, Place] = {}
    for one in in_time:
        if one.moment in latest:
            yield one, latest[one.moment]
        if one.moment:
            latest[one.moment] = one
