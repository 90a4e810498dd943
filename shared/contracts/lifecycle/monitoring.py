"""What the monitor says of a model's accuracy, and what every worker says of its decisions."""

from typing import Any, ClassVar

from pydantic import Field

from shared.contracts.envelope import ANY_SERVICE, Event
from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle.fields import (
    Count,
    Loss,
    ModelName,
    Moment,
    Reason,
    S3Uri,
    Sha256,
    Stage,
    Version,
    Window,
)


class AccuracyMeasured(Event):
    """A verdict on the latest forecasts whose horizon came true."""

    producer: ClassVar[str] = "monitor"
    family: ClassVar[str | None] = "accuracy"
    model: ModelName
    stage: Stage
    version: Version
    window: Window
    points: Count
    """True values that forecasts were compared with."""
    mean_wql: Loss
    baseline_wql: Loss
    limit: Loss
    breached: bool = Field(examples=[False])
    """Whether the version fell short of the limit."""
    evidence: str = Field(default="", examples=["mean wQL 0.314 is within the limit 0.397"])
    """Why it is a breach, or none, in a sentence."""


class AccuracyDegraded(Event):
    """The version in production fell short, several verdicts in a row."""

    producer: ClassVar[str] = "monitor"
    family: ClassVar[str | None] = "degradation"
    model: ModelName
    stage: Stage
    version: Version
    degraded_version: Version
    evidence: Reason
    since: Moment
    """Start of the first breach."""


class AccuracyRecovered(Event):
    """The version now in production has as many good verdicts in a row."""

    producer: ClassVar[str] = "monitor"
    family: ClassVar[str | None] = "degradation"
    model: ModelName
    stage: Stage
    version: Version
    degraded_version: Version
    evidence: Reason
    since: Moment
    """Start of the first breach: since when the degraded version had fallen short."""


class Seen(Frozen):
    """What a decision looked at: inline while small, else in S3."""

    inline: str | None = Field(default=None, examples=["[]"])
    """JSON: a list of [port call, arguments, answer]."""
    uri: S3Uri | None = None
    sha256: Sha256 | None = None


class DecisionRecorded(Event):
    """A service decided something, or knows why it decided nothing."""

    producer: ClassVar[str] = ANY_SERVICE
    service: str = Field(examples=["deployer"])
    model: str = Field(examples=["fees"])
    """The aggregate: a model's or a series' name."""
    cause_id: str = Field(examples=["5b5b1f86-6d1c-5c6e-9b5e-0d9d1c0a7f10"])
    """Of the event that was decided upon, or that led to what was."""
    cause_type: str = Field(examples=["ModelRegistered"])
    answered: str | None = Field(default=None, examples=["RollOut"])
    """The action whose outcome was decided upon; none: the event itself."""
    item: str | None = Field(default=None, examples=["7.1"])
    """Of the todo, which held that action: the revision that wanted it, and its place there."""
    outcome: str | None = Field(default=None, examples=["RolloutBegun"])
    """The outcome's class; ``Refused`` where AWS said no."""
    cause: dict[str, Any] | None = Field(default=None, examples=[{"version": 3}])
    """What the event or the outcome said."""
    now: Moment
    """The clock port's time that the decision was given."""
    seen: Seen = Field(examples=[Seen(inline="[]")])
    """What it asked of its ports, and what they answered."""
    why: str = Field(examples=["approved by alice"])
    state_before: Sha256
    """Digest of the aggregate's state, as JSON, before it."""
    state_after: Sha256
    """Digest of the state after it; that of before, where nothing changed."""
    actions: tuple[str, ...] = Field(examples=[("RollOut",)])
    """What is to be done now, by class: the todo holds it."""
    events: tuple[str, ...] = Field(examples=[("ModelApproved",)])
    """What was said, by name."""
    code_version: str = Field(examples=["0.1.0"])
