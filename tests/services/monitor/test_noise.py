"""Noise does not retrain: a little of what ``python -m bench.monitor`` plays at length."""

from datetime import timedelta

import numpy
import pytest

from bench import forecaster, monitor
from bench.forecaster import Change
from bench.monitor import Found
from shared.forecasting import scatter
from shared.forecasting.baseline import WATCHING
from shared.forecasting.losses import Outcome, loss

WEEKS = 12


def test_the_bench_computes_what_the_services_compute() -> None:
    """Vectorised there, in plain Python here: the same losses."""
    played = forecaster.play(3, 4, 0.4)
    chance = numpy.random.default_rng(3)
    noise = chance.standard_normal(4 * forecaster.SEASON)
    rhythm = numpy.cos(2 * numpy.pi * numpy.arange(len(noise)) / forecaster.SEASON)
    truth = numpy.exp(rhythm + 0.4 * noise).tolist()
    first = int(played.first[5])
    window = truth[first : first + forecaster.HORIZON]
    for name, naive in WATCHING.items():
        forecast = naive(truth[:first], forecaster.SEASON, forecaster.HORIZON, forecaster.LEVELS)
        expected = loss(Outcome(window, forecast)).loss
        assert played.naive[name][5] == pytest.approx(expected), name
    assert played.scatter[5] == pytest.approx(scatter.of(window, forecaster.LEVELS))


@pytest.mark.parametrize("log_sd", [0.35, 0.5])
def test_a_forecaster_whose_quality_never_changes_is_left_in_peace(log_sd: float) -> None:
    played = forecaster.play(1, 7 * WEEKS, log_sd)
    assert monitor.retrained(played) == 0
    assert monitor.retrained_as_in_the_demo(played) > 2 * WEEKS


@pytest.mark.parametrize("change", [{"level": 2.0}, {"rhythm": 0.0}])
def test_a_change_that_a_model_can_learn_is_found(change: dict[str, float]) -> None:
    found = Found()
    for case in range(6):
        at = (4 * 24 + 4 * case) * 12
        played = forecaster.play(case, 7, 0.4, Change(at, **change))
        moment = forecaster.START + at * timedelta(minutes=5)
        monitor.look(found, list(played.scored()), moment)
    assert found.at_all == 6
    assert found.in_time >= 5


def test_noise_that_doubles_is_reported_and_is_left_in_peace() -> None:
    found = Found()
    for case in range(6):
        at = (4 * 24 + 4 * case) * 12
        played = forecaster.play(case, 9, 0.4, Change(at, noise=2.0))
        moment = forecaster.START + at * timedelta(minutes=5)
        monitor.look(found, list(played.scored()), moment)
    assert found.at_all == 0
    assert found.explained > 0.9 * found.verdicts


@pytest.mark.parametrize(("measured", "code"), [(0.05, 0), (0.1, 0), (0.11, 1)])
def test_the_bench_ends_with_1_where_a_promise_is_broken(
    measured: float, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    promise = monitor.Promise("retrainings a week", measured, 0.0, 0.1)
    kept = monitor.Promise("found in time", 1.0, 0.95, 1.0)
    parts = [("one", lambda: [promise, kept]), ("two", lambda: [kept])]
    monkeypatch.setattr(monitor, "PARTS", parts)
    assert monitor.main() == code
    assert ("BROKEN" in capsys.readouterr().out) is bool(code)
