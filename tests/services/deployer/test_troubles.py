"""What may go wrong around a deployment, and that no promise breaks on it."""

from typing import Any

import pytest

from services.deployer.domain import wishes
from services.deployer.domain.seen import Serving, Verdict
from services.deployer.domain.smoke import difference
from services.deployer.domain.state import Deployments, Version
from shared.contracts import limits
from shared.contracts.lifecycle import (
    DeploymentFailed,
    DeploymentRequested,
    DeploymentRolledBack,
    DeploymentStarted,
    ModelApproved,
    RollbackRequested,
)
from shared.contracts.names import Stage
from shared.contracts.specs import Strategy
from shared.contracts.wishes import SweepRequested
from shared.messaging.decision import Ignored
from shared.messaging.errors import Refused, Retryable
from tests.services.deployer.world import ENV, MODEL, Loop, arn, package_hint

STAGING, PRODUCTION = Stage.STAGING, Stage.PRODUCTION
STAGING_ENDPOINT = "mc-dev-fees-staging"
NO_CAPACITY = Refused("ResourceLimitExceeded", "no capacity")


def deploy(loop: Loop, version: int, stage: str = "staging") -> None:
    loop.hear(DeploymentRequested(model=MODEL, stage=stage, version=version, reason="please"))


def roll_back(loop: Loop, version: int, stage: str = "staging") -> None:
    loop.hear(RollbackRequested(model=MODEL, stage=stage, version=version, reason="odd"))


def approved(loop: Loop, version: int) -> None:
    loop.register(version)
    loop.write(version, approval=Verdict.APPROVED)


# revocation is always obeyed ---------------------------------------------------------------------


def test_a_roll_back_that_fails_goes_further_back_and_at_last_deletes_the_endpoint() -> None:
    loop = Loop()
    for version in (1, 2, 3):
        loop.to_staging(version)
    for version in (1, 2):
        loop.aws.digests[f"s3://b/{version}/model.tar.gz"] = "f" * 64
    loop.write(3, approval=Verdict.DECLINED)
    for _ in range(6):
        loop.hear(SweepRequested())
    assert loop.calls("delete") == [("delete", STAGING_ENDPOINT)]
    assert loop.live(STAGING) is None
    assert loop.said().count("DeploymentFailed") == 2
    assert loop.last(DeploymentRolledBack).back_to is None


def test_a_revocation_is_obeyed_where_automation_has_stopped() -> None:
    loop = Loop()
    loop.to_staging(1)
    ours = loop.aws.endpoints[STAGING_ENDPOINT].config
    loop.finish(STAGING, back="somebody-elses-config")
    loop.finish(STAGING, back=ours)
    assert loop.state.stages[STAGING].stopped
    loop.write(1, approval=Verdict.DECLINED)
    assert loop.calls("delete") == [("delete", STAGING_ENDPOINT)]


def test_a_revocation_does_not_touch_what_others_put_in_place_of_the_version() -> None:
    loop = Loop()
    loop.to_staging(1)
    loop.to_staging(2)
    loop.aws.finish(STAGING, back="somebody-elses-config")
    before = list(loop.aws.calls)
    loop.write(2, approval=Verdict.DECLINED)
    loop.hear(SweepRequested())
    assert loop.aws.calls == before
    assert "somebody-elses-config" in loop.last(DeploymentFailed).reason


def test_a_version_that_has_to_leave_does_not_wait_for_one_without_capacity() -> None:
    loop = Loop()
    loop.to_staging(1)
    loop.to_staging(2)
    loop.aws.refuse["update"] = NO_CAPACITY
    approved(loop, 3)
    loop.aws.refuse.clear()
    loop.write(2, approval=Verdict.DECLINED)
    loop.finish(STAGING)
    assert loop.last(DeploymentRolledBack).back_to == 1
    loop.finish(STAGING)
    assert loop.live(STAGING) == 3


def test_an_endpoint_that_must_not_be_deleted_calls_a_person_and_is_not_forgotten() -> None:
    loop = Loop()
    loop.to_staging(1)
    loop.aws.refuse["delete"] = Refused("AccessDenied", "no")
    loop.write(1, approval=Verdict.DECLINED)
    assert "cannot be deleted: AccessDenied" in loop.last(DeploymentFailed).reason
    assert loop.state.stages[STAGING].stopped
    approved(loop, 2)
    deploy(loop, 2)
    loop.finish(STAGING)
    assert loop.live(STAGING) == 2


