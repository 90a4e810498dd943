"""What CloudWatch is told of trainings: measured by what is kept and said of them."""

from collections.abc import Callable
from datetime import datetime

from services.trainer.domain.state import Trainings
from shared.contracts import metrics
from shared.contracts.envelope import Envelope, Event
from shared.contracts.lifecycle import TrainingFailed
from shared.messaging.clock import Clock
from shared.messaging.decision import Kept
from shared.messaging.measuring import Meter
from shared.messaging.ports import Store


class MeasuringStore:
    """A store that has trainings in flight measured: how old they are whenever somebody looks, at
    each sweep at least, and how many of a day there are with the one that begins."""

    def __init__(self, store: Store[Trainings], clock: Clock, meter: Meter) -> None:
        self.store = store
        self.clock = clock
        self.meter = meter

    def load(self, key: str, event_id: str | None) -> Kept[Trainings]:
        """Answer the aggregate."""
        kept = self.store.load(key, event_id)
        if run := kept.state.run:
            age = self.clock.now() - run.started_at
            self.meter.write({metrics.RUN_AGE: age.total_seconds()})
        return kept

    def commit(self, key: str, kept: Kept[Trainings], event_id: str | None, now: datetime) -> None:
        """Write the aggregate."""
        self.store.commit(key, kept, event_id, now)
        state = kept.state
        if state.run and state.run.started_at == now:
            self.meter.write({metrics.RUNS_OF_A_DAY: len(state.starts_of_a_day(now))})

    def lease(self, key: str, item_id: str) -> bool:
        """Take the only right to do an item."""
        return self.store.lease(key, item_id)


def failed(meter: Meter) -> Callable[[Envelope[Event]], None]:
    """Answer what measures the events that the trainer says."""

    def measure(envelope: Envelope[Event]) -> None:
        if isinstance(envelope.data, TrainingFailed):
            meter.write({metrics.TRAINING_FAILED: 1})

    return measure
