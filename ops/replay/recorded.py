"""What a recording holds, once it was read."""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from pydantic import AwareDatetime, Field

from services.journal.domain import Entry
from shared.contracts.envelope import Envelope, Event, Revision
from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle import DecisionRecorded
from shared.messaging.ledger import event_id


class Header(Frozen):
    """What a recording is of."""

    format: int = Field(ge=1)
    environment: str
    code_version: str
    """Of who recorded; each decision names its own."""
    model: str | None = None
    """The model that it is of; none: all."""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    """Bounds of what is reported. What was before is there, too, for decisions rest on it."""

    def reports(self, moment: datetime) -> bool:
        """Tell whether what was said at a moment is reported."""
        after = self.since is None or moment >= self.since
        return after and not self.is_over(moment)

    def is_over(self, moment: datetime) -> bool:
        """Tell whether a moment is after all that is reported."""
        return self.until is not None and moment > self.until


class Aggregate(NamedTuple):
    """One of a service."""

    service: str
    key: str


@dataclass(frozen=True)
class Recorded:
    """One line that was read.

    Parameters
    ----------
    number : int
        Of the line in its file.
    """

    number: int
    entry: Entry
    envelope: Envelope[Event]
    seen: str | None

    @cached_property
    def is_decision(self) -> bool:
        """Whether it is the record of a decision, rather than a fact or a wish."""
        return isinstance(self.envelope.data, DecisionRecorded)

    @property
    def record(self) -> DecisionRecorded:
        """The record of a decision; raises TypeError where it is none."""
        if not isinstance(self.envelope.data, DecisionRecorded):
            raise TypeError(f"line {self.number} is no record of a decision")
        return self.envelope.data

    @cached_property
    def whose(self) -> Aggregate:
        """The aggregate that a decision is of."""
        return Aggregate(self.record.service, self.record.model)

    @property
    def revision(self) -> int:
        """Of the aggregate, with the decision."""
        revision = self.envelope.metadata.revision
        return revision.number if revision else 0

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Of the events that a decision said."""
        record, number = self.record, self.revision
        revisions = (Revision(number=number, index=at) for at in range(len(record.events)))
        return tuple(event_id(*self.whose, revision, record.now) for revision in revisions)

    @property
    def trip(self) -> str:
        """The trip round the loop that it belongs to."""
        return self.envelope.metadata.correlation_id

    @property
    def lacks_seen(self) -> bool:
        """Whether what a decision saw was kept beside its record, and was gone when recorded."""
        return self.record.seen.uri is not None and self.seen is None

    @property
    def notes(self) -> list[Any]:
        """What a decision saw: question, arguments and answer of each look."""
        found: list[Any] = json.loads(self.seen or self.record.seen.inline or "[]")
        return found


@dataclass(frozen=True)
class Recording:
    """A recording that was read, in the order of causes."""

    header: Header
    events: tuple[Recorded, ...]
