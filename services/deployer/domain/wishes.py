"""What people ask for by hand: a roll-back, or one more attempt."""

from services.deployer.domain import rollouts
from services.deployer.domain.seen import World
from services.deployer.domain.state import Deployments
from shared.contracts.lifecycle import DeploymentRequested, RollbackRequested
from shared.contracts.names import Stage
from shared.messaging.decision import Decision, Ignored


def roll_back(
    state: Deployments, wish: RollbackRequested, actor: str, world: World
) -> Decision[Deployments] | Ignored:
    """Take the version away that is live or on its way; else the wish lapses."""
    stage, version = Stage(wish.stage), state.version(wish.version)
    of_stage = state.stages[stage]
    present = {one.version for one in (of_stage.live, of_stage.rollout) if one}
    if version is None or wish.version not in present:
        return Ignored(f"v{wish.version} is not in {stage} any more: the wish lapses")
    reason = f"rolled back by {actor}: {wish.reason}"
    withdrawn = version.changed(withdrawn=(*version.withdrawn, stage), reason=reason)
    decision = Decision(
        state.with_version(withdrawn),
        f"v{wish.version}: {reason}",
        correlation_id=version.correlation_id,
    )
    return decision.and_then(lambda after: rollouts.settle_down(after, stage, world))


def deploy(
    state: Deployments, wish: DeploymentRequested, event_id: str, world: World
) -> Decision[Deployments] | Ignored:
    """Try an approved version again; automation that had stopped goes on."""
    stage = Stage(wish.stage)
    if not state.may_serve(stage, wish.version):
        return Ignored(f"v{wish.version} is not approved for {stage}: register it again")
    live, stopped = state.stages[stage].live, state.stages[stage].stopped
    state = state.with_stage(stage, stopped="")
    if live and live.version == wish.version:
        why = f"v{wish.version} is live in {stage} already"
        return Decision(state, f"{why}: automation goes on") if stopped else Ignored(why)
    return rollouts.start(state, stage, wish.version, event_id, world)
