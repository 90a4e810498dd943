"""What ingest says of the data, and what monitor says of its flow."""

from typing import ClassVar

from pydantic import Field

from shared.contracts.envelope import Event
from shared.contracts.lifecycle.fields import Count, ModelName, Moment, Reason, S3Uri, SeriesName


class ObservationsIngested(Event):
    """Windows of a series were closed, revised or imported, and are in the feature store."""

    producer: ClassVar[str] = "ingest"
    series: SeriesName
    first: Moment
    """Start of the earliest window."""
    last: Moment
    """Start of the latest window."""
    count: Count
    """Windows that are new."""
    revised: Count
    """Windows that were known and changed."""
    late: Count
    """Records that came after their window had closed, inside the grace."""
    backfill: bool = Field(examples=[False])
    """Whether these are history: they create no wish and no verdict."""


class RecordsQuarantined(Event):
    """Records could not be used; they are kept in S3, each with its reason."""

    producer: ClassVar[str] = "ingest"
    series: SeriesName
    count: Count
    reasons: dict[str, int] = Field(examples=[{"value is not a number": 2}])
    """How many records by reason."""
    uri: S3Uri
    """Where they are kept."""


class DataFaultDetected(Event):
    """The data, not the model, is at fault: nothing is trained on it until it clears."""

    producer: ClassVar[str] = "monitor"
    family: ClassVar[str | None] = "data-fault"
    model: ModelName
    kind: str = Field(examples=["gap"])
    """gap, unit, constant or flood."""
    evidence: Reason

    @property
    def aspect(self) -> str:
        """Each kind of fault begins and ends by itself."""
        return self.kind


class DataFaultCleared(Event):
    """The data are as they should be again."""

    producer: ClassVar[str] = "monitor"
    family: ClassVar[str | None] = "data-fault"
    model: ModelName
    kind: str = Field(examples=["gap"])
    """gap, unit, constant or flood."""
    evidence: Reason

    @property
    def aspect(self) -> str:
        """Each kind of fault begins and ends by itself."""
        return self.kind


class DataStalled(Event):
    """Nothing came for longer than the series expects."""

    producer: ClassVar[str] = "monitor"
    family: ClassVar[str | None] = "stall"
    series: SeriesName
    last_seen: Moment
    """Start of the latest window that was heard of."""
    expected_every_s: int = Field(ge=1, examples=[60])
    """Silence that is still normal, in seconds."""


class DataResumed(Event):
    """Observations come in again."""

    producer: ClassVar[str] = "monitor"
    family: ClassVar[str | None] = "stall"
    series: SeriesName
    last_seen: Moment
    """Start of the latest window that was heard of."""
    expected_every_s: int = Field(ge=1, examples=[60])
    """Silence that is still normal, in seconds."""
