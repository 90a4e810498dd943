"""What the monitor says: a version fell short, or the data are at fault.

=================  ==========================================================================
heard              what follows
=================  ==========================================================================
AccuracyDegraded   a wish, while that version is in production; it stays open, so that every
                   end without a new version in production makes the governor decide again
AccuracyRecovered  the degradation is over, and its wish lapses
DataFaultDetected  nothing is trained on data that are at fault, unless a person wants it
DataFaultCleared   the wishes that wait are asked again
=================  ==========================================================================
"""

from datetime import datetime

from services.trainer.domain import wishes
from services.trainer.domain.seen import World
from services.trainer.domain.state import Trainings
from services.trainer.domain.wanted import Degradation
from shared.contracts.envelope import Metadata
from shared.contracts.lifecycle import AccuracyDegraded, DataFaultCleared, DataFaultDetected
from shared.messaging.decision import Decision, Ignored

Answer = Decision[Trainings] | Ignored


def begin(
    state: Trainings, said: AccuracyDegraded, metadata: Metadata, world: World, now: datetime
) -> Answer:
    """A version fell short: a wish while that version is in production.

    The monitor may have heard of a roll-out before us: then the wish waits for that news. Where it
    speaks of a version that has left, the wish lapses.
    """
    opened = Degradation(
        version=said.version,
        since=said.since,
        cause=metadata.event_id,
        correlation_id=metadata.correlation_id,
        actor=metadata.actor,
    )
    state = state.changed(degradation=opened)
    if not state.may_serve(said.version):
        why = f"v{said.version} fell short, and v{state.production} is the one in production"
        return Decision(state, f"{why}: nothing is asked unless that changes")
    return wishes.consider(state, opened.wish(), world, now)


def end(state: Trainings) -> Answer:
    """A version in production is within its limit again."""
    if state.degradation is None:
        return Ignored("no degradation is open")
    why = f"the degradation of v{state.degradation.version} is over"
    return Decision(state.changed(degradation=None), why)


def doubt(state: Trainings, said: DataFaultDetected) -> Answer:
    """The data are at fault."""
    faults = tuple(sorted({*state.faults, said.kind}))
    return Decision(state.changed(faults=faults), f"{said.kind}: {said.evidence}")


def trust(state: Trainings, said: DataFaultCleared, world: World, now: datetime) -> Answer:
    """The data are as they should be again."""
    faults = tuple(kind for kind in state.faults if kind != said.kind)
    decision = Decision(state.changed(faults=faults), f"{said.kind} is over: {said.evidence}")
    return decision.and_then(lambda after: wishes.consider_again(after, world, now))
