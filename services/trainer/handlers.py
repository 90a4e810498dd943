"""One function per subscription: look at the world, call the domain."""

from datetime import datetime

from services.trainer.domain import candidates, degradation, runs, sweep, wishes
from services.trainer.domain.state import Standing, Trainings
from services.trainer.ports import Look
from shared.contracts.aws import PipelineExecutionChanged
from shared.contracts.envelope import Envelope, Event
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    AccuracyRecovered,
    ApprovalRevoked,
    DataFaultCleared,
    DataFaultDetected,
    DeploymentFailed,
    DeploymentRolledBack,
    DeploymentSuperseded,
    EndpointInService,
    ModelApproved,
    ModelDeclined,
    ModelRefused,
    ModelRegistered,
    ModelSpecApplied,
    ObservationsIngested,
    PromotionApproved,
    PromotionDeclined,
    RetrainRequested,
)
from shared.contracts.wishes import SweepRequested
from shared.messaging.decision import Decision, Ignored
from shared.messaging.worker import Handler

Answer = Decision[Trainings] | Ignored | None


def observations_ingested(
    event: Envelope[ObservationsIngested], state: Trainings, look: Look, now: datetime
) -> Answer:
    """There is more history: a wish that waits may have enough of it."""
    if not state.waiting:
        return None
    return wishes.consider_again(state, look.world(state.model), now)


def model_spec_applied(
    event: Envelope[ModelSpecApplied], state: Trainings, look: Look, now: datetime
) -> Answer:
    """A person declared the model anew."""
    return wishes.hear_spec(state, event.metadata, look.world(state.model), now)


def retrain_requested(
    event: Envelope[RetrainRequested], state: Trainings, look: Look, now: datetime
) -> Answer:
    """A person wants a training."""
    world = look.world(state.model)
    return wishes.hear_person(state, event.data, event.metadata, world, now)


def pipeline_execution_changed(
    hint: Envelope[PipelineExecutionChanged], state: Trainings, look: Look, now: datetime
) -> Answer:
    """The run in flight may have ended; Describe says how."""
    if not state.is_running(hint.data.execution_arn):
        return None
    execution = look.execution(hint.data.execution_arn)
    return runs.hear_execution(state, execution, look.world(state.model), now)


def model_refused(
    event: Envelope[ModelRefused], state: Trainings, look: Look, now: datetime
) -> Answer:
    """The gate said no."""
    reason = "; ".join(event.data.reasons)
    return candidates.refuse(state, event.data.run_id, reason, look.world(state.model), now)


def model_registered(
    event: Envelope[ModelRegistered], state: Trainings, look: Look, now: datetime
) -> Answer:
    """The gate said yes."""
    return candidates.register(state, event.data, look.world(state.model), now)


def model_approved(
    event: Envelope[ModelApproved], state: Trainings, look: Look, now: datetime
) -> Answer:
    """A candidate may go to staging."""
    return candidates.move(state, event.data.version, Standing.TO_STAGING, now)


def promotion_approved(
    event: Envelope[PromotionApproved], state: Trainings, look: Look, now: datetime
) -> Answer:
    """A candidate may go to production."""
    return candidates.move(state, event.data.version, Standing.TO_PRODUCTION, now)


def endpoint_in_service(
    event: Envelope[EndpointInService], state: Trainings, look: Look, now: datetime
) -> Answer:
    """A version serves."""
    return candidates.serve(state, event.data, look.world(state.model), now)


def model_declined(
    event: Envelope[ModelDeclined], state: Trainings, look: Look, now: datetime
) -> Answer:
    """A person did not want a candidate."""
    reason = f"declined by {event.data.approver}"
    return candidates.fall(state, event.data.version, reason, look.world(state.model), now)


def promotion_declined(
    event: Envelope[PromotionDeclined], state: Trainings, look: Look, now: datetime
) -> Answer:
    """A person keeps a candidate out of production."""
    reason = f"kept out of production by {event.data.approver}"
    return candidates.fall(state, event.data.version, reason, look.world(state.model), now)


def approval_revoked(
    event: Envelope[ApprovalRevoked], state: Trainings, look: Look, now: datetime
) -> Answer:
    """A person took an approval back."""
    reason = f"its approval was revoked by {event.data.approver}"
    return candidates.fall(state, event.data.version, reason, look.world(state.model), now)


def deployment_failed(
    event: Envelope[DeploymentFailed], state: Trainings, look: Look, now: datetime
) -> Answer:
    """A candidate did not make it."""
    version, reason = event.data.version, event.data.reason
    return candidates.fall(state, version, reason, look.world(state.model), now)


def deployment_rolled_back(
    event: Envelope[DeploymentRolledBack], state: Trainings, look: Look, now: datetime
) -> Answer:
    """A version was taken away."""
    return candidates.roll_back(state, event.data, look.world(state.model), now)


def deployment_superseded(
    event: Envelope[DeploymentSuperseded], state: Trainings, look: Look, now: datetime
) -> Answer:
    """A higher version took a candidate's turn."""
    version, reason = event.data.version, event.data.reason
    return candidates.give_way(state, version, reason, look.world(state.model), now)


def accuracy_degraded(
    event: Envelope[AccuracyDegraded], state: Trainings, look: Look, now: datetime
) -> Answer:
    """The version in production fell short."""
    return degradation.begin(state, event.data, event.metadata, look.world(state.model), now)


def accuracy_recovered(
    event: Envelope[AccuracyRecovered], state: Trainings, look: Look, now: datetime
) -> Answer:
    """A version in production is within its limit again."""
    return degradation.end(state)


def data_fault_detected(
    event: Envelope[DataFaultDetected], state: Trainings, look: Look, now: datetime
) -> Answer:
    """The data are at fault."""
    return degradation.doubt(state, event.data)


def data_fault_cleared(
    event: Envelope[DataFaultCleared], state: Trainings, look: Look, now: datetime
) -> Answer:
    """The data are as they should be again."""
    return degradation.trust(state, event.data, look.world(state.model), now)


def sweep_requested(
    wish: Envelope[SweepRequested], state: Trainings, look: Look, now: datetime
) -> Answer:
    """Ask about whatever is in flight, due or lost."""
    arn = state.run.execution_arn if state.run else ""
    execution = look.execution(arn) if state.is_running(arn) else None
    return sweep.sweep(state, execution, wish.metadata, look.world(state.model), now)


HANDLERS: dict[type[Event], Handler] = {
    ObservationsIngested: observations_ingested,
    ModelSpecApplied: model_spec_applied,
    RetrainRequested: retrain_requested,
    PipelineExecutionChanged: pipeline_execution_changed,
    ModelRefused: model_refused,
    ModelRegistered: model_registered,
    ModelApproved: model_approved,
    PromotionApproved: promotion_approved,
    EndpointInService: endpoint_in_service,
    ModelDeclined: model_declined,
    PromotionDeclined: promotion_declined,
    ApprovalRevoked: approval_revoked,
    DeploymentFailed: deployment_failed,
    DeploymentRolledBack: deployment_rolled_back,
    DeploymentSuperseded: deployment_superseded,
    AccuracyDegraded: accuracy_degraded,
    AccuracyRecovered: accuracy_recovered,
    DataFaultDetected: data_fault_detected,
    DataFaultCleared: data_fault_cleared,
    SweepRequested: sweep_requested,
}
