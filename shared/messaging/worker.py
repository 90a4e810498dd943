"""One loop for all services: load → look → decide → commit → do → settle.

A service supplies pure functions (handlers and `then`), looks and effects; everything that makes an
event be handled once, whatever comes twice, late, out of order or dies in between, is here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Generic

from shared.contracts import limits
from shared.contracts.envelope import Envelope, Event, too_old
from shared.messaging.clock import Clock
from shared.messaging.decision import (
    Action,
    Answer,
    Cause,
    Effect,
    Ignored,
    Kept,
    Publish,
    S,
    Todo,
    effects_by_kind,
)
from shared.messaging.errors import AlreadyHeard, Conflict, Refused, Rejected, Retryable
from shared.messaging.evidence import Evidence, Recording
from shared.messaging.ledger import Ledger, Occasion
from shared.messaging.log import Log
from shared.messaging.ports import Bus, Store

Handler = Callable[[Any, Any, Any, datetime], Any]
"""``(envelope, state, look, now) -> Answer``."""


NOTHING: Mapping[str, Retryable] = MappingProxyType({})
OVERTAKEN = Ignored("overtaken: a later fact of this kind was heard before")


@dataclass(frozen=True)
class Service(Generic[S]):
    """What a service supplies.

    Parameters
    ----------
    handlers : Mapping
        One pure-looking function per event class; the subscriptions table says which.
    effects : Mapping
        One `Effect` per action class.
    look, ports : object
        Read-only ports for handlers; all ports for effects.
    """

    name: str
    handlers: Mapping[type[Event], Handler]
    effects: Mapping[type[Action], Effect]
    look: Any
    ports: Any


class Worker(Generic[S]):
    """Take one event through load, look, decide, commit, do, settle."""

    def __init__(
        self,
        service: Service[S],
        store: Store[S],
        bus: Bus,
        clock: Clock,
        evidence: Evidence,
        concerned: Callable[[Envelope[Event]], tuple[str, ...]],
        log: Log,
        code_version: str,
    ) -> None:
        self.service = service
        self.store = store
        self.bus = bus
        self.clock = clock
        self.concerned = concerned
        self.log = log
        self.ledger: Ledger[S] = Ledger(service.name, evidence, log, code_version)
        self.effects = effects_by_kind(service.effects)

    def handle(self, envelope: Envelope[Event]) -> tuple[str, ...]:
        """Handle one event; answer the aggregates that it concerned.

        Raises
        ------
        Rejected
            If nobody here hears it, or it is older than the inbox remembers.
        Retryable
            If it should be delivered again.
        """
        if type(envelope.data) not in self.service.handlers:
            raise Rejected(f"{envelope.data.detail_type()}: {self.service.name} does not hear it")
        if not envelope.data.is_hint and too_old(envelope.metadata, self.clock.now()):
            raise Rejected(
                f"{envelope.data.detail_type()}: said {envelope.metadata.occurred_at:%Y-%m-%d}, "
                f"older than the {limits.INBOX_DAYS} days that the inbox remembers"
            )
        keys = self.concerned(envelope)
        failures = list(filter(None, [self.handle_for(key, envelope) for key in keys]))
        # one that is rejected would take the message from those that may still succeed
        failures.sort(key=lambda failure: isinstance(failure, Rejected))
        if failures:
            # taken from the list: a traceback keeps its frame, and the frame the list
            raise failures.pop(0)
        return keys

    def handle_for(self, key: str, envelope: Envelope[Event]) -> Exception | None:
        """Handle one event for one aggregate; its trouble must not reach the others."""
        try:
            kept, is_news = self.found(key, envelope)
            kept, waiting = self.drain_what_can_be(key, kept)
            if is_news:
                kept = self.accept(key, envelope, kept)
            self.drain(key, kept, waiting)
        except Refused as refusal:  # a look or the store, which may be allowed again
            return Retryable(f"{key}: {refusal}")
        except Exception as error:
            return error
        return None

    def found(self, key: str, envelope: Envelope[Event]) -> tuple[Kept[S], bool]:
        """Load the aggregate, and tell whether the event is news to it.

        What was loaded, and then what was committed, goes from hand to hand: each write is
        conditional on its revision, so that nobody has to look before it whether it still stands.
        """
        event_id = id_of(envelope)
        try:
            return self.store.load(key, event_id), True
        except AlreadyHeard:
            self.log.info("heard before", extra={"model": key, "event": event_id})
            return self.store.load(key, None), False

    def accept(self, key: str, envelope: Envelope[Event], kept: Kept[S]) -> Kept[S]:
        """Look, decide and commit; do it again, with a fresh look, when somebody else was faster.

        Answers the aggregate as it is then.
        """
        event_id = id_of(envelope)
        cause = Cause.of(envelope)

        def change(kept: Kept[S]) -> Kept[S]:
            if kept.is_full:
                raise Retryable(f"{key}: no news until its {len(kept.todo)} things to do are done")
            now = self.clock.now()
            notes: list[Any] = []
            answer = self.decide(kept, envelope, Recording(self.service.look, notes), now)
            if answer is None and envelope.data.is_hint:
                return kept
            occasion = Occasion(cause=cause, said=envelope.data, now=now, notes=notes)
            decided = self.ledger.written(key, kept, answer, occasion).having_heard(envelope)
            self.store.commit(key, decided, event_id, now)
            return decided

        try:
            return retried(change, kept, lambda: self.store.load(key, event_id))
        except AlreadyHeard:
            self.log.info("heard before", extra={"model": key, "event": event_id})
            return self.store.load(key, None)

    def decide(
        self, kept: Kept[S], envelope: Envelope[Event], look: Recording, now: datetime
    ) -> Answer[S]:
        """Ask the handler, unless a later fact of the same family was heard already."""
        if kept.is_overtaken(envelope):
            return OVERTAKEN
        answer: Answer[S] = self.service.handlers[type(envelope.data)](
            envelope, kept.state, look, now
        )
        return answer

    def resume(self, key: str) -> None:
        """Do what was committed and not finished; raises as `drain`."""
        self.drain(key, self.store.load(key, None))

    def drain(self, key: str, kept: Kept[S], waiting: Mapping[str, Retryable] = NOTHING) -> None:
        """Do what was committed and not finished, but for what was tried already and waits.

        Raises
        ------
        Retryable
            If something of it, or of what waits, cannot be done now.
        """
        _, troubles = self.drain_what_can_be(key, kept, waiting)
        if troubles:
            raise troubles.pop(next(iter(troubles)))

    def drain_what_can_be(
        self, key: str, kept: Kept[S], waiting: Mapping[str, Retryable] = NOTHING
    ) -> tuple[Kept[S], dict[str, Retryable]]:
        """Do what was committed and not finished, oldest first; answer the aggregate as it is then,
        and what cannot be done now.

        Old business comes before the news, or what is heard between do and settle would be lost.
        Business that cannot be finished, for whatever reason, keeps neither the news (a revocation,
        say) nor the rest waiting.
        """
        troubles, passed = dict(waiting), set(waiting)
        for _ in range(limits.TODO_DONE_MAX):
            item = next((item for item in kept.todo if item.id not in passed), None)
            if item is None:
                return kept, troubles
            passed.add(item.id)
            try:
                kept = self.finish(key, item, kept)
            except Retryable as error:
                troubles[item.id] = error
                self.log.info("unfinished business waits", extra={"model": key, "why": str(error)})
                kept = self.store.load(key, None)  # others were at work while it failed
            except Exception as error:
                troubles[item.id] = Retryable(f"{key}: {item.kind} cannot be done: {error!r}")
                self.log.exception("it cannot be done, and waits", extra={"model": key})
                kept = self.store.load(key, None)
        much = Retryable(f"{key}: more than {limits.TODO_DONE_MAX} things to do")
        return kept, {**troubles, "": much}

    def finish(self, key: str, item: Todo, kept: Kept[S]) -> Kept[S]:
        """Do one item and settle its outcome, unless another worker is at it; answer the aggregate
        as it is then."""
        if item.kind == Publish.__name__:
            self.bus.publish(Publish.model_validate_json(item.body).entries)
            return self.settle(key, item, None, None, kept)
        action_class, effect = self.effects[item.kind]
        if effect.exclusive:
            kept = self.store.load(key, None)  # a lease may be over, but not before it is settled
            if not (has(kept, item) and self.store.lease(key, item.id)):
                return kept
        action = action_class.model_validate_json(item.body)
        happened = attempt(effect, action, self.service.ports)
        return self.settle(key, item, action, happened, kept)

    def settle(
        self, key: str, item: Todo, action: Action | None, happened: Any, kept: Kept[S]
    ) -> Kept[S]:
        """Commit what follows from an outcome as the item leaves the todo; answer the aggregate."""

        def change(kept: Kept[S]) -> Kept[S]:
            if not has(kept, item):
                return kept  # another worker settled it
            now = self.clock.now()
            rest = kept.without(item.id)
            if action is None:
                settled = replace(rest, revision=kept.revision + 1)
            else:
                _, effect = self.effects[item.kind]
                answer = effect.then(kept.state, action, happened, now)
                occasion = Occasion(item.cause, happened, now, item=item)
                settled = self.ledger.written(key, rest, answer, occasion)
            self.store.commit(key, settled, None, now)
            return settled

        return retried(change, kept, lambda: self.store.load(key, None))


def id_of(envelope: Envelope[Event]) -> str | None:
    """Answer by which id the inbox knows an event; None: it is a hint, which the state decides."""
    return None if envelope.data.is_hint else envelope.metadata.event_id


def has(kept: Kept[S], item: Todo) -> bool:
    """Tell whether an item is still to be done."""
    return any(other.id == item.id for other in kept.todo)


def attempt(effect: Effect, action: Action, ports: Any) -> Any:
    """Do an action; a refusal is an outcome like any other."""
    try:
        return effect.do(action, ports)
    except Refused as refusal:
        return refusal


def retried(
    change: Callable[[Kept[S]], Kept[S]], kept: Kept[S], load: Callable[[], Kept[S]]
) -> Kept[S]:
    """Change an aggregate; load it and change it again while others commit first.

    Raises
    ------
    Retryable
        After `limits.CONFLICT_RETRIES_MAX` lost races.
    """
    for _ in range(limits.CONFLICT_RETRIES_MAX):
        try:
            return change(kept)
        except Conflict:
            kept = load()
    raise Retryable(f"lost {limits.CONFLICT_RETRIES_MAX} races for one aggregate")
