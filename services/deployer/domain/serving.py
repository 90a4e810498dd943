"""What serves in a stage, compared with what should: forward, back, or a person is called.

==========  ==============================  =========================================
roll-out    the endpoint                    what follows
==========  ==============================  =========================================
asked       whatever                        nothing, before our call has settled
rolling     changing                        nothing yet
rolling     in service, our configuration   EndpointInService
rolling     in service, another one         DeploymentFailed: SageMaker rolled back
rolling     gone                            DeploymentFailed
rolling     failed, the first deployment    DeploymentFailed, the endpoint is deleted
rolling     failed, or stuck                DeploymentFailed, automation stops
none        gone                            DeploymentFailed
none        failed, stuck, or a stranger    DeploymentFailed, automation stops
none        in service, may not serve       back to what may, or the endpoint is deleted
none        in service                      the version that waits goes on its way
==========  ==============================  =========================================

A deferred roll-out counts as none: a version that has to leave does not wait for it, unless it is
what takes that version away, to one that may still serve.
"""

from datetime import datetime

from services.deployer.domain import retention
from services.deployer.domain.actions import DeleteEndpoint, SmokeTest
from services.deployer.domain.outcomes import Done, Skipped
from services.deployer.domain.rollouts import ask, failed, start, stopped, told, wait
from services.deployer.domain.seen import Endpoint, Serving, World
from services.deployer.domain.state import Deployments, OnEndpoint, Phase, Rollout
from shared.contracts import limits, names
from shared.contracts.lifecycle import DeploymentRolledBack, EndpointInService
from shared.contracts.lifecycle.deployment import ROLL_OUT, ROLLBACK
from shared.contracts.names import Stage
from shared.messaging.decision import Decision
from shared.messaging.errors import Refused

BROKEN = (Serving.FAILED, Serving.STUCK)


def hear_endpoint(
    state: Deployments, stage: Stage, world: World, now: datetime
) -> Decision[Deployments] | None:
    """Compare what is on its way with what the endpoint does."""
    rollout, endpoint = state.stages[stage].rollout, world.endpoints[stage]
    if rollout is None or rollout.phase is not Phase.ROLLING:
        return settle_down(state, stage, world)
    if endpoint is None:
        gone = state.with_stage(stage, live=None)
        return failed(gone, stage, rollout, "the endpoint is gone")
    match endpoint.status:
        case Serving.CHANGING:
            return None
        case Serving.READY:
            return settled(state, stage, rollout, endpoint, world, now)
        case Serving.FAILED if state.stages[stage].live is None:
            delete = deletion(state, stage, rollout.version, rollout.config)
            deleting = Decision(state, "", actions=(delete,))
            reason = endpoint.reason or "the endpoint failed"
            return deleting.and_then(lambda after: failed(after, stage, rollout, reason))
        case Serving.FAILED | Serving.STUCK:
            kept = state.with_stage(stage, rollout=None)
            return stopped(kept, stage, rollout.version, f"the endpoint is {endpoint.status}")


def settled(
    state: Deployments,
    stage: Stage,
    rollout: Rollout,
    endpoint: Endpoint,
    world: World,
    now: datetime,
) -> Decision[Deployments] | None:
    """Read from an endpoint in service whether our configuration made it."""
    if not endpoint.is_settled or endpoint.modified_at == rollout.fence:
        return None
    if endpoint.config != rollout.config:
        decision = failed(state, stage, rollout, f"SageMaker went back to {endpoint.config}")
    else:
        decision = landed(state, stage, rollout, now)
    return decision.and_then(lambda after: settle_down(after, stage, world))


