"""Trips round the loop, each as the tree of its causes: what happened, what it took, how it ended.

A trip begins with a wish, a spec or a degradation, and its events carry its id. What a person asks
for on the way (a roll-back, say) has an id of its own: it belongs to the trip that it changed. What
has an id and no training, version or roll-out is no trip: a wish that was refused, or a freeze.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import AwareDatetime

from services.journal.domain import DECISION, Entry
from services.journal.questions import answers, as_of, versions
from services.journal.questions.causes import Causes, trip
from services.journal.questions.facts import Fact, order_of, read_fact
from services.journal.questions.life import Life
from services.journal.questions.serving import Stay
from shared.contracts.envelope import Event
from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle import (
    DeploymentRequested,
    DeploymentStarted,
    ModelApproved,
    ModelDeclined,
    ModelRefused,
    ModelRegistered,
    PromotionApproved,
    RetrainRequested,
    RollbackRequested,
    TrainingFailed,
    TrainingStarted,
    TrainingSuppressed,
)

ROUND = frozenset(
    event.detail_type()
    for event in (
        TrainingSuppressed,
        TrainingStarted,
        ModelRegistered,
        ModelApproved,
        ModelDeclined,
        PromotionApproved,
        DeploymentStarted,
    )
)
"""What makes a trip: a training, also one that waits, a version, or a roll-out."""
WISHES = frozenset(
    event.detail_type() for event in (RetrainRequested, RollbackRequested, DeploymentRequested)
)


class Step(Frozen):
    """An event of a trip."""

    entry: Entry
    because_of: str | None
    """The event of the trip that led to it; none: it is a root."""
    until_next: timedelta | None
    """How long it took until something followed from it; none: nothing did."""
    retries: tuple[str, ...]
    """What did not work before it did, as the decisions tell."""


class Cycle(Frozen):
    """One trip round the loop."""

    id: str
    began: AwareDatetime
    ended: AwareDatetime
    """When its latest event was said."""
    versions: tuple[int, ...]
    outcome: str
    """What came of it, in words."""
    steps: tuple[Step, ...]
    """Each after what led to it."""

    @property
    def is_trip(self) -> bool:
        """Whether something went round, or part of the way."""
        return any(step.entry.detail_type in ROUND for step in self.steps)

    @property
    def wish(self) -> Entry | None:
        """What a person asked for, where nothing came of that alone."""
        return lone_wish([step.entry for step in self.steps])


def cycles(life: Life, entries: Iterable[Entry]) -> tuple[Cycle, ...]:
    """Answer a model's trips round the loop, the latest last.

    Parameters
    ----------
    life : Life
        The fold of the entries, and of what came later: how a trip ended is told by it.
    entries : iterable of Entry
        Of the model. Records of decisions tell what was tried in vain, and what was answered to a
        wish; without them nothing is known of that.
    """
    entries = tuple(entries)
    told = [one for one in entries if one.tells_life]
    trips = by_trip(told)
    causes, tried, stays = Causes(told), failures(entries), versions.every_stay(life)
    decided = by_cause(one for one in entries if one.detail_type == DECISION)
    found = []
    for identity, events in trips.items():
        outcome = outcome_of(life, events, stays) or answered(events, decided)
        found.append(cycle(identity, events, causes, tried, outcome))
    return tuple(sorted(found, key=lambda one: one.began))


def by_trip(entries: Sequence[Entry]) -> Mapping[str, list[Entry]]:
    """Sort events by trips; a wish alone joins the trip of what followed from it."""
    trips: defaultdict[str, list[Entry]] = defaultdict(list)
    followed: dict[str, str] = {}
    for entry in entries:
        trips[trip(entry)].append(entry)
        if entry.causation_id != entry.event_id:
            followed.setdefault(entry.causation_id, trip(entry))
    for identity, events in tuple(trips.items()):
        joined = followed.get(events[0].event_id, identity)
        if len(events) == 1 and joined != identity:
            trips[joined] += trips.pop(identity)
    return trips


def cycle(
    identity: str,
    events: Sequence[Entry],
    causes: Causes,
    tried: Mapping[str, Sequence[Entry]],
    outcome: str,
) -> Cycle:
    """Put one trip together."""
    own = {one.event_id: one for one in events}
    parents = {one.event_id: parent(causes.of(one.event_id), own) for one in events}
    times = [one.occurred_at for one in events]
    return Cycle(
        id=identity,
        began=min(times),
        ended=max(times),
        versions=registered(events),
        outcome=outcome,
        steps=tuple(
            Step(
                entry=one,
                because_of=parents[one.event_id],
                until_next=until_next(one, events, parents),
                retries=retries(one, events, tried),
            )
            for one in after_their_causes(events, parents)
        ),
    )


def parent(led: Entry | None, own: Mapping[str, Entry]) -> str | None:
    """Answer what led to an event, if it is of the same trip."""
    return led.event_id if led and led.event_id in own else None


def after_their_causes(
    events: Sequence[Entry], parents: Mapping[str, str | None]
) -> tuple[Entry, ...]:
    """Sort events as a tree is read: by time, but whatever followed right behind its cause, also
    where two of one id may have caused it."""
    children: defaultdict[str | None, list[Entry]] = defaultdict(list)
    for one in sorted(events, key=lambda one: one.position):
        children[parents[one.event_id]].append(one)
    told: list[Entry] = []
    waiting = children[None][::-1]
    while waiting:
        one = waiting.pop()
        told.append(one)
        waiting += children.pop(one.event_id, [])[::-1]
    return tuple(told)


def until_next(
    one: Entry, events: Sequence[Entry], parents: Mapping[str, str | None]
) -> timedelta | None:
    """Answer how long it took until something followed; clocks differ, time never runs back."""
    times = [other.occurred_at for other in events if parents[other.event_id] == one.event_id]
    return max(min(times) - one.occurred_at, timedelta(0)) if times else None


def registered(events: Iterable[Entry]) -> tuple[int, ...]:
    """Name the versions that a trip made."""
    facts = facts_of(events, ModelRegistered)
    return tuple(sorted(fact.said.version for fact in facts))


def outcome_of(life: Life, events: Sequence[Entry], stays: tuple[Stay, ...]) -> str:
    """Say what came of a trip; nothing where it has no training."""
    if made := registered(events):
        return f"v{made[-1]} {versions.version(life, made[-1], stays).stands}"
    if begun := facts_of(events, TrainingStarted):
        return of_run(life, begun[-1].said.run_id)
    if noes := facts_of(events, TrainingSuppressed):
        return of_wish(life, noes[-1])
    return ""


def lone_wish(events: Sequence[Entry]) -> Entry | None:
    """Answer the wish of which nothing came that tells the model's life."""
    return events[0] if all(one.detail_type in WISHES for one in events) else None


