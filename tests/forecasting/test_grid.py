"""The grid: buckets, holes and their filling."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.forecasting import grid
from shared.forecasting.grid import Hole, Window

DAY = datetime(2025, 3, 5, tzinfo=UTC)
NAN = math.nan


def minutes(*numbers: int, count: int = 2, total: float = 6.0) -> list[Window]:
    """Make windows of one minute."""
    return [Window(DAY + timedelta(minutes=number), count, total) for number in numbers]


@pytest.mark.parametrize(
    ("target", "expected"), [("count", (10.0, 5.0)), ("sum", (30.0, 100.0)), ("mean", (3.0, 20.0))]
)
def test_a_bucket_sums_its_windows_and_a_mean_is_the_sum_over_the_count(
    target: grid.Target, expected: tuple[float, ...]
) -> None:
    windows = [*minutes(0, 1, 2, 3, 4), *minutes(5, 6, 7, 8, 9, count=1, total=20.0)]
    built = grid.build(windows, target, 60, 300)
    assert built.values == expected
    assert (built.start, built.frequency_s, built.holes) == (DAY, 300, ())


def test_mean_weighs_windows_by_their_records() -> None:
    windows = [*minutes(0, count=1, total=1.0), *minutes(1, count=3, total=27.0)]
    assert grid.build(windows, "mean", 60, 120).values == (7.0,)


def test_buckets_that_began_before_or_end_after_the_windows_are_dropped() -> None:
    built = grid.build(minutes(*range(3, 18)), "count", 60, 300)
    assert (built.start, len(built.values)) == (DAY + timedelta(minutes=5), 2)


def test_the_order_of_the_windows_does_not_matter() -> None:
    windows = minutes(*range(10))
    assert grid.build(reversed(windows), "sum", 60, 300) == grid.build(windows, "sum", 60, 300)


def test_buckets_without_windows_are_holes() -> None:
    built = grid.build(minutes(*range(5), *range(15, 25), *range(30, 35)), "sum", 60, 300)
    assert built.holes == (Hole(1, 2), Hole(5, 1))
    assert built.missing == 3
    assert built.time(5) == DAY + timedelta(minutes=25)


def test_a_window_without_records_is_zero_for_a_count_and_a_hole_for_a_mean() -> None:
    windows = [*minutes(0), *minutes(1, count=0, total=0.0), *minutes(2)]
    assert grid.build(windows, "count", 60, 60).values == (2.0, 0.0, 2.0)
    assert grid.build(windows, "mean", 60, 60).holes == (Hole(1, 1),)


@pytest.mark.parametrize(
    ("values", "season", "expected"),
    [
        ([1.0, NAN, 3.0], 2, [1.0, 1.0, 3.0]),
        ([1.0, 2.0, NAN, NAN, NAN, 6.0], 2, [1.0, 2.0, 2.0, 2.0, 2.0, 6.0]),
        ([1.0, 2.0, NAN, NAN, NAN, NAN, 6.0], 2, [1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 6.0]),
        ([1.0, 5.0, 2.0, NAN, NAN, NAN, NAN, NAN], 3, [1.0, 5.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]),
        ([1.0, 5.0, 3.0, 2.0, NAN, NAN, NAN, NAN], 6, [1.0, 5.0, 3.0, 2.0, 2.0, 2.0, 2.0, 5.0]),
        ([1.0, 2.0, NAN], 1, [1.0, 2.0, 2.0]),
        ([], 1, []),
    ],
)
def test_a_hole_repeats_the_last_value_for_three_points_and_then_the_last_season(
    values: list[float], season: int, expected: list[float]
) -> None:
    assert grid.fill(values, season) == expected


@given(
    st.lists(st.one_of(st.just(NAN), st.floats(-9, 9)), max_size=40),
    st.integers(1, 10),
    st.integers(0, 40),
)
def test_filling_never_looks_ahead(values: list[float], season: int, cut: int) -> None:
    values = [1.0, *values]
    assert grid.fill(values, season)[: cut + 1] == grid.fill(values[: cut + 1], season)


@given(st.lists(st.integers(0, 500), min_size=20, unique=True))
def test_nothing_is_lost_inside_whole_buckets(numbers: list[int]) -> None:
    numbers = [*numbers, *(number for number in range(0, 501, 500) if number not in numbers)]
    windows = minutes(*numbers)
    built = grid.build(windows, "count", 60, 60)
    assert math.fsum(value for value in built.values if not math.isnan(value)) == 2 * len(windows)
    assert built.missing + len(windows) == len(built.values)
    assert not any(math.isnan(value) for value in built.filled(60).values)


def test_the_tail_keeps_the_holes_at_their_places() -> None:
    built = grid.build(minutes(0, 5, 6, 9), "count", 60, 60)
    tail = built.tail(7)
    assert tail.start == DAY + timedelta(minutes=3)
    assert tail.holes == (Hole(0, 2), Hole(4, 2))
    assert grid.holes(tail.values) == tail.holes
    assert built.tail(99) == built


@pytest.mark.parametrize(
    ("windows", "window_s", "frequency_s", "message"),
    [
        ([], 60, 300, "no windows"),
        (minutes(0), 60, 90, "not a whole number of windows"),
        (minutes(0, 0), 60, 60, "comes twice"),
        (minutes(1), 300, 300, "does not begin at a multiple of 300 s"),
        (minutes(0, count=-1), 60, 60, "has count -1"),
        (minutes(0, total=math.inf), 60, 60, "total inf"),
        (minutes(1, 2), 60, 300, "make 0 points"),
        (minutes(0, count=0), 60, 60, "no whole bucket has a record"),
        ([*minutes(0), Window(DAY.replace(year=1971), 1, 1.0)], 60, 60, "wrong time"),
        ([Window(datetime(2025, 3, 5), 1, 1.0)], 60, 60, "no time zone"),  # noqa: DTZ001
        ([Window(DAY + timedelta(milliseconds=5), 1, 1.0)], 60, 60, "whole second"),
    ],
)
def test_windows_that_make_no_grid_are_refused(
    windows: list[Window], window_s: int, frequency_s: int, message: str
) -> None:
    with pytest.raises(grid.GridError, match=message):
        grid.build(windows, "mean", window_s, frequency_s)


def test_a_series_that_begins_with_a_hole_is_not_filled() -> None:
    with pytest.raises(grid.GridError, match="first value is missing"):
        grid.fill([NAN, 1.0], 1)
