"""Field types that many events share, each with its unit and its example."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from shared.contracts import names
from shared.contracts.frozen import Frozen

ModelName = Annotated[
    str,
    Field(min_length=1, examples=["fees"], description="A named forecasting task."),
    AfterValidator(names.check_model),
]
SeriesName = Annotated[
    str,
    Field(min_length=1, examples=["transactions"], description="A named stream of observations."),
    AfterValidator(names.check_series),
]
Version = Annotated[
    int, Field(ge=1, examples=[3], description="The ModelPackage's version in its group.")
]
Stage = Annotated[str, Field(examples=["staging"], description="staging or production.")]
RunId = Annotated[str, Field(examples=["fees-r0123456789ab"], description="One training.")]
PackageArn = Annotated[
    str,
    Field(
        examples=["arn:aws:sagemaker:eu-west-1:123456789012:model-package/mc-dev-fees/3"],
        description="The version's ModelPackage.",
    ),
]
EndpointName = Annotated[str, Field(examples=["mc-dev-fees-staging"])]
ConfigName = Annotated[
    str,
    Field(
        examples=["mc-dev-fees-staging-v3-01234567"], description="The endpoint's configuration."
    ),
]
S3Uri = Annotated[
    str,
    Field(
        pattern=r"^s3://",
        examples=["s3://modelcycle-dev-123456789012/runs/fees-r0123456789ab/manifest.json"],
    ),
]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", examples=["0" * 64])]
Reason = Annotated[
    str,
    Field(
        examples=["mean wQL 0.412 is above the limit 0.397"], description="One sentence for people."
    ),
]
Reasons = Annotated[tuple[str, ...], Field(examples=[("mean wQL 0.412 is above the limit 0.397",)])]
Note = Annotated[
    str, Field(examples=["looks good"], description="What the person wrote, or 'rule: …'.")
]
Person = Annotated[
    str,
    Field(
        examples=["arn:aws:iam::123456789012:user/alice"],
        description="Who, or 'rule', or 'unknown'.",
    ),
]
Moment = Annotated[AwareDatetime, Field(examples=[datetime.fromisoformat("2026-03-01T12:00:00Z")])]
Count = Annotated[int, Field(ge=0, examples=[20])]
Loss = Annotated[
    float,
    Field(
        ge=0, examples=[0.314], description="Mean weighted quantile loss: a ratio, lower is better."
    ),
]


class Blob(Frozen):
    """Something in S3, and the digest that proves it unchanged."""

    uri: S3Uri
    sha256: Sha256


class Dataset(Frozen):
    """What a version was trained on."""

    uri: S3Uri
    """The manifest of the prepare step."""
    sha256: Sha256
    first: Moment
    cutoff: Moment
    """The last observation that the shipped artifact was trained on."""
    judged_cutoff: Moment
    """The last observation that the judged artifact was trained on."""
    points: Count
    gaps: Count
    """Runs of points without any observation."""


class Metrics(Frozen):
    """How good forecasts were over a backtest, or over live windows."""

    mean_wql: Loss
    wql: dict[str, float] = Field(examples=[{"0.1": 0.12, "0.5": 0.31, "0.9": 0.14}])
    """Weighted quantile loss by quantile."""
    coverage: dict[str, float] = Field(examples=[{"0.1": 0.09, "0.5": 0.52, "0.9": 0.91}])
    """Share of observations at or below each quantile."""
    rmse: float = Field(ge=0, examples=[1310.5])
    """Root mean squared error of the median, in the unit of the target."""
    mase: float | None = Field(default=None, ge=0, examples=[0.81])
    """Mean absolute scaled error; none where the scale is zero."""


class Window(Frozen):
    """A span of event time."""

    first: Moment
    """Where it begins."""
    last: Moment
    """Where it ends: what begins then is no part of it."""
