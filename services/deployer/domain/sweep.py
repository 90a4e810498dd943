"""The sweep: ask about whatever waits or is on its way; hints may have been lost."""

from collections.abc import Sequence
from datetime import datetime

from services.deployer.domain import expiry, rollouts, serving, time_to_live, verdicts
from services.deployer.domain.seen import Package, Verdict, World
from services.deployer.domain.state import Deployments
from shared.contracts.names import Stage
from shared.messaging.decision import Decision


def undecided(state: Deployments) -> tuple[str, ...]:
    """Answer the packages whose verdict may have been missed."""
    in_use = state.in_use()
    return tuple(
        version.package_arn
        for version in state.versions.values()
        if version.approval is Verdict.PENDING
        or (version.approval is Verdict.APPROVED and version.production is Verdict.PENDING)
        or version.number in in_use
    )


def sweep(
    state: Deployments, packages: Sequence[Package], world: World, now: datetime
) -> Decision[Deployments] | None:
    """Decide again on everything that is seen."""
    decision = Decision(state, "")
    for package in packages:
        decision = decision.and_then(
            lambda after, seen=package: verdicts.hear_package(after, seen, world)  # type: ignore[misc]
        ).and_then(lambda after, seen=package: expiry.expire(after, seen, world, now))  # type: ignore[misc]
    for stage in Stage:
        decision = decision.and_then(
            lambda after, at=stage: serving.hear_endpoint(after, at, world, now)  # type: ignore[misc]
        ).and_then(lambda after, at=stage: rollouts.try_again(after, at, world))  # type: ignore[misc]
    decision = decision.and_then(lambda after: time_to_live.age_out(after, packages, world, now))
    return None if decision.is_idle else decision
