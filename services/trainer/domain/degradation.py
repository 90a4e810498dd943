"""What the monitor says: a version fell short, or the data are at fault.

=================  ==========================================================================
heard              what follows
=================  ==========================================================================
AccuracyDegraded   a wish; it stays open, so that every end without a new version in
                   production makes the governor decide again
AccuracyRecovered  the degradation is over, and a wish that still waits for it lapses
DataFaultDetected  nothing is trained on data that are at fault, unless a person wants it
DataFaultCleared   the remembered wish is asked again
=================  ==========================================================================
"""

from datetime import datetime

from services.trainer.domain import wishes
from services.trainer.domain.seen import World
from services.trainer.domain.state import Degradation, Trainings, Trigger
from shared.contracts.envelope import Metadata
from shared.contracts.lifecycle import AccuracyDegraded, DataFaultCleared, DataFaultDetected
from shared.messaging.decision import Decision, Ignored

Answer = Decision[Trainings] | Ignored


def begin(
    state: Trainings, said: AccuracyDegraded, metadata: Metadata, world: World, now: datetime
) -> Answer:
    """The version in production fell short; what is said of an earlier one lapses."""
    if state.production not in (None, said.version):
        return Ignored(f"v{said.version} is no longer in production: that wish lapses")
    opened = Degradation(
        version=said.version,
        since=said.since,
        cause=metadata.event_id,
        correlation_id=metadata.correlation_id,
        actor=metadata.actor,
    )
    state = lapse(state).changed(degradation=opened)
    return wishes.consider(state, opened.wish(), world, now)


def end(state: Trainings) -> Answer:
    """A version in production is within its limit again."""
    if state.degradation is None:
        return Ignored("no degradation is open")
    why = f"the degradation of v{state.degradation.version} is over"
    return Decision(lapse(state).changed(degradation=None), why)


def lapse(state: Trainings) -> Trainings:
    """Forget a remembered wish that stands for a degradation."""
    wish = state.remembered
    is_one = wish is not None and wish.trigger is Trigger.DEGRADATION
    return state.changed(remembered=None) if is_one else state


def doubt(state: Trainings, said: DataFaultDetected) -> Answer:
    """The data are at fault."""
    faults = tuple(sorted({*state.faults, said.kind}))
    return Decision(state.changed(faults=faults), f"{said.kind}: {said.evidence}")


def trust(state: Trainings, said: DataFaultCleared, world: World, now: datetime) -> Answer:
    """The data are as they should be again."""
    faults = tuple(kind for kind in state.faults if kind != said.kind)
    decision = Decision(state.changed(faults=faults), f"{said.kind} is over: {said.evidence}")
    return decision.and_then(lambda after: wishes.consider_again(after, world, now))
