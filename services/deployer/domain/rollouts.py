"""From an approval to an endpoint in service, and back to the previous one.

==========  ==============================  =========================================
roll-out    what is seen                    what follows
==========  ==============================  =========================================
asked       SageMaker accepts               rolling, DeploymentStarted
asked       refused for capacity            deferred; the sweep asks again, three times
asked       refused otherwise               DeploymentFailed
rolling     in service, our configuration   EndpointInService
rolling     in service, another one         DeploymentFailed: SageMaker rolled back
rolling     failed, the first deployment    DeploymentFailed, the endpoint is deleted
rolling     failed, or stuck                DeploymentFailed, automation stops
==========  ==============================  =========================================
"""

from datetime import datetime

from services.deployer.domain import retention
from services.deployer.domain.actions import DeleteEndpoint, RollOut, SmokeTest
from services.deployer.domain.outcomes import CAPACITY, RolloutBegun
from services.deployer.domain.seen import Endpoint, Serving, World
from services.deployer.domain.state import Deployments, OnEndpoint, Phase, Rollout
from shared.contracts import limits
from shared.contracts.lifecycle import (
    DeploymentFailed,
    DeploymentRolledBack,
    DeploymentStarted,
    DeploymentSuperseded,
    EndpointInService,
)
from shared.contracts.names import Stage
from shared.messaging.decision import Decision
from shared.messaging.errors import Refused

ROLLBACK = "rollback"


def start(
    state: Deployments, stage: Stage, number: int, cause: str, world: World
) -> Decision[Deployments]:
    """Put an approved version on its way, or let it wait its turn."""
    of_stage = state.stages[stage]
    if of_stage.rollout or of_stage.stopped or world.frozen:
        return wait(state, stage, number, world)
    rollout = Rollout(
        version=number,
        cause=cause,
        config=state.config(stage, number, cause),
        fence=world.fence(stage),
    )
    return ask(state, stage, rollout, world, f"v{number} goes to {stage}")


