"""What a pure function answers, and how it is kept until it is done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from shared.contracts import limits
from shared.contracts.envelope import Envelope, Event, Revision
from shared.contracts.frozen import Frozen

S = TypeVar("S", bound=Frozen)


class Action(Frozen):
    """One intent in our words, whose effect is safe to repeat."""


@dataclass(frozen=True)
class Decision(Generic[S]):
    """The new state, what to do, what to say, and why.

    Parameters
    ----------
    why : str
        One sentence for people: it is logged and recorded.
    correlation_id : str, optional
        The trip round the loop that this belongs to; by default the one of the cause. A hint of AWS
        knows no trip, so whoever hears one remembers it in the state.
    """

    state: S
    why: str
    actions: tuple[Action, ...] = ()
    events: tuple[Event, ...] = ()
    correlation_id: str | None = None

    def saying(self, *events: Event) -> "Decision[S]":
        """Return a copy that says `events` first."""
        return replace(self, events=(*events, *self.events))

    def and_then(self, step: Callable[[S], "Decision[S] | None"]) -> "Decision[S]":
        """Decide one thing more on the new state; None: nothing more."""
        more = step(self.state)
        if more is None:
            return self
        return replace(
            more,
            why="; ".join(filter(None, (self.why, more.why))),
            actions=self.actions + more.actions,
            events=self.events + more.events,
            correlation_id=self.correlation_id or more.correlation_id,
        )

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to do, to say, or to explain."""
        return not (self.actions or self.events or self.why)


class Ignored(NamedTuple):
    """Nothing changes, and the reason is worth a record."""

    why: str


Answer = Decision[S] | Ignored | None
"""What a handler answers; None: nothing changes and nobody needs to know."""


class Cause(Frozen):
    """Because of which event something is done."""

    event_id: str
    event_type: str
    correlation_id: str

    @classmethod
    def of(cls, envelope: Envelope[Event]) -> "Cause":
        """Make the cause out of the event that is being handled."""
        metadata = envelope.metadata
        return cls(
            event_id=metadata.event_id,
            event_type=envelope.data.detail_type(),
            correlation_id=metadata.correlation_id,
        )


class Entry(Frozen):
    """One event as PutEvents takes it."""

    source: str
    detail_type: str
    detail: str


class Publish(Action):
    """Say what was decided; the ids were fixed at the commit, so saying it twice is saying it
    once."""

    entries: tuple[Entry, ...]


class Todo(Frozen):
    """An item of business that was committed and is not finished."""

    id: str
    cause: Cause
    kind: str
    """The action's class name."""
    body: str
    """The action as JSON."""

    @classmethod
    def of(cls, item_id: str, cause: Cause, action: Action) -> "Todo":
        """Write an action down."""
        return cls(
            id=item_id, cause=cause, kind=type(action).__name__, body=action.model_dump_json()
        )


@dataclass(frozen=True)
class Kept(Generic[S]):
    """An aggregate as the store keeps it."""

    revision: int
    state: S
    todo: tuple[Todo, ...] = ()
    heard: Mapping[str, Revision] = field(default_factory=dict)
    """The latest revision heard of each fact family, by `family_key`."""

    @property
    def is_full(self) -> bool:
        """Whether so much is left to do that no news is taken before it is done."""
        size = sum(len(item.body.encode()) for item in self.todo)
        return len(self.todo) >= limits.TODO_ITEMS_MAX or size >= limits.TODO_BYTES_MAX

    def without(self, item_id: str) -> "Kept[S]":
        """Return a copy whose todo lacks one item."""
        return replace(self, todo=tuple(item for item in self.todo if item.id != item_id))

    def is_overtaken(self, envelope: Envelope[Event]) -> bool:
        """Tell whether a later decision said a fact of the same family, and it was heard already.

        Facts of one decision belong together: none of them overtakes another.
        """
        key, revision = family_key(envelope), envelope.metadata.revision
        latest = self.heard.get(key) if key else None
        return revision is not None and latest is not None and latest.number > revision.number

    def having_heard(self, envelope: Envelope[Event]) -> "Kept[S]":
        """Return a copy that remembers the event, unless a later one of its family was heard."""
        key, revision = family_key(envelope), envelope.metadata.revision
        if key is None or revision is None:
            return self
        if (latest := self.heard.get(key)) and latest.is_after(revision):
            return self
        return replace(self, heard={**self.heard, key: revision})


def family_key(envelope: Envelope[Event]) -> str | None:
    """Answer what facts an event replaces: (producer, subject, family, aspect); None: none."""
    event, metadata = envelope.data, envelope.metadata
    if event.family is None or event.aspect is None:
        return None
    return f"{metadata.producer}/{metadata.subject}/{event.family}/{event.aspect}"


class Effect(NamedTuple):
    """How one kind of action is done, and what follows from its outcome.

    Parameters
    ----------
    do : Callable
        ``(action, ports) -> what happened``; safe to repeat until its outcome is stored. May raise
        `Refused`, which becomes a value for `then`, and `Retryable`.
    then : Callable
        ``(state, action, what happened, now) -> Decision``; pure.
    exclusive : bool
        The API has no token against a repeat: hold a lease longer than the function's time limit.
    """

    do: Callable[[Any, Any], Any]
    then: Callable[[Any, Any, Any, datetime], Decision[Any]]
    exclusive: bool = False


def effects_by_kind(table: Mapping[type[Action], Effect]) -> dict[str, tuple[type[Action], Effect]]:
    """Index a service's EFFECTS table by the kind that a todo names."""
    return {action.__name__: (action, effect) for action, effect in table.items()}
