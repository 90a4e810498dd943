"""A version's way: registered, approved, staged, tested, promoted, replaced, taken back."""

from services.deployer.domain.seen import Serving, Verdict
from shared.contracts.lifecycle import (
    ApprovalRevoked,
    DeploymentFailed,
    DeploymentRequested,
    DeploymentRolledBack,
    EndpointInService,
    ModelApproved,
    PromotionApproved,
    RollbackRequested,
)
from shared.contracts.names import Stage
from shared.contracts.wishes import SweepRequested
from shared.messaging.errors import Refused
from tests.services.deployer.world import Loop, endpoint_hint, package_hint

STAGING, PRODUCTION = Stage.STAGING, Stage.PRODUCTION
WHOLE_WAY = [
    "ModelApproved",
    "DeploymentStarted",
    "EndpointInService",
    "PromotionRequested",
    "PromotionApproved",
    "DeploymentStarted",
    "EndpointInService",
]


def test_an_approved_version_goes_to_staging_and_after_a_second_approval_to_production() -> None:
    loop = Loop()
    loop.to_production(1)
    assert loop.said() == WHOLE_WAY
    assert (loop.live(STAGING), loop.live(PRODUCTION)) == (1, 1)
    assert loop.last(ModelApproved).approver == "alice"
    assert loop.last(EndpointInService).stage == PRODUCTION


def test_nothing_is_deployed_before_somebody_approves() -> None:
    loop = Loop()
    loop.register(1)
    for hint in (package_hint(1), endpoint_hint(STAGING), SweepRequested()):
        loop.hear(hint)
    assert loop.aws.calls == []
    assert loop.said() == []


def test_hints_that_come_twice_late_or_from_elsewhere_change_nothing() -> None:
    loop = Loop()
    loop.to_production(1)
    for hint in (package_hint(1), endpoint_hint(STAGING), endpoint_hint(PRODUCTION)):
        loop.hear(hint)
        loop.hear(hint)
    loop.hear(SweepRequested())
    assert loop.said() == WHOLE_WAY
    assert len(loop.calls("create")) == 2


def test_an_approval_whose_hint_was_lost_is_found_by_the_sweep() -> None:
    loop = Loop()
    loop.register(1)
    loop.aws.write(1, approval=Verdict.APPROVED)
    loop.hear(SweepRequested())
    loop.aws.finish(STAGING)
    loop.hear(SweepRequested())
    assert loop.live(STAGING) == 1


def test_an_approval_that_is_heard_before_the_registration_counts() -> None:
    loop = Loop()
    loop.aws.registered(1)
    loop.write(1, approval=Verdict.APPROVED)
    loop.finish(STAGING)
    assert loop.live(STAGING) == 1


def test_a_declined_version_stays_out_even_when_it_is_approved_later() -> None:
    loop = Loop()
    loop.register(1)
    loop.write(1, approval=Verdict.DECLINED)
    loop.write(1, approval=Verdict.APPROVED)
    assert loop.said() == ["ModelDeclined"]
    assert loop.aws.calls == []


def test_a_production_approval_counts_only_after_the_smoke_test() -> None:
    loop = Loop()
    loop.register(1)
    loop.write(1, approval=Verdict.APPROVED, production=Verdict.APPROVED)
    assert [call[1] for call in loop.calls("create")] == ["mc-dev-fees-staging"]
    loop.finish(STAGING)
    assert loop.last(PromotionApproved).early
    assert loop.last(PromotionApproved).approver == "alice"
    assert loop.calls("offer") == []
    loop.finish(PRODUCTION)
    assert loop.live(PRODUCTION) == 1


def test_a_production_approval_of_a_version_that_is_not_approved_is_nothing() -> None:
    loop = Loop()
    loop.register(1)
    loop.write(1, production=Verdict.APPROVED)
    assert loop.aws.calls == []


def test_a_failed_smoke_test_empties_staging_when_nothing_was_there_before() -> None:
    loop = Loop()
    loop.aws.answers = {0.1: (9.0, 9.0), 0.5: (9.0, 9.0), 0.9: (9.0, 9.0)}
    loop.to_staging(1)
    assert "smoke test" in loop.last(DeploymentFailed).reason
    assert loop.last(DeploymentFailed).back_to == 1  # until it is taken away
    assert loop.calls("delete") == [("delete", "mc-dev-fees-staging")]
    assert loop.calls("offer") == []