def answered(events: Sequence[Entry], decided: Mapping[str, Sequence[Entry]]) -> str:
    """Say what was decided upon a wish of which nothing else came; nothing: that is unknown."""
    wish = lone_wish(events)
    found = answers.answer(wish.event_id, decided.get(wish.event_id, ())) if wish else None
    if found is None:
        return ""
    return f"refused by {found.service}: {found.why}" if found.is_no else found.why


def by_cause(entries: Iterable[Entry]) -> Mapping[str, Sequence[Entry]]:
    """Sort entries by what directly led to them."""
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for one in entries:
        found[one.causation_id].append(one)
    return found


def of_run(life: Life, run_id: str) -> str:
    """Say what came of a run that made no version."""
    failed = life.trainings[run_id].latest(TrainingFailed)
    if failed:
        return f"{run_id} failed in {failed.said.step}: {failed.said.reason}"
    refused = life.judged[run_id].latest(ModelRefused)
    if refused:
        return f"{run_id} was refused: {'; '.join(refused.said.reasons)}"
    open_run = as_of.training(life)
    if open_run is None or open_run.run_id != run_id:
        return f"{run_id} ended, and nothing was heard of it"
    return f"{run_id} is being {'judged' if open_run.is_judged else 'trained'}"


def of_wish(life: Life, no: Fact) -> str:
    """Say what came of a wish that was never trained: the latest no to all of them tells whether it
    waits."""
    waits = as_of.suppressed(life, as_of.degradation(life))
    if waits is None or waits.event_id != no.event_id:
        return "nothing was trained: another wish came before it, or it lapsed"
    return f"a training waits: {waits.reason}"


def facts_of(events: Iterable[Entry], kind: type[Event]) -> list[Fact]:
    """Read the events of one kind, in the order in which they were said."""
    read = (read_fact(one, kind) for one in events if one.detail_type == kind.detail_type())
    return sorted((fact for fact in read if fact), key=order_of)


def failures(entries: Iterable[Entry]) -> Mapping[str, list[Entry]]:
    """Answer the records of what was tried in vain, by trip."""
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for one in entries:
        if one.detail_type == DECISION and is_refused(one.detail["data"]):
            found[trip(one)].append(one)
    return found


def is_refused(record: Mapping[str, Any]) -> bool:
    """Tell whether a decision was about something that AWS had refused."""
    return bool(record.get("answered")) and "refused" in (record.get("cause") or {})


def retries(
    one: Entry, events: Sequence[Entry], tried: Mapping[str, Sequence[Entry]]
) -> tuple[str, ...]:
    """Say what a service had tried in vain between what it said before, and this."""
    records = tried.get(trip(one), ())
    if not records or one.revision is None:
        return ()
    number = one.revision.number
    said_before = (
        other.revision.number
        for other in events
        if other.source == one.source and other.revision and other.revision.number < number
    )
    since = max(said_before, default=0)
    return tuple(
        str(record.detail["data"]["why"])
        for record in sorted(records, key=lambda record: record.position)
        if record.source == one.source
        and record.revision
        and since < record.revision.number < number
    )
