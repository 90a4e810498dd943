"""What comes in: batches are absorbed, then concluded; sweeps look for silence."""

from datetime import datetime

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from services.ingest import reading
from services.ingest.absorption import Absorption
from services.ingest.domain.batch import Batch, BatchAbsorbed
from services.ingest.domain.state import Series
from services.ingest.ports import Files, SeriesStore
from shared.contracts.envelope import Envelope, Event, Metadata
from shared.contracts.wishes import SweepRequested
from shared.messaging.errors import AlreadyHeard, Retryable
from shared.messaging.lambda_entry import DeadLetters, Door
from shared.messaging.log import Log
from shared.messaging.worker import Worker

NAME = "ingest"


class Intake:
    """Takes batches, and the events of ingest's own queue."""

    def __init__(self, absorption: Absorption, worker: Worker[Series]) -> None:
        self.absorption = absorption
        self.worker = worker

    def take(self, batch: Batch) -> tuple[str, ...]:
        """Absorb a batch and conclude it; one that was concluded is only finished."""
        kept = self.worker.store.load(batch.series, None)
        self.worker.drain_what_can_be(batch.series, kept)
        try:
            absorbed = self.absorption.absorb(batch)
        except AlreadyHeard:
            self.worker.resume(batch.series)
            return (batch.series,)
        return self.conclude(absorbed)

    def conclude(self, absorbed: BatchAbsorbed) -> tuple[str, ...]:
        """Have the worker conclude what was absorbed."""
        return self.worker.handle(told(absorbed, self.worker.clock.now()))

    def handle(self, envelope: Envelope[Event]) -> tuple[str, ...]:
        """Handle a sweep: resume unfinished business, then close what silence leaves open.

        Raises
        ------
        Retryable
            If one series could not be swept; the others were.
        """
        keys = self.worker.handle(envelope)
        failures: list[Retryable] = []
        for series in keys:
            try:
                if absorbed := self.absorption.silence(series):
                    self.conclude(absorbed)
            except Retryable as failure:
                failures.append(failure)
        if failures:
            raise failures[0]
        return keys


class Concerned:
    """Answer the series that a message concerns: its own, or for a sweep all that were heard."""

    def __init__(self, store: SeriesStore) -> None:
        self.store = store

    def __call__(self, envelope: Envelope[Event]) -> tuple[str, ...]:
        """Answer the keys of the aggregates."""
        if isinstance(envelope.data, SweepRequested):
            return self.store.keys()
        return (envelope.metadata.subject,)


class IngestDoor(Door):
    """Two queues feed one function: records on one, events on the other."""

    def __init__(
        self, intake: Intake, files: Files, records_queue: str, dead_letters: DeadLetters, log: Log
    ) -> None:
        super().__init__(intake, dead_letters, log)
        self.intake = intake
        self.files = files
        self.records_queue = records_queue

    def hear(self, record: SQSRecord) -> tuple[str, ...]:
        """Take a batch of records, or an event, by the queue that it came from."""
        if record.event_source_arn.rpartition(":")[2] == self.records_queue:
            return self.intake.take(reading.read(record.body, self.files))
        return super().hear(record)


def told(absorbed: BatchAbsorbed, now: datetime) -> Envelope[Event]:
    """Put what absorption says into the envelope that the worker takes: the batch is its cause."""
    metadata = Metadata(
        event_id=absorbed.batch_id,
        occurred_at=now,
        subject=absorbed.series,
        correlation_id=absorbed.batch_id,
        causation_id=absorbed.batch_id,
        producer=NAME,
        actor=NAME,
    )
    return Envelope(metadata=metadata, data=absorbed)
