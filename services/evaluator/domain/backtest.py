"""The rolling-origin backtest: what was forecast against what came true. Formulas are in
shared.forecasting."""

from collections.abc import Sequence
from datetime import datetime

from services.evaluator.domain.state import Task
from shared.contracts.evaluation import WindowLoss
from shared.contracts.lifecycle.fields import Metrics
from shared.contracts.manifest import Manifest
from shared.forecasting import losses, scatter
from shared.forecasting.baseline import Baseline, Window
from shared.forecasting.deepar_json import Quantiles, level_key
from shared.forecasting.losses import LossUndefinedError, Outcome

BASELINE_SEASONS = 2  # what the naive forecasts look at: the last season, and the one before it


def task(manifest: Manifest) -> Task:
    """Say what a version trained on this dataset forecasts."""
    return Task(
        series=manifest.series,
        target=manifest.target,
        frequency_s=manifest.frequency_s,
        horizon=manifest.horizon,
        quantiles=manifest.quantiles,
    )


def windows(manifest: Manifest, target: Sequence[float]) -> tuple[Window, ...]:
    """Cut the target at every origin: what was known before it, and what came true after it."""
    known = BASELINE_SEASONS * manifest.season
    return tuple(
        Window(
            context=target[max(0, origin.index - known) : origin.index],
            truth=target[origin.index : origin.index + manifest.horizon],
        )
        for origin in manifest.origins
    )


def outcomes(cut: Sequence[Window], forecasts: Sequence[Quantiles]) -> tuple[Outcome, ...]:
    """Put what was forecast beside what came true."""
    pairs = zip(cut, forecasts, strict=True)
    return tuple(Outcome(window.truth, forecast) for window, forecast in pairs)


def metrics(
    judged: Sequence[Outcome], manifest: Manifest, target: Sequence[float]
) -> tuple[Metrics, int]:
    """Sum up outcomes; answer the metrics and the number of points behind them.

    Raises
    ------
    LossUndefinedError
        If all truths are zero.
    """
    score = losses.score(judged)
    found = Metrics(
        mean_wql=score.mean_wql,
        wql={level_key(level): value for level, value in score.wql.items()},
        coverage={level_key(level): value for level, value in score.coverage.items()},
        rmse=score.rmse,
        mase=mase(judged, target[: manifest.origins[0].index], manifest.season),
    )
    return found, score.points


def mase(judged: Sequence[Outcome], history: Sequence[float], season: int) -> float | None:
    """Answer the medians' mean absolute scaled error; None where the history repeats itself."""
    truths = [truth for one in judged for truth in one.truth]
    medians = [value for one in judged for value in one.median]
    try:
        return losses.mase(truths, medians, history, season)
    except LossUndefinedError:
        return None


def window_losses(
    judged: Sequence[Outcome], baseline: Baseline, starts: Sequence[datetime]
) -> tuple[WindowLoss, ...]:
    """Keep the losses of each origin apart, for whoever wants to know how they scatter."""
    pairs = zip(map(losses.loss, judged), map(losses.loss, baseline.outcomes), strict=True)
    return tuple(
        WindowLoss(
            start=start,
            points=len(outcome.truth),
            weight=own.weight,
            loss=own.loss,
            baseline_loss=naive.loss,
            scatter=scatter.of(outcome.truth, sorted(outcome.quantiles)),
        )
        for start, outcome, (own, naive) in zip(starts, judged, pairs, strict=True)
    )
