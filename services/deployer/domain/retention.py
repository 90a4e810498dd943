"""What is kept for a roll-back by name, and what may go."""

from datetime import datetime, timedelta

from services.deployer.domain.actions import CleanUp, DeleteEndpoint
from services.deployer.domain.state import Deployments, OnEndpoint, Rollout
from shared.contracts import limits
from shared.contracts.names import Stage
from shared.messaging.decision import Decision

CHAMPION_KEPT = timedelta(days=limits.CHAMPION_KEPT_DAYS)


def clean_up(state: Deployments, stage: Stage, now: datetime) -> Decision[Deployments] | None:
    """Let go what served before and is surplus: five are kept, and champions of 90 days."""
    live, served = state.stages[stage].live, state.stages[stage].kept
    others = [one for one in served if live is None or one.version != live.version]
    newest = others[-limits.VERSIONS_KEPT :]
    kept = tuple(
        one
        for one in others[-limits.CHAMPIONS_KEPT_MAX :]
        if one in newest or (stage is Stage.PRODUCTION and now - one.since <= CHAMPION_KEPT)
    )
    gone = tuple(one for one in served if one not in kept)
    if not gone:
        return None
    state = state.with_stage(stage, kept=kept)
    return Decision(state, "", actions=(forget(state, *gone),))


def forget(state: Deployments, *gone: OnEndpoint | Rollout | DeleteEndpoint) -> CleanUp:
    """Ask for what is not kept any more to be deleted; models only where nothing else uses them."""
    unused = {one.version for one in gone} - state.in_use()
    return CleanUp(configs=tuple(one.config for one in gone), versions=tuple(sorted(unused)))