def test_a_failed_smoke_test_brings_the_previous_version_back() -> None:
    loop = Loop()
    loop.to_staging(1)
    loop.aws.answers = {0.5: (3.0, 4.0)}
    loop.to_staging(2)
    loop.finish(STAGING)
    assert loop.live(STAGING) == 1
    assert loop.last(DeploymentRolledBack).version == 2
    assert loop.last(EndpointInService).reason == "rollback"


def test_two_approvals_take_their_turns_and_the_highest_wins() -> None:
    loop = Loop()
    for version in (1, 2, 3):
        loop.register(version)
    loop.write(1, approval=Verdict.APPROVED)
    loop.write(3, approval=Verdict.APPROVED)
    loop.write(2, approval=Verdict.APPROVED)
    assert "DeploymentSuperseded" in loop.said()
    loop.finish(STAGING)
    loop.finish(STAGING)
    assert loop.live(STAGING) == 3
    assert len(loop.calls("create")) + len(loop.calls("update")) == 2


def test_a_revoked_version_that_waits_is_dropped() -> None:
    loop = Loop()
    loop.register(1)
    loop.register(2)
    loop.write(1, approval=Verdict.APPROVED)
    loop.write(2, approval=Verdict.APPROVED)
    loop.write(2, approval=Verdict.DECLINED)
    loop.finish(STAGING)
    assert loop.live(STAGING) == 1
    assert loop.calls("update") == []


def test_a_revoked_version_that_rolls_out_leaves_once_it_is_in_service() -> None:
    loop = Loop()
    loop.to_staging(1)
    loop.register(2)
    loop.write(2, approval=Verdict.APPROVED)
    loop.write(2, approval=Verdict.DECLINED)
    loop.finish(STAGING)
    loop.finish(STAGING)
    assert loop.live(STAGING) == 1


def test_a_revoked_live_version_goes_back_to_the_newest_kept_one_that_is_still_approved() -> None:
    loop = Loop()
    for version in (1, 2, 3):
        loop.to_production(version)
    loop.write(2, approval=Verdict.DECLINED)
    loop.write(3, approval=Verdict.DECLINED)
    loop.finish(PRODUCTION)
    loop.finish(STAGING)
    assert loop.last(ApprovalRevoked).version == 3
    assert (loop.live(STAGING), loop.live(PRODUCTION)) == (1, 1)


def test_a_revoked_version_with_nothing_behind_it_takes_the_endpoint_with_it() -> None:
    loop = Loop()
    loop.to_production(1)
    loop.write(1, approval=Verdict.DECLINED)
    assert len(loop.calls("delete")) == 2
    assert loop.last(DeploymentRolledBack).back_to is None
    assert (loop.live(STAGING), loop.live(PRODUCTION)) == (None, None)


def test_taking_a_version_out_of_production_leaves_staging_alone() -> None:
    loop = Loop()
    loop.to_production(1)
    loop.to_production(2)
    loop.write(2, production=Verdict.DECLINED)
    loop.finish(PRODUCTION)
    assert (loop.live(STAGING), loop.live(PRODUCTION)) == (2, 1)


def test_a_roll_back_by_hand_brings_the_previous_version_back_and_keeps_the_other_out() -> None:
    loop = Loop()
    loop.to_production(1)
    loop.to_production(2)
    loop.hear(RollbackRequested(model="fees", stage="production", version=2, reason="it looks odd"))
    loop.finish(PRODUCTION)
    assert loop.live(PRODUCTION) == 1
    assert "it looks odd" in loop.last(DeploymentRolledBack).reason
    wish = DeploymentRequested(model="fees", stage="production", version=2, reason="again")
    loop.hear(wish)
    assert loop.live(PRODUCTION) == 1


def test_a_wish_about_a_version_no_longer_there_lapses() -> None:
    loop = Loop()
    loop.to_production(1)
    loop.to_production(2)
    before = len(loop.aws.calls)
    loop.hear(RollbackRequested(model="fees", stage="production", version=1, reason="late"))
    assert len(loop.aws.calls) == before


def test_no_capacity_is_tried_three_times_under_one_approval_then_a_person_asks() -> None:
    loop = Loop()
    loop.aws.refuse["create"] = Refused("ResourceLimitExceeded", "no capacity")
    loop.register(1)
    loop.write(1, approval=Verdict.APPROVED)
    assert loop.state.stages[STAGING].rollout is not None
    for _ in range(3):
        loop.hear(SweepRequested())
    assert loop.said() == ["ModelApproved", "DeploymentFailed"]
    assert len({name for name, _ in loop.aws.tried}) == 3
    assert loop.aws.configs == {}
    loop.aws.refuse.clear()
    loop.hear(DeploymentRequested(model="fees", stage="staging", version=1, reason="now"))
    loop.finish(STAGING)
    assert loop.live(STAGING) == 1


