"""The gate is monotone: whatever is better of a candidate never turns a yes into a no."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.evaluator.domain import gate
from services.evaluator.domain.gate import RELIEF, USUAL, Case
from shared.contracts.lifecycle.evaluation import ChampionSeen, GateSeen

scores = st.floats(0, 2) | st.sampled_from([0.3, 0.35])
differences = st.floats(-1, 1) | st.just(0.0)
compared = st.builds(
    lambda low, width: ChampionSeen(
        version=2,
        mean_wql=0.3,
        points=600,
        candidate_wql=0.31,
        difference_low=low,
        difference_high=low + width,
    ),
    differences,
    st.floats(0, 1),
)
champions = compared | st.sampled_from(
    [
        ChampionSeen(not_compared="no version in production"),
        ChampionSeen(version=2, not_compared="it did not answer"),
    ]
)
cases = st.builds(
    Case,
    score=scores,
    baseline=scores,
    points=st.integers(0, 100),
    gate=st.builds(
        GateSeen, limit=scores, limit_is=st.just("threshold"), min_points=st.integers(0, 100)
    ),
    champion=champions,
    in_breach=st.booleans(),
)


def no_worse(better: Case, worse: Case) -> None:
    """What passes passes when it is better, and of what objects there is no more."""
    assert gate.judge(better).passed or not gate.judge(worse).passed
    for rules in (USUAL, RELIEF):
        objecting = [rule for rule in rules if rule(better)]
        assert all(rule(worse) for rule in objecting)


@given(cases, st.floats(0, 1))
def test_a_lower_score_never_turns_a_yes_into_a_no(case: Case, share: float) -> None:
    no_worse(case.changed(score=case.score * share), case)


@given(cases, st.integers(0, 100))
def test_more_points_never_turn_a_yes_into_a_no(case: Case, more: int) -> None:
    no_worse(case.changed(points=case.points + more), case)


@given(cases, st.floats(0, 1))
def test_a_looser_limit_never_turns_a_yes_into_a_no(case: Case, more: float) -> None:
    looser = case.gate.changed(limit=case.gate.limit + more)
    no_worse(case.changed(gate=looser), case)


@given(cases, st.floats(0, 1))
def test_a_weaker_baseline_never_turns_a_yes_into_a_no(case: Case, more: float) -> None:
    no_worse(case.changed(baseline=case.baseline + more), case)


@given(cases, st.floats(0, 1))
def test_a_weaker_champion_never_turns_a_yes_into_a_no(case: Case, less: float) -> None:
    low, high = case.champion.difference_low, case.champion.difference_high
    if low is None or high is None:
        return
    weaker = case.champion.changed(difference_low=low - less, difference_high=high - less)
    no_worse(case.changed(champion=weaker), case)


@given(cases)
def test_a_champion_in_breach_never_turns_a_yes_into_a_no(case: Case) -> None:
    no_worse(case.changed(in_breach=True), case.changed(in_breach=False))


@given(cases)
def test_a_no_has_its_reasons_and_a_plain_yes_has_none(case: Case) -> None:
    verdict = gate.judge(case)
    assert verdict.passed or verdict.reasons
    assert not verdict.reasons or not verdict.passed or case.in_breach


@given(cases)
def test_whatever_is_said_for_it_nothing_passes_with_too_few_points(case: Case) -> None:
    few = case.changed(points=case.gate.min_points - 1)
    assert not gate.judge(few).passed


@pytest.mark.parametrize("score", [nan, inf, -inf])
def test_a_score_that_is_no_number_is_no_case(score: float) -> None:
    with pytest.raises(ValidationError, match="finite number"):
        Case(
            score=score,
            baseline=0.3,
            points=600,
            gate=GateSeen(limit=0.3, limit_is="threshold", min_points=50),
            champion=ChampionSeen(),
            in_breach=False,
        )