def test_an_endpoint_that_came_back_with_a_revoked_version_is_deleted_again() -> None:
    loop = Loop()
    loop.to_staging(1)
    seen = loop.aws.endpoints[STAGING_ENDPOINT]
    loop.write(1, approval=Verdict.DECLINED)
    loop.aws.endpoints[STAGING_ENDPOINT] = seen
    loop.hear(SweepRequested())
    assert len(loop.calls("delete")) == 2


def test_an_endpoint_from_before_our_time_is_left_alone() -> None:
    loop = Loop()
    loop.to_production(1)
    loop.bench.store.items.clear()
    loop.hear(SweepRequested())
    assert loop.calls("delete") == []


def test_an_endpoint_that_is_busy_is_deleted_later() -> None:
    loop = Loop()
    loop.to_staging(1)
    original = loop.aws.describe
    asked: list[str] = []

    def busy(endpoint: str) -> Any:
        asked.append(endpoint)
        seen = original(endpoint)
        last = len(asked) == 3  # right before the deletion
        return seen.changed(status=Serving.CHANGING) if seen and last else seen

    loop.aws.describe = busy  # type: ignore[method-assign]
    with pytest.raises(Retryable, match="is changing"):
        loop.write(1, approval=Verdict.DECLINED)
    loop.hear(SweepRequested())
    assert loop.calls("delete") == [("delete", STAGING_ENDPOINT)]


# nothing unapproved, untested or withdrawn ever serves --------------------------------------------


def test_a_person_cannot_send_to_production_what_did_not_pass_its_smoke_test() -> None:
    loop = Loop()
    loop.aws.answers = {0.5: (9.0, 9.0)}
    loop.register(1)
    loop.write(1, approval=Verdict.APPROVED, production=Verdict.APPROVED)
    loop.finish(STAGING)
    deploy(loop, 1, "production")
    assert [call[1] for call in loop.calls("create")] == [STAGING_ENDPOINT]


def test_what_is_rolled_back_while_it_waits_for_capacity_is_never_tried_again() -> None:
    loop = Loop()
    loop.to_staging(1)
    loop.aws.refuse["update"] = NO_CAPACITY
    approved(loop, 2)
    roll_back(loop, 2)
    loop.aws.refuse.clear()
    loop.hear(SweepRequested())
    assert loop.calls("update") == []
    assert loop.state.stages[STAGING].rollout is None


def test_what_is_rolled_back_while_it_waits_its_turn_never_starts() -> None:
    loop = Loop()
    loop.to_staging(1)
    approved(loop, 2)
    approved(loop, 3)
    roll_back(loop, 3)
    loop.finish(STAGING)
    assert loop.live(STAGING) == 2
    assert len(loop.calls("update")) == 1


def test_a_version_kept_out_does_not_supersede_one_that_may_go() -> None:
    loop = Loop()
    loop.to_production(1)
    for version in (2, 3, 4):
        loop.to_staging(version)
    for version in (2, 4):
        loop.write(version, production=Verdict.APPROVED)
    loop.write(4, production=Verdict.DECLINED)
    loop.write(3, production=Verdict.APPROVED)
    loop.finish(PRODUCTION)
    loop.finish(PRODUCTION)
    assert loop.live(PRODUCTION) == 3


def test_a_frozen_model_does_not_try_again_for_capacity() -> None:
    loop = Loop()
    loop.aws.refuse["create"] = NO_CAPACITY
    approved(loop, 1)
    loop.aws.refuse.clear()
    loop.aws.frozen = True
    loop.hear(SweepRequested())
    assert loop.calls("create") == []
    loop.aws.frozen = False
    loop.hear(SweepRequested())
    assert len(loop.calls("create")) == 1


# one roll-out per approval ------------------------------------------------------------------------


def test_an_old_version_that_is_forgotten_is_not_deployed_again() -> None:
    loop = Loop()
    loop.to_staging(1)
    for version in range(2, limits.VERSIONS_REMEMBERED + 12):
        loop.to_staging(version)
    assert loop.state.version(1) is None
    before = loop.said().count("ModelApproved")
    loop.hear(package_hint(1))
    loop.finish(STAGING)
    assert loop.said().count("ModelApproved") == before
    assert loop.live(STAGING) == limits.VERSIONS_REMEMBERED + 11


def test_the_version_that_is_being_decided_upon_is_never_the_one_forgotten() -> None:
    state = Deployments(env=ENV, model=MODEL)
    for number in range(2, limits.VERSIONS_REMEMBERED + 2):
        state = state.with_version(Version(number=number, package_arn=arn(number)))
    state = state.with_version(Version(number=1, package_arn=arn(1)))
    assert state.version(1) is not None
    assert state.forgotten == 2


