"""One function per subscription: look at the world, call the domain."""

from datetime import datetime

from services.monitor.domain import observing, production, stalls
from services.monitor.domain.seen import Known, Observed, World
from services.monitor.domain.state import Watch
from services.monitor.ports import Look
from shared.contracts.envelope import Envelope, Event
from shared.contracts.lifecycle import (
    DeploymentFailed,
    DeploymentRolledBack,
    EndpointInService,
    LimitRestored,
    LimitSet,
    LimitTightened,
    ObservationsIngested,
)
from shared.contracts.names import Stage
from shared.contracts.wishes import SweepRequested
from shared.messaging.decision import Decision, Ignored
from shared.messaging.worker import Handler

Answer = Decision[Watch] | Ignored | None


def observations_ingested(
    event: Envelope[ObservationsIngested], state: Watch, look: Look, now: datetime
) -> Answer:
    """Windows of a series were closed: of interest to the series, and to each model of it."""
    if state.is_series:
        return stalls.hear(state, event.data, look.stream(state.series), now)
    world = look.world(state.model)
    return observing.hear(state, event.data, world, closed(event.data, state, world, look))


def endpoint_in_service(
    event: Envelope[EndpointInService], state: Watch, look: Look, now: datetime
) -> Answer:
    """A version serves; in production it is watched."""
    known = registered(state, event.data.version, look) if is_production(event.data) else None
    correlation_id = event.metadata.correlation_id
    return production.begin(state, event.data, known, look.world(state.model), correlation_id)


def deployment_failed(
    event: Envelope[DeploymentFailed], state: Watch, look: Look, now: datetime
) -> Answer:
    """A version is not where it should be."""
    return production.end(state, event.data)


def deployment_rolled_back(
    event: Envelope[DeploymentRolledBack], state: Watch, look: Look, now: datetime
) -> Answer:
    """A version was taken away."""
    return production.end(state, event.data)


def limit_set(event: Envelope[LimitSet], state: Watch, look: Look, now: datetime) -> Answer:
    """A person set the limit."""
    return production.limit(state, event.data)


def limit_tightened(
    event: Envelope[LimitTightened], state: Watch, look: Look, now: datetime
) -> Answer:
    """The limit followed a better version."""
    return production.limit(state, event.data)


def limit_restored(
    event: Envelope[LimitRestored], state: Watch, look: Look, now: datetime
) -> Answer:
    """The limit went back."""
    return production.limit(state, event.data)


def sweep_requested(
    wish: Envelope[SweepRequested], state: Watch, look: Look, now: datetime
) -> Answer:
    """See whether a series stalls, and make good what could not be done."""
    if state.is_series:
        return stalls.sweep(state, look.stream(state.series), now)
    known = registered(state, production.unknown(state), look)
    return production.sweep(state, known, look.world(state.model))


def closed(
    said: ObservationsIngested, state: Watch, world: World | None, look: Look
) -> tuple[Observed, ...]:
    """Look at the windows that are news."""
    unread = observing.unread(state, said, world)
    return look.windows(*unread) if unread else ()


def registered(state: Watch, version: int | None, look: Look) -> Known | None:
    """Look what is known of a version, if one is asked for."""
    return look.version(state.model, version) if version else None


def is_production(said: EndpointInService) -> bool:
    """Tell whether a fact is about production."""
    return said.stage == Stage.PRODUCTION


HANDLERS: dict[type[Event], Handler] = {
    ObservationsIngested: observations_ingested,
    EndpointInService: endpoint_in_service,
    DeploymentFailed: deployment_failed,
    DeploymentRolledBack: deployment_rolled_back,
    LimitSet: limit_set,
    LimitTightened: limit_tightened,
    LimitRestored: limit_restored,
    SweepRequested: sweep_requested,
}
