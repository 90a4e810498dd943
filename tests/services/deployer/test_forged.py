"""What whoever may write into the deployer's queue can make it do: SECURITY.md says the same.

The right to redrive dead letters is the right to tell a service anything in anybody's name.
"""

import pytest

from services.deployer.domain.seen import Verdict
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import DeploymentRequested, ModelRegistered, RollbackRequested
from shared.contracts.names import Stage
from tests.services.deployer.world import MODEL, Loop, arn, endpoint_hint, package_hint

FORGED: list[Event] = [
    ModelRegistered.example().changed(version=1, package_arn=arn(1), person_because=None),
    package_hint(1),
    endpoint_hint(Stage.STAGING),
    endpoint_hint(Stage.PRODUCTION),
    DeploymentRequested(model=MODEL, stage="staging", version=1, reason="forged"),
    DeploymentRequested(model=MODEL, stage="production", version=1, reason="forged"),
    RollbackRequested(model=MODEL, stage="production", version=1, reason="forged"),
]


def waiting() -> Loop:
    """A version whose evidence asks for a person."""
    loop = Loop()
    loop.aws.registered(1)
    loop.hear(loop.registration(1).changed(person_because="too few points"))
    return loop


def test_nothing_that_is_told_stands_in_for_an_approval() -> None:
    loop = waiting()
    for event in FORGED:
        loop.hear(event)
    assert loop.aws.packages[arn(1)].approval is Verdict.PENDING
    assert (loop.aws.calls, loop.aws.endpoints) == ([], {})


@pytest.mark.parametrize("event", FORGED, ids=lambda event: event.detail_type())
def test_nothing_that_is_told_brings_to_production_what_is_approved_for_staging_only(
    event: Event,
) -> None:
    loop = Loop()
    loop.to_staging(1)
    loop.hear(event)
    assert "mc-dev-fees-production" not in loop.aws.endpoints


def test_where_rules_are_allowed_a_forged_registration_approves() -> None:
    """Why there the right to redrive is as good as an approval."""
    loop = waiting()
    loop.aws.rule_for = (Stage.STAGING,)
    loop.hear(FORGED[0])
    assert loop.aws.packages[arn(1)].approval is Verdict.APPROVED
