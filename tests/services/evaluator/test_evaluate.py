"""The evaluation of a run made by hand: numbers computed a second time, in another way."""

import math
from typing import Any

import numpy as np
import pytest

from services.evaluator import effects
from services.evaluator.domain.actions import Champion, Evaluate
from services.evaluator.domain.outcomes import Evaluated
from shared.contracts.lifecycle import TrainingCompleted
from shared.messaging.errors import Refused
from tests.services.evaluator.world import (
    HORIZON,
    POINTS,
    QUANTILES,
    SEASON,
    SPREAD,
    TASK,
    Loop,
    knowing,
    known,
    origins,
    run_left,
    series,
    stay,
    time,
)

TRUTH = np.array([series()[at : at + HORIZON] for at in origins()])
KNOWN = Champion(stay=stay(1), registered=known())


def evaluate(
    loop: Loop, run: TrainingCompleted, champion: Champion | None = None, min_points: int = 8
) -> Evaluated:
    return effects.evaluate(Evaluate(run=run, champion=champion, min_points=min_points), loop.ports)


def refusal(loop: Loop, run: TrainingCompleted) -> str:
    with pytest.raises(Refused) as refused:
        evaluate(loop, run)
    return str(refused.value)


def wql(truth: Any, forecast: Any, level: float) -> float:
    """2·Σ max(q·e, (q − 1)·e) / Σ|y|, in numpy."""
    error = truth - forecast
    return float(2 * np.maximum(level * error, (level - 1) * error).sum() / np.abs(truth).sum())


def test_the_candidate_s_numbers() -> None:
    loop = Loop()
    seen = evaluate(loop, run_left(loop.objects))
    losses = {level: wql(TRUTH, TRUTH + off, level) for level, off in SPREAD.items()}
    assert seen.task == TASK
    assert seen.points == TRUTH.size == 32
    assert seen.metrics.mean_wql == pytest.approx(np.mean(list(losses.values())))
    assert seen.metrics.wql == pytest.approx({str(level): loss for level, loss in losses.items()})
    assert seen.metrics.coverage == {"0.1": 0.0, "0.5": 1.0, "0.9": 1.0}
    assert seen.metrics.rmse == pytest.approx(0.2)
    history = np.array(series()[: origins()[0]])
    scale = np.abs(history[SEASON:] - history[:-SEASON]).mean()
    assert seen.metrics.mase == pytest.approx(0.2 / scale)


def test_the_baseline_is_the_better_of_the_two_naive_forecasts() -> None:
    loop = Loop()
    seen = evaluate(loop, run_left(loop.objects))
    target = np.array(series())
    forecasts: dict[str, list[float]] = {"last season": [], "seasonal naive": []}
    for level in QUANTILES:
        flat, seasonal = [], []
        for at in origins():
            season = target[at - SEASON : at]
            residuals = season - target[at - 2 * SEASON : at - SEASON]
            flat.append([np.quantile(season, level)] * HORIZON)
            seasonal.append(season[:HORIZON] + np.quantile(residuals, level))
        forecasts["last season"].append(wql(TRUTH, np.array(flat), level))
        forecasts["seasonal naive"].append(wql(TRUTH, np.array(seasonal), level))
    means = {name: float(np.mean(losses)) for name, losses in forecasts.items()}
    best = min(means, key=means.__getitem__)
    assert (seen.baseline_name, best) == ("seasonal naive", "seasonal naive")
    assert seen.baseline.mean_wql == pytest.approx(means[best])


def test_the_losses_of_the_windows_add_up_to_the_scores() -> None:
    loop = Loop()
    seen = evaluate(loop, run_left(loop.objects))
    weight = sum(window.weight for window in seen.windows)
    assert [window.start for window in seen.windows] == [time(at) for at in origins()]
    assert {window.points for window in seen.windows} == {HORIZON}
    assert all(window.scatter for window in seen.windows)
    assert sum(one.loss for one in seen.windows) / weight == pytest.approx(seen.metrics.mean_wql)
    assert sum(one.baseline_loss for one in seen.windows) / weight == pytest.approx(
        seen.baseline.mean_wql
    )


