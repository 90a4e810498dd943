"""The life of a run and of what it made, with every hint twice, late or lost."""

from itertools import permutations

import pytest

from services.trainer.domain.seen import Execution, Progress
from services.trainer.domain.state import Phase, Standing
from services.trainer.handlers import HANDLERS
from shared.contracts.envelope import Event, Revision
from shared.contracts.lifecycle import (
    ApprovalRevoked,
    DeploymentFailed,
    DeploymentRolledBack,
    DeploymentSuperseded,
    EndpointInService,
    ModelApproved,
    ModelDeclined,
    ModelRefused,
    ModelRegistered,
    PromotionApproved,
    PromotionDeclined,
    RetrainRequested,
    TrainingCompleted,
    TrainingFailed,
    TrainingStarted,
)
from shared.contracts.subscriptions import subscriptions_of
from shared.contracts.wishes import SweepRequested
from shared.messaging.errors import Retryable
from tests.fakes.messaging import START
from tests.services.trainer.world import SHA256, Loop, refused

WELL = ["TrainingStarted", "TrainingCompleted"]
IN_STAGING = EndpointInService.example().changed(stage="staging")
AGED_OUT = DeploymentRolledBack.example().changed(stage="staging", back_to=None, aged_out=True)
IN_PRODUCTION = EndpointInService.example().changed(stage="production")


def with_candidate(loop: Loop, version: int = 3) -> None:
    """A run ended well and was registered."""
    run_id = loop.train()
    loop.hear(ModelRegistered.example().changed(run_id=run_id, version=version))


def test_every_subscription_has_a_handler_of_its_name_and_every_handler_a_subscription() -> None:
    rows = {row.event: row.handler for row in subscriptions_of("trainer")}
    rows[SweepRequested] = "sweep_requested"
    assert {event: handler.__name__ for event, handler in HANDLERS.items()} == rows


def test_a_run_that_ends_well_says_what_it_was_made_of_and_what_it_made() -> None:
    loop = Loop()
    loop.retrain()
    run_id = loop.run_id
    loop.end()
    assert loop.said() == WELL
    said: TrainingCompleted = loop.last(TrainingCompleted)
    assert (said.run_id, said.algorithm, said.trigger) == (run_id, "lightgbm", "person")
    assert said.artifact.uri == "s3://b/Refit/model.tar.gz"
    assert said.judged_artifact.uri == "s3://b/Train/model.tar.gz"
    above = f"s3://modelcycle-dev/runs/{run_id}"
    assert said.dataset.uri == f"{above}/dataset/manifest/manifest.json"
    assert said.dataset.sha256 == SHA256
    assert said.forecasts_uri == f"{above}/forecasts/backtest.jsonl.out"
    assert (said.duration_s, said.cost_usd) == (42.0, None)
    assert loop.state.run is None
    assert [str(one) for one in loop.state.candidates] == [f"{run_id} is being judged"]


def test_all_that_is_said_of_a_run_belongs_to_the_trip_of_the_wish() -> None:
    loop = Loop()
    loop.train()
    assert loop.trip(TrainingStarted) == loop.trip(TrainingCompleted) == "by-hand"


def test_hints_that_come_twice_late_or_of_another_execution_change_nothing() -> None:
    loop = Loop()
    loop.retrain()
    arn = loop.running
    for stranger in (arn, f"{arn}x", ""):
        loop.hint(stranger)
    assert loop.said() == ["TrainingStarted"]
    loop.end()
    for _ in range(2):
        loop.hint(arn)
        loop.sweep()
    assert loop.said() == WELL


def test_an_end_whose_hint_was_lost_is_found_by_the_sweep() -> None:
    loop = Loop()
    loop.retrain()
    arn = loop.running
    loop.aws.executions[arn] = loop.aws.executions[arn].changed(progress=Progress.SUCCEEDED)
    loop.sweep()
    assert loop.said() == WELL


