"""What made an event be said: its cause's kind, and the reason of the decision to say it.

An event names its cause by id only. The kind is known where the cause was seen, and from the
record of the decision, which also knows causes that are no events of ours (AWS's hints), and why.
"""

from collections import OrderedDict
from typing import NamedTuple

from services.journal.domain import Entry
from shared.contracts.envelope import SOURCE, Envelope, Event
from shared.contracts.lifecycle import DecisionRecorded
from shared.contracts.subscriptions import SERIES_KEY

REMEMBERED = 10_000
BATCH = "records"
"""The cause of what ingest says: a producer's batch of records, by its id."""


class Cause(NamedTuple):
    """Why an event was said."""

    event_id: str
    kind: str
    """Its detail-type; empty where nobody told."""


class Causes:
    """Remembers kinds by id, of the latest events."""

    def __init__(self) -> None:
        self.kinds: OrderedDict[str, str] = OrderedDict()

    def learn(self, event_id: str, kind: str) -> None:
        """Remember the kind of an event."""
        self.kinds[event_id] = kind
        if len(self.kinds) > REMEMBERED:
            self.kinds.popitem(last=False)

    def note(self, entry: Entry) -> None:
        """Learn from an entry of the journal."""
        self.learn(entry.event_id, entry.detail_type)
        data = entry.detail.get("data", {})
        if entry.detail_type == DecisionRecorded.detail_type() and "cause_id" in data:
            self.learn(str(data["cause_id"]), str(data.get("cause_type", "")))

    def hear(self, envelope: Envelope[Event]) -> None:
        """Learn from an event of the bus."""
        self.learn(envelope.metadata.event_id, envelope.data.detail_type())
        if isinstance(envelope.data, DecisionRecorded):
            self.learn(envelope.data.cause_id, envelope.data.cause_type)

    def of(self, entry: Entry) -> Cause | None:
        """Answer the cause of an entry; None where it is itself the beginning."""
        if entry.causation_id == entry.event_id:
            return None
        unknown = BATCH if entry.source == SOURCE + "ingest" else ""
        return Cause(entry.causation_id, self.kinds.get(entry.causation_id, unknown))


class Said(NamedTuple):
    """What tells an event from all others, and can be read from the record of its decision, too."""

    producer: str
    subject: str
    revision: int
    detail_type: str
    """A model and a series may have one name and one revision, but they say different events."""


class Reasons:
    """Remembers why events were said, of the latest decisions."""

    def __init__(self) -> None:
        self.whys: OrderedDict[Said, str] = OrderedDict()

    def hear(self, envelope: Envelope[Event]) -> None:
        """Learn from the record of a decision; other events say nothing of their reason."""
        record, revision = envelope.data, envelope.metadata.revision
        if not isinstance(record, DecisionRecorded) or revision is None:
            return
        subject = record.model.removeprefix(SERIES_KEY)
        for detail_type in record.events:
            said = Said(envelope.metadata.producer, subject, revision.number, detail_type)
            self.whys[said] = record.why
            if len(self.whys) > REMEMBERED:
                self.whys.popitem(last=False)

    def of(self, envelope: Envelope[Event]) -> str | None:
        """Answer why an event was said; None where nobody told, nothing where a person said it."""
        metadata = envelope.metadata
        if metadata.revision is None:
            return ""
        detail_type = envelope.data.detail_type()
        return self.whys.get(
            Said(metadata.producer, metadata.subject, metadata.revision.number, detail_type)
        )
