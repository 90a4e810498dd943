"""How far a training is: the steps of its pipeline execution, as SageMaker tells them."""

from collections.abc import Iterator
from typing import Any

ENDED = frozenset({"Succeeded", "Failed", "Stopped"})


class Steps:
    """Tells each step of an execution once, when it has ended."""

    def __init__(self, sagemaker: Any) -> None:
        self.sagemaker = sagemaker
        self.told: set[tuple[str, str]] = set()

    def news(self, execution_arn: str) -> Iterator[str]:
        """Answer a line for each step that has ended since the last call."""
        answer = self.sagemaker.list_pipeline_execution_steps(
            PipelineExecutionArn=execution_arn, SortOrder="Ascending"
        )
        for step in answer["PipelineExecutionSteps"]:
            known = (execution_arn, step["StepName"])
            if step["StepStatus"] in ENDED and known not in self.told:
                self.told.add(known)
                yield f"{step['StepName']} {step['StepStatus'].lower()}"