def test_a_history_that_repeats_itself_has_no_mase() -> None:
    loop = Loop()
    flat = [5.0] * origins()[0] + series()[origins()[0] :]
    assert evaluate(loop, run_left(loop.objects, target=flat)).metrics.mase is None


def test_without_a_champion_nothing_is_asked() -> None:
    loop = Loop()
    seen = evaluate(loop, run_left(loop.objects)).champion
    assert (seen.version, seen.not_compared) == (None, "no version in production")
    assert loop.aws.asked == []


@pytest.mark.parametrize(
    ("spread", "worse", "better"),
    [
        (SPREAD, False, False),
        ({level: 3 * off for level, off in SPREAD.items()}, False, True),
        ({level: off / 3 for level, off in SPREAD.items()}, True, False),
    ],
    ids=["a champion that is the same", "a worse one", "a better one"],
)
def test_the_champion_is_asked_for_the_same_windows(
    spread: dict[float, float], worse: bool, better: bool
) -> None:
    loop = Loop()
    loop.aws.champion = knowing(spread)
    seen = evaluate(loop, run_left(loop.objects), KNOWN)
    theirs = [wql(TRUTH, TRUTH + off, level) for level, off in spread.items()]
    assert (seen.champion.version, seen.champion.not_compared) == (1, None)
    assert seen.champion.points == 32
    assert seen.champion.mean_wql == pytest.approx(np.mean(theirs))
    assert seen.champion.candidate_wql == pytest.approx(seen.metrics.mean_wql)
    assert seen.champion.difference_low is not None
    assert seen.champion.difference_high is not None
    assert (seen.champion.difference_low > 0) is worse
    assert (seen.champion.difference_high < 0) is better


def test_windows_that_the_champion_was_trained_on_are_left_out() -> None:
    loop = Loop()
    asked = Champion(stay=stay(1, cutoff=time(origins()[2])), registered=known())
    seen = evaluate(loop, run_left(loop.objects), asked)
    assert loop.aws.asked == [5]
    left = TRUTH[3:]
    expected = np.mean([wql(left, left + off, level) for level, off in SPREAD.items()])
    assert seen.champion.points == 20
    assert seen.champion.mean_wql == pytest.approx(expected)
    assert seen.points == 32


def test_the_champion_is_asked_in_batches_that_its_endpoint_can_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = Loop()
    monkeypatch.setattr("shared.contracts.limits.REQUEST_POINTS_MAX", 3 * 24)
    seen = evaluate(loop, run_left(loop.objects), KNOWN)
    assert loop.aws.asked == [3, 3, 2]
    assert seen.champion.points == 32


@pytest.mark.parametrize(
    ("champion", "min_points", "because"),
    [
        (Champion(stay=stay(1), registered=None), 8, "was not registered here"),
        (
            Champion(stay=stay(1), registered=known(task=TASK.changed(horizon=6))),
            8,
            "forecasts something else: horizon was 6, is 4",
        ),
        (Champion(stay=stay(1), registered=known(algorithm="gone")), 8, "algorithm gone"),
        (Champion(stay=stay(1, cutoff=time(POINTS)), registered=known()), 8, "0 points in 0"),
        (Champion(stay=stay(1, cutoff=time(POINTS - 7)), registered=known()), 9, "8 points in 2"),
        (Champion(stay=stay(1, cutoff=time(POINTS - 5)), registered=known()), 2, "4 points in 1"),
        (KNOWN, 33, "32 points in 8 windows are new to it, 33 in 2 are needed"),
    ],
)
def test_a_champion_that_cannot_be_compared_with_is_named_with_the_reason(
    champion: Champion, min_points: int, because: str
) -> None:
    loop = Loop()
    seen = evaluate(loop, run_left(loop.objects), champion, min_points).champion
    assert seen.version == 1
    assert because in str(seen.not_compared)
    assert seen.mean_wql is None
    assert loop.aws.asked == []


