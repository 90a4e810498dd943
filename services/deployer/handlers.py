"""One function per subscription: look at the world, call the domain."""

from datetime import datetime

from services.deployer.domain import serving, sweep, verdicts, wishes
from services.deployer.domain.state import Deployments
from services.deployer.ports import Look
from shared.contracts import names
from shared.contracts.aws import EndpointChanged, ModelPackageChanged
from shared.contracts.envelope import Envelope, Event
from shared.contracts.lifecycle import DeploymentRequested, ModelRegistered, RollbackRequested
from shared.contracts.wishes import SweepRequested
from shared.messaging.decision import Decision, Ignored
from shared.messaging.worker import Handler

Answer = Decision[Deployments] | Ignored | None


def model_registered(
    event: Envelope[ModelRegistered], state: Deployments, look: Look, now: datetime
) -> Answer:
    """A version waits for its verdict."""
    said, metadata, world = event.data, event.metadata, look.world(state.model)
    return verdicts.register(state, said, metadata.correlation_id, metadata.occurred_at, world)


def model_package_changed(
    hint: Envelope[ModelPackageChanged], state: Deployments, look: Look, now: datetime
) -> Answer:
    """Somebody wrote in the registry; Describe says what."""
    package = look.package(hint.data.package_arn) if hint.data.may_be_a_verdict else None
    return verdicts.hear_package(state, package, look.world(state.model)) if package else None


def endpoint_changed(
    hint: Envelope[EndpointChanged], state: Deployments, look: Look, now: datetime
) -> Answer:
    """An endpoint changed; Describe says how."""
    owned = names.read_endpoint(hint.data.endpoint)
    return (
        serving.hear_endpoint(state, owned.stage, look.world(state.model), now) if owned else None
    )


def rollback_requested(
    event: Envelope[RollbackRequested], state: Deployments, look: Look, now: datetime
) -> Answer:
    """A person wants a version away."""
    return wishes.roll_back(state, event.data, event.metadata.actor, look.world(state.model))


def deployment_requested(
    event: Envelope[DeploymentRequested], state: Deployments, look: Look, now: datetime
) -> Answer:
    """A person wants one more attempt."""
    return wishes.deploy(state, event.data, event.metadata.event_id, look.world(state.model))


def sweep_requested(
    wish: Envelope[SweepRequested], state: Deployments, look: Look, now: datetime
) -> Answer:
    """Ask about whatever waits or is on its way."""
    packages = [package for arn in sweep.undecided(state) if (package := look.package(arn))]
    return sweep.sweep(state, packages, look.world(state.model), now)


HANDLERS: dict[type[Event], Handler] = {
    ModelRegistered: model_registered,
    ModelPackageChanged: model_package_changed,
    EndpointChanged: endpoint_changed,
    RollbackRequested: rollback_requested,
    DeploymentRequested: deployment_requested,
    SweepRequested: sweep_requested,
}