def test_asking_again_for_what_is_on_its_way_starts_nothing_more() -> None:
    loop = Loop()
    loop.to_staging(1)
    approved(loop, 2)
    deploy(loop, 2)
    loop.finish(STAGING)
    assert loop.live(STAGING) == 2
    assert len(loop.calls("update")) == 1


def test_a_second_wish_to_roll_back_changes_nothing() -> None:
    loop = Loop()
    loop.to_staging(1)
    loop.to_staging(2)
    roll_back(loop, 2)
    state = loop.state
    roll_back(loop, 2)
    assert loop.state == state


# what people ask for ------------------------------------------------------------------------------


def test_a_roll_back_with_nothing_behind_leaves_the_endpoint_alone() -> None:
    loop = Loop()
    loop.to_staging(1)
    roll_back(loop, 1)
    assert loop.calls("delete") == []
    assert loop.live(STAGING) == 1


def test_a_wish_for_a_stage_that_does_not_exist_lapses() -> None:
    loop = Loop()
    loop.to_staging(1)
    deploy(loop, 1, "prod")
    roll_back(loop, 1, "prod")
    assert loop.live(STAGING) == 1


def test_wishes_about_a_model_that_nobody_knows_lapse_with_a_reason() -> None:
    nobody, world = Deployments(env=ENV, model="ghost"), Loop().aws.world("ghost")
    back = RollbackRequested(model="ghost", stage="staging", version=3, reason="odd")
    again = DeploymentRequested(model="ghost", stage="staging", version=3, reason="please")
    assert wishes.roll_back(nobody, back, "alice", world) == Ignored(
        "v3 is not in staging any more: the wish lapses"
    )
    assert wishes.deploy(nobody, again, "event-1", world) == Ignored(
        "v3 may not serve in staging: it is not approved"
    )


def test_a_person_can_have_our_version_put_back_in_place_of_a_strangers() -> None:
    loop = Loop()
    loop.to_staging(1)
    loop.finish(STAGING, back="somebody-elses-config")
    deploy(loop, 1)
    loop.finish(STAGING)
    assert loop.state.stages[STAGING].stopped == ""
    assert loop.aws.endpoints[STAGING_ENDPOINT].config != "somebody-elses-config"


@pytest.mark.parametrize(
    ("status", "reason"), [(Serving.FAILED, "EndpointFailed"), (Serving.STUCK, "EndpointStuck")]
)
def test_a_broken_endpoint_is_refused_at_once_and_not_for_ever_busy(
    status: Serving, reason: str
) -> None:
    loop = Loop()
    loop.to_staging(1)
    approved(loop, 2)
    loop.finish(STAGING, status)
    deploy(loop, 2)
    assert reason in loop.last(DeploymentFailed).reason
    assert loop.bench.store.load(MODEL, None).todo == ()


def test_automation_stops_again_where_a_person_asked_for_a_stuck_endpoint_of_a_stranger() -> None:
    loop = Loop()
    loop.to_staging(1)
    loop.finish(STAGING, back="somebody-elses-config")
    deploy(loop, 1)
    loop.finish(STAGING, Serving.STUCK)
    deploy(loop, 1)
    assert loop.state.stages[STAGING].stopped == loop.last(DeploymentFailed).reason


# what others do to our endpoints ------------------------------------------------------------------


def test_an_endpoint_that_others_deleted_is_noticed_once_and_comes_back_with_the_next() -> None:
    loop = Loop()
    loop.to_staging(1)
    del loop.aws.endpoints[STAGING_ENDPOINT]
    loop.hear(SweepRequested())
    loop.hear(SweepRequested())
    assert "deleted by others" in loop.last(DeploymentFailed).reason
    assert loop.said().count("DeploymentFailed") == 1
    loop.to_staging(2)
    assert loop.live(STAGING) == 2


def test_an_endpoint_that_fails_by_itself_calls_a_person_once() -> None:
    loop = Loop()
    loop.to_staging(1)
    loop.finish(STAGING, Serving.FAILED)
    loop.hear(SweepRequested())
    assert loop.said().count("DeploymentFailed") == 1
    assert loop.state.stages[STAGING].stopped


# smoke test, offer, clean-up ----------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError("not JSON"), Refused("NoSuchKey", "gone")])
def test_a_smoke_test_without_anything_to_compare_with_is_a_failed_one(error: Exception) -> None:
    loop = Loop()

    def broken(uri: str) -> Any:
        raise error

    loop.aws.last_forecast = broken  # type: ignore[method-assign, assignment]
    loop.to_staging(1)
    assert loop.last(DeploymentFailed).reason.startswith("smoke test: ")
    assert loop.calls("delete") == [("delete", STAGING_ENDPOINT)]


