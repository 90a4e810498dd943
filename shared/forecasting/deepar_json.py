"""DeepAR's three JSON contracts, the common language of all algorithms here.

Training files hold one series a line. A request in real time holds instances and a configuration;
a batch has one bare instance a line, and its configuration in an environment variable. A missing
value is ``"NaN"`` or null. All that is read is checked: whatever is not the contract raises
FormatError, which says where and why. Source: Amazon SageMaker Developer Guide, "Input/Output
Interface for the DeepAR Algorithm" and "DeepAR Inference Formats".
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast, get_args

from shared.forecasting import strict_json
from shared.forecasting.strict_json import FormatError as FormatError

OutputType = Literal["mean", "quantiles", "samples"]

Quantiles = Mapping[float, Sequence[float]]
"""Level → one value per step."""

CONFIGURATION_VARIABLE = "DEEPAR_INFERENCE_CONFIG"
START_FORMAT = "%Y-%m-%d %H:%M:%S"
DECILES = tuple(tenths / 10 for tenths in range(1, 10))
SAMPLES_MAX = 10_000  # of one series: more than that says no more and fills the 6 MB of an answer


@dataclass(frozen=True)
class Series:
    """One series: a line to train on, or an instance to forecast from.

    Parameters
    ----------
    start : datetime
        Time of the first point, naive, as the contract has no time zones: UTC here.
    target : tuple of float
        Evenly spaced values; NaN = missing.
    cat : tuple of int
        Categories; empty = none.
    dynamic_feat : tuple of tuple of float
        Rows that run beside the target; for a forecast, a horizon longer.
    """

    start: datetime
    target: tuple[float, ...]
    cat: tuple[int, ...] = ()
    dynamic_feat: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Configuration:
    """What a forecast should tell."""

    num_samples: int = 100
    output_types: tuple[OutputType, ...] = ("mean", "quantiles")
    quantiles: tuple[float, ...] = DECILES


@dataclass(frozen=True)
class Request:
    """A request in real time."""

    instances: tuple[Series, ...]
    configuration: Configuration = field(default_factory=Configuration)


@dataclass(frozen=True)
class Prediction:
    """A forecast of one series: what was asked for, each with one value per step.

    `quantiles` maps the level to its values; `samples` is one tuple per sampled path.
    """

    mean: tuple[float, ...] | None = None
    quantiles: Mapping[float, tuple[float, ...]] | None = None
    samples: tuple[tuple[float, ...], ...] | None = None


def read_series(text: str | bytes) -> Series:
    """Read a training line or a bare instance."""
    return _series(strict_json.parse(text, "the line"), "the line")


def write_series(series: Series) -> str:
    """Write a training line or a bare instance, without a line end."""
    return strict_json.write(_series_document(series))


def read_configuration(text: str | bytes) -> Configuration:
    """Read a configuration, as in DEEPAR_INFERENCE_CONFIG."""
    return _configuration(strict_json.parse(text, "configuration"))


def read_request(body: str | bytes) -> Request:
    """Read the body of a request in real time."""
    document = strict_json.fields(
        strict_json.parse(body, "the body"), "the body", {"instances", "configuration"}
    )
    instances = strict_json.items(
        strict_json.needed(document, "instances", "the body"), "instances"
    )
    if not instances:
        raise FormatError("instances is empty: send at least one series")
    return Request(
        tuple(_series(one, f"instances[{at}]") for at, one in enumerate(instances)),
        _configuration(document.get("configuration", {})),
    )


def write_request(request: Request) -> str:
    """Write the body of a request in real time."""
    return strict_json.write(
        {
            "instances": [_series_document(one) for one in request.instances],
            "configuration": _configuration_document(request.configuration),
        }
    )


def read_response(body: str | bytes) -> tuple[Prediction, ...]:
    """Read the answer to a request in real time: one prediction per instance, in their order."""
    document = strict_json.fields(strict_json.parse(body, "the body"), "the body", {"predictions"})
    predictions = strict_json.items(
        strict_json.needed(document, "predictions", "the body"), "predictions"
    )
    return tuple(_prediction(one, f"predictions[{at}]") for at, one in enumerate(predictions))


def write_response(predictions: Sequence[Prediction]) -> str:
    """Write the answer to a request in real time."""
    return strict_json.write({"predictions": [_prediction_document(one) for one in predictions]})


def read_prediction(line: str | bytes) -> Prediction:
    """Read one line of a batch's output."""
    return _prediction(strict_json.parse(line, "the line"), "the line")


def write_prediction(prediction: Prediction) -> str:
    """Write one line of a batch's output, without a line end."""
    return strict_json.write(_prediction_document(prediction))


def quantiles_of(
    predictions: Sequence[Prediction], levels: Sequence[float], horizon: int
) -> tuple[Quantiles, ...]:
    """Answer the quantiles of forecasts.

    Raises
    ------
    FormatError
        If a forecast has other levels than these, or not `horizon` steps of each.
    """
    wanted = dict.fromkeys(levels, horizon)
    for at, prediction in enumerate(predictions):
        found = {level: len(steps) for level, steps in (prediction.quantiles or {}).items()}
        if found != wanted:
            raise FormatError(f"forecast {at + 1} has (quantile: steps) {found}, wanted {wanted}")
    return tuple(prediction.quantiles or {} for prediction in predictions)


