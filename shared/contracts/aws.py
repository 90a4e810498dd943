"""The AWS events that we react to ("hints"), read tolerantly; only here live AWS's names.

A hint wakes a service up; Describe tells it the truth. So a hint keeps only what says *which*
resource to look at, and survives whatever else AWS adds, spells otherwise or leaves out.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter, ValidationError

from shared.contracts.envelope import ContractError, Envelope, Event, Metadata, first_fault

SOURCE = "aws.sagemaker"
TIME: TypeAdapter[Any] = TypeAdapter(AwareDatetime)


class Hint(Event):
    """An AWS event, as far as we read it."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=False, populate_by_name=True)

    producer: ClassVar[str] = "aws"
    is_hint: ClassVar[bool] = True
    aws_name: ClassVar[str]


class PipelineExecutionChanged(Hint):
    """A pipeline execution started, ended, or was stopped."""

    aws_name: ClassVar[str] = "SageMaker Model Building Pipeline Execution Status Change"
    execution_arn: str = Field(
        validation_alias="pipelineExecutionArn",
        examples=["arn:aws:sagemaker:eu-west-1:123456789012:pipeline/p/execution/abcdefghijkl"],
    )
    run_id: str = Field(
        default="", validation_alias="pipelineExecutionDisplayName", examples=["fees-r0123456789ab"]
    )
    status: str = Field(
        default="", validation_alias="currentPipelineExecutionStatus", examples=["Succeeded"]
    )


class ModelPackageChanged(Hint):
    """Somebody wrote in a ModelPackage: only what may be a verdict concerns us."""

    aws_name: ClassVar[str] = "SageMaker Model Package State Change"
    package_arn: str = Field(
        validation_alias="ModelPackageArn",
        examples=["arn:aws:sagemaker:eu-west-1:123456789012:model-package/mc-dev-fees/3"],
    )
    group: str = Field(
        default="", validation_alias="ModelPackageGroupName", examples=["mc-dev-fees"]
    )
    version: int = Field(default=0, validation_alias="ModelPackageVersion", examples=[3])
    updated: tuple[str, ...] | None = Field(
        default=None,
        validation_alias="UpdatedModelPackageFields",
        examples=[("ModelApprovalStatus",)],
    )

    @property
    def may_be_a_verdict(self) -> bool:
        """Whether approval or life cycle may have changed: any metadata update re-emits the event
        still saying Approved."""
        return self.updated is None or bool(
            {"ModelApprovalStatus", "ModelLifeCycle"} & set(self.updated)
        )


class EndpointChanged(Hint):
    """An endpoint came, changed, failed or went."""

    aws_name: ClassVar[str] = "SageMaker Endpoint State Change"
    endpoint: str = Field(validation_alias="EndpointName", examples=["mc-dev-fees-staging"])
    config: str = Field(
        default="",
        validation_alias="EndpointConfigName",
        examples=["mc-dev-fees-staging-v3-01234567"],
    )
    status: str = Field(default="", validation_alias="EndpointStatus", examples=["IN_SERVICE"])


IN_ORDER: tuple[type[Hint], ...] = (PipelineExecutionChanged, ModelPackageChanged, EndpointChanged)
HINTS: dict[str, type[Hint]] = {hint.aws_name: hint for hint in IN_ORDER}


def open_hint(raw: Mapping[str, Any]) -> Envelope[Hint] | None:
    """Open an AWS event; None when it is of a kind that nobody here reacts to.

    Raises
    ------
    ContractError
        If it is of a kind we know but does not say which resource it is about.
    """
    hint_class = HINTS.get(str(raw.get("detail-type")))
    if hint_class is None or raw.get("source") != SOURCE:
        return None
    event_id = str(raw.get("id") or "unknown")
    resources = raw.get("resources")
    try:
        hint = hint_class.model_validate(raw.get("detail"))
        metadata = Metadata(
            event_id=event_id,
            occurred_at=TIME.validate_python(raw.get("time")),
            subject=str(resources[0] if resources and isinstance(resources, list) else event_id),
            correlation_id=event_id,
            causation_id=event_id,
            producer="aws",
            actor="aws",
        )
    except ValidationError as error:
        raise ContractError(f"{hint_class.aws_name}: {first_fault(error)}") from error
    return Envelope(metadata=metadata, data=hint)
