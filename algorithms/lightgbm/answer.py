"""From the trained quantiles to what was asked for: mean, quantiles, samples."""

import hashlib
from collections.abc import Sequence

import numpy

from algorithms.lightgbm.model import Model
from algorithms.lightgbm.scale import Values
from shared.forecasting.deepar_json import Configuration, Prediction, Series, level_key


class UnknownQuantileError(ValueError):
    """A quantile was asked for that lies outside of those trained."""


def predict(
    model: Model, series: Sequence[Series], configuration: Configuration
) -> list[Prediction]:
    """Forecast each series and tell what the configuration asks for.

    Quantiles between two trained ones are interpolated; mean and samples are those of the same
    piecewise linear quantile function, flat beyond the outermost ones. Samples of equal series are
    equal.

    Raises
    ------
    UnknownQuantileError
        If a quantile is asked for that lies outside of those trained.
    UnusableSeriesError
        If a series is too short or not usable.
    """
    levels = numpy.array(model.levels)
    wanted = configuration.quantiles if "quantiles" in configuration.output_types else ()
    for level in wanted:
        if not levels[0] <= level <= levels[-1]:
            raise UnknownQuantileError(
                f"the quantile {level_key(level)} was asked for; this model knows"
                f" {level_key(levels[0])} to {level_key(levels[-1])}"
            )
    return [
        _told(one, values, levels, configuration)
        for one, values in zip(series, model.forecast(series), strict=True)
    ]


def _told(
    series: Series, values: Values, levels: Values, configuration: Configuration
) -> Prediction:
    types = configuration.output_types
    quantiles = None
    if "quantiles" in types:
        rows = _at(numpy.array(configuration.quantiles), values, levels)
        quantiles = dict(zip(configuration.quantiles, _tuples(rows), strict=True))
    return Prediction(
        mean=tuple(_mean(values, levels).tolist()) if "mean" in types else None,
        quantiles=quantiles,
        samples=_samples(series, values, levels, configuration) if "samples" in types else None,
    )


def _at(wanted: Values, values: Values, levels: Values) -> Values:
    """Interpolate the quantile function; shape (levels, steps) to (wanted, steps)."""
    return numpy.stack([numpy.interp(wanted, levels, step) for step in values.T], axis=1)


def _mean(values: Values, levels: Values) -> Values:
    """Integrate the quantile function over its levels, per step."""
    widths = numpy.diff(levels, prepend=0.0, append=1.0)[:, None]
    ends = numpy.concatenate([values[:1], values, values[-1:]])
    mean: Values = ((ends[1:] + ends[:-1]) / 2 * widths).sum(axis=0)
    return mean


def _samples(
    series: Series, values: Values, levels: Values, configuration: Configuration
) -> tuple[tuple[float, ...], ...]:
    content = repr((series.start, series.target)).encode()
    chance = numpy.random.default_rng(int.from_bytes(hashlib.sha256(content).digest()[:8]))
    drawn = chance.random((values.shape[1], configuration.num_samples))
    steps = [numpy.interp(row, levels, step) for row, step in zip(drawn, values.T, strict=True)]
    return _tuples(numpy.stack(steps, axis=1))


def _tuples(rows: Values) -> tuple[tuple[float, ...], ...]:
    return tuple(map(tuple, rows.tolist()))
