"""From the trained quantiles to what was asked for: mean, quantiles, samples."""

import hashlib
from collections.abc import Sequence

import numpy

from algorithms.lightgbm.model import Model
from algorithms.lightgbm.scale import Values
from shared.forecasting.deepar_json import (
    Configuration,
    FormatError,
    Prediction,
    Series,
    level_key,
)

VALUES_MAX = 2_000_000  # in one answer: about 40 MB, many times what SageMaker passes on


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
    FormatError
        If the answer would hold more than `VALUES_MAX` values.
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
    forecasts = model.forecast(series)
    _check_size(len(series) * forecasts.shape[-1], configuration)
    return [
        _told(one, values, levels, configuration)
        for one, values in zip(series, forecasts, strict=True)
    ]


def _check_size(steps: int, configuration: Configuration) -> None:
    """Raise FormatError where an answer would take the memory of all others."""
    rows = {
        "mean": 1,
        "quantiles": len(configuration.quantiles),
        "samples": configuration.num_samples,
    }
    values = steps * sum(rows[one] for one in set(configuration.output_types))
    if values > VALUES_MAX:
        raise FormatError(
            f"the answer would hold {values} values, at most {VALUES_MAX}: "
            "ask for fewer series, quantiles or samples in one request"
        )


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
