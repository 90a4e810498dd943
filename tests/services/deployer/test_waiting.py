"""Who may end a version's wait: a person, the rule where nothing asks for a person, or time."""

from datetime import timedelta

import pytest

from services.deployer.domain.seen import Verdict
from shared.contracts.lifecycle import (
    DeploymentFailed,
    ModelApproved,
    ModelDeclined,
    PromotionDeclined,
)
from shared.contracts.names import Stage
from shared.contracts.wishes import SweepRequested
from tests.services.deployer.world import Loop, arn, package_hint

STAGING, PRODUCTION = Stage.STAGING, Stage.PRODUCTION
HOURS = 3_600
BECAUSE = "not compared with v1: v1 could not be asked"


def needing_a_person(loop: Loop) -> None:
    """The evaluator registers a version that was not compared with its champion."""
    loop.aws.registered(1)
    loop.hear(loop.registration(1).changed(person_because=BECAUSE))


def test_the_rule_does_not_act_where_the_evidence_asks_for_a_person() -> None:
    loop = Loop()
    loop.aws.rule_for = (STAGING, PRODUCTION)
    needing_a_person(loop)
    loop.hear(SweepRequested())
    assert loop.aws.packages[arn(1)].approval is Verdict.PENDING
    assert loop.aws.calls == []
    assert loop.said() == []


def test_nor_does_the_rule_promote_such_a_version_after_a_person_approved_it() -> None:
    loop = Loop()
    loop.aws.rule_for = (STAGING, PRODUCTION)
    needing_a_person(loop)
    loop.write(1, approval=Verdict.APPROVED)
    loop.finish(STAGING)
    assert loop.last(ModelApproved).approver == "alice"
    assert loop.said()[-1] == "PromotionRequested"
    assert loop.aws.packages[arn(1)].production is Verdict.PENDING


def test_the_rule_does_not_promote_what_it_has_not_heard_the_evidence_of() -> None:
    loop = Loop()
    loop.aws.rule_for = (PRODUCTION,)
    loop.aws.registered(1)
    loop.write(1, approval=Verdict.APPROVED)
    loop.finish(STAGING)
    assert loop.said()[-1] == "PromotionRequested"
    assert loop.aws.packages[arn(1)].production is Verdict.PENDING


def test_a_registration_that_comes_after_the_verdict_starts_no_wait() -> None:
    loop = Loop()
    loop.aws.rule_for = (STAGING,)
    loop.aws.registered(1)
    loop.write(1, approval=Verdict.DECLINED)
    loop.hear(loop.registration(1))
    assert loop.said() == ["ModelDeclined"]
    assert loop.state.versions[1].waits_since is None


@pytest.fixture
def waiting() -> Loop:
    """Version 1 was registered a moment ago; the spec allows it 72 hours."""
    loop = Loop()
    loop.aws.expires_after_s = 72 * HOURS
    loop.register(1)
    return loop


def sweep_after(loop: Loop, seconds: float) -> None:
    loop.bench.clock.at += timedelta(seconds=seconds)
    loop.hear(SweepRequested())


def test_a_version_that_nobody_decides_upon_is_declined_when_its_time_is_over(
    waiting: Loop,
) -> None:
    sweep_after(waiting, 71 * HOURS)
    assert waiting.aws.packages[arn(1)].approval is Verdict.PENDING
    sweep_after(waiting, 1 * HOURS)
    assert waiting.aws.packages[arn(1)].approval is Verdict.DECLINED
    waiting.hear(package_hint(1))
    declined = waiting.last(ModelDeclined)
    assert (declined.approver, declined.note) == (
        "expired",
        "expired: no verdict within 3 days, 0:00:00",
    )


def test_a_person_who_was_faster_than_the_expiry_is_heard(waiting: Loop) -> None:
    waiting.aws.write(1, approval=Verdict.APPROVED)
    sweep_after(waiting, 100 * HOURS)
    assert waiting.said() == ["ModelApproved", "DeploymentStarted"]


def test_the_wait_for_production_begins_with_the_offer(waiting: Loop) -> None:
    waiting.bench.clock.forward(hours=70)
    waiting.write(1, approval=Verdict.APPROVED)
    waiting.finish(STAGING)
    sweep_after(waiting, 71 * HOURS)
    assert waiting.aws.packages[arn(1)].production is Verdict.PENDING
    sweep_after(waiting, 1 * HOURS)
    waiting.hear(package_hint(1))
    assert waiting.last(PromotionDeclined).approver == "expired"
    assert waiting.live(STAGING) == 1
    assert waiting.live(PRODUCTION) is None


def test_without_a_spec_that_says_so_nothing_expires() -> None:
    loop = Loop()
    loop.register(1)
    sweep_after(loop, 10_000 * HOURS)
    assert loop.aws.packages[arn(1)].approval is Verdict.PENDING


def test_a_verdict_set_back_to_pending_takes_nothing_away_and_lets_nothing_begin() -> None:
    loop = Loop()
    loop.to_production(1)
    loop.aws.write(1, approval=Verdict.PENDING, production=None)
    loop.hear(package_hint(1))
    assert loop.live(PRODUCTION) == 1
    loop.to_production(2)
    loop.write(2, approval=Verdict.DECLINED)
    assert loop.last(DeploymentFailed).reason.startswith("NotApproved")
    loop.hear(SweepRequested())
    assert loop.live(PRODUCTION) is None
    assert loop.aws.endpoints == {}


def test_a_lower_version_approved_later_is_deployed() -> None:
    loop = Loop()
    loop.register(1)
    loop.to_staging(2)
    loop.write(1, approval=Verdict.APPROVED)
    loop.finish(STAGING)
    assert loop.live(STAGING) == 1
    assert loop.state.stages[STAGING].kept[-1].version == 2
