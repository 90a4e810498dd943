"""What is kept for a roll-back by name, and what may go."""

from datetime import datetime, timedelta

from services.deployer.domain.actions import CleanUp
from services.deployer.domain.state import Deployments
from shared.contracts import limits
from shared.contracts.names import Stage
from shared.messaging.decision import Decision

CHAMPION_KEPT = timedelta(days=limits.CHAMPION_KEPT_DAYS)


def clean_up(state: Deployments, stage: Stage, now: datetime) -> Decision[Deployments] | None:
    """Let the oldest go: five are kept, and champions of 90 days."""
    kept = state.stages[stage].kept
    old = kept[: -limits.VERSIONS_KEPT]
    surplus = tuple(one for one in old if stage is Stage.STAGING or now - one.since > CHAMPION_KEPT)
    if not surplus:
        return None
    state = state.with_stage(stage, kept=tuple(one for one in kept if one not in surplus))
    unused = {one.version for one in surplus} - state.in_use()
    action = CleanUp(configs=tuple(one.config for one in surplus), versions=tuple(sorted(unused)))
    return Decision(state, "", actions=(action,))
