"""One attempt to put a version on an endpoint, until SageMaker has answered.

==========  ==============================  =========================================
roll-out    SageMaker                       what follows
==========  ==============================  =========================================
asked       accepts                         rolling, DeploymentStarted
asked       has no capacity                 deferred; the sweep asks again, three times
asked       refuses                         DeploymentFailed
asked       the endpoint is stuck           DeploymentFailed, automation stops
==========  ==============================  =========================================

What follows from a roll-out under way is in `serving`.
"""

from datetime import datetime

from services.deployer.domain import retention
from services.deployer.domain.actions import RollOut
from services.deployer.domain.outcomes import CAPACITY, STUCK, RolloutBegun
from services.deployer.domain.seen import World
from services.deployer.domain.state import Deployments, OfStage, Phase, Rollout
from shared.contracts import limits
from shared.contracts.lifecycle import DeploymentFailed, DeploymentStarted, DeploymentSuperseded
from shared.contracts.lifecycle.deployment import ROLLBACK
from shared.contracts.names import Stage
from shared.messaging.decision import Decision
from shared.messaging.errors import Refused


def start(
    state: Deployments, stage: Stage, number: int, cause: str, world: World
) -> Decision[Deployments]:
    """Put an approved version on its way, or let it wait its turn."""
    of_stage = state.stages[stage]
    if held_up(of_stage, world):
        return wait(state, stage, number, world)
    rollout = Rollout(
        version=number,
        cause=cause,
        config=state.config(stage, number, cause),
        fence=world.fence(stage),
    )
    return ask(state, stage, rollout, world, f"v{number} goes to {stage}")


def held_up(of_stage: OfStage, world: World) -> str:
    """Say what keeps a roll-out from starting in a stage; nothing: it may."""
    frozen = "the model is frozen" if world.frozen else ""
    return of_stage.stopped or frozen or ("a roll-out is under way" if of_stage.rollout else "")


def ask(
    state: Deployments, stage: Stage, rollout: Rollout, world: World, why: str
) -> Decision[Deployments]:
    """Commit to one attempt."""
    version = state.versions[rollout.version]
    action = RollOut(
        model=state.model,
        stage=stage,
        version=rollout.version,
        package_arn=version.package_arn,
        artifact_sha256=version.artifact_sha256,
        endpoint=state.endpoint(stage),
        config=rollout.config,
        fence=rollout.fence,
        strategy=ROLLBACK if rollout.taking_away else world.strategy_in(stage),
        on_instances=world.on_instances(stage),
        bake_s=world.bake_s,
        for_production=stage is Stage.PRODUCTION,
    )
    return Decision(
        state.with_stage(stage, rollout=rollout),
        why,
        actions=(action,),
        correlation_id=version.correlation_id,
    )


def wait(state: Deployments, stage: Stage, number: int, world: World) -> Decision[Deployments]:
    """Let a version wait; of two that wait and may serve, the higher one stays."""
    of_stage = state.stages[stage]
    because = held_up(of_stage, world) or "another one leaves"
    rival = of_stage.waiting
    if rival is None or not state.may_serve(stage, rival):
        rival = number
    waiting, superseded = max(number, rival), min(number, rival)
    decision = Decision(
        state.with_stage(stage, waiting=waiting),
        f"v{number} waits for {stage}: {because}",
        correlation_id=state.versions[number].correlation_id,
    )
    if superseded == waiting:
        return decision
    return decision.saying(
        DeploymentSuperseded(
            model=state.model,
            stage=stage,
            version=superseded,
            reason=f"v{waiting} is approved, too, and higher",
        )
    )


