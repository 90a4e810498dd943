"""The life of a run, from SageMaker's first answer to its end.

==========  ===========================  ==============================================
run         what is seen                 what follows
==========  ===========================  ==============================================
asked       SageMaker accepts            running, TrainingStarted
asked       refused                      TrainingFailed(Start)
running     the execution succeeded      collecting
running     it failed, or is gone        TrainingFailed(step), the wish is asked again
collecting  all is there                 TrainingCompleted, a candidate is to be judged
collecting  something is missing         TrainingFailed(Collect)
==========  ===========================  ==============================================
"""

from datetime import datetime

from services.trainer.domain import wishes
from services.trainer.domain.actions import CollectRun, StartRun
from services.trainer.domain.outcomes import Collected, RunStarted
from services.trainer.domain.seen import Execution, Progress, World
from services.trainer.domain.state import Candidate, Phase, Run, Trainings
from shared.contracts import limits
from shared.contracts.lifecycle import TrainingCompleted, TrainingFailed, TrainingStarted
from shared.messaging.decision import Decision
from shared.messaging.errors import Refused

START, EXECUTION, COLLECT = "Start", "Execution", "Collect"  # steps that are not the pipeline's


def started(
    state: Trainings, action: StartRun, happened: RunStarted | Refused, now: datetime
) -> Decision[Trainings]:
    """Hear what SageMaker said to a start."""
    run = state.run
    if run is None or run.id != action.run_id:
        return Decision(state, f"{action.run_id} was given up meanwhile")
    if isinstance(happened, Refused):
        return failed(state, run, START, str(happened))
    event = TrainingStarted(
        model=state.model,
        run_id=run.id,
        execution_arn=happened.execution_arn,
        trigger=run.trigger,
        algorithm=run.algorithm,
        hyperparameters=action.hyperparameters,
    )
    running = run.changed(phase=Phase.RUNNING, execution_arn=happened.execution_arn)
    return Decision(
        state.changed(run=running),
        f"{run.id} runs",
        events=(event,),
        correlation_id=run.correlation_id,
    )


def hear_execution(
    state: Trainings, execution: Execution | None, world: World, now: datetime
) -> Decision[Trainings] | None:
    """Compare the run in flight with what its execution does."""
    run = state.run
    if run is None or run.phase is not Phase.RUNNING:
        return None  # before the start has settled, what an execution says means nothing
    if execution is None:
        decision = failed(state, run, EXECUTION, f"{run.execution_arn} is gone")
        return decision.and_then(lambda after: wishes.consider_again(after, world, now))
    match execution.progress:
        case Progress.RUNNING:
            return None
        case Progress.SUCCEEDED:
            return collect(state, run)
        case Progress.FAILED:
            decision = failed(state, run, execution.failed_step or EXECUTION, execution.reason)
            return decision.and_then(lambda after: wishes.consider_again(after, world, now))


def collect(state: Trainings, run: Run) -> Decision[Trainings]:
    """Read what the run has left."""
    action = CollectRun(run_id=run.id, execution_arn=run.execution_arn, algorithm=run.algorithm)
    return Decision(
        state.changed(run=run.changed(phase=Phase.COLLECTING)),
        f"{run.id} succeeded",
        actions=(action,),
        correlation_id=run.correlation_id,
    )


def collected(
    state: Trainings, action: CollectRun, happened: Collected | Refused, now: datetime
) -> Decision[Trainings]:
    """Hear what the run has left: a candidate is to be judged."""
    run = state.run
    if run is None or run.id != action.run_id:
        return Decision(state, f"{action.run_id} was given up meanwhile")
    if isinstance(happened, Refused):
        return failed(state, run, COLLECT, str(happened))
    event = TrainingCompleted(
        model=state.model,
        run_id=run.id,
        algorithm=run.algorithm,
        trigger=run.trigger,
        dataset=happened.dataset,
        artifact=happened.artifact,
        judged_artifact=happened.judged_artifact,
        image=happened.image,
        forecasts_uri=happened.forecasts_uri,
        duration_s=happened.duration_s,
    )
    decision = Decision(
        state.changed(run=None).with_candidate(Candidate(run_id=run.id)),
        f"{run.id} ended well after {happened.duration_s:.0f} s",
        events=(event,),
        correlation_id=run.correlation_id,
    )
    return decision.and_then(lambda after: wishes.consider_again(after, happened.world, now))


def failed(state: Trainings, run: Run, step: str, reason: str) -> Decision[Trainings]:
    """A run ended without a model."""
    event = TrainingFailed(
        model=state.model,
        run_id=run.id,
        step=step,
        reason=reason[: limits.EVENT_TEXT_CHARACTERS_MAX],
    )
    return Decision(
        state.changed(run=None, useless=state.useless + 1),
        f"{run.id} failed in {step}: {event.reason}",
        events=(event,),
        correlation_id=run.correlation_id,
    )