def read_quantiles(text: str) -> tuple[float, ...]:
    """Read quantile levels, a JSON list or numbers with commas between, into ascending order."""
    listed = text.strip() if text.strip().startswith("[") else f"[{text}]"
    return _levels(strict_json.parse(listed, "quantiles"))


def write_quantiles(levels: Sequence[float]) -> str:
    """Write quantile levels as the contract's JSON list: ``["0.1","0.9"]``."""
    return strict_json.write([level_key(level) for level in levels])


def level_key(level: float) -> str:
    """Spell a quantile level as the contract's keys do: ``0.1``."""
    return f"{level:.10g}"


def _series(document: object, where: str) -> Series:
    known = {"start", "target", "cat", "dynamic_feat"}
    fields = strict_json.fields(document, where, known)
    start = strict_json.needed(fields, "start", where)
    rows = strict_json.items(fields.get("dynamic_feat", []), f"{where}: dynamic_feat")
    return Series(
        start=_start(start, f"{where}: start"),
        target=strict_json.numbers(
            strict_json.needed(fields, "target", where), f"{where}: target", missing=True
        ),
        cat=tuple(
            strict_json.whole(one, f"{where}: cat", 0)
            for one in strict_json.items(fields.get("cat", []), f"{where}: cat")
        ),
        dynamic_feat=tuple(
            strict_json.numbers(row, f"{where}: dynamic_feat", missing=True) for row in rows
        ),
    )


def _series_document(series: Series) -> dict[str, Any]:
    document: dict[str, Any] = {
        "start": series.start.strftime(START_FORMAT),
        "target": _with_missing(series.target),
    }
    if series.cat:
        document["cat"] = list(series.cat)
    if series.dynamic_feat:
        document["dynamic_feat"] = [_with_missing(row) for row in series.dynamic_feat]
    return document


def _configuration(document: object) -> Configuration:
    where = "configuration"
    fields = strict_json.fields(document, where, {"num_samples", "output_types", "quantiles"})
    usual = Configuration()
    types = strict_json.items(
        fields.get("output_types", list(usual.output_types)), f"{where}: output_types"
    )
    possible = get_args(OutputType)
    if not types or any(one not in possible for one in types):
        raise FormatError(
            f"{where}: output_types is {types!r:.100}; it lists some of {', '.join(possible)}"
        )
    levels = fields.get("quantiles")
    return Configuration(
        num_samples=strict_json.whole(
            fields.get("num_samples", usual.num_samples), f"{where}: num_samples", 1, SAMPLES_MAX
        ),
        output_types=tuple(cast(OutputType, one) for one in types),
        quantiles=usual.quantiles if levels is None else _levels(levels),
    )


def _configuration_document(configuration: Configuration) -> dict[str, Any]:
    return {
        "num_samples": configuration.num_samples,
        "output_types": list(configuration.output_types),
        "quantiles": [level_key(level) for level in configuration.quantiles],
    }


def _prediction(document: object, where: str) -> Prediction:
    fields = strict_json.fields(document, where, {"mean", "quantiles", "samples"})
    if not fields:
        raise FormatError(f"{where} has none of mean, quantiles, samples")
    mean = strict_json.numbers(fields["mean"], f"{where}: mean") if "mean" in fields else None
    quantiles = None
    if "quantiles" in fields:
        rows = strict_json.fields(fields["quantiles"], f"{where}: quantiles")
        quantiles = {
            _level(key): strict_json.numbers(row, f"{where}: quantiles {key}")
            for key, row in rows.items()
        }
    samples = None
    if "samples" in fields:
        paths = strict_json.items(fields["samples"], f"{where}: samples")
        samples = tuple(strict_json.numbers(path, f"{where}: samples") for path in paths)
    return Prediction(mean, quantiles, samples)


def _prediction_document(prediction: Prediction) -> dict[str, Any]:
    document: dict[str, Any] = {}
    if prediction.mean is not None:
        document["mean"] = list(prediction.mean)
    if prediction.quantiles is not None:
        document["quantiles"] = {
            level_key(level): list(values) for level, values in prediction.quantiles.items()
        }
    if prediction.samples is not None:
        document["samples"] = [list(path) for path in prediction.samples]
    return document


def _with_missing(values: Sequence[float]) -> list[float | str]:
    return ["NaN" if math.isnan(value) else value for value in values]


def _levels(value: object) -> tuple[float, ...]:
    levels = sorted(_level(one) for one in strict_json.items(value, "quantiles"))
    if not levels or len(set(levels)) < len(levels):
        raise FormatError(f"quantiles is {value!r:.100}; it must list levels, each once")
    return tuple(levels)


def _level(value: object) -> float:
    try:
        level = float(value) if isinstance(value, str) else strict_json.number(value, "quantiles")
    except ValueError:
        level = math.nan
    if not 0 < level < 1:
        raise FormatError(f"the quantile {value!r:.50} is not between 0 and 1")
    return level


def _start(value: object, where: str) -> datetime:
    wanted = "it must be a time without a zone, as 2025-03-05 02:10:00"
    try:
        text = value.replace("\0", "?") if isinstance(value, str) else None  # NUL would be its end
        start = datetime.fromisoformat(text) if text is not None else None
    except ValueError:
        start = None
    if start is None or start.tzinfo is not None:
        raise FormatError(f"{where} is {value!r:.50}; {wanted}")
    return start
