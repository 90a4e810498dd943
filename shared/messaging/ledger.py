"""Writing a decision down: the next revision of an aggregate, with all that it wants done and said.

Ids of events and of things to do are fixed here, so that doing them twice is doing them once.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic
from uuid import NAMESPACE_URL, uuid5

from pydantic_core import to_json

from shared.contracts import limits
from shared.contracts.envelope import SOURCE, Envelope, Event, Metadata, Revision
from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle import DecisionRecorded
from shared.contracts.lifecycle.monitoring import Seen
from shared.messaging.decision import Answer, Cause, Decision, Entry, Kept, Publish, S, Todo
from shared.messaging.errors import Refused
from shared.messaging.evidence import Evidence
from shared.messaging.log import Log


@dataclass(frozen=True)
class Occasion:
    """What was decided upon: an event, or what came of an action.

    Parameters
    ----------
    said : object
        The event's data, or the outcome.
    notes : Sequence
        What the handler saw.
    item : Todo, optional
        What was done; none: an event was heard.
    """

    cause: Cause
    said: Any
    now: datetime
    notes: Sequence[Any] = ()
    item: Todo | None = None


class Ledger(Generic[S]):
    """Writes the decisions of one service down."""

    def __init__(self, service: str, evidence: Evidence, log: Log, code_version: str) -> None:
        self.service = service
        self.evidence = evidence
        self.log = log
        self.code_version = code_version

    def written(self, key: str, kept: Kept[S], answer: Answer[S], occasion: Occasion) -> Kept[S]:
        """Answer the aggregate's next revision.

        Raises
        ------
        ContractError
            If an event is larger than an event may be.
        """
        revision = kept.revision + 1
        if answer is None:
            return replace(kept, revision=revision)
        decision = answer if isinstance(answer, Decision) else Decision(kept.state, answer.why)
        correlation_id = decision.correlation_id or occasion.cause.correlation_id
        cause = occasion.cause.changed(correlation_id=correlation_id)
        record = self.record(key, kept, decision, occasion)
        entries = tuple(
            self.entry(key, event, Revision(number=revision, index=index), cause, occasion.now)
            for index, event in enumerate((*decision.events, record))
        )
        items = tuple(
            Todo.of(f"{revision}.{index}", cause, action)
            for index, action in enumerate((Publish(entries=entries), *decision.actions))
        )
        self.log.info(
            decision.why,
            extra={
                "model": key,
                "event": cause.event_type,
                "answered": record.answered,
                "events": record.events,
                "actions": record.actions,
            },
        )
        return replace(kept, revision=revision, state=decision.state, todo=(*kept.todo, *items))

    def record(
        self, key: str, kept: Kept[S], decision: Decision[S], occasion: Occasion
    ) -> DecisionRecorded:
        """Make the record by which a decision can be explained, and decided again.

        What was said is in it while it is small; else it is kept with what was seen.
        """
        before, item = digest(kept.state), occasion.item
        said, notes = as_json(occasion.said), list(occasion.notes)
        if len(to_json(said)) > limits.SEEN_BYTES_MAX:
            said, notes = None, [*notes, ["said", [], said]]
        return DecisionRecorded(
            service=self.service,
            model=key,
            cause_id=occasion.cause.event_id,
            cause_type=occasion.cause.event_type,
            answered=item.kind if item else None,
            item=item.id if item else None,
            outcome=type(occasion.said).__name__ if item else None,
            cause=said,
            now=occasion.now,
            seen=self.evidence.keep(notes) if notes else Seen(),
            why=decision.why,
            state_before=before,
            state_after=before if decision.state is kept.state else digest(decision.state),
            actions=tuple(type(action).__name__ for action in decision.actions),
            events=tuple(event.detail_type() for event in decision.events),
            code_version=self.code_version,
        )

    def entry(
        self, key: str, event: Event, revision: Revision, cause: Cause, now: datetime
    ) -> Entry:
        """Put an event into its envelope; its id is fixed here for ever."""
        name = self.service
        metadata = Metadata(
            event_id=event_id(name, key, revision, now),
            schema_version=event.schema_version,
            occurred_at=now,
            subject=event.subject or key,
            revision=revision,
            correlation_id=cause.correlation_id,
            causation_id=cause.event_id,
            producer=name,
            actor=name,
        )
        detail = Envelope(metadata=metadata, data=event).detail()
        return Entry(source=SOURCE + name, detail_type=event.detail_type(), detail=detail)


def event_id(service: str, key: str, revision: Revision, now: datetime) -> str:
    """Name the event that an aggregate says there and then."""
    identity = f"{service}/{key}/{revision.number}/{revision.index}/{now.isoformat()}"
    return str(uuid5(NAMESPACE_URL, identity))


def digest(state: Frozen) -> str:
    """Answer the sha256 of a state, by which two of them can be told apart.

    What has its default is left out: a field that is added to a state changes no digest of before.
    """
    return hashlib.sha256(state.model_dump_json(exclude_defaults=True).encode()).hexdigest()


def as_json(said: Any) -> dict[str, Any] | None:
    """Answer what an event or an outcome said, as JSON."""
    if isinstance(said, Refused):
        return {"refused": said.code, "message": said.message}
    return said.model_dump(mode="json", exclude_none=True) if isinstance(said, Frozen) else None