@pytest.mark.parametrize(
    ("configs", "because"),
    [
        (["somebody-elses"], "serves somebody-elses"),
        ([None], "is not in service, or is changing"),
        ([KNOWN.stay.config, "the-next"], "serves the-next"),
    ],
)
def test_only_the_champion_is_asked_before_and_after(
    configs: list[str | None], because: str
) -> None:
    loop = Loop()
    loop.aws.configs = configs
    assert because in str(evaluate(loop, run_left(loop.objects), KNOWN).champion.not_compared)


def test_a_champion_that_does_not_answer_is_not_compared_and_the_candidate_is_judged() -> None:
    loop = Loop()
    loop.aws.refuse["forecast"] = Refused("ModelError", "the container answered 500")
    seen = evaluate(loop, run_left(loop.objects), KNOWN)
    assert "the container answered 500" in str(seen.champion.not_compared)
    loop = Loop()
    loop.aws.champion = lambda target, index: {0.5: (1.0,) * HORIZON}
    answered = evaluate(loop, run_left(loop.objects), KNOWN).champion
    assert "(quantile: steps) {0.5: 4}, wanted" in str(answered.not_compared)


@pytest.mark.parametrize(
    "name", ["full/train.json", "backtest/backtest.jsonl", "manifest/manifest.json"]
)
def test_what_is_not_what_the_run_prepared_is_not_judged(name: str) -> None:
    loop = Loop()
    run = run_left(loop.objects)
    uri = run.dataset.uri.replace("manifest/manifest.json", name)
    loop.objects.content[uri] += b" "
    assert refusal(loop, run) == f"DigestDiffers: {uri} is not what the run prepared"


def test_a_run_whose_forecasts_are_gone_is_not_judged() -> None:
    loop = Loop()
    run = run_left(loop.objects)
    del loop.objects.content[run.forecasts_uri]
    assert refusal(loop, run).startswith("NoSuchKey: ")


@pytest.mark.parametrize(
    ("manifest", "because"),
    [
        ({"manifest_version": 2}, "manifest/manifest.json: manifest_version"),
        ({"points": 79}, "full/train.json has 80 points, the manifest 79"),
        ({"horizon": 3}, "wanted {0.1: 3, 0.5: 3, 0.9: 3}"),
        ({"horizon": 5}, "the last window ends at point 81, full/train.json has 80"),
        ({"quantiles": [0.1, 0.5]}, "wanted {0.1: 4, 0.5: 4}"),
        ({"season": 62}, "the naive forecast needs 63 points before the origin, this has 62"),
        ({"origins": []}, "0 origins have 8 instances, 8 forecasts"),
    ],
)
def test_what_does_not_belong_together_is_not_judged(
    manifest: dict[str, Any], because: str
) -> None:
    loop = Loop()
    said = refusal(loop, run_left(loop.objects, **manifest))
    assert said.startswith("NotJudgeable: ")
    assert because in said


def test_a_truth_of_zeros_has_no_score() -> None:
    loop = Loop()
    zeros = series()[: origins()[0]] + [0.0] * (POINTS - origins()[0])
    said = refusal(loop, run_left(loop.objects, target=zeros))
    assert said.startswith("NotJudgeable: all observations in the backtest are zero")
    assert "give observations that are not zero" in said


def test_a_target_with_holes_is_not_judged() -> None:
    loop = Loop()
    holes = [math.nan, *series()[1:]]
    assert "has missing values" in refusal(loop, run_left(loop.objects, target=holes))


def test_a_line_that_is_no_forecast_is_named() -> None:
    loop = Loop()
    run = run_left(loop.objects)
    loop.objects.content[run.forecasts_uri] = b"what?\n" * 8
    assert "the line is not JSON" in refusal(loop, run)
