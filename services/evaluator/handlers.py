"""One function per subscription: look at the world, call the domain."""

from datetime import datetime

from services.evaluator.domain import evaluation, limit, production, sweep
from services.evaluator.domain.seen import World
from services.evaluator.domain.state import Evaluations
from services.evaluator.ports import Look
from shared.contracts.envelope import Envelope, Event
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    AccuracyRecovered,
    DeploymentFailed,
    DeploymentRolledBack,
    DeploymentSuperseded,
    EndpointInService,
    TrainingCompleted,
)
from shared.contracts.wishes import SweepRequested
from shared.messaging.decision import Decision, Ignored
from shared.messaging.worker import Handler

Answer = Decision[Evaluations] | Ignored | None


def training_completed(
    event: Envelope[TrainingCompleted], state: Evaluations, look: Look, now: datetime
) -> Answer:
    """A run ended well: it is judged."""
    world = look.world(state.model)
    return evaluation.begin(state, event.data, world, author(state, world, look))


def endpoint_in_service(
    event: Envelope[EndpointInService], state: Evaluations, look: Look, now: datetime
) -> Answer:
    """A version serves; in production it is the champion."""
    metadata = event.metadata
    return production.begin(state, event.data, metadata.occurred_at, metadata.correlation_id)


def deployment_failed(
    event: Envelope[DeploymentFailed], state: Evaluations, look: Look, now: datetime
) -> Answer:
    """A roll-out failed."""
    return production.end(state, event.data)


def deployment_rolled_back(
    event: Envelope[DeploymentRolledBack], state: Evaluations, look: Look, now: datetime
) -> Answer:
    """A version was taken away; what it did to the limit goes with it."""
    return production.end(state, event.data)


def deployment_superseded(
    event: Envelope[DeploymentSuperseded], state: Evaluations, look: Look, now: datetime
) -> Answer:
    """A version lost its turn."""
    return production.pass_over(state, event.data)


def accuracy_degraded(
    event: Envelope[AccuracyDegraded], state: Evaluations, look: Look, now: datetime
) -> Answer:
    """A version fell short: the gate asks less of what beats it."""
    return production.fall_short(state, event.data)


def accuracy_recovered(
    event: Envelope[AccuracyRecovered], state: Evaluations, look: Look, now: datetime
) -> Answer:
    """The version in production is within its limit again."""
    return production.recover(state)


def sweep_requested(
    wish: Envelope[SweepRequested], state: Evaluations, look: Look, now: datetime
) -> Answer:
    """See what people declared, and whether the champion has baked."""
    world = look.world(state.model)
    return sweep.sweep(state, world, author(state, world, look), now)


def author(state: Evaluations, world: World | None, look: Look) -> str:
    """Ask who wrote a threshold, if it is news."""
    parameter = limit.author_in(state, world)
    return look.author(state.model, parameter) if parameter else limit.UNKNOWN


HANDLERS: dict[type[Event], Handler] = {
    TrainingCompleted: training_completed,
    EndpointInService: endpoint_in_service,
    DeploymentFailed: deployment_failed,
    DeploymentRolledBack: deployment_rolled_back,
    DeploymentSuperseded: deployment_superseded,
    AccuracyDegraded: accuracy_degraded,
    AccuracyRecovered: accuracy_recovered,
    SweepRequested: sweep_requested,
}
