"""The gate as a table: what is seen of a candidate, and what the rules say."""

from typing import Any

import pytest

from services.evaluator.domain import gate
from services.evaluator.domain.gate import Case
from shared.contracts.lifecycle.evaluation import ChampionSeen, GateSeen

ALONE = ChampionSeen(not_compared="no version in production")
UNASKED = ChampionSeen(version=2, not_compared="it did not answer")


def champion(low: float, high: float) -> ChampionSeen:
    return ChampionSeen(
        version=2,
        mean_wql=0.3,
        points=600,
        candidate_wql=0.31,
        difference_low=low,
        difference_high=high,
    )


def case(**changes: Any) -> Case:
    usual = Case(
        score=0.3,
        baseline=0.35,
        points=600,
        gate=GateSeen(limit=0.35, limit_is="1.0 × baseline", min_points=50),
        champion=ALONE,
        in_breach=False,
    )
    return usual.changed(**changes)


WITHIN, ABOVE = {"score": 0.35}, {"score": 0.3501}
TIGHT = GateSeen(limit=0.25, limit_is="tightened threshold", min_points=50)
FELL_SHORT = {"gate": TIGHT, "in_breach": True}


@pytest.mark.parametrize(
    ("seen", "passed", "words"),
    [
        (case(**WITHIN), True, []),
        (case(**ABOVE), False, ["above the limit 0.35 (1.0 × baseline)"]),
        (case(points=50), True, []),
        (case(points=49), False, ["49 points make no verdict, 50 are needed"]),
        (case(gate=TIGHT), False, ["above the limit 0.25 (tightened threshold)"]),
        (case(champion=UNASKED), True, []),
        (case(champion=champion(-0.02, 0.04)), True, []),
        (case(champion=champion(0.0, 0.04)), True, []),
        (case(champion=champion(0.001, 0.04)), False, ["of v2 on 600 points: worse beyond noise"]),
        (
            case(points=8, champion=champion(0.001, 0.04), **ABOVE),
            False,
            ["8 points", "above the limit", "worse beyond noise"],
        ),
        (
            case(champion=champion(-0.04, -0.001), **FELL_SHORT),
            True,
            ["above the limit", "the champion fell short"],
        ),
        (case(gate=TIGHT, champion=champion(-0.04, -0.001)), False, ["above the limit"]),
        (case(champion=champion(-0.04, 0.0), **FELL_SHORT), False, ["above the limit"]),
        (case(champion=UNASKED, **FELL_SHORT), False, ["above the limit"]),
        (case(champion=ALONE, **FELL_SHORT), False, ["above the limit"]),
        (
            case(score=0.36, champion=champion(-0.04, -0.001), **FELL_SHORT),
            False,
            ["above the limit"],
        ),
    ],
)
def test_what_the_gate_says(seen: Case, passed: bool, words: list[str]) -> None:
    verdict = gate.judge(seen)
    assert verdict.passed is passed
    assert len(verdict.reasons) == len(words)
    for reason, part in zip(verdict.reasons, words, strict=True):
        assert part in reason


@pytest.mark.parametrize(
    ("seen", "because"),
    [
        (ALONE, None),
        (champion(-0.1, 0.1), None),
        (UNASKED, "not compared with v2: it did not answer"),
    ],
)
def test_a_person_must_approve_where_a_champion_serves_and_was_not_compared_with(
    seen: ChampionSeen, because: str | None
) -> None:
    assert gate.person_because(seen) == because
