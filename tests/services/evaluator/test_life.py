"""A run's way through the evaluator: judged, refused or registered, under repeats and deaths."""

from itertools import permutations

import pytest

from services.evaluator.domain.seen import World
from services.evaluator.effects import EFFECTS
from services.evaluator.handlers import HANDLERS
from shared.contracts import limits
from shared.contracts.envelope import Event, Revision
from shared.contracts.evaluation import Evaluation
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    AccuracyRecovered,
    DeploymentFailed,
    DeploymentRolledBack,
    EndpointInService,
    LimitRestored,
    LimitSet,
    LimitTightened,
    ModelEvaluated,
    ModelRefused,
    ModelRegistered,
)
from shared.contracts.specs import Gate
from shared.contracts.subscriptions import subscriptions_of
from shared.contracts.wishes import SweepRequested
from shared.messaging.errors import Refused, Retryable
from tests.services.evaluator.world import (
    SPREAD,
    Loop,
    arn,
    knowing,
    known,
    run_left,
    sha256,
)

POOR = knowing({level: 20 * off for level, off in SPREAD.items()})


def test_what_the_table_says_is_heard_and_nothing_else() -> None:
    rows = {row.event.__name__: row.handler for row in subscriptions_of("evaluator")}
    handlers = {event.__name__: function.__name__ for event, function in HANDLERS.items()}
    assert handlers == {**rows, "SweepRequested": "sweep_requested"}


def test_a_run_that_passes_is_registered_with_its_evidence() -> None:
    loop = Loop()
    run = run_left(loop.objects)
    loop.hear(run, correlation_id="trip-7")
    assert loop.said() == ["ModelEvaluated", "ModelRegistered"]
    said = loop.last(ModelRegistered)
    assert (said.version, said.package_arn, said.run_id) == (1, arn(1), run.run_id)
    assert said.person_because is None
    evidence = said.lineage.evaluation
    body = loop.objects.get(evidence.uri)
    assert evidence.uri == f"s3://bucket/runs/{run.run_id}/evaluation.json"
    assert evidence.sha256 == sha256(body)
    kept = Evaluation.model_validate_json(body)
    assert kept.evaluated == loop.last(ModelEvaluated)
    assert len(kept.windows) == kept.evaluated.origins == 8
    assert {e.metadata.correlation_id for e in loop.bench.bus.events()} == {"trip-7"}


def test_the_registry_is_told_all_that_the_deployer_needs() -> None:
    loop = Loop()
    run = run_left(loop.objects)
    loop.hear(run)
    (proposal,) = loop.aws.proposals
    assert loop.aws.groups == [proposal.group] == ["mc-dev-fees"]
    assert proposal.registration.properties() == {
        "run_id": run.run_id,
        "algorithm": "lightgbm",
        "artifact_sha256": run.artifact.sha256,
        "manifest_uri": run.dataset.uri,
        "manifest_sha256": run.dataset.sha256,
        "forecasts_uri": run.forecasts_uri,
        "cutoff": run.dataset.cutoff.isoformat().replace("+00:00", "Z"),
    }
    assert (proposal.image, proposal.artifact_uri) == (run.image, run.artifact.uri)
    assert len(proposal.token) <= 36
    assert proposal.description.startswith(f"{run.run_id}: mean wQL 0.0")
    assert "1.0 × baseline" in proposal.description


def test_a_run_that_is_worse_than_the_baseline_is_refused_with_the_reason() -> None:
    loop = Loop()
    run = run_left(loop.objects, forecaster=POOR)
    loop.hear(run)
    assert loop.said() == ["ModelEvaluated", "ModelRefused"]
    (reason,) = loop.last(ModelRefused).reasons
    assert "above the limit" in reason
    assert loop.last(ModelEvaluated).verdict == "refused"
    assert loop.aws.proposals == []


def test_a_run_that_cannot_be_judged_is_refused_with_the_reason() -> None:
    loop = Loop()
    run = run_left(loop.objects)
    loop.objects.content[run.dataset.uri] = b"{}"
    loop.hear(run)
    assert loop.said() == ["ModelRefused"]
    (reason,) = loop.last(ModelRefused).reasons
    assert reason.startswith("it could not be judged: DigestDiffers")


def test_a_registration_that_aws_refuses_ends_the_run() -> None:
    loop = Loop()
    loop.aws.refuse["register"] = Refused("ResourceLimitExceeded", "too many packages")
    loop.hear(run_left(loop.objects))
    assert loop.said() == ["ModelEvaluated", "ModelRefused"]
    assert "too many packages" in loop.last(ModelRefused).reasons[0]


def test_the_same_run_heard_twice_is_one_version() -> None:
    loop = Loop()
    run = run_left(loop.objects)
    loop.hear(run, event_id="once")
    loop.hear(run, event_id="once")
    loop.hear(SweepRequested())
    assert loop.said() == ["ModelEvaluated", "ModelRegistered"]
    assert len(loop.aws.proposals) == 1


