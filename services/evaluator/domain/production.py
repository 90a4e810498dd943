"""Who the champion is, and whether it falls short: what deployer and monitor say of production."""

from datetime import datetime

from services.evaluator.domain import limit
from services.evaluator.domain.state import Evaluations, Stay
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    DeploymentFailed,
    DeploymentRolledBack,
    DeploymentSuperseded,
    EndpointInService,
)
from shared.contracts.names import Stage
from shared.messaging.decision import Decision, Ignored

Answer = Decision[Evaluations] | Ignored | None


def begin(
    state: Evaluations, said: EndpointInService, since: datetime, correlation_id: str
) -> Answer:
    """A stay in production begins. After a roll-back it tightens nothing, and what the version
    before it tightened is taken back: the two facts of a roll-back may come in either order."""
    if said.stage != Stage.PRODUCTION:
        return None
    stay = Stay(
        version=said.version,
        endpoint=said.endpoint,
        config=said.endpoint_config,
        cutoff=said.cutoff,
        since=since,
        may_tighten=not said.came_back,
        correlation_id=correlation_id,
    )
    before = state.production
    decision = Decision(
        state.changed(production=stay), f"v{said.version} is the champion: {said.reason}"
    )
    if not said.came_back or before is None or before.version == said.version:
        return decision
    why = f"v{before.version} was rolled back to v{said.version}"
    return decision.and_then(lambda after: limit.restore(after, before.version, why))


def end(state: Evaluations, said: DeploymentFailed | DeploymentRolledBack) -> Answer:
    """A roll-out to production failed, or a version was taken from there."""
    if said.stage != Stage.PRODUCTION:
        return None
    decision = Decision(state, "")
    if said.back_to is None and state.production:
        empty = state.changed(production=None)
        decision = Decision(empty, f"v{said.version} left production, and nothing serves there")
    if isinstance(said, DeploymentRolledBack):
        decision = decision.and_then(lambda after: limit.restore(after, said.version, said.reason))
    if decision.is_idle:
        return Ignored(f"v{said.version} is not in production: champion and limit stay")
    return decision


def pass_over(state: Evaluations, said: DeploymentSuperseded) -> Answer:
    """A version waited its turn and lost it: it never was a champion."""
    return Ignored(f"v{said.version} never reached {said.stage}: champion and limit stay")


def fall_short(state: Evaluations, said: AccuracyDegraded) -> Decision[Evaluations]:
    """A version fell short. It counts while that one is the champion: news of its roll-out may
    come later, and after a roll-back it is the champion again."""
    return Decision(state.changed(degraded=said.version), f"v{said.version} is in breach")


def recover(state: Evaluations) -> Answer:
    """The version in production, the same or another, is within its limit again."""
    if state.degraded is None:
        return Ignored("no version is in breach")
    return Decision(state.changed(degraded=None), f"the breach of v{state.degraded} is over")