def answered(
    state: Deployments, action: RollOut, happened: RolloutBegun | Refused, now: datetime
) -> Decision[Deployments]:
    """Hear what SageMaker said to a roll-out."""
    rollout = state.stages[action.stage].rollout
    if rollout is None or rollout.config != action.config:
        return Decision(state, f"v{action.version}: this attempt was given up meanwhile")
    if isinstance(happened, RolloutBegun):
        return begun(state, action, rollout)
    if happened.code in CAPACITY and rollout.attempts < limits.ROLLOUT_ATTEMPTS_MAX:
        deferred = rollout.changed(phase=Phase.DEFERRED)
        return Decision(
            state.with_stage(action.stage, rollout=deferred),
            f"v{action.version}: no capacity, attempt {rollout.attempts} of "
            f"{limits.ROLLOUT_ATTEMPTS_MAX}: asked again at the next sweep",
            actions=(retention.forget(state, rollout),),
        )
    reason = f"{happened.code}: {happened.message}"
    if happened.code == STUCK:
        state = state.with_stage(action.stage, stopped=reason)
    return failed(state, action.stage, rollout, reason)


def begun(state: Deployments, action: RollOut, rollout: Rollout) -> Decision[Deployments]:
    """SageMaker is at it."""
    started = DeploymentStarted(
        model=state.model,
        stage=action.stage,
        version=action.version,
        endpoint=action.endpoint,
        endpoint_config=action.config,
        strategy=action.strategy,
    )
    return Decision(
        state.with_stage(action.stage, rollout=rollout.changed(phase=Phase.ROLLING)),
        f"v{action.version} rolls out to {action.stage}",
        events=(started,),
        correlation_id=state.versions[action.version].correlation_id,
    )


def failed(
    state: Deployments, stage: Stage, rollout: Rollout, reason: str
) -> Decision[Deployments]:
    """Give an attempt up; what served before serves.

    What a roll-back could not go back to is kept no longer, so that the next one goes further.
    """
    kept = state.stages[stage].kept
    lost = [one for one in kept if rollout.taking_away and one.version == rollout.version]
    kept = tuple(one for one in kept if one not in lost)
    state = state.with_stage(stage, rollout=None, kept=kept)
    return told(
        state, stage, rollout.version, f"v{rollout.version} did not reach {stage}", reason
    ).and_then(lambda after: Decision(after, "", (retention.forget(after, rollout, *lost),)))


def stopped(state: Deployments, stage: Stage, number: int, reason: str) -> Decision[Deployments]:
    """Call a person: automation leaves this endpoint alone until somebody says
    DeploymentRequested."""
    reason = f"{reason}: a person has to look at {state.endpoint(stage)}"
    state = state.with_stage(stage, stopped=reason)
    return told(state, stage, number, f"automation stops in {stage}", reason)


def told(
    state: Deployments, stage: Stage, number: int, what: str, reason: str
) -> Decision[Deployments]:
    """Say that a version is not where it should be, and what serves instead."""
    live, version = state.stages[stage].live, state.version(number)
    event = DeploymentFailed(
        model=state.model,
        stage=stage,
        version=number,
        back_to=live.version if live else None,
        reason=reason[: limits.EVENT_TEXT_CHARACTERS_MAX],
    )
    return Decision(
        state,
        f"{what}: {reason}",
        events=(event,),
        correlation_id=version.correlation_id if version else None,
    )


def try_again(state: Deployments, stage: Stage, world: World) -> Decision[Deployments] | None:
    """Ask again for what was refused for capacity, under the same approval."""
    of_stage = state.stages[stage]
    rollout = of_stage.rollout
    if rollout is None or rollout.phase is not Phase.DEFERRED:
        return None
    if (of_stage.stopped or world.frozen) and rollout.taking_away is None:
        return None  # what may not serve leaves all the same
    cause = f"{rollout.cause}#{rollout.attempts + 1}"
    again = rollout.changed(
        attempts=rollout.attempts + 1,
        phase=Phase.ASKED,
        config=state.config(stage, rollout.version, cause),
        fence=world.fence(stage),
    )
    return ask(state, stage, again, world, f"v{rollout.version}: attempt {again.attempts}")