def test_a_run_that_fails_says_in_which_step_and_in_the_words_of_the_program() -> None:
    loop = Loop()
    loop.retrain()
    loop.end(Progress.FAILED, "Prepare", "The series transactions has 12 points; 607 are needed.")
    assert loop.said() == ["TrainingStarted", "TrainingFailed"]
    said: TrainingFailed = loop.last(TrainingFailed)
    assert said.step == "Prepare"
    assert said.reason == "The series transactions has 12 points; 607 are needed."
    assert (loop.state.run, loop.state.useless) == (None, 1)


def test_an_execution_that_is_gone_has_failed() -> None:
    loop = Loop()
    loop.retrain()
    loop.aws.executions.clear()
    loop.sweep()
    assert loop.last(TrainingFailed).step == "Execution"


def test_a_start_that_sagemaker_refuses_is_a_run_that_failed() -> None:
    loop = Loop()
    loop.aws.refuse["start"] = refused("ResourceNotFound", "no pipeline mc-dev-lightgbm")
    loop.retrain()
    assert loop.said() == ["TrainingFailed"]
    said: TrainingFailed = loop.last(TrainingFailed)
    assert (said.step, said.reason) == ("Start", "ResourceNotFound: no pipeline mc-dev-lightgbm")
    assert loop.state.run is None


def test_a_start_for_which_there_is_no_room_is_tried_again() -> None:
    loop = Loop()
    loop.aws.refuse["start"] = refused("ResourceLimitExceeded", "too many executions")
    with pytest.raises(Retryable):
        loop.retrain()
    assert loop.state.run is not None
    assert loop.state.run.phase is Phase.ASKED
    loop.aws.refuse.clear()
    loop.sweep()
    assert loop.said() == ["TrainingStarted"]


def test_a_start_whose_answer_was_lost_is_looked_up_by_the_run_and_not_paid_twice() -> None:
    loop = Loop()
    loop.aws.refuse["start"] = Retryable("the connection broke")
    with pytest.raises(Retryable):
        loop.retrain()
    arn = "arn-that-was-not-heard"
    loop.aws.runs["mc-dev-lightgbm", loop.run_id] = START, arn
    loop.aws.executions[arn] = Execution(progress=Progress.RUNNING)
    loop.sweep()
    assert loop.said() == ["TrainingStarted"]
    assert loop.running == arn
    assert loop.aws.calls == []


def test_a_wish_that_is_delivered_twice_is_one_run() -> None:
    loop = Loop()
    loop.hear(RetrainRequested.example(), "once")
    loop.end()
    loop.hear(RetrainRequested.example(), "once")
    assert len(loop.aws.calls) == 1


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (
            lambda loop: loop.aws.refuse.update(sha256=refused("NoSuchKey", "no model.tar.gz")),
            "NoSuchKey",
        ),
        (lambda loop: setattr(loop.aws, "steps", ("Train",)), "NoSuchStep"),
        (lambda loop: setattr(loop.aws, "manifest_of", "fees-r999999999999"), "AnotherRun"),
    ],
)
def test_a_run_of_which_something_is_missing_has_failed(break_it: object, reason: str) -> None:
    loop = Loop()
    loop.retrain()
    assert callable(break_it)
    break_it(loop)
    loop.end()
    said: TrainingFailed = loop.last(TrainingFailed)
    assert said.step == "Collect"
    assert said.reason.startswith(reason)
    assert loop.state.run is None


def test_a_candidate_is_followed_on_its_way_to_production() -> None:
    loop = Loop()
    with_candidate(loop)
    way = [str(loop.state.candidates[0].standing)]
    for event in (ModelApproved.example(), IN_STAGING, PromotionApproved.example()):
        loop.hear(event)
        way.append(str(loop.state.candidates[0].standing))
    assert way == [str(standing) for standing in Standing][1:]
    loop.hear(IN_PRODUCTION)
    assert (loop.state.candidates, loop.state.production, loop.state.useless) == ((), 3, 0)


def test_facts_that_come_late_do_not_take_a_candidate_back() -> None:
    loop = Loop()
    with_candidate(loop)
    for event in (PromotionApproved.example(), IN_STAGING, ModelApproved.example()):
        loop.hear(event)
    assert loop.state.candidates[0].standing is Standing.TO_PRODUCTION


