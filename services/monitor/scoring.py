"""From windows of a series to instances for an endpoint, and from its answers to scores."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.monitor.domain.actions import ScoreOrigins
from services.monitor.domain.seen import Observed, Task
from services.monitor.domain.state import Scored
from shared.contracts.scoring import ScoredForecast
from shared.forecasting import grid, losses, scatter
from shared.forecasting.baseline import LATEST_POINTS, WATCHING
from shared.forecasting.deepar_json import Quantiles, Series, level_key
from shared.forecasting.grid import Grid
from shared.forecasting.losses import Outcome

NAIVE_SEASONS = 2  # what the naive forecasts look at: the last season, and the one before it


@dataclass(frozen=True)
class Origin:
    """A window that has come true.

    Parameters
    ----------
    known : tuple of float
        The points before it, holes filled, in the unit of the target; as many as the version was
        given in its backtest, or the naive forecasts look at.
    truth : tuple of float
        One value per step; NaN where nothing was observed.
    """

    start: datetime
    known: tuple[float, ...]
    truth: tuple[float, ...]

    def instance(self, task: Task) -> Series:
        """Answer what the endpoint is given: the context, and when it begins, in UTC."""
        context = self.known[-task.context_points :]
        begins = self.start - len(context) * task.frequency
        return Series(start=begins.replace(tzinfo=None), target=context)


def history(task: Task) -> timedelta:
    """Answer how far before an origin a series is read: a bucket more, which may be unfinished."""
    return (reach(task) + 1) * task.frequency


def reach(task: Task) -> int:
    """Answer the points before an origin that anybody looks at."""
    return max(task.context_points, NAIVE_SEASONS * task.season, LATEST_POINTS)


def origins(action: ScoreOrigins, windows: Sequence[Observed]) -> tuple[Origin, ...]:
    """Cut what was observed at every origin.

    Windows without any truth are left out, and those before which there are too few points for a
    naive forecast: the model would not be at its best either.
    """
    task = action.task
    points = on_grid(action, windows)
    if points is None:
        return ()
    filled = grid.fill(points.values, task.season)
    found = []
    for number in range(action.origins):
        start = action.first + number * task.span
        at = (start - points.start) // task.frequency
        truth = points.values[max(0, at) : max(0, at + task.horizon)]
        if at <= max(task.season, LATEST_POINTS) or all(map(math.isnan, truth)):
            continue
        missing = (math.nan,) * (task.horizon - len(truth))
        known = tuple(filled[max(0, at - reach(task)) : at])
        found.append(Origin(start, known, (*truth, *missing)))
    return tuple(found)


def on_grid(action: ScoreOrigins, windows: Sequence[Observed]) -> Grid | None:
    """Put windows on the version's grid, as the prepare step does; None: there is nothing."""
    task = action.task
    believed = [
        grid.Window(start=window.start, count=window.count, total=window.total)
        for window in windows
        if not any(span.covers(window.start) for span in action.unbelievable)
    ]
    try:
        return grid.build(
            believed,
            task.target.value,
            action.world.window_s,
            task.frequency_s,
        )
    except grid.GridError:
        return None


def score(origin: Origin, quantiles: Quantiles, task: Task) -> Scored:
    """Score one forecast, and the naive ones on the same window."""
    own = losses.loss(Outcome(origin.truth, quantiles))
    naive = {
        name: losses.loss(
            Outcome(origin.truth, forecast(origin.known, task.season, task.horizon, task.quantiles))
        ).loss
        for name, forecast in WATCHING.items()
    }
    return Scored(
        start=origin.start,
        end=origin.start + task.span,
        points=sum(not math.isnan(value) for value in origin.truth),
        weight=own.weight,
        loss=own.loss,
        naive=naive,
        scatter=scatter.of(origin.truth, task.quantiles),
    )


def kept(origin: Origin, quantiles: Quantiles) -> ScoredForecast:
    """Write down what was forecast, and what came true."""
    return ScoredForecast(
        start=origin.start,
        truth=tuple(None if math.isnan(value) else value for value in origin.truth),
        quantiles={level_key(level): tuple(values) for level, values in quantiles.items()},
    )