@pytest.mark.parametrize("broken", ["put", "ensure_group", "find", "register"])
def test_a_registration_that_died_half_way_is_finished_by_the_sweep(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = Loop()
    run = run_left(loop.objects)
    port = loop.objects if broken == "put" else loop.aws
    done = getattr(port, broken)

    def die_after(*arguments: object) -> object:
        done(*arguments)
        raise Retryable("the answer was lost")

    monkeypatch.setattr(port, broken, die_after)
    with pytest.raises(Retryable):
        loop.hear(run)
    assert loop.said() == ["ModelEvaluated"]
    monkeypatch.setattr(port, broken, done)
    loop.hear(SweepRequested())
    assert loop.said() == ["ModelEvaluated", "ModelRegistered"]
    assert len(loop.aws.proposals) == 1


def test_a_champion_that_is_better_beyond_noise_keeps_the_candidate_out() -> None:
    loop = Loop()
    loop.hear(run_left(loop.objects))
    loop.in_production(1)
    loop.aws.champion = knowing({level: off / 3 for level, off in SPREAD.items()})
    loop.hear(run_left(loop.objects, number=2))
    assert loop.said()[-2:] == ["ModelEvaluated", "ModelRefused"]
    (reason,) = loop.last(ModelRefused).reasons
    assert reason.endswith("of v1 on 32 points: worse beyond noise")


def test_a_candidate_that_was_compared_may_be_approved_by_the_rule() -> None:
    loop = Loop()
    loop.hear(run_left(loop.objects))
    loop.in_production(1)
    loop.hear(run_left(loop.objects, number=2))
    said = loop.last(ModelRegistered)
    assert (said.version, said.person_because) == (2, None)
    assert "of v1 on 32 points" in loop.aws.proposals[1].description


def test_a_candidate_that_was_not_compared_with_the_champion_waits_for_a_person() -> None:
    loop = Loop()
    loop.hear(run_left(loop.objects))
    loop.in_production(1)
    loop.aws.refuse["forecast"] = Refused("ModelError", "no answer")
    loop.hear(run_left(loop.objects, number=2))
    assert "v1 could not be asked" in loop.last(ModelRegistered).person_because
    assert "a person must approve" in loop.aws.proposals[1].description
    assert loop.last(ModelEvaluated).champion.version == 1


@pytest.fixture
def poor() -> Loop:
    """Version 1 is in production, and any candidate beats it; none is within the limit."""
    loop = Loop()
    loop.people.seen = World(gate=Gate(threshold=0.5, min_points=8), bake_s=0)
    loop.hear(run_left(loop.objects))
    loop.in_production(1)
    loop.aws.champion = POOR
    loop.people.seen = World(gate=Gate(threshold=0.01, min_points=8), bake_s=0)
    return loop


def in_breach(version: int) -> AccuracyDegraded:
    """The monitor says that a version fell short."""
    return AccuracyDegraded.example().changed(
        stage="production", version=version, degraded_version=version
    )


OVER = AccuracyRecovered.example().changed(stage="production", version=1, degraded_version=1)


def passes(loop: Loop, number: int, trigger: str) -> bool:
    """Judge one run more."""
    loop.hear(run_left(loop.objects, number=number).changed(trigger=trigger))
    return bool(loop.last(ModelEvaluated).verdict == "passed")


@pytest.mark.parametrize("trigger", ["person", "degradation", "spec", "schedule"])
def test_while_the_champion_is_in_breach_beating_it_is_enough_whoever_wanted_the_run(
    poor: Loop, trigger: str
) -> None:
    assert not passes(poor, 2, trigger)
    poor.hear(in_breach(1))
    assert passes(poor, 3, trigger)
    assert "the champion fell short" in poor.last(ModelEvaluated).reasons[1]
    poor.hear(OVER)
    assert not passes(poor, 4, trigger)


def test_a_recovery_that_is_heard_first_counts(poor: Loop) -> None:
    poor.hear(OVER, revision=Revision(number=8, index=0))
    poor.hear(in_breach(1), revision=Revision(number=7, index=0))
    assert not passes(poor, 2, "degradation")


def test_a_breach_is_of_one_version_and_waits_for_the_news_that_it_serves(poor: Loop) -> None:
    poor.hear(in_breach(1))
    assert passes(poor, 2, "schedule")
    poor.in_production(2)
    poor.aws.configs = ["mc-dev-fees-production-v2-00000000"] * 2
    assert not passes(poor, 3, "degradation")
    poor.hear(in_breach(3))
    poor.aws.configs = ["mc-dev-fees-production-v2-00000000"] * 2
    assert not passes(poor, 4, "degradation")
    assert poor.last(ModelEvaluated).champion.points > 0
    poor.in_production(3)
    assert poor.state.is_in_breach(3)


def test_a_version_that_comes_back_is_in_breach_as_it_was(poor: Loop) -> None:
    poor.hear(in_breach(1))
    poor.in_production(2)
    poor.in_production(1, reason="rollback")
    assert passes(poor, 2, "person")


def test_a_threshold_set_just_before_counts_without_waiting_for_the_sweep() -> None:
    loop = Loop()
    loop.people.seen = World(gate=Gate(threshold=0.01, min_points=8), bake_s=0)
    loop.hear(run_left(loop.objects))
    assert loop.said() == ["LimitSet", "ModelEvaluated", "ModelRefused"]
    assert loop.last(LimitSet).actor == "alice (spec)"
    assert loop.last(ModelEvaluated).gate.limit == 0.01


def test_a_model_whose_spec_is_gone_is_judged_by_the_usual_gate() -> None:
    loop = Loop()
    loop.people.seen = None
    loop.hear(run_left(loop.objects))
    assert "32 points make no verdict, 50 are needed" in loop.last(ModelRefused).reasons


def test_the_limit_s_whole_life() -> None:
    loop = Loop()
    loop.people.seen = World(gate=Gate(threshold=0.5, min_points=8), bake_s=300)
    loop.hear(SweepRequested())
    for version in (1, 2):
        loop.hear(run_left(loop.objects, number=version))
        loop.in_production(version)
        loop.hear(SweepRequested())
        loop.bench.clock.forward(seconds=300)
        loop.hear(SweepRequested())
    loop.hear(
        DeploymentRolledBack(
            model="fees", stage="production", version=2, back_to=1, reason="it looks odd"
        )
    )
    loop.in_production(1, reason="rollback")
    loop.bench.clock.forward(seconds=300)
    loop.hear(SweepRequested())
    limits_said = [name for name in loop.said() if name.startswith("Limit")]
    assert limits_said == ["LimitSet", "LimitTightened", "LimitTightened", "LimitRestored"]
    assert loop.last(LimitRestored).old == loop.last(LimitTightened).new
    assert loop.last(LimitRestored).new == loop.last(LimitTightened).old
    assert loop.last(LimitRestored).reason == "it looks odd"
    tightened = [e for e in loop.bench.bus.events() if isinstance(e.data, LimitTightened)]
    assert [e.metadata.correlation_id for e in tightened] == ["trip-1", "trip-2"]


SMOKED = DeploymentFailed(
    model="fees", stage="staging", version=2, back_to=1, reason="smoke test: too far off"
)
CAME_BACK = EndpointInService.example().changed(stage="staging", version=1, reason="rollback")


@pytest.mark.parametrize(
    "order", [(0, 1), (1, 0), (1,)], ids=["as said", "overtaken", "one of them lost"]
)
def test_what_happens_in_staging_in_whatever_order_holds_nothing_up(
    order: tuple[int, ...],
) -> None:
    loop = Loop()
    for number in (1, 2):
        loop.hear(run_left(loop.objects, number=number))
    loop.in_production(1)
    before, said = loop.state, loop.said()
    facts = [(SMOKED, Revision(number=7, index=0)), (CAME_BACK, Revision(number=8, index=0))]
    for at in order:
        fact, revision = facts[at]
        loop.hear(fact, revision=revision, producer="deployer")
    assert (loop.state, loop.said()) == (before, said)
    assert loop.bench.store.load("fees", None).todo == ()
    loop.hear(run_left(loop.objects, number=3))
    assert loop.said()[-2:] == ["ModelEvaluated", "ModelRegistered"]
    assert loop.last(ModelEvaluated).champion.version == 1


SERVES = EndpointInService.example().changed(stage="production", version=2)
REFUSED_AT_ONCE = SMOKED.changed(stage="production", version=3, back_to=2)
GONE = SMOKED.changed(stage="production", version=3, back_to=None)
PRODUCTION = [
    ([(7, SERVES), (8, REFUSED_AT_ONCE)], 2),
    ([(7, SERVES), (8, GONE)], None),
    ([(7, GONE), (8, SERVES)], 2),
]


@pytest.mark.parametrize(("facts", "champion"), PRODUCTION)
def test_in_whatever_order_facts_of_production_come_the_champion_is_who_serves(
    facts: list[tuple[int, Event]], champion: int | None
) -> None:
    for order in permutations(facts):
        loop = Loop()
        loop.in_production(1)
        for number, fact in order:
            loop.hear(fact, revision=Revision(number=number, index=0))
        stay = loop.state.production
        assert (stay and stay.version) == champion


def test_the_champion_is_remembered_however_many_versions_come_after_it() -> None:
    loop = Loop()
    loop.in_production(1)
    state = loop.state.with_version(1, known())
    for number in range(2, limits.VERSIONS_REMEMBERED + 20):
        state = state.with_version(number, known(number=number))
    assert len(state.versions) == limits.VERSIONS_REMEMBERED
    assert min(state.versions) == 1
    assert max(state.versions) == limits.VERSIONS_REMEMBERED + 19


def test_every_action_has_its_effect() -> None:
    assert {action.__name__ for action in EFFECTS} == {"Evaluate", "Register"}
