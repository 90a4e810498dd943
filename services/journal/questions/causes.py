"""What led to an event, also where AWS's hints are between: no event of ours says those.

An event names its direct cause by id. Where that is a hint, or only what turned a no, the event is
led back by what it is about: the end of a run to its beginning, an approval to the registration of
that version, an endpoint in service to the roll-out of that configuration.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from services.journal.domain import Entry
from services.journal.questions.facts import Order, read_fact
from shared.contracts import lifecycle as said
from shared.contracts.envelope import Event
from shared.contracts.lifecycle.deployment import ROLLBACK
from shared.contracts.names import Stage

CLOCKS_DIFFER = timedelta(minutes=1)
"""By more than clocks of two machines do."""


class Heard(NamedTuple):
    """An event that could be read."""

    entry: Entry
    order: Order
    trip: str
    said: Any
    """Its data."""

    def value(self, name: str) -> Any:
        """Answer one of the things it says, or its trip."""
        return self.trip if name == "trip" else getattr(self.said, name)

    def is_before(self, other: "Heard") -> bool:
        """Tell whether this was said earlier: in the order of one aggregate, else by time."""
        if self.entry.event_id == other.entry.event_id:
            return False
        if self.entry.source == other.entry.source and self.order[0] and other.order[0]:
            return self.order < other.order
        return self.entry.occurred_at <= other.entry.occurred_at + CLOCKS_DIFFER


class Led(NamedTuple):
    """What may have led to an event: one of some kinds, with these values."""

    kinds: tuple[type[Event], ...]
    values: Mapping[str, Any]
    of_the_trip: bool = False
    """Whether only what belongs to the same trip round the loop fits."""


def led(*kinds: type[Event], **values: Any) -> tuple[Led, ...]:
    """Write down one way."""
    return (Led(kinds, values),)


def to_a_training(event: Event) -> tuple[Led, ...]:
    """A wish does, and the latest no to it; of several wishes, the one whose trip it is."""
    wishes = (said.AccuracyDegraded, said.RetrainRequested, said.ModelSpecApplied)
    return (Led((*wishes, said.TrainingSuppressed), {}, of_the_trip=True),)


def to_a_roll_out(event: said.DeploymentStarted) -> tuple[Led, ...]:
    """A verdict sends a version forward; back it goes by a wish, a no, or a failure."""
    if event.strategy == ROLLBACK:
        taken = (said.ApprovalRevoked, said.PromotionDeclined)
        from_stage = led(said.RollbackRequested, said.DeploymentFailed, stage=event.stage)
        return (*led(*taken), *from_stage)
    wish = led(said.DeploymentRequested, stage=event.stage, version=event.version)
    verdict = said.ModelApproved if event.stage == Stage.STAGING else said.PromotionApproved
    return (*led(verdict, version=event.version), *wish)


def to_a_roll_back(event: said.DeploymentRolledBack) -> tuple[Led, ...]:
    """A version leaves for another that rolls out, or for none by a no, a wish or a failure."""
    if event.back_to is not None:
        return led(
            said.DeploymentStarted, stage=event.stage, version=event.back_to, strategy=ROLLBACK
        )
    of_version = (said.ApprovalRevoked, said.PromotionDeclined)
    in_stage = (said.RollbackRequested, said.DeploymentFailed, said.EndpointInService)
    return (
        *led(*of_version, version=event.version),
        *led(*in_stage, version=event.version, stage=event.stage),
    )


LED: Mapping[type[Event], Callable[[Any], tuple[Led, ...]]] = {
    said.TrainingSuppressed: to_a_training,
    said.TrainingStarted: to_a_training,
    said.TrainingCompleted: lambda event: led(said.TrainingStarted, run_id=event.run_id),
    said.TrainingFailed: lambda event: led(said.TrainingStarted, run_id=event.run_id),
    said.ModelEvaluated: lambda event: led(said.TrainingCompleted, run_id=event.run_id),
    said.ModelRefused: lambda event: led(
        said.ModelEvaluated, said.TrainingCompleted, run_id=event.run_id
    ),
    said.ModelRegistered: lambda event: led(said.ModelEvaluated, run_id=event.run_id),
    said.ModelApproved: lambda event: led(said.ModelRegistered, version=event.version),
    said.ModelDeclined: lambda event: led(said.ModelRegistered, version=event.version),
    said.ApprovalRevoked: lambda event: led(said.ModelApproved, version=event.version),
    said.DeploymentStarted: to_a_roll_out,
    said.EndpointInService: lambda event: led(
        said.DeploymentStarted, endpoint_config=event.endpoint_config
    ),
    said.DeploymentFailed: lambda event: led(
        said.DeploymentStarted, said.EndpointInService, stage=event.stage, version=event.version
    ),
    said.DeploymentRolledBack: to_a_roll_back,
    said.PromotionRequested: lambda event: led(
        said.EndpointInService, stage=Stage.STAGING, version=event.version
    ),
    said.PromotionApproved: lambda event: led(
        said.PromotionRequested, said.ModelApproved, version=event.version
    ),
    said.PromotionDeclined: lambda event: led(
        said.PromotionRequested, said.PromotionApproved, version=event.version
    ),
    said.LimitTightened: lambda event: led(
        said.EndpointInService, stage=Stage.PRODUCTION, version=event.version
    ),
    said.LimitRestored: lambda event: led(said.DeploymentRolledBack, version=event.version),
    said.AccuracyRecovered: lambda event: led(
        said.AccuracyDegraded, degraded_version=event.degraded_version
    ),
    said.DataFaultCleared: lambda event: led(said.DataFaultDetected, kind=event.kind),
}
"""What leads to an event by what it is about; the latest of what fits did."""


def trip(entry: Entry) -> str:
    """Answer the trip round the loop that an event belongs to."""
    return str(entry.detail["metadata"]["correlation_id"])


Names = tuple[str, ...]
ByValues = dict[tuple[Any, ...], list[Heard]]


class Causes:
    """Entries, by what they may have led to."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.by_id: dict[str, Heard] = {}
        self.by_kind: defaultdict[type[Event], list[Heard]] = defaultdict(list)
        self.by_values: dict[tuple[type[Event], Names], ByValues] = {}
        for entry in entries:
            event_class = said.EVENTS.get(entry.detail_type)
            fact = read_fact(entry, event_class) if event_class else None
            if fact and entry.event_id not in self.by_id:
                heard = Heard(entry, fact.order, fact.trip, fact.said)
                self.by_id[entry.event_id] = heard
                self.by_kind[type(fact.said)].append(heard)

    def of(self, event_id: str) -> Entry | None:
        """Answer what led to an event; None where that is not among the entries, or it is itself
        the beginning."""
        heard = self.by_id.get(event_id)
        if heard is None:
            return None
        ways = LED[type(heard.said)](heard.said) if type(heard.said) in LED else ()
        fitting = (one for way in ways for one in self.fitting(way, heard))
        found = [one for one in fitting if one.is_before(heard)]
        if found:
            return max(found, key=lambda one: one.entry.position).entry
        direct = self.by_id.get(heard.entry.causation_id)
        return direct.entry if direct and direct is not heard else None

    def fitting(self, way: Led, heard: Heard) -> Iterable[Heard]:
        """Answer the events that one way names."""
        values = {**way.values, "trip": heard.trip} if way.of_the_trip else way.values
        for kind in way.kinds:
            yield from self.sorted_by(kind, tuple(values)).get(tuple(values.values()), ())

    def sorted_by(self, kind: type[Event], names: Names) -> ByValues:
        """Sort the events of a kind by some of what they say; each way is sorted by once."""
        if (kind, names) not in self.by_values:
            found: ByValues = defaultdict(list)
            for one in self.by_kind[kind]:
                found[tuple(one.value(name) for name in names)].append(one)
            self.by_values[kind, names] = found
        return self.by_values[kind, names]

    def chain(self, event_id: str) -> tuple[Entry, ...]:
        """Answer what led to an event, from its root on; the event is the last."""
        found: dict[str, Entry] = {}
        heard = self.by_id.get(event_id)
        entry = heard.entry if heard else None
        while entry and entry.event_id not in found:
            found[entry.event_id] = entry
            entry = self.of(entry.event_id)
        return tuple(reversed(found.values()))