def ask(
    state: Deployments, stage: Stage, rollout: Rollout, world: World, why: str
) -> Decision[Deployments]:
    """Commit to one attempt."""
    version = state.versions[rollout.version]
    strategy = ROLLBACK if rollout.taking_away else world.strategy
    action = RollOut(
        stage=stage,
        version=rollout.version,
        package_arn=version.package_arn,
        artifact_sha256=version.artifact_sha256,
        endpoint=state.endpoint(stage),
        config=rollout.config,
        fence=rollout.fence,
        strategy=strategy,
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
    """Let a version wait; of two that wait, the higher one stays."""
    of_stage = state.stages[stage]
    because = of_stage.stopped or (
        "the model is frozen" if world.frozen else "a roll-out is under way"
    )
    waiting = max(number, of_stage.waiting or 0)
    decision = Decision(
        state.with_stage(stage, waiting=waiting), f"v{number} waits for {stage}: {because}"
    )
    superseded = min(number, of_stage.waiting or number)
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
        return Decision(
            state.with_stage(action.stage, rollout=rollout.changed(phase=Phase.ROLLING)),
            f"v{action.version} rolls out to {action.stage}",
            events=(
                DeploymentStarted(
                    model=state.model,
                    stage=action.stage,
                    version=action.version,
                    endpoint=action.endpoint,
                    endpoint_config=action.config,
                    strategy=action.strategy,
                ),
            ),
        )
    if happened.code in CAPACITY and rollout.attempts < limits.ROLLOUT_ATTEMPTS_MAX:
        return Decision(
            state.with_stage(action.stage, rollout=rollout.changed(phase=Phase.DEFERRED)),
            f"v{action.version}: no capacity, attempt {rollout.attempts} of "
            f"{limits.ROLLOUT_ATTEMPTS_MAX}: asked again at the next sweep",
        )
    return failed(state, action.stage, rollout, f"{happened.code}: {happened.message}")


def failed(
    state: Deployments, stage: Stage, rollout: Rollout, reason: str, stop: bool = False
) -> Decision[Deployments]:
    """Give an attempt up; what served before serves."""
    live = state.stages[stage].live
    reason = f"{reason}: a person has to look at {state.endpoint(stage)}" if stop else reason
    state = state.with_stage(stage, rollout=None, stopped=reason if stop else "")
    event = DeploymentFailed(
        model=state.model,
        stage=stage,
        version=rollout.version,
        back_to=live.version if live else None,
        reason=reason[: limits.EVENT_TEXT_CHARACTERS_MAX],
    )
    version = state.version(rollout.version)
    return Decision(
        state,
        f"v{rollout.version} did not reach {stage}: {reason}",
        events=(event,),
        correlation_id=version.correlation_id if version else None,
    )


def hear_endpoint(
    state: Deployments, stage: Stage, world: World, now: datetime
) -> Decision[Deployments] | None:
    """Compare what is on its way with what the endpoint does."""
    rollout, endpoint = state.stages[stage].rollout, world.endpoints[stage]
    if rollout is None:
        return settle_down(state, stage, world)
    if rollout.phase is not Phase.ROLLING:
        return None  # before our call has settled, what the endpoint says means nothing
    if endpoint is None:
        gone = state.with_stage(stage, live=None)
        return failed(gone, stage, rollout, "the endpoint is gone")
    match endpoint.status:
        case Serving.CHANGING:
            return None
        case Serving.READY:
            return settled(state, stage, rollout, endpoint, world, now)
        case Serving.FAILED if state.stages[stage].live is None:
            delete = DeleteEndpoint(stage=stage, endpoint=endpoint.name, config=rollout.config)
            decision = failed(state, stage, rollout, endpoint.reason or "the endpoint failed")
            return decision.and_then(lambda after: Decision(after, "", actions=(delete,)))
        case Serving.FAILED | Serving.STUCK:
            return failed(state, stage, rollout, f"the endpoint is {endpoint.status}", stop=True)


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
    kept = tuple(one for one in (*of_stage.kept, *left) if one.version != rollout.version)
    state = state.with_stage(stage, live=serving, rollout=None, kept=kept)
    back = rollout.taking_away
    in_service = EndpointInService(
        model=state.model,
        stage=stage,
        version=rollout.version,
        endpoint=state.endpoint(stage),
        endpoint_config=rollout.config,
        cutoff=version.cutoff or now,
        reason=ROLLBACK if back else "roll-out",
    )
    rolled_back = (
        (rolled_back_event(state, stage, back, rollout.version, rollout.reason),) if back else ()
    )
    wants_test = stage is Stage.STAGING and not version.smoked and not back
    test = SmokeTest(
        version=rollout.version, package_arn=version.package_arn, endpoint=state.endpoint(stage)
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
        model=state.model, stage=stage, version=version, back_to=back_to, reason=reason
    )


def settle_down(state: Deployments, stage: Stage, world: World) -> Decision[Deployments] | None:
    """While nothing is on its way: take away what may not serve, then let the next one start."""
    of_stage = state.stages[stage]
    if of_stage.rollout or of_stage.stopped:
        return None
    if of_stage.live and not state.may_serve(stage, of_stage.live.version):
        return take_away(state, stage, of_stage.live, world)
    stranger = strange_configuration(state, stage, world)
    if stranger:
        return stranger
    if of_stage.waiting is None or world.frozen:
        return None
    number, state = of_stage.waiting, state.with_stage(stage, waiting=None)
    if not state.may_serve(stage, number):
        return Decision(state, f"v{number} waited for {stage} and may not serve any more")
    return start(
        state, stage, number, f"waited/{stage}/{state.versions[number].package_arn}", world
    )


def take_away(
    state: Deployments, stage: Stage, live: OnEndpoint, world: World
) -> Decision[Deployments]:
    """Go back to the newest kept version that is still approved; delete the endpoint if there is
    none."""
    version = state.versions[live.version]
    cause = f"taken-away/{live.config}"
    fit = [one for one in state.stages[stage].kept if state.may_serve(stage, one.version)]
    if fit:
        rollout = Rollout(
            version=fit[-1].version,
            cause=cause,
            config=state.config(stage, fit[-1].version, cause),
            fence=world.fence(stage),
            taking_away=live.version,
            reason=version.reason,
        )
        why = f"v{live.version} leaves {stage} for v{rollout.version}: {version.reason}"
        return ask(state, stage, rollout, world, why)
    delete = DeleteEndpoint(stage=stage, endpoint=state.endpoint(stage), config=live.config)
    return Decision(
        state.with_stage(stage, live=None),
        f"v{live.version} leaves {stage}, and nothing approved is left: {version.reason}",
        actions=(delete,),
        events=(rolled_back_event(state, stage, live.version, None, version.reason),),
        correlation_id=version.correlation_id,
    )


def strange_configuration(
    state: Deployments, stage: Stage, world: World
) -> Decision[Deployments] | None:
    """Stop where an endpoint serves what we did not put there: only a person may know why."""
    live, endpoint = state.stages[stage].live, world.endpoints[stage]
    if live is None or endpoint is None or not endpoint.is_settled:
        return None
    if endpoint.config == live.config:
        return None
    rollout = Rollout(version=live.version, cause="", config=live.config, fence=None)
    return failed(
        state, stage, rollout, f"it serves {endpoint.config}, which we did not put there", stop=True
    )


def try_again(state: Deployments, stage: Stage, world: World) -> Decision[Deployments] | None:
    """Ask again for what was refused for capacity, under the same approval."""
    rollout = state.stages[stage].rollout
    if rollout is None or rollout.phase is not Phase.DEFERRED:
        return None
    cause = f"{rollout.cause}#{rollout.attempts + 1}"
    again = rollout.changed(
        attempts=rollout.attempts + 1,
        phase=Phase.ASKED,
        config=state.config(stage, rollout.version, cause),
        fence=world.fence(stage),
    )
    return ask(state, stage, again, world, f"v{rollout.version}: attempt {again.attempts}")