def landed(
    state: Deployments, stage: Stage, rollout: Rollout, now: datetime
) -> Decision[Deployments]:
    """A version is in service: with this a stay begins."""
    version = state.versions[rollout.version]
    of_stage = state.stages[stage]
    serving = OnEndpoint(version=rollout.version, config=rollout.config, since=now)
    left = (of_stage.live,) if of_stage.live else ()
    state = state.with_stage(stage, live=serving, rollout=None, kept=(*of_stage.kept, *left))
    back = rollout.taking_away
    in_service = EndpointInService(
        model=state.model,
        stage=stage,
        version=rollout.version,
        endpoint=state.endpoint(stage),
        endpoint_config=rollout.config,
        cutoff=version.cutoff or now,
        reason=ROLLBACK if back else ROLL_OUT,
    )
    rolled_back = (
        (rolled_back_event(state, stage, back, rollout.version, rollout.reason),) if back else ()
    )
    wants_test = stage is Stage.STAGING and not version.smoked
    test = SmokeTest(
        model=state.model,
        version=rollout.version,
        package_arn=version.package_arn,
        endpoint=state.endpoint(stage),
    )
    return Decision(
        state,
        f"v{rollout.version} is in service in {stage}",
        actions=(test,) if wants_test else (),
        events=(*rolled_back, in_service),
        correlation_id=version.correlation_id,
    ).and_then(lambda after: retention.clean_up(after, stage, now))


def rolled_back_event(
    state: Deployments, stage: Stage, version: int, back_to: int | None, reason: str
) -> DeploymentRolledBack:
    """Say that a version was taken away."""
    return DeploymentRolledBack(
        model=state.model,
        stage=stage,
        version=version,
        back_to=back_to,
        reason=reason[: limits.EVENT_TEXT_CHARACTERS_MAX],
    )


def settle_down(state: Deployments, stage: Stage, world: World) -> Decision[Deployments] | None:
    """While nothing is on its way: take away what may not serve, then let the next one start.

    A version that may not serve is taken away even where automation has stopped.
    """
    of_stage = state.stages[stage]
    live, rollout = of_stage.live, of_stage.rollout
    if rollout and (rollout.phase is not Phase.DEFERRED or is_on_its_way_back(state, stage)):
        return None
    if live and not state.may_serve(stage, live.version) and world.serves(stage, live.config):
        return take_away(state, stage, live, world)
    if of_stage.stopped:
        return None
    return (
        unexpected(state, stage, world)
        or left_behind(state, stage, world)
        or let_go(state, stage)
        or next_one(state, stage, world)
    )


def is_on_its_way_back(state: Deployments, stage: Stage) -> bool:
    """Tell whether the roll-out takes the live version away, to one that may still serve."""
    live, rollout = state.stages[stage].live, state.stages[stage].rollout
    if live is None or rollout is None or rollout.taking_away != live.version:
        return False
    return state.may_serve(stage, rollout.version)


def take_away(
    state: Deployments, stage: Stage, live: OnEndpoint, world: World
) -> Decision[Deployments]:
    """Go back to the newest kept version that may still serve; delete the endpoint if there is
    none. A roll-out that was deferred waits, a roll-back gives way to this one."""
    deferred = state.stages[stage].rollout
    if deferred:
        decision = take_away(state.with_stage(stage, rollout=None), stage, live, world)
        if deferred.taking_away is not None:
            return decision
        return decision.and_then(lambda after: wait(after, stage, deferred.version, world))
    version, target = state.versions[live.version], state.fit(stage)
    if target:
        cause = f"taken-away/{live.config}"
        rollout = Rollout(
            version=target.version,
            cause=cause,
            config=state.config(stage, target.version, cause),
            fence=world.fence(stage),
            taking_away=live.version,
            reason=version.reason,
        )
        why = f"v{live.version} leaves {stage} for v{rollout.version}: {version.reason}"
        return ask(state, stage, rollout, world, why)
    why = f"v{live.version} leaves {stage}, and nothing approved is left: {version.reason}"
    said = rolled_back_event(state, stage, live.version, None, version.reason)
    return emptied(state, live, why, said)


