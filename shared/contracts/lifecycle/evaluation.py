"""What the evaluator says."""

from typing import ClassVar

from pydantic import Field

from shared.contracts.envelope import Event
from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle.fields import (
    Blob,
    Count,
    Loss,
    Metrics,
    ModelName,
    PackageArn,
    Person,
    Reason,
    Reasons,
    RunId,
    Version,
)


class GateSeen(Frozen):
    """The gate as it stood when it was asked."""

    limit: Loss
    """What the mean weighted quantile loss had to stay within."""
    limit_is: str = Field(examples=["1.0 × baseline"])
    """Where the limit comes from, in words."""
    min_points: Count
    """True values below which nobody passes."""


class ChampionSeen(Frozen):
    """How the version in production did on the same windows, or why it was not asked."""

    version: Version | None = None
    """In production; none: nothing is."""
    mean_wql: Loss | None = None
    """The champion's on those windows; none: the two were not compared."""
    points: Count = Field(default=0, examples=[600])
    """True values on those windows."""
    not_compared: str | None = Field(default=None, examples=["no version in production"])
    """Why the two were not compared; none: they were."""
    candidate_wql: Loss | None = None
    """The candidate's mean wQL on those windows, which may be fewer than it was judged by."""
    difference_low: float | None = Field(default=None, examples=[-0.031])
    """Lower bound of the candidate's mean wQL minus the champion's, 95 % sure; above zero the
    candidate is worse beyond noise."""
    difference_high: float | None = Field(default=None, examples=[0.004])
    """Upper bound of that difference, likewise; below zero the candidate is better beyond noise."""


class Lineage(Frozen):
    """From what a version was made."""

    run_id: RunId
    dataset: Blob
    artifact: Blob
    judged_artifact: Blob
    image: str = Field(
        examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/modelcycle/lightgbm:1"]
    )
    evaluation: Blob


class ModelEvaluated(Event):
    """A run's forecasts were judged by a rolling-origin backtest."""

    producer: ClassVar[str] = "evaluator"
    model: ModelName
    run_id: RunId
    metrics: Metrics
    """Of the run's forecasts."""
    baseline: Metrics
    """Of the naive forecast, on the same windows."""
    baseline_name: str = Field(examples=["quantiles of the last season"])
    """Which naive forecast was the stronger on these windows."""
    champion: ChampionSeen
    origins: Count
    """Moments from which the backtest forecast."""
    points: Count
    """True values that the forecasts were compared with."""
    verdict: str = Field(examples=["passed"])
    """passed or refused."""
    reasons: Reasons
    """What the gate has against it; where it passed all the same, what outweighs that, too."""
    gate: GateSeen


class ModelRefused(Event):
    """The gate said no."""

    producer: ClassVar[str] = "evaluator"
    model: ModelName
    run_id: RunId
    reasons: Reasons


class ModelRegistered(Event):
    """A version waits in the registry for a person or a rule, with its evidence."""

    producer: ClassVar[str] = "evaluator"
    model: ModelName
    run_id: RunId
    package_arn: PackageArn
    version: Version
    metrics: Metrics
    lineage: Lineage
    person_because: Reason | None = None
    """Why only a person may approve it, whatever the spec's rule says; none: the rule may, too."""


class LimitSet(Event):
    """A person set the absolute threshold, or took it away."""

    producer: ClassVar[str] = "evaluator"
    family: ClassVar[str | None] = "limit"
    model: ModelName
    old: Loss | None = None
    """The threshold before; none: a multiple of the baseline was in force."""
    new: Loss
    score: Loss | None = None
    version: Version | None = None
    relative: bool = Field(default=False, examples=[False])
    """Whether the limit is a multiple of the baseline again; `new` repeats what was in force."""
    actor: Person


class LimitTightened(Event):
    """The threshold followed a better version, once that was in production and baked."""

    producer: ClassVar[str] = "evaluator"
    family: ClassVar[str | None] = "limit"
    model: ModelName
    old: Loss
    new: Loss
    score: Loss
    version: Version
    actor: Person


class LimitRestored(Event):
    """The threshold went back, for the version that had tightened it was rolled back."""

    producer: ClassVar[str] = "evaluator"
    family: ClassVar[str | None] = "limit"
    model: ModelName
    old: Loss
    new: Loss
    score: Loss | None = None
    version: Version
    actor: Person
    reason: Reason