@pytest.mark.parametrize(
    ("answered", "expected"), [({}, {}), ({0.5: ()}, {0.5: ()}), ({0.5: (1.0,)}, {0.1: (1.0,)})]
)
def test_an_empty_forecast_is_like_no_other(answered: Any, expected: Any) -> None:
    with pytest.raises(ValueError, match="empty|instead of"):
        difference(answered, expected)


def test_a_forecast_of_nothing_but_zeros_is_met_by_zeros_only() -> None:
    assert difference({0.5: (0.0,)}, {0.5: (0.0,)}) == 0
    assert difference({0.5: (1.0,)}, {0.5: (0.0,)}) == float("inf")


def test_a_version_that_cannot_be_offered_is_told_to_people() -> None:
    loop = Loop()

    def refused(package_arn: str, evidence: str) -> bool:
        raise Refused("AccessDenied", "no")

    loop.aws.offer = refused  # type: ignore[method-assign]
    loop.to_staging(1)
    assert "could not be offered" in loop.last(DeploymentFailed).reason


def test_what_a_roll_out_left_behind_is_cleaned_up() -> None:
    loop = Loop()
    loop.to_staging(1)
    old = loop.aws.endpoints[STAGING_ENDPOINT].config
    approved(loop, 2)
    loop.finish(STAGING, back=old)
    assert list(loop.aws.configs) == [old]
    assert [name.split("-")[3] for name in loop.aws.models] == ["v1"]


def test_a_roll_back_leaves_one_configuration_of_each_version() -> None:
    loop = Loop()
    loop.to_staging(1)
    loop.to_staging(2)
    roll_back(loop, 2)
    loop.finish(STAGING)
    assert sorted(name.split("-v")[1].split("-")[0] for name in loop.aws.configs) == ["1", "2"]
    assert loop.aws.endpoints[STAGING_ENDPOINT].config in loop.aws.configs


def test_a_roll_back_keeps_to_instances_where_traffic_shifts() -> None:
    loop = Loop()
    loop.aws.strategy = "canary"
    loop.to_production(1)
    loop.to_production(2)
    roll_back(loop, 2, PRODUCTION)
    assert loop.last(DeploymentStarted).strategy == "rollback"
    rolled_out = [bool(instance) for name, instance in loop.aws.tried if "production" in name]
    assert rolled_out == [True, True, True]


def test_what_is_on_instances_stays_there_when_its_traffic_shifts_no_longer() -> None:
    loop = Loop()
    loop.aws.strategy = "canary"
    loop.to_production(1)
    loop.to_production(2)
    loop.aws.strategy = "all-at-once"
    loop.to_production(3)
    loop.write(3, approval=Verdict.DECLINED)
    loop.finish(PRODUCTION)
    assert loop.live(PRODUCTION) == 2
    rolled_out = [bool(instance) for name, instance in loop.aws.tried if "production" in name]
    assert rolled_out == [True, True, True, True]


@pytest.mark.parametrize("strategy", Strategy)
def test_nothing_in_staging_runs_on_instances_or_shifts_traffic(strategy: str) -> None:
    loop = Loop()
    loop.aws.strategy = strategy
    loop.to_production(1)
    started = [
        one.data for one in loop.bench.bus.events() if isinstance(one.data, DeploymentStarted)
    ]
    assert [one.strategy for one in started] == ["all-at-once", strategy]
    instances = [instance is not None for _, instance in loop.aws.tried]
    assert instances == [False, strategy != "all-at-once"]


# who said it, and on which trip -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "named"),
    [
        ("arn:aws:iam::123456789012:user/alice", "arn:aws:iam::123456789012:user/alice"),
        ("arn:aws:sts::123456789012:assumed-role/modelcycle-deployer/x", "unknown"),
        ("modelcycle-evaluator", "unknown"),
    ],
)
def test_a_service_that_wrote_last_hides_who_approved(who: str, named: str) -> None:
    loop = Loop()
    loop.register(1)
    loop.write(1, approval=Verdict.APPROVED, last_modified_by=who)
    assert loop.last(ModelApproved).approver == named


def test_a_version_that_waited_starts_on_its_own_trip() -> None:
    loop = Loop()
    for version in (1, 2):
        loop.aws.registered(version)
        said = loop.registration(version)
        loop.bench.handle(said, f"registered-{version}", correlation_id=f"trip-{version}")
        loop.write(version, approval=Verdict.APPROVED)
    loop.finish(STAGING)
    trips = [
        said.metadata.correlation_id
        for said in loop.bench.bus.events()
        if isinstance(said.data, DeploymentStarted)
    ]
    assert trips == ["trip-1", "trip-2"]
