"""What CloudWatch is told: measured at the boundary by what is said, in embedded metric format.

Dimensions are service, stage and outcome only: one per model would cost more than the models.
"""

from collections.abc import Mapping
from types import MappingProxyType

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from shared.contracts.door import open_event
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    AccuracyMeasured,
    AccuracyRecovered,
    DataFaultCleared,
    DataFaultDetected,
    DataResumed,
    DataStalled,
)
from shared.messaging.decision import Entry
from shared.messaging.lambda_entry import parsed
from shared.messaging.ports import Bus

NAMESPACE, SERVICE = "Modelcycle", "monitor"
BREACH, NO_BREACH, NO_STAGE = "breach", "no-breach", "none"
OUTCOMES: Mapping[type[Event], str] = MappingProxyType(
    {
        AccuracyDegraded: "degraded",
        AccuracyRecovered: "recovered",
        DataFaultDetected: "fault",
        DataFaultCleared: "fault-cleared",
        DataStalled: "stalled",
        DataResumed: "resumed",
    }
)


class MeasuringBus:
    """A bus that measures what is said on it; what has to be said again is measured again."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus

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
                measure(envelope.data)


def measure(event: Event) -> None:
    """Write the metrics of one event to standard output, where Lambda takes them from."""
    if isinstance(event, AccuracyMeasured):
        outcome = BREACH if event.breached else NO_BREACH
        values = {
            "MeanWql": event.mean_wql,
            "BaselineWql": event.baseline_wql,
            "Limit": event.limit,
        }
    elif (known := OUTCOMES.get(type(event))) is not None:
        outcome, values = known, {}
    else:
        return
    metrics = EphemeralMetrics(namespace=NAMESPACE, service=SERVICE)
    metrics.add_dimension(name="stage", value=str(getattr(event, "stage", NO_STAGE)))
    metrics.add_dimension(name="outcome", value=outcome)
    metrics.add_metric(name="Events", unit=MetricUnit.Count, value=1)
    for name, value in values.items():
        metrics.add_metric(name=name, unit=MetricUnit.NoUnit, value=value)
    metrics.flush_metrics()
