"""What the trainer says."""

from typing import ClassVar

from pydantic import Field

from shared.contracts.envelope import Event
from shared.contracts.lifecycle.fields import Blob, Dataset, ModelName, Moment, Reason, RunId, S3Uri


class TrainingStarted(Event):
    """The algorithm's pipeline runs."""

    producer: ClassVar[str] = "trainer"
    family: ClassVar[str | None] = "training"
    model: ModelName
    run_id: RunId
    execution_arn: str = Field(
        examples=[
            "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/mc-dev-lightgbm/execution/abcdefghijkl"
        ]
    )
    trigger: str = Field(examples=["person"])
    """person, degradation, spec or schedule."""
    algorithm: str = Field(examples=["lightgbm"])
    hyperparameters: dict[str, str] = Field(examples=[{"num_boost_round": "80"}])


class TrainingSuppressed(Event):
    """The governor said no to a wish; the wish is remembered."""

    producer: ClassVar[str] = "trainer"
    model: ModelName
    trigger: str = Field(examples=["spec"])
    """person, degradation, spec or schedule."""
    rule: str = Field(examples=["enough_history"])
    """The governor's rule that said no."""
    reason: Reason
    until: Moment | None = None
    """When it is decided again at the latest; none: when an event says so."""


class TrainingCompleted(Event):
    """A run ended well: a dataset, an artifact, and the batch forecast by which it is judged."""

    producer: ClassVar[str] = "trainer"
    model: ModelName
    run_id: RunId
    algorithm: str = Field(examples=["lightgbm"])
    trigger: str = Field(examples=["person"])
    dataset: Dataset
    artifact: Blob
    """What ships."""
    judged_artifact: Blob
    """What made the forecasts: the same as `artifact`, or its twin that has not seen the
    backtest."""
    image: str = Field(
        examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/modelcycle/lightgbm:1"]
    )
    forecasts_uri: S3Uri
    duration_s: float = Field(ge=0, examples=[184.0])
    """From the pipeline's start to its end."""
    cost_usd: float | None = Field(default=None, ge=0, examples=[0.04])
    """From billable seconds and the dated price table; none where the price is not known."""


class TrainingFailed(Event):
    """A run ended without a model."""

    producer: ClassVar[str] = "trainer"
    model: ModelName
    run_id: RunId
    step: str = Field(examples=["Prepare"])
    """The pipeline's step that failed."""
    reason: Reason
