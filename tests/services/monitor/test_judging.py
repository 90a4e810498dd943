"""Verdicts as a table, and the band of a backtest."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.monitor.domain import band, judging
from services.monitor.domain.seen import Known
from services.monitor.domain.state import Scored, Streak
from services.monitor.domain.watching import after
from shared.contracts.evaluation import WindowLoss
from tests.services.monitor.world import CUTOFF, SPAN, backtest
from tests.services.monitor.world import known as registered

NAMES = ("last_season", "seasonal_naive", "latest")


def known(**changes: Any) -> Known:
    """A version that lost 0.12 in its backtest, where the truths scattered by 0.1."""
    return registered(**{"windows": backtest(0.12, 0.1), **changes})


def scored(loss: float, naive: float, scatter: float = 0.1, number: int = 0) -> Scored:
    """A window whose truths sum up to 400."""
    start = CUTOFF + number * SPAN
    return Scored(
        start=start,
        end=start + SPAN,
        points=4,
        weight=400.0,
        loss=400 * loss,
        naive={name: 400 * (naive + 0.1 * at) for at, name in enumerate(NAMES)},
        scatter=400 * scatter,
    )


# loss, best naive loss, scatter (usual: 0.1), threshold → breach, words of the evidence
CASES = [
    (0.12, 0.30, 0.1, None, False, "is within the limit"),
    (0.12, 0.10, 0.1, None, False, "is within the limit"),
    (0.30, 0.35, 0.1, None, False, "hard for everybody"),
    (0.30, 0.30, 0.1, None, True, "no better than the baseline 0.3000 (last_season)"),
    (0.30, 0.20, 0.1, None, True, "is above the limit"),
    (0.30, 0.27, 0.2, None, False, "raised to 216% because the truths scatter more than usual"),
    (0.24, 0.20, 0.2, None, False, "raised to 166%"),
    (0.25, 0.20, 0.2, None, True, "raised to 166%"),
    (0.40, 0.38, 0.2, None, False, "by chance no better than the baseline 0.3800"),
    (0.40, 0.35, 0.2, None, True, "no better than the baseline 0.3500"),
    (0.93, 0.66, 0.9, None, True, "is above the limit 0.7920"),
    (0.12, 0.10, 0.05, None, False, "is within the limit 0.1"),
    (0.30, 0.20, 0.05, None, True, "is above the limit 0.1"),
    (0.30, 0.20, 0.1, 0.31, False, "is within the limit 0.3100"),
    (0.30, 0.20, 0.2, 0.29, True, "is above the limit 0.2900"),
]


@pytest.mark.parametrize(("loss", "naive", "scatter", "threshold", "breach", "words"), CASES)
def test_a_breach_is_above_the_limit_and_no_better_than_the_baseline(
    loss: float, naive: float, scatter: float, threshold: float | None, breach: bool, words: str
) -> None:
    windows = [scored(loss, naive, scatter, number) for number in range(5)]
    verdict = judging.judge(windows, known(), threshold)
    assert verdict is not None
    assert verdict.is_breach is breach
    assert words in verdict.evidence


def test_zeros_alone_are_not_judged() -> None:
    nothing = scored(0.0, 0.0).changed(weight=0.0)
    assert judging.judge([nothing], known(), None) is None


def test_without_a_measured_scatter_the_limit_is_the_band() -> None:
    old = tuple(window.changed(scatter=None) for window in backtest(0.12, 0.1))
    verdict = judging.judge([scored(0.24, 0.2, 0.2)] * 5, known(windows=old), None)
    assert verdict is not None
    assert verdict.growth == 1.0


def test_the_latest_windows_are_as_many_as_the_points_need() -> None:
    windows = tuple(scored(0.1, 0.3, number=number) for number in range(9))
    assert judging.latest(windows, 20) == windows[4:]
    assert judging.latest(windows, 37) is None


def test_more_points_make_the_band_narrower_and_a_short_backtest_wider() -> None:
    few, many = band.of(known(), 2), band.of(known(), 8)
    assert 0.12 < many < few < 0.2
    overlapping = tuple(
        window.changed(start=CUTOFF + number * SPAN / 4)
        for number, window in enumerate(backtest(0.12, 0.1))
    )
    assert band.shown(known(windows=overlapping)).block == 4
    assert band.shown(known(windows=overlapping)).independent == pytest.approx(3.25)


def test_the_same_version_has_the_same_band_and_another_nearly() -> None:
    other = band.of(known(run_id="fees-r000000000009"), 5)
    assert band.of(known(), 5) == band.of(known(), 5)
    assert other == pytest.approx(band.of(known(), 5), rel=0.05)


@given(
    st.lists(st.floats(0.05, 5.0), min_size=2, max_size=30),
    st.integers(1, 12),
)
def test_a_band_is_never_under_the_mean_and_never_without_bounds(
    losses: list[float], windows: int
) -> None:
    shown = tuple(
        WindowLoss(
            start=CUTOFF + number * SPAN, points=4, weight=10.0, loss=loss, baseline_loss=1.0
        )
        for number, loss in enumerate(losses)
    )
    upper = band.of(known(windows=shown), windows)
    mean = math.fsum(losses) / len(losses) / 10
    assert mean <= upper + 1e-12
    assert upper <= mean + (max(losses) / 10 - mean) * math.sqrt(1 + windows / len(losses)) + 1e-9


BREACH, WITHIN, NEITHER = (0.30, 0.20), (0.12, 0.30), (0.30, 0.35)
STREAKS = [
    ([BREACH, BREACH], 2, 0),
    ([BREACH, WITHIN], 0, 1),
    ([WITHIN, WITHIN, BREACH], 1, 0),
    ([WITHIN, NEITHER], 0, 0),
    ([BREACH, NEITHER, BREACH], 1, 0),
]


@pytest.mark.parametrize(("verdicts", "breaches", "within"), STREAKS)
def test_only_verdicts_in_a_row_count(
    verdicts: list[tuple[float, float]], breaches: int, within: int
) -> None:
    streak = Streak()
    for number, (loss, naive) in enumerate(verdicts):
        verdict = judging.judge([scored(loss, naive, number=number)] * 5, known(), None)
        assert verdict is not None
        streak = after(streak, verdict)
    assert (streak.breaches, streak.within) == (breaches, within)
    assert (streak.since is None) is (breaches == 0)
