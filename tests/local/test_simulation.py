"""The simulation: the same for ever, in whatever pieces, and like Bitcoin's fees."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from infra.local import simulation
from infra.local.simulation import Change

START = datetime(2025, 3, 1, tzinfo=UTC)
TWO_WEEKS = 14 * 1_440

RECORDED_VALUES = [821806, 711900, 763391]
RECORDED_COUNTS = [291, 257, 256]

Floats = NDArray[np.float64]


def fees(seed: int, minutes: int = TWO_WEEKS, change: Change | None = None) -> Floats:
    simulated = simulation.observations(seed, START, minutes, change)
    return np.asarray(simulated.values / simulated.counts, dtype=np.float64)


@given(
    seed=st.integers(0, 2**40),
    offset=st.integers(0, 500_000),
    cuts=st.lists(st.integers(0, 4_000), min_size=2, max_size=6),
)
@settings(deadline=None, max_examples=25)
def test_pieces_put_together_are_the_whole(seed: int, offset: int, cuts: list[int]) -> None:
    cuts.sort()
    start = START + timedelta(minutes=offset)
    whole = simulation.observations(seed, start, cuts[-1])
    for first, stop in pairwise(cuts):
        piece = simulation.observations(seed, start + timedelta(minutes=first), stop - first)
        assert (piece.values == whole.values[first:stop]).all()
        assert (piece.counts == whole.counts[first:stop]).all()


def test_the_first_minutes_of_a_seed_never_change() -> None:
    # Recorded scores depend on these numbers: a change here makes them history.
    simulated = simulation.observations(7, START, 3)
    assert simulated.values.tolist() == RECORDED_VALUES
    assert simulated.counts.tolist() == RECORDED_COUNTS


def test_another_seed_is_another_history() -> None:
    assert (fees(1, 1_440) != fees(2, 1_440)).mean() > 0.99


def test_records_name_series_and_time_and_say_that_they_are_simulated() -> None:
    simulated = simulation.observations(7, START + timedelta(seconds=59), 2)
    first, second = simulated.records("transactions")
    assert first == {
        "series": "transactions",
        "id": "simulated:2025-03-01T00:00:00Z",
        "time": "2025-03-01T00:00:00Z",
        "value": float(simulated.values[0]),
        "count": int(simulated.counts[0]),
    }
    assert second["time"] == "2025-03-01T00:01:00Z"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_level_traffic_and_tails_are_roughly_those_of_bitcoin(seed: int) -> None:
    simulated = simulation.observations(seed, START, TWO_WEEKS)
    per_transaction = simulated.values / simulated.counts
    assert 3_000 < simulated.values.sum() / simulated.counts.sum() < 6_000
    assert 3 < simulated.counts.mean() / 60 < 7
    assert simulated.counts.min() > 60
    assert per_transaction.max() > 10 * np.median(per_transaction)


def test_the_day_and_the_week_have_a_rhythm() -> None:
    logarithms = np.log(fees(5, 8 * 7 * 1_440)).reshape(8, 7, 24, 60)
    by_hour = logarithms.mean(axis=(0, 1, 3))
    by_day = logarithms.mean(axis=(0, 2, 3))
    assert np.ptp(by_hour) > 0.6
    # 1 March 2025 is a Saturday: position 4 is a Wednesday, position 1 a Sunday.
    assert by_day[4] - by_day[1] > 0.2


def quantile_loss(truth: Floats, forecasts: Floats) -> float:
    """Mean weighted quantile loss; truth (n,), forecasts (n, 9)."""
    levels = np.arange(1, 10) / 10
    short = truth[:, None] - forecasts
    pinball = np.maximum(levels * short, (levels - 1) * short)
    return float(2 * pinball.sum(axis=0).mean() / np.abs(truth).sum())


def test_a_simple_model_beats_the_naive_forecasts_but_not_by_magic() -> None:
    levels, season, horizon = np.arange(1, 10) / 10, 288, 12
    simulated = simulation.observations(3, START, 2 * TWO_WEEKS)
    sums = simulated.values.reshape(-1, 5).sum(axis=1)
    logs = np.log(sums / simulated.counts.reshape(-1, 5).sum(axis=1))
    half = len(logs) // 2
    # The model: the usual day, and a share of the latest deviation from it, fading with the step.
    usual = logs[:half].reshape(-1, season).mean(axis=0)
    deviation = logs - np.resize(usual, len(logs))
    origins = np.arange(half, len(logs) - horizon, horizon)
    losses: dict[str, list[float]] = {"model": [], "seasonal": [], "last day": []}
    for step in range(horizon):
        then, now = deviation[season + step : half], deviation[season - 1 : half - step - 1]
        share = float((then * now).sum() / (now * now).sum())
        bands = np.quantile(then - share * now, levels)
        seasonal_bands = np.quantile(logs[season:half] - logs[: half - season], levels)
        truth = np.exp(logs[origins + step])
        middle = usual[(origins + step) % season] + share * deviation[origins - 1]
        last_day = [np.quantile(logs[origin - season : origin], levels) for origin in origins]
        forecasts = {
            "model": middle[:, None] + bands,
            "seasonal": logs[origins + step - season][:, None] + seasonal_bands,
            "last day": np.array(last_day),
        }
        for name, forecast in forecasts.items():
            losses[name].append(quantile_loss(truth, np.exp(forecast)))
    score = {name: float(np.mean(values)) for name, values in losses.items()}
    assert 0.15 < score["model"] < 0.30, score
    assert score["model"] < 0.85 * min(score["seasonal"], score["last day"]), score


def test_a_change_leaves_what_was_before_as_it_was() -> None:
    change = Change(START + timedelta(days=1), level=3, noise=3, rhythm=0)
    before, after = fees(4, 2_880).reshape(2, -1), fees(4, 2_880, change).reshape(2, -1)
    assert (before[0] == after[0]).all()
    assert (before[1] != after[1]).mean() > 0.99


def test_a_change_of_level_multiplies_the_fees_and_nothing_else() -> None:
    ratio = fees(4, 1_440, Change(START, level=3)) / fees(4, 1_440)
    assert ratio == pytest.approx(3, rel=0.001)


def test_a_change_of_noise_widens_the_spread_and_stays_finite() -> None:
    usual, noisy = np.log(fees(4)), np.log(fees(4, change=Change(START, noise=3)))
    assert np.diff(noisy).std() > 2 * np.diff(usual).std()
    assert np.exp(noisy).max() < 1_000_000


def test_without_rhythm_the_hours_are_alike() -> None:
    flat = np.log(fees(4, change=Change(START, rhythm=0))).reshape(14, 24, 60)
    assert np.ptp(np.median(flat, axis=(0, 2))) < 0.25


@pytest.mark.parametrize(
    ("seed", "start", "minutes"),
    [(-1, START, 10), (1, START, -1), (1, datetime(1970, 1, 1, tzinfo=UTC), 10)],
)
def test_what_cannot_be_simulated_is_refused(seed: int, start: datetime, minutes: int) -> None:
    with pytest.raises(ValueError, match="cannot simulate"):
        simulation.observations(seed, start, minutes)


def test_no_minutes_are_no_observations() -> None:
    assert len(simulation.observations(1, START, 0)) == 0
