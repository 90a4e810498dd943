"""A decision that is another one now, and what would not have been without it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from typing import NamedTuple

from ops.replay.recorded import Recorded
from ops.replay.told import Field, Told
from services.deployer.domain.actions import CleanUp
from services.monitor.domain.actions import ScoreOrigins
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    DeploymentStarted,
    EndpointInService,
    ModelApproved,
    ModelRegistered,
    PromotionApproved,
    PromotionRequested,
    TrainingCompleted,
    TrainingStarted,
)

STEPS = frozenset(
    step.detail_type()
    for step in (
        AccuracyDegraded,
        TrainingStarted,
        TrainingCompleted,
        ModelRegistered,
        ModelApproved,
        DeploymentStarted,
        EndpointInService,
        PromotionRequested,
        PromotionApproved,
    )
)
"""Without them, a trip round the loop does not go on."""
ASIDE = frozenset({CleanUp.__name__, ScoreOrigins.__name__})
"""Actions without which it does."""


@dataclass
class Difference:
    """A decision that is another one now.

    Parameters
    ----------
    now : Told or None
        None: nothing is decided, or the record does not tell what.
    untold : str
        What the record does not tell; empty: it tells all.
    lost : list
        What was said then, and would not have been, of what is reported.
    follows : list
        Other decisions that are others now only because of this one.
    """

    one: Recorded
    then: Told
    now: Told | None
    fields: tuple[Field, ...] = ()
    untold: str = ""
    lost: list[Recorded] = field(default_factory=list)
    follows: list["Difference"] = field(default_factory=list)

    @property
    def at(self) -> datetime:
        """When it was taken then."""
        return self.one.record.now

    @property
    def is_another(self) -> bool:
        """Whether other things are done or said, rather than the same in other words."""
        return self.now is None or self.then.kinds != self.now.kinds

    @property
    def leads_on(self) -> bool:
        """Whether something is another because of it: at least itself."""
        return bool(self.is_another or self.lost or any(one.is_another for one in self.follows))

    @property
    def begins(self) -> tuple[str, ...]:
        """Actions that were not asked for then: what comes of them, nobody has recorded."""
        if self.now is None:
            return ()
        both = zip_longest(self.then.actions, self.now.actions)
        return tuple(now for then, now in both if now and now != then and now not in ASIDE)


class Item(NamedTuple):
    """Something to do, of one aggregate."""

    service: str
    key: str
    id: str


class Version(NamedTuple):
    """One of a model."""

    model: str
    number: int


class Consequences:
    """What would not have been, and because of which difference.

    It is read from the record: whatever was decided upon an event that is not said, upon the
    outcome of what is not done, on versions alone that are not registered or, as other events wake
    a service up to go on with a trip round the loop that it remembers, in a trip that has ended
    before.

    Parameters
    ----------
    said : Mapping
        All events of the recording, by id.
    reports : Callable
        Tells whether what was said, in a line of the record, is reported.
    """

    def __init__(self, said: Mapping[str, Recorded], reports: Callable[[Recorded], bool]) -> None:
        self.said = said
        self.reports = reports
        self.unsaid: dict[str, Difference] = {}
        self.undone: dict[Item, Difference] = {}
        self.ended: dict[tuple[str, str], Difference] = {}
        self.unregistered: dict[Version, Difference] = {}
        self.registrations = registrations(said)
        self.registered = registered(said, self.registrations)

    def root(self, one: Recorded) -> Difference | None:
        """Answer the difference without which a decision would have been taken; none: it would."""
        record = one.record
        if record.answered is not None:
            done = Item(record.service, record.model, record.item or "")
            return self.undone.get(done) or self.of_versions(one)
        cause = self.said.get(record.cause_id)
        if cause and (root := self.unsaid.get(record.cause_id)):
            return root
        if root := self.of_versions(one):
            return root
        goes_on = cause is None or cause.trip != one.trip
        return self.ended.get((record.model, one.trip)) if goes_on else None

    def of_versions(self, one: Recorded) -> Difference | None:
        """Answer the difference without which there would be a version that a decision speaks of;
        none: it speaks of others, too, or of none. A hint about it may come before we say that it
        is registered, and names no trip."""
        if not self.unregistered:
            return None
        versions = {version for name in one.ids if (version := self.version(name))}
        roots = [self.unregistered.get(version) for version in versions]
        return roots[0] if roots and all(roots) else None

    def rests_on(self, one: Recorded) -> list[str]:
        """Answer the ids of what was said before a decision, whatever clocks say: its cause, and
        that the versions are registered of which it speaks."""
        versions = filter(None, map(self.version, one.ids))
        said = (self.registrations[one] for one in versions if one in self.registrations)
        return [one.record.cause_id, *said]

    def version(self, name: str) -> Version | None:
        """Answer of which version an event is; none: of none, or the recording lacks it."""
        data = self.said[name].envelope.data if name in self.said else None
        number = getattr(data, "version", None)
        return Version(str(data.subject), number) if data and number else None

    def goes_its_way(self, name: str, root: Difference) -> bool:
        """Tell whether an event is of a version that there would be without another one, too: what
        would have become of it, and when, the record does not tell."""
        version = self.version(name)
        is_there = version in self.registrations and version not in self.unregistered
        return is_there and any(root is one for one in self.unregistered.values())

    def lose(self, one: Recorded, root: Difference, then: Told, now: Told | None = None) -> None:
        """Note that what was decided `then` would not have been, or been `now`."""
        record = one.record
        kept = {(said.event_id, said.kind) for said in now.events} if now else set()
        unsaid = [
            said
            for said in then.events
            if (said.event_id, said.kind) not in kept and not self.goes_its_way(said.event_id, root)
        ]
        actions = now.actions if now else ()
        undone = [
            Item(record.service, record.model, f"{one.revision}.{number}")
            for number, kind in enumerate(then.actions, start=1)
            if actions[number - 1 : number] != (kind,)
        ]
        self.unsaid |= {said.event_id: root for said in unsaid}
        self.undone |= dict.fromkeys(undone, root)
        versions = (self.registered[item] for item in undone if item in self.registered)
        self.unregistered |= dict.fromkeys(versions, root)
        events = (self.said[said.event_id] for said in unsaid if said.event_id in self.said)
        root.lost += filter(self.reports, events)
        steps = {*then.actions} - ASIDE - {*actions} | {said.kind for said in unsaid} & STEPS
        if steps:
            self.ended.setdefault((record.model, then.trip), root)


def registrations(said: Mapping[str, Recorded]) -> Mapping[Version, str]:
    """Answer the versions that were registered, and the ids of the events that say so."""
    return {
        Version(data.model, data.version): name
        for name, one in said.items()
        if isinstance(data := one.envelope.data, ModelRegistered)
    }


def registered(
    said: Mapping[str, Recorded], versions: Mapping[Version, str]
) -> Mapping[Item, Version]:
    """Answer which version was registered by what was done."""
    of_events = {name: version for version, name in versions.items()}
    return {
        Item(one.record.service, one.record.model, one.record.item): of_events[name]
        for one in said.values()
        if one.is_decision and one.record.item
        for name in one.ids
        if name in of_events
    }
