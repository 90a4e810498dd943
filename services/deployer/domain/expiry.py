"""A version does not wait for ever: what nobody decides upon is declined in the registry."""

from datetime import datetime, timedelta

from services.deployer.domain.actions import WriteExpiry
from services.deployer.domain.seen import Package, Verdict, World
from services.deployer.domain.state import Deployments, Version
from services.deployer.domain.verdicts import EXPIRED
from shared.contracts.names import Stage
from shared.messaging.decision import Decision


def expire(
    state: Deployments, package: Package, world: World, now: datetime
) -> Decision[Deployments] | None:
    """Decline in the registry what has waited for longer than the spec says; None: it may wait.

    The registry's own event then does the rest, so that a person who was faster is heard.
    """
    version = state.version(package.version)
    stage = due(version, package) if version else None
    if version is None or stage is None:
        return None
    if version.waits_since is None or world.expires_after_s is None:
        return None
    allowed = timedelta(seconds=world.expires_after_s)
    if now - version.waits_since < allowed:
        return None
    note = f"{EXPIRED}: no verdict within {allowed}"
    action = WriteExpiry(package_arn=package.arn, stage=stage, note=note)
    return Decision(
        state,
        f"v{version.number} for {stage} has {note}",
        actions=(action,),
        correlation_id=version.correlation_id,
    )


def due(version: Version, package: Package) -> Stage | None:
    """Answer the stage for which a version waits for a verdict; None: it waits for none."""
    if version.approval is Verdict.PENDING and package.approval is Verdict.PENDING:
        return Stage.STAGING
    undecided = version.production is Verdict.PENDING and package.production is Verdict.PENDING
    if version.approval is Verdict.APPROVED and undecided:
        return Stage.PRODUCTION
    return None
