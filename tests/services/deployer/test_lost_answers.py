"""Answers that were lost, and no capacity on the way back: found by the simulator."""

import pytest

from services.deployer.domain.seen import Verdict
from services.deployer.domain.state import Phase
from shared.contracts.names import Stage
from shared.contracts.wishes import SweepRequested
from shared.messaging.errors import Refused, Retryable
from tests.services.deployer.world import Loop

STAGING = Stage.STAGING
NO_CAPACITY = Refused("ResourceLimitExceeded", "no capacity")


def test_a_call_that_worked_is_known_again_though_its_version_was_revoked_since() -> None:
    loop = Loop()
    loop.to_staging(1)
    loop.register(2)
    update = loop.aws.update

    def lost(endpoint: str, config: str, strategy: str, bake_s: int) -> None:
        update(endpoint, config, strategy, bake_s)
        raise Retryable("the answer was lost")

    loop.aws.update = lost  # type: ignore[method-assign]
    with pytest.raises(Retryable):
        loop.write(2, approval=Verdict.APPROVED)
    loop.aws.update = update  # type: ignore[method-assign]
    loop.bench.store.leases.clear()
    loop.write(2, approval=Verdict.DECLINED)
    loop.finish(STAGING)
    loop.finish(STAGING)
    assert loop.live(STAGING) == 1
    assert not loop.state.stages[STAGING].stopped


def test_a_roll_back_without_capacity_is_counted_and_what_it_goes_to_does_not_wait_as_well() -> (
    None
):
    loop = Loop()
    loop.to_staging(1)
    loop.to_staging(2)
    loop.aws.refuse["update"] = NO_CAPACITY
    loop.write(2, approval=Verdict.DECLINED)
    for attempt in (1, 2):
        rollout = loop.state.stages[STAGING].rollout
        assert rollout is not None
        assert (rollout.attempts, rollout.phase) == (attempt, Phase.DEFERRED)
        if attempt == 1:
            loop.hear(SweepRequested())
    loop.aws.refuse.clear()
    loop.hear(SweepRequested())
    loop.finish(STAGING)
    assert loop.live(STAGING) == 1
    assert loop.state.stages[STAGING].waiting is None


def test_a_roll_back_does_not_make_an_endpoint_again_that_somebody_deleted_meanwhile() -> None:
    loop = Loop()
    loop.to_staging(1)
    loop.to_staging(2)
    update = loop.aws.update

    def too_late(endpoint: str, config: str, strategy: str, bake_s: int) -> None:
        del loop.aws.endpoints[endpoint]
        raise Retryable("the answer was lost, and then somebody deleted the endpoint")

    loop.aws.update = too_late  # type: ignore[method-assign]
    with pytest.raises(Retryable):
        loop.write(2, approval=Verdict.DECLINED)
    loop.aws.update = update  # type: ignore[method-assign]
    loop.bench.store.leases.clear()
    loop.hear(SweepRequested())
    loop.hear(SweepRequested())
    assert loop.aws.endpoints == {}
    assert loop.live(STAGING) is None
    assert "DeploymentFailed" in loop.bench.bus.said()


def test_a_frozen_model_still_tries_again_to_take_away_what_was_revoked() -> None:
    loop = Loop()
    loop.to_staging(1)
    loop.to_staging(2)
    loop.aws.refuse["update"] = NO_CAPACITY
    loop.write(2, approval=Verdict.DECLINED)
    loop.aws.refuse.clear()
    loop.aws.frozen = True
    loop.hear(SweepRequested())
    loop.finish(STAGING)
    assert loop.live(STAGING) == 1
