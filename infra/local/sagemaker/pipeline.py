"""A pipeline's record, and what its operations take in and show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from infra.local.sagemaker.core import Request, Response, invalid
from infra.local.sagemaker.definition import Definition
from infra.local.sagemaker.execution import Execution

REPEATED = ("PipelineDisplayName", "PipelineDescription", "RoleArn", "ParallelismConfiguration")
SUMMARY = (
    "PipelineArn",
    "PipelineName",
    "PipelineDisplayName",
    "PipelineDescription",
    "RoleArn",
    "CreationTime",
    "LastModifiedTime",
)


@dataclass
class Pipeline:
    """A pipeline as it is now."""

    request: dict[str, Any]
    arn: str
    definition: Definition
    created_at: datetime
    modified_at: datetime
    created_by: Response
    modified_by: Response
    version: int = 1
    last_run_at: datetime | None = None

    @property
    def name(self) -> str:
        """The pipeline's name."""
        return str(self.request["PipelineName"])

    def shown(self) -> Response:
        """Answer it as DescribePipeline does."""
        seen = {
            "PipelineArn": self.arn,
            "PipelineName": self.name,
            "PipelineDefinition": self.definition.text,
            **{field: self.request.get(field) for field in REPEATED},
            "PipelineStatus": "Active",
            "CreationTime": self.created_at,
            "LastModifiedTime": self.modified_at,
            "LastRunTime": self.last_run_at,
            "CreatedBy": self.created_by,
            "LastModifiedBy": self.modified_by,
        }
        return {name: value for name, value in seen.items() if value is not None}

    def summary(self) -> Response:
        """Answer it as ListPipelines does."""
        row = only(self.shown(), SUMMARY)
        return row if self.last_run_at is None else {**row, "LastExecutionTime": self.last_run_at}


def only(shown: Response, fields: Sequence[str]) -> Response:
    """Answer some fields, as far as they are there."""
    return {field: shown[field] for field in fields if field in shown}


def summary(execution: Execution) -> Response:
    """Answer an execution as it is listed, but for CreationTime, which is its StartTime there."""
    fields = (
        "PipelineExecutionArn",
        "PipelineExecutionStatus",
        "PipelineExecutionDescription",
        "PipelineExecutionDisplayName",
        "CreationTime",
    )
    row = only(execution.shown(), fields)
    if execution.reason is not None:
        row["PipelineExecutionFailureReason"] = execution.reason
    return row


def dated(request: Request) -> Request:
    """Spell the time filters of pipelines as all other list operations do."""
    spelled = {"CreatedAfter": "CreationTimeAfter", "CreatedBefore": "CreationTimeBefore"}
    return {spelled.get(name, name): value for name, value in request.items()}


def parameters_of(definition: Definition, given: Sequence[Mapping[str, str]]) -> Mapping[str, Any]:
    """Answer a value for each parameter of a definition, given or by default.

    Raises
    ------
    ServiceError
        ValidationException for one that is unknown, missing or of another type.
    """
    texts: dict[str, str] = {each["Name"]: each["Value"] for each in given}
    unknown = sorted(set(texts) - set(definition.parameters))
    if unknown:
        known = ", ".join(sorted(definition.parameters)) or "none"
        raise invalid(
            f"Pipeline parameters {', '.join(unknown)} are not in the definition,"
            f" which has: {known}"
        )
    missing = sorted(
        name
        for name, parameter in definition.parameters.items()
        if name not in texts and parameter.default is None
    )
    if missing:
        raise invalid(f"Pipeline parameters without a default must be given: {', '.join(missing)}")
    return {
        name: parameter.read(texts[name]) if name in texts else parameter.default
        for name, parameter in definition.parameters.items()
    }
