"""How long a version stands in staging, and that nothing depends on its standing there."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from services.deployer.domain.seen import Serving, Verdict
from shared.contracts.lifecycle import (
    DeploymentRequested,
    DeploymentRolledBack,
    DeploymentStarted,
    PromotionApproved,
)
from shared.contracts.names import Stage
from shared.contracts.wishes import SweepRequested
from shared.messaging.errors import Retryable
from tests.services.deployer.world import MODEL, Loop

STAGING, PRODUCTION = Stage.STAGING, Stage.PRODUCTION
ENDPOINT = "mc-dev-fees-staging"
DAY_S = 86_400


def begun() -> Loop:
    """A version may stand in staging for a week, and wait for a verdict for three days."""
    loop = Loop()
    loop.aws.staging_ttl_s, loop.aws.expires_after_s = 7 * DAY_S, 3 * DAY_S
    return loop


def sweep_after(loop: Loop, days: float) -> None:
    loop.bench.clock.forward(hours=24 * days)
    loop.hear(SweepRequested())


def declined(loop: Loop, version: int = 1) -> None:
    """A version is in staging, and kept out of production: nobody waits for it."""
    loop.to_staging(version)
    loop.write(version, production=Verdict.DECLINED)


def deploy(loop: Loop, version: int) -> None:
    wish = DeploymentRequested(model=MODEL, stage="staging", version=version, reason="a look")
    loop.hear(wish)


def test_a_version_leaves_staging_when_its_time_is_over() -> None:
    loop = begun()
    declined(loop)
    sweep_after(loop, 6.9)
    assert loop.live(STAGING) == 1
    sweep_after(loop, 0.1)
    assert (loop.live(STAGING), loop.calls("delete")) == (None, [("delete", ENDPOINT)])
    said = loop.last(DeploymentRolledBack)
    assert (said.stage, said.version, said.back_to, said.aged_out) == ("staging", 1, None, True)
    assert said.reason == "its time to live of 7d is over"
    sweep_after(loop, 7)
    assert loop.said().count("DeploymentRolledBack") == 1


def test_a_version_that_was_never_tested_leaves_with_that_said() -> None:
    loop = begun()
    loop.aws.refuse["forecast"] = Retryable("throttled")
    with pytest.raises(Retryable):
        loop.to_staging(1)
    with pytest.raises(Retryable):
        sweep_after(loop, 7)
    assert loop.live(STAGING) is None
    said = loop.last(DeploymentRolledBack)
    assert said.aged_out
    assert said.reason == "its time to live of 7d is over, and it has not passed its smoke test"


def test_what_is_taken_away_for_a_fault_has_not_aged_out() -> None:
    loop = begun()
    loop.to_staging(1)
    loop.write(1, approval=Verdict.DECLINED)
    assert not loop.last(DeploymentRolledBack).aged_out


def test_neither_configuration_nor_model_stays_behind() -> None:
    loop = begun()
    for version in (1, 2, 3):
        declined(loop, version)
    assert len(loop.aws.configs) == 3
    sweep_after(loop, 7)
    assert (loop.aws.configs, loop.aws.models, loop.aws.endpoints) == ({}, {}, {})
    assert loop.state.stages[STAGING].kept == ()


def test_what_production_is_made_of_stays() -> None:
    loop = begun()
    loop.to_production(1)
    sweep_after(loop, 7)
    assert (loop.live(STAGING), loop.live(PRODUCTION)) == (None, 1)
    assert len(loop.aws.configs) == len(loop.aws.models) == 1
    assert loop.aws.endpoints["mc-dev-fees-production"].config in loop.aws.configs


# who still needs it -------------------------------------------------------------------------------


def waits_for_a_verdict(loop: Loop) -> None:
    loop.aws.expires_after_s = None
    loop.to_staging(1)


def another_is_on_its_way(loop: Loop) -> None:
    declined(loop)
    loop.register(2)
    loop.write(2, approval=Verdict.APPROVED)


def another_waits_its_turn(loop: Loop) -> None:
    declined(loop)
    loop.aws.frozen = True
    loop.register(2)
    loop.write(2, approval=Verdict.APPROVED)


def goes_to_production(loop: Loop) -> None:
    loop.to_staging(1)
    loop.write(1, production=Verdict.APPROVED)


def waits_for_its_turn_in_production(loop: Loop) -> None:
    loop.to_staging(1)
    loop.aws.frozen = True
    loop.write(1, production=Verdict.APPROVED)


def approved_for_production_before_its_test(loop: Loop) -> None:
    loop.aws.expires_after_s = None
    loop.aws.refuse["forecast"] = Retryable("throttled")
    with pytest.raises(Retryable):
        loop.to_staging(1)
    with suppress(Retryable):
        loop.write(1, production=Verdict.APPROVED)


def automation_has_stopped(loop: Loop) -> None:
    declined(loop)
    loop.aws.endpoints[ENDPOINT] = loop.aws.endpoints[ENDPOINT].changed(status=Serving.STUCK)


def a_stranger_changes_it(loop: Loop) -> None:
    declined(loop)
    loop.aws.endpoints[ENDPOINT] = loop.aws.endpoints[ENDPOINT].changed(status=Serving.CHANGING)


def nobody_says_how_long(loop: Loop) -> None:
    declined(loop)
    loop.aws.staging_ttl_s = None


NEEDED: list[Callable[[Loop], None]] = [
    waits_for_a_verdict,
    another_is_on_its_way,
    another_waits_its_turn,
    goes_to_production,
    waits_for_its_turn_in_production,
    approved_for_production_before_its_test,
    automation_has_stopped,
    a_stranger_changes_it,
    nobody_says_how_long,
]


@pytest.mark.parametrize("happens", NEEDED, ids=lambda happens: happens.__name__)
def test_a_version_stays_in_staging_while(happens: Callable[[Loop], None]) -> None:
    loop = begun()
    happens(loop)
    for _ in range(3):
        with suppress(Retryable):  # a test that is throttled comes back
            sweep_after(loop, 8)
    assert loop.live(STAGING) == 1
    assert loop.calls("delete") == []


def test_an_early_approval_leads_to_production_however_long_the_test_is_throttled() -> None:
    loop = begun()
    approved_for_production_before_its_test(loop)
    with pytest.raises(Retryable):
        sweep_after(loop, 8)
    del loop.aws.refuse["forecast"]
    sweep_after(loop, 0)
    loop.finish(PRODUCTION)
    assert loop.live(PRODUCTION) == 1
    assert loop.last(PromotionApproved).early
    sweep_after(loop, 0)
    assert loop.live(STAGING) is None  # nobody waits for it there any more


def replaced_before_its_test(loop: Loop) -> None:
    """Another version takes its place in staging, while its test is throttled."""
    approved_for_production_before_its_test(loop)
    with suppress(Retryable):
        loop.register(2)
    with suppress(Retryable):
        loop.write(2, approval=Verdict.APPROVED)
    with suppress(Retryable):
        loop.finish(STAGING)


def test_what_staging_goes_back_to_is_tested_if_it_never_was_so_that_its_approval_leads_on() -> (
    None
):
    loop = begun()
    replaced_before_its_test(loop)
    assert loop.live(STAGING) == 2
    del loop.aws.refuse["forecast"]
    sweep_after(loop, 0)  # the test of the first means nothing any more
    loop.write(2, approval=Verdict.DECLINED)
    loop.finish(STAGING)
    assert loop.live(STAGING) == 1
    loop.finish(PRODUCTION)
    assert loop.live(PRODUCTION) == 1


def test_two_tests_of_one_version_promote_it_once() -> None:
    loop = begun()
    replaced_before_its_test(loop)
    with suppress(Retryable):
        loop.write(2, approval=Verdict.DECLINED)
    with suppress(Retryable):
        loop.finish(STAGING)
    assert loop.live(STAGING) == 1
    del loop.aws.refuse["forecast"]
    sweep_after(loop, 0)
    assert loop.said().count("PromotionApproved") == 1
    loop.finish(PRODUCTION)
    sweep_after(loop, 0)
    assert loop.said()[-1] != "DeploymentStarted"
    assert loop.live(PRODUCTION) == 1


def test_what_waits_in_vain_for_promotion_leaves_when_that_has_expired() -> None:
    loop = begun()
    loop.to_staging(1)
    sweep_after(loop, 8)
    assert loop.live(STAGING) == 1
    sweep_after(loop, 0)
    assert loop.said()[-2:] == ["PromotionDeclined", "DeploymentRolledBack"]
    assert loop.live(STAGING) is None


def test_freezing_stops_deployments_not_time() -> None:
    loop = begun()
    declined(loop)
    loop.aws.frozen = True
    sweep_after(loop, 7)
    assert loop.live(STAGING) is None


# what it can do without ---------------------------------------------------------------------------


def test_a_version_can_be_promoted_whose_staging_is_gone() -> None:
    loop = begun()
    loop.aws.offer = lambda package_arn, evidence: False  # type: ignore[method-assign]
    loop.to_staging(1)
    sweep_after(loop, 7)
    assert loop.live(STAGING) is None
    loop.write(1, production=Verdict.APPROVED)
    loop.finish(PRODUCTION)
    assert loop.live(PRODUCTION) == 1
    assert loop.last(PromotionApproved).version == 1


def test_production_goes_back_to_a_version_that_left_staging_long_ago() -> None:
    loop = begun()
    loop.to_production(1)
    loop.to_production(2)
    sweep_after(loop, 7)
    loop.write(2, production=Verdict.DECLINED)
    loop.finish(PRODUCTION)
    assert (loop.live(STAGING), loop.live(PRODUCTION)) == (None, 1)


def test_a_person_can_have_it_back_in_staging_for_as_long_again() -> None:
    loop = begun()
    declined(loop)
    sweep_after(loop, 7)
    deploy(loop, 1)
    loop.finish(STAGING)
    sweep_after(loop, 6)
    assert loop.live(STAGING) == 1
    sweep_after(loop, 1)
    assert loop.live(STAGING) is None
    assert loop.said().count("DeploymentStarted") == 2


def test_the_next_version_finds_an_empty_staging_and_leaves_it_empty_when_it_fails() -> None:
    loop = begun()
    declined(loop)
    sweep_after(loop, 7)
    loop.aws.answers = {}
    loop.to_staging(2)
    assert loop.last(DeploymentStarted).version == 2
    assert loop.last(DeploymentRolledBack).back_to is None
    assert loop.live(STAGING) is None
