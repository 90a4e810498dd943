"""A step of an execution that has begun, and what other steps may know of it."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from infra.local.sagemaker.core import Caller, NoSuchBlobError, Response, Surroundings
from infra.local.sagemaker.definition import Definition, Step
from infra.local.sagemaker.references import UnresolvedError, follow
from infra.local.sagemaker.retries import Policy
from infra.local.sagemaker.steps import RESOURCES, Perform


@dataclass
class Run:
    """A step that has begun.

    Parameters
    ----------
    handle : str
        What Describe finds its resource by.
    outcome : bool or None
        Of a condition.
    began_s : float
        On the clock that retries are waited for by.
    again_at_s : float or None
        When it is tried again; None while it is not waiting for that.
    """

    step: Step
    started_at: datetime
    status: str = "Starting"
    ended_at: datetime | None = None
    reason: str | None = None
    handle: str = ""
    outcome: bool | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    began_s: float = 0.0
    again_at_s: float | None = None
    retried: Counter[Policy] = field(default_factory=Counter)

    def plan_retry(self, exception: str | None, now_s: float) -> bool:
        """Plan to try it again, if a policy wants that after such an error.

        Parameters
        ----------
        exception : str or None
            What policies call the error.
        """
        policy = next((each for each in self.step.retries if exception in each.exceptions), None)
        if policy is None:
            return False
        pause_s = policy.pause_s(self.retried[policy], now_s - self.began_s)
        if pause_s is None:
            return False
        self.retried[policy] += 1
        self.again_at_s = now_s + pause_s
        return True

    def shown(self) -> Response:
        """Answer it as ListPipelineExecutionSteps does."""
        seen = {
            "StepName": self.step.name,
            "StepDisplayName": self.step.display_name,
            "StepDescription": self.step.description,
            "StartTime": self.started_at,
            "EndTime": self.ended_at,
            "StepStatus": self.status,
            "AttemptCount": 1 + self.retried.total() - (self.again_at_s is not None),
            "FailureReason": self.reason,
            "Metadata": dict(self.metadata),
        }
        return {name: value for name, value in seen.items() if value is not None}


@dataclass(frozen=True)
class Values:
    """Where the references in an execution's steps find their values; see `references.Look`.

    Parameters
    ----------
    variables : Mapping
        The execution's own variables, but for the current time.
    """

    definition: Definition
    parameters: Mapping[str, Any]
    variables: Mapping[str, str]
    runs: Mapping[str, Run]
    surroundings: Surroundings
    perform: Perform
    caller: Caller

    def parameter(self, name: str) -> Any:
        """Answer a parameter of the execution."""
        return self.parameters[name]

    def variable(self, name: str) -> Any:
        """Answer one of `definition.VARIABLES`."""
        if name == "CurrentDateTime":
            return self.surroundings.now().isoformat()
        return self.variables[name]

    def described(self, step: str) -> Mapping[str, Any]:
        """Answer what a step made, or the outcome of a condition."""
        run = self.runs[step]
        return self.made(run) if run.step.kind in RESOURCES else {"Outcome": run.outcome}

    def made(self, run: Run) -> Response:
        """Describe the resource of a run."""
        resource = RESOURCES[run.step.kind]
        return self.perform(f"Describe{resource.noun}", {resource.key: run.handle}, self.caller)

    def property_file(self, step: str, name: str) -> Any:
        """Read the JSON that a processing step declared and wrote.

        Raises
        ------
        UnresolvedError
            If it did neither.
        """
        try:
            file = self.definition.steps[step].property_files[name]
            path = ("ProcessingOutputConfig", "Outputs", file["OutputName"], "S3Output", "S3Uri")
            folder = follow(self.described(step), path, f"property file {name}")
            return json.loads(self.surroundings.blobs.get(f"{folder}/{file['FilePath']}"))
        except (KeyError, NoSuchBlobError, ValueError) as error:
            raise UnresolvedError(f"property file {name} of step {step}: {error}") from error