def emptied(
    state: Deployments, live: OnEndpoint, why: str, said: DeploymentRolledBack
) -> Decision[Deployments]:
    """Let nothing serve in a stage any more: its endpoint goes."""
    stage = Stage(said.stage)
    return Decision(
        state.with_stage(stage, live=None),
        why,
        actions=(deletion(state, stage, live.version, live.config),),
        events=(said,),
        correlation_id=state.versions[live.version].correlation_id,
    )


def trouble(live: OnEndpoint, endpoint: Endpoint | None) -> str:
    """Say what is wrong with the endpoint of a live version; nothing while it changes."""
    if endpoint is None:
        return "its endpoint was deleted by others"
    if endpoint.status in BROKEN:
        return f"its endpoint is {endpoint.status}"
    if endpoint.is_settled and endpoint.config != live.config:
        return f"its endpoint serves {endpoint.config}, which we did not put there"
    return ""


def unexpected(state: Deployments, stage: Stage, world: World) -> Decision[Deployments] | None:
    """Stop where an endpoint is not as we left it: only a person may know why."""
    live, endpoint = state.stages[stage].live, world.endpoints[stage]
    reason = trouble(live, endpoint) if live else ""
    if live is None or not reason:
        return None
    if endpoint is None:
        gone = state.with_stage(stage, live=None)
        return told(gone, stage, live.version, f"v{live.version} left {stage}", reason)
    return stopped(state, stage, live.version, reason)


def left_behind(state: Deployments, stage: Stage, world: World) -> Decision[Deployments] | None:
    """Delete an endpoint of ours on which nothing should be, and that is broken or serves what may
    not serve."""
    endpoint = world.endpoints[stage]
    owned = names.read_endpoint_config(endpoint.config) if endpoint else None
    if state.stages[stage].live or endpoint is None or owned is None:
        return None
    if owned.version not in state.versions:
        return None  # from before our time: never delete what we know nothing of
    forbidden = endpoint.is_settled and state.is_denied(stage, owned.version)
    if endpoint.status is not Serving.FAILED and not forbidden:
        return None
    delete = deletion(state, stage, owned.version, endpoint.config)
    return Decision(
        state,
        f"v{owned.version} was left behind in {stage}",
        actions=(delete,),
        correlation_id=state.versions[owned.version].correlation_id,
    )


def let_go(state: Deployments, stage: Stage) -> Decision[Deployments] | None:
    """Drop what was deferred, or waits, and may not serve any more."""
    of_stage = state.stages[stage]
    number = of_stage.rollout.version if of_stage.rollout else of_stage.waiting
    if number is None or state.may_serve(stage, number):
        return None
    dropped = {"rollout": None} if of_stage.rollout else {"waiting": None}
    return Decision(
        state.with_stage(stage, **dropped),
        f"v{number} waited for {stage} and may not serve any more",
        correlation_id=state.versions[number].correlation_id,
    )


def next_one(state: Deployments, stage: Stage, world: World) -> Decision[Deployments] | None:
    """Let the version start that waits its turn."""
    of_stage = state.stages[stage]
    if of_stage.rollout or of_stage.waiting is None or world.frozen:
        return None
    version = state.versions[of_stage.waiting]
    cause = f"waited/{stage}/{version.package_arn}/{world.fence(stage)}"
    return start(state.with_stage(stage, waiting=None), stage, version.number, cause, world)


def deletion(state: Deployments, stage: Stage, number: int, config: str) -> DeleteEndpoint:
    """Ask for an endpoint to be deleted, as long as it has this configuration."""
    return DeleteEndpoint(
        stage=stage, version=number, endpoint=state.endpoint(stage), config=config
    )


def deleted(
    state: Deployments, action: DeleteEndpoint, happened: Done | Skipped | Refused, now: datetime
) -> Decision[Deployments]:
    """Hear whether an endpoint went, and what it was made of may go; one that stays needs a
    person."""
    if isinstance(happened, Refused):
        return stopped(state, action.stage, action.version, f"it cannot be deleted: {happened}")
    what = f"{action.endpoint}: {type(happened).__name__.lower()}"
    return Decision(state, what, actions=(retention.forget(state, action),))
