"""Metrics of what is said, written at the boundary in CloudWatch's embedded metric format.

Nothing decides by it, so it is not exact: what has to be said again is measured again, and what a
process did not come to measure is missing.
"""

from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.metrics import EphemeralMetrics

from shared.contracts import metrics
from shared.contracts.door import open_event
from shared.contracts.envelope import Envelope, Event
from shared.contracts.metrics import Metric
from shared.messaging.decision import Entry
from shared.messaging.lambda_entry import parsed
from shared.messaging.ports import Bus

Values = Mapping[Metric, float]


class Meter:
    """Writes metrics of an environment to standard output, from which Lambda takes them."""

    def __init__(self, env: str) -> None:
        self.namespace = metrics.namespace(env)

    def write(self, values: Values, model: str | None = None) -> None:
        """Write values: one line for all metrics that share their dimensions.

        Parameters
        ----------
        model : str, optional
            One more dimension, which costs as much as all others together: only for models that
            ask.
        """
        lines: dict[tuple[tuple[str, str], ...], Any] = {}
        for metric, value in values.items():
            dimensions = metric.dimensions() | ({metrics.MODEL: model} if model else {})
            key = tuple(dimensions.items())
            if key not in lines:
                lines[key] = EphemeralMetrics(namespace=self.namespace)
                for name, content in key:
                    lines[key].add_dimension(name=name, value=content)
            lines[key].add_metric(name=metric.name, unit=metric.unit.value, value=value)
        for line in lines.values():
            line.flush_metrics()


class MeasuringBus:
    """A bus that has what is said on it measured."""

    def __init__(self, bus: Bus, measure: Callable[[Envelope[Event]], None]) -> None:
        self.bus = bus
        self.measure = measure

    def publish(self, entries: tuple[Entry, ...]) -> None:
        """Say all entries, then measure them."""
        self.bus.publish(entries)
        for entry in entries:
            envelope = open_event(
                {
                    "source": entry.source,
                    "detail-type": entry.detail_type,
                    "detail": parsed(entry.detail),
                }
            )
            if envelope:
                self.measure(envelope)
