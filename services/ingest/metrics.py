"""What CloudWatch is told of the data: measured by what is absorbed and said."""

from collections.abc import Callable

from services.ingest.absorption import Absorption
from services.ingest.domain.batch import BatchAbsorbed
from services.ingest.domain.state import Series
from services.ingest.intake import Intake
from shared.contracts import metrics
from shared.contracts.envelope import Envelope, Event
from shared.contracts.lifecycle import ObservationsIngested
from shared.messaging.measuring import Meter
from shared.messaging.worker import Worker


class MeasuringIntake(Intake):
    """An intake that has measured what was absorbed; a batch that is only finished was measured
    before."""

    def __init__(self, absorption: Absorption, worker: Worker[Series], meter: Meter) -> None:
        super().__init__(absorption, worker)
        self.meter = meter

    def conclude(self, absorbed: BatchAbsorbed) -> tuple[str, ...]:
        """Have the worker conclude what was absorbed, then measure it."""
        concluded = super().conclude(absorbed)
        if absorbed.records:
            bad = absorbed.quarantined
            self.meter.write(
                {
                    metrics.RECORDS: absorbed.records,
                    metrics.DUPLICATES: absorbed.duplicates,
                    metrics.QUARANTINED: bad.count if bad else 0,
                }
            )
        return concluded


def published(meter: Meter) -> Callable[[Envelope[Event]], None]:
    """Answer what measures the events that ingest says; history lags by its nature."""

    def measure(envelope: Envelope[Event]) -> None:
        said = envelope.data
        if isinstance(said, ObservationsIngested) and not said.backfill:
            lag = envelope.metadata.occurred_at - said.last
            meter.write({metrics.LATE: said.late, metrics.WINDOW_LAG: lag.total_seconds()})

    return measure