def test_a_first_deployment_that_fails_deletes_its_endpoint() -> None:
    loop = Loop()
    loop.register(1)
    loop.write(1, approval=Verdict.APPROVED)
    loop.finish(STAGING, Serving.FAILED)
    assert loop.calls("delete") == [("delete", "mc-dev-fees-staging")]
    assert loop.last(DeploymentFailed).back_to is None


def test_a_roll_out_that_sagemaker_rolled_back_is_a_failure_and_the_old_version_serves() -> None:
    loop = Loop()
    loop.to_staging(1)
    old = loop.aws.endpoints["mc-dev-fees-staging"].config
    loop.register(2)
    loop.write(2, approval=Verdict.APPROVED)
    loop.finish(STAGING, back=old)
    assert loop.last(DeploymentFailed).back_to == 1
    assert loop.live(STAGING) == 1


def test_a_stuck_endpoint_stops_automation_until_a_person_says_so() -> None:
    loop = Loop()
    loop.to_staging(1)
    loop.register(2)
    loop.write(2, approval=Verdict.APPROVED)
    loop.finish(STAGING, Serving.STUCK)
    assert loop.state.stages[STAGING].stopped
    before = len(loop.aws.calls)
    loop.register(3)
    loop.write(3, approval=Verdict.APPROVED)
    assert len(loop.aws.calls) == before


def test_what_others_put_on_our_endpoint_stops_automation() -> None:
    loop = Loop()
    loop.to_staging(1)
    loop.finish(STAGING, back="somebody-elses-config")
    assert "somebody-elses-config" in loop.last(DeploymentFailed).reason
    loop.hear(SweepRequested())
    assert loop.said().count("DeploymentFailed") == 1


def test_an_artifact_that_is_not_the_approved_one_is_never_deployed() -> None:
    loop = Loop()
    loop.register(1)
    loop.aws.digests["s3://b/1/model.tar.gz"] = "f" * 64
    loop.write(1, approval=Verdict.APPROVED)
    assert loop.aws.calls == []
    assert "DigestDiffers" in loop.last(DeploymentFailed).reason


def test_an_endpoint_that_others_changed_between_look_and_call_is_left_alone() -> None:
    loop = Loop()
    loop.to_staging(1)
    loop.register(2)
    original = loop.aws.ensure_config

    def meanwhile(name: str, model: str, instance: str | None) -> None:
        loop.aws.finish(STAGING, back="somebody-elses-config")
        original(name, model, instance)

    loop.aws.ensure_config = meanwhile  # type: ignore[method-assign]
    loop.write(2, approval=Verdict.APPROVED)
    assert loop.calls("update") == []
    assert "Overtaken" in loop.last(DeploymentFailed).reason


def test_a_frozen_model_keeps_what_serves_and_lets_approvals_wait() -> None:
    loop = Loop()
    loop.aws.frozen = True
    loop.register(1)
    loop.write(1, approval=Verdict.APPROVED)
    assert loop.aws.calls == []
    loop.aws.frozen = False
    loop.hear(SweepRequested())
    assert len(loop.calls("create")) == 1


def test_the_rule_approves_in_the_registry_where_the_spec_says_so() -> None:
    loop = Loop()
    loop.aws.rule_for = (STAGING, PRODUCTION)
    loop.register(1)
    loop.hear(package_hint(1))
    loop.finish(STAGING)
    loop.hear(package_hint(1))
    loop.finish(PRODUCTION)
    assert loop.said() == WHOLE_WAY
    assert loop.last(PromotionApproved).approver == "rule"


def test_five_versions_are_kept_for_a_roll_back_in_staging() -> None:
    loop = Loop()
    for version in range(1, 9):
        loop.to_staging(version)
    kept = [one.version for one in loop.state.stages[STAGING].kept]
    assert kept == [3, 4, 5, 6, 7]
    assert sorted(int(name.split("-v")[1].split("-")[0]) for name in loop.aws.configs) == [
        3, 4, 5, 6, 7, 8,
    ]  # fmt: skip


def test_before_our_call_has_settled_the_endpoint_means_nothing() -> None:
    loop = Loop()
    loop.to_staging(1)
    loop.aws.refuse["update"] = Refused("ResourceLimitExceeded", "no capacity")
    loop.register(2)
    loop.write(2, approval=Verdict.APPROVED)
    loop.hear(endpoint_hint(STAGING))
    assert "DeploymentFailed" not in loop.said()
