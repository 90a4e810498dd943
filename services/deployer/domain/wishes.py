"""What people ask for by hand: a roll-back, or one more attempt."""

from services.deployer.domain import rollouts, serving
from services.deployer.domain.seen import Endpoint, World
from services.deployer.domain.state import Deployments, OfStage
from shared.contracts.lifecycle import DeploymentRequested, RollbackRequested
from shared.contracts.names import Stage
from shared.messaging.decision import Decision, Ignored


def roll_back(
    state: Deployments, wish: RollbackRequested, actor: str, world: World
) -> Decision[Deployments] | Ignored:
    """Take the version away that is live, on its way, or waits; else the wish lapses."""
    stage, version = stage_of(wish), state.version(wish.version)
    if stage is None:
        return Ignored(f"there is no stage {wish.stage!r}: say staging or production")
    of_stage = state.stages[stage]
    present = {one.version for one in (of_stage.live, of_stage.rollout) if one}
    if version is None or wish.version not in {*present, of_stage.waiting}:
        return Ignored(f"v{wish.version} is not in {stage} any more: the wish lapses")
    if stage in version.withdrawn:
        return Ignored(f"v{wish.version} is leaving {stage} already")
    if present == {wish.version} and not of_stage.rollout and not state.fit(stage):
        return Ignored(
            f"nothing that may serve is kept behind v{wish.version} in {stage}: "
            "to take its endpoint away, take its approval back"
        )
    reason = f"rolled back by {actor}: {wish.reason}"
    withdrawn = version.changed(withdrawn=(*version.withdrawn, stage), reason=reason)
    decision = Decision(
        state.with_version(withdrawn),
        f"v{wish.version}: {reason}",
        correlation_id=version.correlation_id,
    )
    return decision.and_then(lambda after: serving.settle_down(after, stage, world))


def deploy(
    state: Deployments, wish: DeploymentRequested, event_id: str, world: World
) -> Decision[Deployments] | Ignored:
    """Try an approved version again; automation that had stopped goes on."""
    stage = stage_of(wish)
    if stage is None:
        return Ignored(f"there is no stage {wish.stage!r}: say staging or production")
    if because := state.why_not(stage, wish.version):
        return Ignored(f"v{wish.version} may not serve in {stage}: it {because}")
    of_stage = state.stages[stage]
    state = state.with_stage(stage, stopped="")
    if is_there(of_stage, wish.version, world.endpoints[stage]):
        why = f"v{wish.version} is in {stage} already, or on its way"
        if not of_stage.stopped:
            return Ignored(why)
        trip = state.versions[wish.version].correlation_id
        return Decision(state, f"{why}: automation goes on", correlation_id=trip)
    because = rollouts.held_up(of_stage, world)
    if because and not of_stage.stopped and of_stage.waiting == wish.version:
        return Ignored(f"v{wish.version} waits for {stage} already: {because}")
    return rollouts.start(state, stage, wish.version, event_id, world)


def is_there(of_stage: OfStage, number: int, endpoint: Endpoint | None) -> bool:
    """Tell whether a version serves as we left it, or is on its way."""
    live, rollout = of_stage.live, of_stage.rollout
    if rollout and rollout.version == number:
        return True
    return live is not None and live.version == number and not serving.trouble(live, endpoint)


def stage_of(wish: RollbackRequested | DeploymentRequested) -> Stage | None:
    """Answer the stage that a wish is about; None where there is none of that name."""
    return next((stage for stage in Stage if stage == wish.stage), None)
