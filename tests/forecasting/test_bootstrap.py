"""The comparison of two forecasters."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.forecasting import bootstrap
from shared.forecasting.losses import Loss, LossUndefinedError

LOSSES = st.lists(st.tuples(st.floats(0, 10), st.floats(0, 10), st.floats(1, 10)), min_size=2)


def noisy(mean: float, count: int, seed: int) -> list[Loss]:
    """Draw losses of one forecaster on `count` windows of weight 1."""
    chance = random.Random(seed)  # noqa: S311
    return [Loss(mean + chance.gauss(0, 0.1), 1.0) for _ in range(count)]


def test_a_large_difference_is_beyond_noise_in_both_directions() -> None:
    worse, better = noisy(0.5, 20, seed=1), noisy(0.3, 20, seed=2)
    there = bootstrap.compare(worse, better, block=1, seed=0)
    back = bootstrap.compare(better, worse, block=1, seed=0)
    assert there.low > 0
    assert back.high < 0
    assert there.difference == pytest.approx(-back.difference)


def test_a_small_difference_is_noise() -> None:
    answer = bootstrap.compare(noisy(0.31, 20, seed=1), noisy(0.3, 20, seed=2), block=1, seed=0)
    assert answer.low <= 0 <= answer.high


def test_false_alarms_are_as_rare_as_the_confidence_says() -> None:
    alarms = sum(
        bootstrap.compare(
            noisy(0.3, 20, seed=2 * trial),
            noisy(0.3, 20, seed=2 * trial + 1),
            block=1,
            seed=trial,
            resamples=200,
        ).low
        > 0
        for trial in range(200)
    )
    assert alarms <= 30  # 5 % promised, 20 windows give a little more


@settings(max_examples=30)
@given(LOSSES, st.integers(1, 5), st.integers(0, 9))
def test_the_same_seed_gives_the_same_answer(
    drawn: list[tuple[float, float, float]], block: int, seed: int
) -> None:
    a = [Loss(first, weight) for first, _, weight in drawn]
    b = [Loss(second, weight) for _, second, weight in drawn]
    one = bootstrap.compare(a, b, block=block, seed=seed, resamples=50)
    assert one == bootstrap.compare(a, b, block=block, seed=seed, resamples=50)
    assert one.low <= one.high


@settings(max_examples=30)
@given(LOSSES, st.integers(1, 5))
def test_nobody_is_worse_than_himself(drawn: list[tuple[float, float, float]], block: int) -> None:
    a = [Loss(first, weight) for first, _, weight in drawn]
    answer = bootstrap.compare(a, a, block=block, seed=0, resamples=50)
    assert (answer.difference, answer.low, answer.high) == (0, 0, 0)


def test_blocks_widen_the_interval_where_neighbours_are_alike() -> None:
    chance = random.Random(0)  # noqa: S311
    runs = [value for _ in range(10) for value in [chance.gauss(0, 0.1)] * 4]
    a = [Loss(1 + value, 1.0) for value in runs]
    b = [Loss(1.0, 1.0)] * len(runs)
    alone = bootstrap.compare(a, b, block=1, seed=0)
    together = bootstrap.compare(a, b, block=4, seed=0)
    assert together.high - together.low > alone.high - alone.low


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([Loss(1, 1)] * 2, [Loss(1, 1)] * 3, "same windows"),
        ([Loss(1, 1)] * 2, [Loss(1, 2)] * 2, "same windows"),
        ([Loss(1, 1)], [Loss(1, 1)], "two or more"),
    ],
)
def test_windows_that_cannot_be_compared_are_refused(
    a: list[Loss], b: list[Loss], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        bootstrap.compare(a, b, block=1, seed=0)


def test_windows_of_zeros_have_no_difference() -> None:
    with pytest.raises(LossUndefinedError):
        bootstrap.compare([Loss(0, 0)] * 3, [Loss(0, 0)] * 3, block=1, seed=0)
