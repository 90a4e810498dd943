"""What people, or the rule, say in the registry, and what follows.

==========  ==========  ===================================================
heard       before      what follows
==========  ==========  ===================================================
Approved    pending     ModelApproved, roll-out to staging
Rejected    pending     ModelDeclined
Rejected    approved    ApprovalRevoked; the version leaves every stage
Approved    declined    nothing: register again
==========  ==========  ===================================================

The same table holds for production, with PromotionApproved and PromotionDeclined; a production
approval counts only when the package is approved, too.
"""

from datetime import datetime

from services.deployer.domain import rollouts, serving
from services.deployer.domain.actions import WriteRuleVerdict
from services.deployer.domain.seen import Package, Verdict, World
from services.deployer.domain.state import Deployments, Version
from shared.contracts import names
from shared.contracts.lifecycle import (
    ApprovalRevoked,
    ModelApproved,
    ModelDeclined,
    ModelRegistered,
    PromotionApproved,
    PromotionDeclined,
)
from shared.contracts.names import Stage
from shared.messaging.decision import Decision

RULE_NOTE = "rule: it passed its gate"
EXPIRED = "expired"
"""How the deployer begins the note with which it declines what waited for too long."""


def register(
    state: Deployments, said: ModelRegistered, correlation_id: str, since: datetime, world: World
) -> Decision[Deployments]:
    """Remember a new version; where the spec says so, the rule approves it, unless the evidence
    asks for a person."""
    if not names.is_package(said.package_arn, state.env, state.model, said.version):
        return Decision(state, f"{said.package_arn} is not v{said.version} of {state.model}")
    known = state.version(said.version) or Version(
        number=said.version, package_arn=said.package_arn
    )
    registered = known.changed(
        correlation_id=correlation_id, rule_may_approve=said.person_because is None
    )
    if known.approval is not Verdict.PENDING:
        why = f"v{said.version} is {known.approval} already"
        return Decision(state.with_version(registered), why)
    state = state.with_version(registered.changed(waits_since=since))
    if said.person_because:
        return Decision(state, f"v{said.version} waits for a person: {said.person_because}")
    if Stage.STAGING in world.rule_for:
        action = WriteRuleVerdict(package_arn=said.package_arn, stage=Stage.STAGING, note=RULE_NOTE)
        return Decision(state, f"v{said.version} is approved by the rule", actions=(action,))
    return Decision(state, f"v{said.version} waits for approval")


def hear_package(
    state: Deployments, package: Package, world: World
) -> Decision[Deployments] | None:
    """Compare what the registry says of a version with what was heard before.

    An event may name a package of another model: that one is not ours to deploy.
    """
    if not names.is_package(package.arn, state.env, state.model, package.version):
        return None
    decision = Decision(state, "").and_then(lambda now: hear_approval(now, package, world))
    decision = decision.and_then(lambda now: hear_production(now, package, world))
    return None if decision.is_idle else decision


def hear_approval(
    state: Deployments, package: Package, world: World
) -> Decision[Deployments] | None:
    """Hear the package's approval status."""
    version = state.version(package.version)
    if version is None and package.version <= state.forgotten:
        return forgotten(state, package)
    version = version or Version(number=package.version, package_arn=package.arn)
    match (version.approval, package.approval):
        case (_, Verdict.PENDING):
            return None
        case (Verdict.PENDING, Verdict.APPROVED):
            return approve(state, version, package, world)
        case (Verdict.PENDING, Verdict.DECLINED):
            return decline(state, version, package)
        case (Verdict.APPROVED, Verdict.DECLINED):
            return revoke(state, version, package, world)
        case (Verdict.DECLINED, Verdict.APPROVED):
            why = f"v{version.number} was declined: to return it needs a new registration"
            if version.reason == why:
                return None
            return Decision(
                state.with_version(version.changed(reason=why)),
                why,
                correlation_id=version.correlation_id,
            )
        case _:
            return None


def forgotten(state: Deployments, package: Package) -> Decision[Deployments] | None:
    """An old package still shows its verdict; what was decided upon it once is not done again."""
    if package.approval is Verdict.PENDING:
        return None
    why = f"v{package.version} is too old to be remembered: to return it needs a new registration"
    return Decision(state, why)


