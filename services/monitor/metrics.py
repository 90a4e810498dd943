"""What CloudWatch is told of accuracy and of the data: measured by what is said and written."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from services.monitor.ports import Blobs
from shared.contracts import metrics
from shared.contracts.complaints import SpecError
from shared.contracts.envelope import Envelope, Event
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    AccuracyMeasured,
    AccuracyRecovered,
    DataFaultDetected,
    DataStalled,
)
from shared.contracts.metrics import Metric
from shared.contracts.scoring import SCORED, ScoredForecast, ScoredForecasts
from shared.messaging.errors import Refused, Retryable
from shared.messaging.measuring import Meter, Values
from shared.messaging.parameters import Parameters

OUTCOMES: Mapping[type[Event], Metric] = MappingProxyType(
    {
        AccuracyDegraded: metrics.DEGRADED,
        AccuracyRecovered: metrics.RECOVERED,
        DataFaultDetected: metrics.DATA_FAULT,
        DataStalled: metrics.STALLED,
    }
)


class Gauge:
    """Measures what the monitor says, and what it writes of forecasts that came true.

    Parameters
    ----------
    asks : Callable
        Whether a model's spec asks for metrics of its own.
    """

    def __init__(self, meter: Meter, asks: Callable[[str], bool]) -> None:
        self.meter = meter
        self.asks = asks

    def event(self, envelope: Envelope[Event]) -> None:
        """Measure one event."""
        said = envelope.data
        if isinstance(said, AccuracyMeasured):
            loss = {
                metrics.LOSS.mean_wql: said.mean_wql,
                metrics.LOSS.baseline_wql: said.baseline_wql,
                metrics.LOSS.limit: said.limit,
            }
            self.of_model(said.model, loss)
            self.meter.write({metrics.BREACH: float(said.breached)})
        elif (known := OUTCOMES.get(type(said))) is not None:
            self.meter.write({known: 1})

    def forecasts(self, scored: ScoredForecasts) -> None:
        """Measure forecasts that came true."""
        if (share := coverage(scored.forecasts)) is not None:
            self.of_model(scored.model, {metrics.COVERAGE: share})

    def of_model(self, model: str, values: Values) -> None:
        """Write what is known of all models together, and of this one if it asks."""
        self.meter.write(values)
        if self.asks(model):
            self.meter.write(values, model)


class MeasuringBlobs:
    """A bucket that has scored forecasts measured as they are written."""

    def __init__(self, blobs: Blobs, gauge: Gauge) -> None:
        self.blobs = blobs
        self.gauge = gauge

    def put(self, key: str, body: bytes) -> str:
        """Write an object and answer its URI."""
        uri = self.blobs.put(key, body)
        if key.startswith(SCORED):
            self.gauge.forecasts(ScoredForecasts.model_validate_json(body))
        return uri


def coverage(forecasts: tuple[ScoredForecast, ...]) -> float | None:
    """Answer the share of truths between the outermost quantiles; None: there are no truths."""
    inside = total = 0
    for forecast in forecasts:
        levels = sorted(forecast.quantiles, key=float)
        lowest, highest = forecast.quantiles[levels[0]], forecast.quantiles[levels[-1]]
        for low, truth, high in zip(lowest, forecast.truth, highest, strict=True):
            if truth is not None:
                total += 1
                inside += low <= truth <= high
    return inside / total if total else None


def asking(parameters: Parameters) -> Callable[[str], bool]:
    """Answer how to find out whether a model asks for metrics of its own; where that cannot be
    read, it does not: a metric is no reason to fail."""

    def asks(model: str) -> bool:
        try:
            spec = parameters.model_spec(model)
        except (SpecError, Refused, Retryable):
            return False
        return spec is not None and spec.own_metrics

    return asks