@pytest.mark.parametrize(
    ("heard", "is_lost"),
    [
        ([], False),
        ([ModelApproved.example()], True),
        ([IN_STAGING], False),
        ([PromotionApproved.example()], True),
    ],
    ids=["waits for a person", "goes to staging", "waits for promotion", "goes to production"],
)
def test_what_was_approved_and_is_not_heard_of_for_days_is_waited_for_no_longer(
    heard: list[Event], is_lost: bool
) -> None:
    loop = Loop()
    with_candidate(loop)
    for event in heard:
        loop.hear(event)
    loop.bench.clock.forward(hours=72)
    loop.sweep()
    assert len(loop.state.candidates) == 1
    loop.bench.clock.forward(hours=1)
    loop.sweep()
    assert (len(loop.state.candidates), loop.state.useless) == ((0, 1) if is_lost else (1, 0))
    loop.hear(IN_PRODUCTION)
    assert (list(loop.state.candidates), loop.state.production, loop.state.useless) == ([], 3, 0)


USELESS: list[Event] = [
    ModelDeclined.example(),
    PromotionDeclined.example(),
    ApprovalRevoked.example(),
    DeploymentFailed.example(),
    DeploymentRolledBack.example(),
]


@pytest.mark.parametrize("end", USELESS, ids=lambda event: type(event).__name__)
def test_a_candidate_that_ends_otherwise_was_a_useless_run_counted_once(end: Event) -> None:
    loop = Loop()
    with_candidate(loop)
    loop.hear(end)
    assert (loop.state.candidates, loop.state.useless) == ((), 1)
    loop.hear(end)
    assert loop.state.useless == 1


def test_a_model_that_the_gate_refused_was_a_useless_run() -> None:
    loop = Loop()
    run_id = loop.train()
    loop.hear(ModelRefused.example().changed(run_id=run_id))
    loop.hear(ModelRefused.example().changed(run_id=run_id))
    assert (loop.state.candidates, loop.state.useless) == ((), 1)


def test_a_candidate_that_gave_way_to_a_higher_one_was_not_useless() -> None:
    loop = Loop()
    with_candidate(loop)
    loop.hear(DeploymentSuperseded.example())
    assert (loop.state.candidates, loop.state.useless) == ((), 0)


def test_a_candidate_that_gave_way_before_its_registration_is_heard_is_not_waited_for() -> None:
    loop = Loop()
    run_id = loop.train()
    superseded = DeploymentSuperseded.example()
    loop.hear(superseded)
    loop.hear(ModelRegistered.example().changed(run_id=run_id, version=superseded.version))
    assert (loop.state.candidates, loop.state.useless) == ((), 0)
    assert loop.whys()[-1] == f"v{superseded.version} gave way: it was superseded before"


@pytest.mark.parametrize("end", USELESS, ids=lambda event: type(event).__name__)
def test_an_end_that_is_heard_before_the_registration_counts(end: Event) -> None:
    loop = Loop()
    run_id = loop.train()
    loop.hear(end)
    loop.hear(ModelRegistered.example().changed(run_id=run_id))
    assert (loop.state.candidates, loop.state.useless) == ((), 1)


def test_a_champion_that_is_heard_of_before_its_registration_is_no_candidate_any_more() -> None:
    loop = Loop()
    run_id = loop.train()
    loop.hear(IN_PRODUCTION)
    loop.hear(ModelRegistered.example().changed(run_id=run_id))
    assert (loop.state.candidates, loop.state.production, loop.state.useless) == ((), 3, 0)


def test_an_older_version_that_is_registered_late_is_not_said_to_be_in_production() -> None:
    loop = Loop()
    run_id = loop.train()
    loop.hear(ModelDeclined.example().changed(version=2))
    loop.hear(IN_PRODUCTION)
    loop.hear(ModelRegistered.example().changed(run_id=run_id, version=2))
    assert loop.state.candidates == ()
    assert loop.whys()[-1] == "v3 is in production already"


