"""Learning: from series to boosters, deterministic, on one thread."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import get_args

import numpy

from algorithms.container import Failure
from algorithms.lightgbm import booster, features, scale
from algorithms.lightgbm.features import CONTEXT_POINTS_MIN, Reference, Rows, Shape
from algorithms.lightgbm.model import Model
from algorithms.lightgbm.points import Points
from algorithms.lightgbm.scale import Values
from algorithms.lightgbm.settings import Settings

ORIGINS_MIN = 50  # fewer moments to forecast from are an anecdote
ROWS_MAX = 15_000  # measured: more rows of the same points cost time and make nothing better
STEPS_MAX = 60  # of one origin: neighbouring steps of a long horizon are nearly the same row


def learn(series: Sequence[Points], settings: Settings) -> Model:
    """Train one booster per quantile on the latest points of all series.

    Raises
    ------
    Failure
        If a series has too few points.
    """
    shape = Shape(settings.prediction_length, settings.season_length, settings.frequency_s)
    latest = [_latest(one, shape, settings) for one in series]
    chosen = scale.choose(numpy.concatenate([one.values for one in latest]))
    contexts = [_context(len(one.values), shape) for one in latest]
    tables = [
        _table(Points(chosen.apply(one.values), one.start_s), context, shape, len(series))
        for one, context in zip(latest, contexts, strict=True)
    ]
    reference = choose_reference(tables)
    dataset = booster.Dataset(
        numpy.concatenate([table.features for table, _ in tables]),
        numpy.concatenate([truth - table.references[reference] for table, truth in tables]),
        params=_parameters(settings),
    )
    return Model(
        shape=shape,
        scale=chosen,
        reference=reference,
        boosters={
            level: booster.train(
                {**_parameters(settings), "objective": "quantile", "alpha": level},
                dataset,
                settings.num_boost_round,
            )
            for level in settings.test_quantiles
        },
        context_min=min(contexts),
        trained_to=max(_end(one, shape) for one in latest),
    )


def choose_reference(tables: Sequence[tuple[Rows, Values]]) -> Reference:
    """Choose the reference that misses the truth by least, in the mean of absolute differences.

    Small trees need not learn what a simple forecast knows: the level for a series without rhythm,
    the last season for one with. A reference with missing values is none, the level has no such.
    """

    def miss(reference: Reference) -> float:
        differences = [truth - table.references[reference] for table, truth in tables]
        mean = float(numpy.abs(numpy.concatenate(differences)).mean())
        return math.inf if math.isnan(mean) else mean

    return min(get_args(Reference), key=miss)


def _latest(series: Points, shape: Shape, settings: Settings) -> Points:
    needed = shape.horizon + ORIGINS_MIN + min(shape.context, shape.horizon + ORIGINS_MIN)
    if len(series.values) < needed:
        raise Failure(
            f"The training series has {len(series.values)} points; a horizon of {shape.horizon}"
            f" needs {needed}: import more history or shorten the horizon."
        )
    dropped = max(0, len(series.values) - settings.train_points - shape.context)
    return Points(series.values[dropped:], series.start_s + dropped * shape.frequency_s)


def _context(points: int, shape: Shape) -> int:
    """Answer the points before the first origin: in a short series, at most half of them."""
    return max(CONTEXT_POINTS_MIN, min(shape.context, points // 2))


def _table(series: Points, context: int, shape: Shape, among: int) -> tuple[Rows, Values]:
    points = len(series.values)
    step_stride = -(-shape.horizon // STEPS_MAX)
    candidates = points - shape.horizon + 1 - context
    stride = -(-candidates * (shape.horizon // step_stride) * among // ROWS_MAX)
    last = points - shape.horizon
    origins = numpy.arange(last, context - 1, -max(1, stride))[::-1]
    table = features.rows(series.values, series.start_s, origins, shape, step_stride)
    return table, series.values[table.at]


def _parameters(settings: Settings) -> dict[str, object]:
    return {
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.num_leaves,
        "min_data_in_leaf": settings.min_data_in_leaf,
        "feature_fraction": 0.5,  # measured: as good as all features in half the time
        "seed": settings.seed,
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }


def _end(series: Points, shape: Shape) -> datetime:
    seconds = series.start_s + (len(series.values) - 1) * shape.frequency_s
    return datetime.fromtimestamp(seconds, UTC)
