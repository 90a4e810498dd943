"""The events of pipeline executions and their steps: unlike jobs', they speak camelCase and ISO."""

from collections.abc import Mapping
from typing import Any

from infra.local.sagemaker.core import Response
from infra.local.sagemaker.events import iso

EXECUTION = "SageMaker Model Building Pipeline Execution Status Change"
STEP = "SageMaker Model Building Pipeline Execution Step Status Change"


def execution_changed(execution: Mapping[str, Any], before: str | None) -> Response:
    """Answer the detail for an execution.

    Parameters
    ----------
    execution : Mapping
        As DescribePipelineExecution shows it.
    before : str or None
        Its previous status; None at the beginning, where the event leaves the field out.
    """
    ended = execution["PipelineExecutionStatus"] not in {"Executing", "Stopping"}
    return _present(
        {
            "pipelineExecutionDisplayName": execution.get("PipelineExecutionDisplayName"),
            "pipelineExecutionDescription": execution.get("PipelineExecutionDescription"),
            "currentPipelineExecutionStatus": execution["PipelineExecutionStatus"],
            "previousPipelineExecutionStatus": before,
            "executionStartTime": iso(execution["CreationTime"]),
            "executionEndTime": iso(execution["LastModifiedTime"]) if ended else None,
            "pipelineArn": execution["PipelineArn"],
            "pipelineExecutionArn": execution["PipelineExecutionArn"],
        }
    )


def step_changed(
    execution: Mapping[str, Any], step: Mapping[str, Any], kind: str, before: str | None
) -> Response:
    """Answer the detail for a step.

    Parameters
    ----------
    step : Mapping
        As ListPipelineExecutionSteps shows it.
    kind : str
        The step's type.
    """
    return _present(
        {
            "metadata": _lower_camel(step.get("Metadata", {})),
            "stepStartTime": iso(step["StartTime"]),
            "stepEndTime": iso(step["EndTime"]) if "EndTime" in step else None,
            "stepName": step["StepName"],
            "stepType": kind,
            "previousStepStatus": before,
            "currentStepStatus": step["StepStatus"],
            "failureReason": step.get("FailureReason"),
            "pipelineArn": execution["PipelineArn"],
            "pipelineExecutionArn": execution["PipelineExecutionArn"],
        }
    )


def _present(detail: Mapping[str, Any]) -> Response:
    return {name: value for name, value in detail.items() if value is not None}


def _lower_camel(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {name[0].lower() + name[1:]: _lower_camel(part) for name, part in value.items()}
