"""The life of one aggregate, lived again: from decision to decision, with nothing done."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from ops.replay.answers import SAID, Answers, UntoldError
from ops.replay.difference import Difference
from ops.replay.outcomes import outcomes
from ops.replay.recorded import Recorded
from ops.replay.services import Replayable
from ops.replay.told import Told, told_now
from shared.contracts.envelope import Envelope, Event, Metadata, read
from shared.contracts.lifecycle import DecisionRecorded
from shared.messaging import ledger
from shared.messaging.decision import Action, Cause, Decision, Kept, Todo, effects_by_kind
from shared.messaging.evidence import Evidence
from shared.messaging.ledger import Ledger, Occasion
from shared.messaging.worker import OVERTAKEN

LOG = logging.getLogger(__name__)
LOG.addHandler(logging.NullHandler())
LOG.propagate = False

Items = Mapping[str, Todo]
"""What was ever to do, by the id that its decision gave it."""


class Elsewhere:
    """The world that a life is lived in: the recorded one, unless a subclass says otherwise."""

    def answer(self, question: str, answer: Any) -> Any:
        """Answer a question of a handler.

        Parameters
        ----------
        answer : object
            What was answered then; `answers.UNTOLD` where nobody asked.
        """
        return answer

    def outcome(self, then: Action | None, now: Action, happened: Any) -> Any:
        """Answer what comes of an action.

        Parameters
        ----------
        then : Action or None
            What the recorded outcome came of; none: it is not known.

        Raises
        ------
        UntoldError
            If the record does not tell.
        """
        return happened


HERE = Elsewhere()


class Life:
    """One aggregate.

    Attributes
    ----------
    digest : str
        By which its state is known.
    items : dict
        All that was ever to do.
    because : Difference or None
        Of another aggregate, without which this one would be as it was.
    is_own : bool
        Whether it has decided otherwise by itself.
    stopped : str
        Why the record does not tell how it went on; empty while it does.
    stopped_at : Recorded or None
        The decision of which it does not tell.
    untold : int
        Decisions after that, of the time that is reported.
    """

    def __init__(
        self, service: str, key: str, env: str, replayable: Replayable, world: Elsewhere = HERE
    ) -> None:
        self.service = service
        self.key = key
        self.replayable = replayable
        self.world = world
        self.state: Any = replayable.initial(env, key)
        self.digest = ledger.digest(self.state)
        self.items: dict[str, Todo] = {}
        self.settled: set[str] = set()
        self.because: Difference | None = None
        self.is_own = False
        self.stopped = ""
        self.stopped_at: Recorded | None = None
        self.untold = 0
        self.effects = effects_by_kind(replayable.effects)
        self.hears = {event.detail_type(): event for event in replayable.handlers}
        evidence = Evidence(lambda key, body: f"s3://replay/{key}")
        self.ledger: Ledger[Any] = Ledger(service, evidence, LOG, code_version="replay")

    def depart(self, root: Difference) -> None:
        """Note that it hears, or does not hear, something because of others; the first counts, and
        whoever has decided otherwise before does so by itself."""
        if not self.is_own:
            self.because = self.because or root

    def stop(self, why: str, at: Recorded) -> None:
        """Note why the record does not tell how it went on; the first reason counts."""
        if not self.stopped:
            self.stopped, self.stopped_at = why, at

    def decide(self, one: Recorded, heard: Envelope[Event] | None, then: Items) -> Told | None:
        """Take a recorded decision again; None: nothing is decided now.

        Parameters
        ----------
        heard : Envelope or None
            The event that was heard, where the recording holds it.
        then : Mapping
            All that this aggregate had to do in the recorded world.

        Raises
        ------
        UntoldError
            If the record does not tell what has to be known, or today's code fails.
        """
        kept = Kept(one.revision - 1, self.state)
        if one.lacks_seen:
            raise UntoldError("what it saw was not kept any more when it was recorded")
        with failing():
            if one.record.answered is None:
                after = self.hear(kept, one, self.opened(one, heard))
            else:
                after = self.settle(kept, one, then)
        self.items |= {item.id: item for item in after.todo[1:]}
        return self.become(after)

    def become(self, after: Kept[Any]) -> Told | None:
        """Go on from there."""
        told = told_now(after)
        if told:
            self.state, self.digest = after.state, told.state
        return told

    def hear(self, kept: Kept[Any], one: Recorded, heard: Envelope[Event]) -> Kept[Any]:
        """Hand an event to its handler.

        In which order facts came is part of the record: one that was overtaken is so again.
        """
        record = one.record
        look = Answers(self.replayable.look, asked(one.notes), self.world.answer)
        if record.why == OVERTAKEN.why:
            answer: Any = OVERTAKEN
        else:
            handler = self.replayable.handlers[type(heard.data)]
            answer = handler(heard, kept.state, look, record.now)
        occasion = Occasion(Cause.of(heard), heard.data, record.now)
        return self.ledger.written(self.key, kept, answer, occasion)

    def hear_news(self, heard: Envelope[Event], now: datetime) -> Told | None:
        """Hear an event that was not said then.

        Raises
        ------
        UntoldError
            If it leads to what the record does not tell: a look, or something done.
        """
        handler = self.replayable.handlers[type(heard.data)]
        look = Answers(self.replayable.look, (), self.world.answer)
        with failing():
            answer = handler(heard, self.state, look, now)
        kept = Kept(0, self.state)
        after = self.ledger.written(self.key, kept, answer, Occasion(Cause.of(heard), None, now))
        if len(after.todo) > 1:
            raise UntoldError(f"it wants {after.todo[1].kind} done, which was not done then")
        return self.become(after)

    def settle(self, kept: Kept[Any], one: Recorded, then: Items) -> Kept[Any]:
        """Hand an outcome to what follows from it.

        An old record names neither what was done nor the outcome's class: of those that fit, it is
        the first that leads to what was decided then.
        """
        record, found = one.record, []
        for item in self.items_of(record):
            action_class, effect = self.effects[item.kind]
            action = action_class.model_validate_json(item.body)
            asked_then = then.get(item.id)
            before = action_class.model_validate_json(asked_then.body) if asked_then else None
            for recorded in outcomes(effect, record.outcome, said(one)):
                happened = self.world.outcome(before, action, recorded)
                answer = effect.then(kept.state, action, happened, record.now)
                occasion = Occasion(item.cause, happened, record.now, item=item)
                after = self.ledger.written(self.key, kept, answer, occasion)
                found.append((item, after))
                if record.item or is_it(answer, after, record):
                    self.settled.add(item.id)
                    return after
        item, after = found[0]
        self.settled.add(item.id)
        return after

    def items_of(self, record: DecisionRecorded) -> list[Todo]:
        """Answer what was done: by its id, or in an old record all that it may have been."""
        found = [
            one
            for one in self.items.values()
            if one.kind == record.answered
            and record.item in (None, one.id)
            and one.id not in self.settled
        ]
        if not found:
            raise UntoldError(f"{record.answered} is not wanted now: its outcome tells nothing")
        return found

    def opened(self, one: Recorded, heard: Envelope[Event] | None) -> Envelope[Event]:
        """Answer the event that was heard; a hint or a wish of a schedule is in its record."""
        record = one.record
        event_class = self.hears.get(record.cause_type)
        if event_class is None:
            raise UntoldError(f"{self.service} does not hear {record.cause_type} any more")
        if heard is not None:
            return heard
        if not event_class.is_hint:
            raise UntoldError(f"the recording lacks its cause, {record.cause_id}")
        producer = event_class.producer
        metadata = Metadata(
            event_id=record.cause_id,
            occurred_at=record.now,
            subject=self.key,
            correlation_id=record.cause_id,
            causation_id=record.cause_id,
            producer=producer,
            actor=producer,
        )
        return Envelope(metadata=metadata, data=read(event_class, said(one)))


@contextmanager
def failing() -> Iterator[None]:
    """Take a failure of today's code for an end of what can be told."""
    try:
        yield
    except UntoldError:
        raise
    except Exception as error:
        raise UntoldError(f"it fails: {type(error).__name__}: {error}") from error


def is_it(answer: Decision[Any], after: Kept[Any], record: DecisionRecorded) -> bool:
    """Tell whether it is what was decided then."""
    return answer.why == record.why and ledger.digest(after.state) == record.state_after


def asked(notes: list[Any]) -> Iterator[tuple[str, Any, Any]]:
    """Answer what was looked at: the note of a large event or outcome is none."""
    return ((path, arguments, answer) for path, arguments, answer in notes if path != SAID)


def said(one: Recorded) -> Any:
    """Answer what an outcome said, from its record or, where it is large, beside it."""
    if one.record.cause is not None:
        return one.record.cause
    return next((answer for path, _, answer in one.notes if path == SAID), None)
