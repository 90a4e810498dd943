"""What people say, as source ``modelcycle.operator``; the actor is the caller's identity.

Four wishes, and what a person decided about a dead letter: nobody but the journal hears that.
"""

from typing import ClassVar

from pydantic import Field

from shared.contracts import limits
from shared.contracts.envelope import Event
from shared.contracts.lifecycle.fields import (
    ModelName,
    Moment,
    Reason,
    S3Uri,
    Sha256,
    Stage,
    Version,
)


class ModelSpecApplied(Event):
    """A person wrote a model's spec; freezing is a change of the spec, too."""

    producer: ClassVar[str] = "operator"
    model: ModelName
    digest: Sha256
    """Of the spec's compact JSON."""
    changed_fields: tuple[str, ...] = Field(examples=[("horizon",)])


class RetrainRequested(Event):
    """A person wants the model trained."""

    producer: ClassVar[str] = "operator"
    model: ModelName
    reason: Reason
    note: str = Field(default="", examples=["after the fee market changed"])


class RollbackRequested(Event):
    """A person wants this version replaced by the newest kept one that is still approved."""

    producer: ClassVar[str] = "operator"
    model: ModelName
    stage: Stage
    version: Version
    """The version to take away: the wish lapses when another one is live by then."""
    reason: Reason


class DeploymentRequested(Event):
    """A person wants an approved version deployed again, after an attempt that AWS refused."""

    producer: ClassVar[str] = "operator"
    model: ModelName
    stage: Stage
    version: Version
    reason: Reason


class DeadLetterDecided(Event):
    """A person sent a dead letter back to its queue, or dropped it."""

    producer: ClassVar[str] = "operator"
    service: str = Field(examples=["trainer"])
    """Whose dead letter it was."""
    kind: str = Field(examples=["rejected"])
    """undelivered (by a rule or a schedule), rejected (at the door) or failed (each attempt)."""
    decision: str = Field(examples=["redriven"])
    """redriven or dropped."""
    reason: Reason = Field(examples=["the producer is corrected"])
    """Why the person decided so."""
    about: str = Field(
        min_length=1, max_length=limits.EVENT_SUBJECT_CHARACTERS_MAX, examples=["fees"]
    )
    """The model or series of the message; the service, where it names none."""
    fault: str = Field(examples=["TrainingCompleted: data.run_id: Field required"])
    """Why it was a dead letter."""
    message_id: str = Field(examples=["2c1f7d0e-5a0b-4f43-9d0f-0d4a4f8c2f11"])
    """Of SQS."""
    sent_at: Moment
    """When it came into a queue."""
    sha256: Sha256
    """Of the message's body."""
    uri: S3Uri | None = Field(
        default=None,
        examples=["s3://modelcycle-dev-123456789012/dead-letters/trainer/2c1f7d0e"],
    )
    """Where the body of a dropped one is kept."""
    event_id: str = Field(default="", examples=["5b5b1f86-6d1c-5c6e-9b5e-0d9d1c0a7f10"])
    """Of the event in it; empty: it holds none."""
    event_type: str = Field(default="", examples=["TrainingCompleted"])

    @property
    def subject(self) -> str:
        """What the message was about."""
        return self.about
