"""The life of the limit: declared, tightened, restored, and never loosened by itself."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.evaluator.domain import limit, production, sweep
from services.evaluator.domain.seen import Declared, World
from services.evaluator.domain.state import Evaluations, Limit, Tightening
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import (
    DeploymentFailed,
    DeploymentRolledBack,
    DeploymentSuperseded,
    EndpointInService,
    LimitRestored,
    LimitSet,
    LimitTightened,
)
from shared.contracts.names import ModelParameter
from shared.contracts.specs import Gate
from shared.messaging.decision import Decision, Ignored
from tests.services.evaluator.world import ENV, MODEL, START, WORLD, known, stay

NEW = Evaluations(env=ENV, model=MODEL)
RUN_TIME = Declared(value=0.4, where=ModelParameter.THRESHOLD, revision=1)
ABSOLUTE = World(gate=Gate(threshold=0.5, update_rate=0.5, headroom=0.1), bake_s=300)
BAKED = START + timedelta(seconds=300)


def declared(world: World, state: Evaluations = NEW) -> Evaluations:
    """The state after people were heard."""
    decision = limit.hear(state, world, "alice")
    assert decision is not None
    return decision.state


def champion(score: float = 0.2, state: Evaluations | None = None) -> Evaluations:
    """A state with an absolute threshold of 0.5 and v1 in production."""
    state = state or declared(ABSOLUTE)
    return state.changed(production=stay(1), versions={1: known(score)})


def decided(answer: object) -> Decision[Evaluations]:
    assert isinstance(answer, Decision)
    return answer


def test_a_limit_is_the_baseline_until_somebody_says_otherwise() -> None:
    assert limit.on(NEW, baseline=0.3) == (0.3, "1.0 × baseline")
    assert limit.hear(NEW, WORLD, "") is None
    assert limit.hear(NEW, None, "") is None


def test_a_relative_limit_follows_the_spec_without_an_event() -> None:
    decision = decided(limit.hear(NEW, World(gate=Gate(limit_ratio=0.9), bake_s=0), ""))
    assert decision.events == ()
    assert limit.on(decision.state, baseline=0.5) == (0.45, "0.9 × baseline")


@pytest.mark.parametrize(
    ("before", "world", "asked", "old", "new"),
    [
        (NEW, ABSOLUTE, ModelParameter.SPEC, None, 0.5),
        (NEW, WORLD.changed(at_run_time=RUN_TIME), ModelParameter.THRESHOLD, None, 0.4),
        (
            declared(ABSOLUTE),
            ABSOLUTE.changed(at_run_time=RUN_TIME),
            ModelParameter.THRESHOLD,
            0.5,
            0.4,
        ),
        (
            declared(ABSOLUTE.changed(at_run_time=RUN_TIME)),
            ABSOLUTE,
            ModelParameter.SPEC,
            0.4,
            0.5,
        ),
    ],
)
def test_a_threshold_that_people_declare_is_in_force_and_said(
    before: Evaluations, world: World, asked: ModelParameter, old: float | None, new: float
) -> None:
    assert limit.author_in(before, world) is asked
    decision = decided(limit.hear(before, world, "alice"))
    assert decision.events == (LimitSet(model=MODEL, old=old, new=new, actor="alice"),)
    assert limit.on(decision.state, baseline=9.0) == (new, "threshold")
    assert limit.hear(decision.state, world, "alice") is None
    assert limit.author_in(decision.state, world) is None


def test_a_threshold_that_is_taken_away_makes_the_limit_relative_again() -> None:
    decision = decided(limit.hear(declared(ABSOLUTE), WORLD, "unknown"))
    said = LimitSet(model=MODEL, old=0.5, new=0.5, relative=True, actor="unknown")
    assert decision.events == (said,)
    assert limit.on(decision.state, baseline=0.3) == (0.3, "1.0 × baseline")


def test_the_same_number_written_again_takes_a_tightening_back() -> None:
    world = WORLD.changed(at_run_time=RUN_TIME)
    tightened = declared(world).with_limit(
        threshold=0.3, tightenings=(Tightening(version=1, old=0.4),)
    )
    assert limit.hear(tightened, world, "alice") is None
    again = WORLD.changed(at_run_time=RUN_TIME.changed(revision=2))
    decision = decided(limit.hear(tightened, again, "alice"))
    assert decision.events == (LimitSet(model=MODEL, old=0.3, new=0.4, actor="alice"),)
    assert decision.state.limit.tightenings == ()


def test_the_number_that_is_in_force_written_again_is_no_event() -> None:
    again = WORLD.changed(at_run_time=RUN_TIME.changed(revision=2))
    decision = decided(limit.hear(declared(WORLD.changed(at_run_time=RUN_TIME)), again, "alice"))
    assert decision.events == ()
    assert limit.hear(decision.state, again, "alice") is None


def test_a_threshold_that_cannot_be_read_is_told_once_and_the_limit_stays() -> None:
    broken = ABSOLUTE.changed(fault="/modelcycle/dev/fees/threshold holds 'abc'")
    decision = decided(limit.hear(declared(ABSOLUTE), broken, "alice"))
    assert "the limit stays" in decision.why
    assert decision.events == ()
    assert limit.on(decision.state, baseline=0.3) == (0.5, "threshold")
    assert limit.hear(decision.state, broken, "alice") is None
    mended = decided(limit.hear(decision.state, ABSOLUTE, "alice"))
    assert (mended.why, mended.events) == (
        "what is declared can be read again: the limit stays",
        (),
    )
    assert mended.state == declared(ABSOLUTE)


@pytest.mark.parametrize(
    ("score", "rate", "headroom", "new"),
    [
        (0.2, 0.5, 0.1, 0.36),  # floor 0.22, half of the way from 0.5
        (0.2, 1.0, 0.1, 0.22),
        (0.2, 0.0, 0.1, 0.5),
        (0.2, 0.5, 0.0, 0.35),
        (0.46, 0.5, 0.1, 0.5),  # floor 0.506 is above the limit
        (0.6, 0.5, 0.1, 0.5),
    ],
)
def test_how_far_a_threshold_follows(
    score: float, rate: float, headroom: float, new: float
) -> None:
    wanted = Gate(threshold=0.5, update_rate=rate, headroom=headroom)
    assert limit.tightened(0.5, score, wanted) == pytest.approx(new)


@given(
    old=st.floats(1e-6, 1_000),
    score=st.floats(0, 1_000),
    rate=st.floats(0, 1),
    headroom=st.floats(0, 10),
)
def test_a_tightened_limit_never_loosens_and_never_goes_under_score_and_headroom(
    old: float, score: float, rate: float, headroom: float
) -> None:
    new = limit.tightened(old, score, Gate(update_rate=rate, headroom=headroom))
    assert new <= old
    assert new == old or new >= score * (1 + headroom)


def test_a_version_tightens_once_and_only_after_it_has_baked() -> None:
    state = champion()
    assert sweep.sweep(state, ABSOLUTE, "", BAKED - timedelta(seconds=1)) is None
    decision = decided(sweep.sweep(state, ABSOLUTE, "", BAKED))
    (event,) = decision.events
    assert isinstance(event, LimitTightened)
    assert (event.old, event.score, event.version, event.actor) == (0.5, 0.2, 1, "evaluator")
    assert event.new == pytest.approx(0.36)
    assert decision.correlation_id == "trip-1"
    assert limit.on(decision.state, baseline=9.0)[1] == "tightened threshold"
    assert sweep.sweep(decision.state, ABSOLUTE, "", BAKED + timedelta(days=9)) is None


def test_a_threshold_declared_when_a_champion_has_baked_is_tightened_at_the_next_sweep() -> None:
    # Said in one decision, both could be heard in either order, and the looser one stay in force.
    first = decided(sweep.sweep(champion(state=NEW), ABSOLUTE, "alice", BAKED))
    assert [type(event) for event in first.events] == [LimitSet]
    second = decided(sweep.sweep(first.state, ABSOLUTE, "alice", BAKED))
    assert [type(event) for event in second.events] == [LimitTightened]


@pytest.mark.parametrize(
    ("state", "world"),
    [
        (champion(state=NEW), WORLD),
        (champion(score=0.46), ABSOLUTE),
        (champion().changed(versions={}), ABSOLUTE),
    ],
    ids=["the limit is relative", "the version is no better", "its score is not known"],
)
def test_what_tightens_nothing_is_decided_once(state: Evaluations, world: World) -> None:
    decision = decided(sweep.sweep(state, world, "", BAKED))
    assert decision.events == ()
    assert decision.why == "v1 has baked: the limit stays"
    assert sweep.sweep(decision.state, world, "", BAKED) is None


def test_nothing_tightens_without_a_spec_a_champion_or_after_a_roll_back() -> None:
    back = champion().changed(production=stay(1, may_tighten=False))
    assert sweep.sweep(champion(), None, "", BAKED) is None
    assert sweep.sweep(declared(ABSOLUTE), ABSOLUTE, "", BAKED) is None
    assert sweep.sweep(back, ABSOLUTE, "", BAKED) is None


def in_service(version: int, reason: str) -> EndpointInService:
    return EndpointInService.example().changed(stage="production", version=version, reason=reason)


def rolled_back(
    version: int, back_to: int | None, stage: str = "production"
) -> DeploymentRolledBack:
    return DeploymentRolledBack(
        model=MODEL, stage=stage, version=version, back_to=back_to, reason="it looks odd"
    )


def tightened_twice() -> Evaluations:
    """V1 tightened to 0.4, v2 to 0.3; v2 is in production."""
    steps = (Tightening(version=1, old=0.5), Tightening(version=2, old=0.4))
    state = declared(ABSOLUTE).with_limit(threshold=0.3, tightenings=steps)
    return state.changed(production=stay(2, may_tighten=False))


def test_the_two_facts_of_a_roll_back_restore_the_limit_once_in_either_order() -> None:
    for order in ((0, 1), (1, 0)):
        state = tightened_twice()
        events: list[Event] = []
        for at in order:
            answer = (
                production.end(state, rolled_back(2, back_to=1))
                if at == 0
                else production.begin(state, in_service(1, "rollback"), BAKED, "trip-1")
            )
            if isinstance(answer, Decision):
                state, events = answer.state, [*events, *answer.events]
        assert isinstance(events[0], LimitRestored)
        assert len(events) == 1
        assert (events[0].old, events[0].new, events[0].version) == (0.3, 0.4, 2)
        assert state.limit.threshold == 0.4
        assert [step.version for step in state.limit.tightenings] == [1]
        assert state.production is not None
        assert (state.production.version, state.production.may_tighten) == (1, False)


def test_taking_back_a_version_takes_back_what_was_built_upon_it() -> None:
    decision = decided(limit.restore(tightened_twice(), 1, "revoked"))
    assert decision.state.limit.threshold == 0.5
    assert decision.state.limit.tightenings == ()


def test_a_threshold_set_since_is_not_restored_over() -> None:
    world = ABSOLUTE.changed(at_run_time=RUN_TIME)
    state = declared(world, tightened_twice())
    answer = production.end(state, rolled_back(2, back_to=1))
    assert isinstance(answer, Ignored)
    assert state.limit == Limit(threshold=0.4, declared=RUN_TIME)


def test_a_roll_out_replaces_the_champion_and_keeps_the_limit() -> None:
    decision = decided(production.begin(tightened_twice(), in_service(3, "roll-out"), BAKED, "t"))
    assert decision.events == ()
    assert decision.state.production is not None
    assert decision.state.production.may_tighten
    assert decision.state.limit.threshold == 0.3


def failed(stage: str, back_to: int | None) -> DeploymentFailed:
    return DeploymentFailed(model=MODEL, stage=stage, version=3, back_to=back_to, reason="no")


def test_what_happens_in_staging_is_nothing_to_the_evaluator() -> None:
    state = tightened_twice()
    staged = EndpointInService.example().changed(stage="staging")
    assert production.begin(state, staged, BAKED, "t") is None
    assert production.end(state, rolled_back(2, back_to=1, stage="staging")) is None
    assert production.end(state, failed("staging", back_to=None)) is None


def test_a_champion_stays_through_failures_and_leaves_when_nothing_is_left() -> None:
    state = tightened_twice()
    assert isinstance(production.end(state, failed("production", back_to=2)), Ignored)
    waited = DeploymentSuperseded(model=MODEL, stage="production", version=3, reason="v4")
    assert isinstance(production.pass_over(state, waited), Ignored)
    gone = decided(production.end(state, rolled_back(2, back_to=None)))
    assert gone.state.production is None
    assert gone.state.limit.threshold == 0.4