def approve(
    state: Deployments, version: Version, package: Package, world: World
) -> Decision[Deployments]:
    """A person or the rule approved: to staging."""
    approved = version.with_package(package).changed(approval=Verdict.APPROVED, waits_since=None)
    cause = f"approved/{Stage.STAGING}/{package.arn}"
    return rollouts.start(
        state.with_version(approved), Stage.STAGING, version.number, cause, world
    ).saying(
        ModelApproved(
            model=state.model,
            package_arn=package.arn,
            version=package.version,
            approver=approver(package, package.approval_note),
            note=package.approval_note,
        )
    )


def decline(state: Deployments, version: Version, package: Package) -> Decision[Deployments]:
    """A person declined what was never approved."""
    event = ModelDeclined(
        model=state.model,
        package_arn=package.arn,
        version=package.version,
        approver=approver(package, package.approval_note),
        note=package.approval_note,
    )
    return Decision(
        state.with_version(version.changed(approval=Verdict.DECLINED)),
        f"v{version.number} was declined by {event.approver}",
        events=(event,),
        correlation_id=version.correlation_id,
    )


def revoke(
    state: Deployments, version: Version, package: Package, world: World
) -> Decision[Deployments]:
    """An approval was taken back: always obeyed."""
    event = ApprovalRevoked(
        model=state.model,
        package_arn=package.arn,
        version=package.version,
        approver=approver(package, package.approval_note),
        note=package.approval_note,
    )
    why = f"approval revoked by {event.approver}"
    revoked = version.changed(approval=Verdict.DECLINED, reason=why)
    decision = Decision(
        state.with_version(revoked),
        f"v{version.number}: {why}",
        events=(event,),
        correlation_id=version.correlation_id,
    )
    for stage in (Stage.PRODUCTION, Stage.STAGING):
        decision = decision.and_then(lambda now, at=stage: serving.settle_down(now, at, world))  # type: ignore[misc]
    return decision


def hear_production(
    state: Deployments, package: Package, world: World
) -> Decision[Deployments] | None:
    """Hear the life cycle's production status."""
    version = state.version(package.version)
    if version is None or package.production in (None, Verdict.PENDING, version.production):
        return None
    if package.production is Verdict.DECLINED:
        return keep_out(state, version, package, world)
    if version.approval is not Verdict.APPROVED or version.production is Verdict.DECLINED:
        return None
    version = version.changed(
        production=Verdict.APPROVED,
        promoter=approver(package, package.production_note),
        promotion_note=package.production_note,
    )
    state = state.with_version(version)
    if version.smoked:
        return promote(state, version, world, early=False)
    return Decision(
        state,
        f"v{version.number} is approved for production early: it waits for its smoke test",
        correlation_id=version.correlation_id,
    )


def promote(
    state: Deployments, version: Version, world: World, early: bool
) -> Decision[Deployments]:
    """To production."""
    cause = f"approved/{Stage.PRODUCTION}/{version.package_arn}"
    return rollouts.start(state, Stage.PRODUCTION, version.number, cause, world).saying(
        PromotionApproved(
            model=state.model,
            version=version.number,
            approver=version.promoter,
            note=version.promotion_note,
            early=early,
        )
    )


def keep_out(
    state: Deployments, version: Version, package: Package, world: World
) -> Decision[Deployments]:
    """A person keeps a version out of production, or takes it from there."""
    event = PromotionDeclined(
        model=state.model,
        version=version.number,
        approver=approver(package, package.production_note),
        note=package.production_note,
    )
    why = f"kept out of production by {event.approver}"
    declined = version.changed(production=Verdict.DECLINED, reason=why)
    decision = Decision(
        state.with_version(declined),
        f"v{version.number}: {why}",
        events=(event,),
        correlation_id=version.correlation_id,
    )
    return decision.and_then(lambda now: serving.settle_down(now, Stage.PRODUCTION, world))


def approver(package: Package, note: str) -> str:
    """Say who said it: the rule and the expiry sign their notes, and what a service wrote last
    hides who was before."""
    if note.startswith("rule:"):
        return "rule"
    parts = package.last_modified_by.split("/")
    by_service = any(part.startswith("modelcycle-") for part in parts)
    if by_service:
        return EXPIRED if note.startswith(EXPIRED) else "unknown"
    return package.last_modified_by
