"""A version does not stand in staging for ever: when its time is over and nothing waits, its
endpoint goes.

It may go to production all the same, which has an endpoint of its own; and a person's
DeploymentRequested puts it back in staging, for as long again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.deployer.domain import expiry, retention, serving
from services.deployer.domain.seen import Package, Verdict, World
from services.deployer.domain.state import Deployments, Version
from shared.contracts.lifecycle import DeploymentRolledBack
from shared.contracts.names import Stage
from shared.contracts.timing import write_duration
from shared.messaging.decision import Decision


def age_out(
    state: Deployments, packages: Sequence[Package], world: World, now: datetime
) -> Decision[Deployments] | None:
    """Empty staging when its version has been there for longer than the spec says; None: it stays.

    What served there before goes, too: there is nothing left to go back from.
    """
    live = state.stages[Stage.STAGING].live
    if live is None or world.staging_ttl_s is None:
        return None
    allowed = timedelta(seconds=world.staging_ttl_s)
    if now - live.since < allowed or is_needed(state, live.version, packages):
        return None
    if not world.serves(Stage.STAGING, live.config):
        return None
    reason = f"its time to live of {write_duration(allowed)} is over"
    if not state.versions[live.version].smoked:
        reason += ", and it has not passed its smoke test"
    said = DeploymentRolledBack(
        model=state.model, stage=Stage.STAGING, version=live.version, reason=reason, aged_out=True
    )
    why = f"v{live.version} leaves {Stage.STAGING}: {reason}"
    return serving.emptied(state, live, why, said).and_then(let_go)


def is_needed(state: Deployments, number: int, packages: Sequence[Package]) -> bool:
    """Tell whether something is under way in staging, or the version there goes to production, or
    waits for that: for its smoke test, or for a verdict."""
    staging, production = state.stages[Stage.STAGING], state.stages[Stage.PRODUCTION]
    if staging.stopped or staging.rollout or staging.waiting is not None:
        return True
    goes = production.rollout.version if production.rollout else None
    if number in (goes, production.waiting):
        return True
    version = state.versions[number]
    if is_early(version):
        return True
    return any(expiry.due(version, one) for one in packages if one.version == number)


def is_early(version: Version) -> bool:
    """Tell whether a version is approved for production before its smoke test, which has not
    passed: only staging can bring it there."""
    return version.production is Verdict.APPROVED and not version.smoked


def let_go(state: Deployments) -> Decision[Deployments] | None:
    """Keep nothing for a roll-back in staging."""
    kept = state.stages[Stage.STAGING].kept
    if not kept:
        return None
    state = state.with_stage(Stage.STAGING, kept=())
    return Decision(state, "", actions=(retention.forget(state, *kept),))