def test_in_whatever_order_its_facts_come_a_version_in_production_leaves_no_candidate() -> None:
    way = [ModelApproved.example(), IN_STAGING, PromotionApproved.example(), IN_PRODUCTION]
    for order in permutations(range(5)):
        loop = Loop()
        registered = ModelRegistered.example().changed(run_id=loop.train())
        for position in order:
            loop.hear([registered, *way][position])
        assert (loop.state.candidates, loop.state.production, loop.state.useless) == ((), 3, 0)


@pytest.mark.parametrize("end", USELESS, ids=lambda event: type(event).__name__)
def test_in_whatever_order_its_facts_come_a_useless_version_leaves_no_candidate(end: Event) -> None:
    for order in permutations(range(4)):
        loop = Loop()
        registered = ModelRegistered.example().changed(run_id=loop.train())
        for position in order:
            loop.hear([registered, ModelApproved.example(), IN_STAGING, end][position])
        assert (loop.state.candidates, loop.state.useless) == ((), 1)


def test_in_whatever_order_its_facts_come_a_champion_that_left_staging_was_not_useless() -> None:
    way = [IN_STAGING, PromotionApproved.example(), IN_PRODUCTION, AGED_OUT]
    for order in permutations(range(5)):
        loop = Loop()
        registered = ModelRegistered.example().changed(run_id=loop.train())
        for position in order:
            loop.hear([registered, *way][position])
        assert (loop.state.candidates, loop.state.production, loop.state.useless) == ((), 3, 0)


@pytest.mark.parametrize(
    ("heard", "useless"),
    [
        ([IN_STAGING], 1),
        ([IN_STAGING, PromotionDeclined.example()], 1),
        ([IN_STAGING, PromotionApproved.example()], 0),
    ],
    ids=["never offered", "declined", "on its way to production"],
)
def test_a_candidate_whose_time_in_staging_is_over_has_ended_unless_it_goes_to_production(
    heard: list[Event], useless: int
) -> None:
    loop = Loop()
    with_candidate(loop)
    for event in (*heard, AGED_OUT):
        loop.hear(event)
    assert (len(loop.state.candidates), loop.state.useless) == (1 - useless, useless)


def test_a_champion_ends_the_waiting_of_older_candidates_not_of_newer_ones() -> None:
    loop = Loop()
    for version in (2, 3, 4):
        with_candidate(loop, version)
    loop.hear(IN_PRODUCTION)
    assert [one.version for one in loop.state.candidates] == [4]


def test_a_candidate_whose_failure_is_heard_after_another_is_back_in_staging_ends_once() -> None:
    loop = Loop()
    with_candidate(loop)
    loop.hear(IN_STAGING, revision=Revision(number=9, index=0))
    back = IN_STAGING.changed(version=2, reason="rollback")
    loop.hear(back, revision=Revision(number=12, index=1))
    late = DeploymentFailed.example().changed(stage="staging")
    loop.hear(late, revision=Revision(number=10, index=0))
    assert (loop.state.candidates, loop.state.useless) == ((), 1)


def test_a_roll_back_in_production_brings_the_former_champion_back_and_ends_no_candidate() -> None:
    loop = Loop()
    with_candidate(loop)
    loop.hear(IN_PRODUCTION)
    with_candidate(loop, 4)
    loop.hear(DeploymentRolledBack.example().changed(stage="production", back_to=2))
    assert loop.state.production == 2
    loop.hear(IN_PRODUCTION.changed(version=2, reason="rollback"))
    assert loop.state.production == 2
    assert [one.version for one in loop.state.candidates] == [4]


def test_a_remembered_wish_is_asked_again_when_the_candidate_has_ended() -> None:
    loop = Loop()
    with_candidate(loop)
    loop.bench.clock.forward(hours=7)
    loop.apply(horizon=6)
    assert loop.said() == [*WELL, "TrainingSuppressed"]
    loop.hear(ModelDeclined.example())
    assert loop.said() == [*WELL, "TrainingSuppressed", "TrainingStarted"]
