"""One execution of a pipeline: which steps can begin, which have ended, what comes of it all.

Steps begin as soon as everything they need has succeeded. What fails is tried again where its step
has a policy for that. After any other failure nothing new begins, what runs is waited for, and then
the execution has failed.
"""

from collections.abc import Callable, Mapping
from typing import Any

from infra.local.sagemaker import conditions, pipeline_events, retries
from infra.local.sagemaker.core import (
    Caller,
    Request,
    Response,
    Surroundings,
    moment,
)
from infra.local.sagemaker.definition import Definition, Step
from infra.local.sagemaker.references import UnresolvedError, resolve
from infra.local.sagemaker.run import Run, Values
from infra.local.sagemaker.steps import ENDED, RESOURCES, Perform, StepError, create

JOB_NAME_CHARACTERS = 63
SOME_FAILED = "Step failure: One or multiple steps failed."


class Execution:
    """A pipeline execution.

    Parameters
    ----------
    pipeline : Mapping
        PipelineName and PipelineArn.
    definition : Definition
        As it was when the execution started; an update later changes nothing here.
    parameters : Mapping
        A value for each parameter of the definition.
    limit : int
        How many steps may run at a time.
    perform : Callable
        SageMaker's operations by name.
    elapsed_s : Callable
        A clock of seconds that retries are waited for by.
    """

    def __init__(
        self,
        pipeline: Mapping[str, str],
        definition: Definition,
        parameters: Mapping[str, Any],
        request: Request,
        caller: Caller,
        limit: int,
        surroundings: Surroundings,
        perform: Perform,
        elapsed_s: Callable[[], float],
    ) -> None:
        self.id = surroundings.suffix()
        self.arn = f"{pipeline['PipelineArn']}/execution/{self.id}"
        self.pipeline = pipeline
        self.definition = definition
        self.parameters = parameters
        self.runs: dict[str, Run] = {}
        self.status = "Executing"
        self.reason: str | None = None
        self.created_at = self.modified_at = moment(surroundings.now())
        self._request = request
        self._caller = caller
        self._limit = limit
        self._surroundings = surroundings
        self._perform = perform
        self._elapsed_s = elapsed_s
        variables = {
            **pipeline,
            "PipelineExecutionId": self.id,
            "PipelineExecutionArn": self.arn,
            "StartDateTime": self.created_at.isoformat(),
        }
        self._values = Values(
            definition, parameters, variables, self.runs, surroundings, perform, caller
        )
        self._tell(None)

    @property
    def is_over(self) -> bool:
        """Whether nothing will happen any more."""
        return self.status not in {"Executing", "Stopping"}

    def advance(self) -> None:
        """Walk on as far as possible without waiting."""
        moved = not self.is_over
        self._begin_again()  # outside of the loop: a pause may be as short as nothing
        while moved:
            moved = self._see_what_ended() + self._begin_what_can() > 0
        if self.is_over or self._running():
            return
        failed = any(run.status == "Failed" for run in self.runs.values())
        if self.status == "Stopping":
            self._enter("Stopped")
        elif failed:
            self._enter("Failed", SOME_FAILED)
        else:
            self._enter("Succeeded")

    def stop(self) -> None:
        """Begin nothing more, and ask what runs to stop."""
        self._enter("Stopping")
        for run in self._running():
            if run.again_at_s is not None:
                self._end(run, "Stopped")
                continue
            resource = RESOURCES[run.step.kind]
            described = self._values.made(run)
            if described[resource.status] not in ENDED:
                self._perform(f"Stop{resource.noun}", {resource.key: run.handle}, self._caller)
            self._move(run, "Stopping")

    def shown(self) -> Response:
        """Answer it as DescribePipelineExecution does."""
        context = self._caller.context(self._surroundings.account)
        seen = {
            "PipelineArn": self.pipeline["PipelineArn"],
            "PipelineExecutionArn": self.arn,
            "PipelineExecutionDisplayName": self._request.get("PipelineExecutionDisplayName"),
            "PipelineExecutionDescription": self._request.get("PipelineExecutionDescription"),
            "PipelineExecutionStatus": self.status,
            "FailureReason": self.reason,
            "ParallelismConfiguration": self._request.get("ParallelismConfiguration"),
            "CreationTime": self.created_at,
            "LastModifiedTime": self.modified_at,
            "CreatedBy": context,
            "LastModifiedBy": context,
        }
        return {name: value for name, value in seen.items() if value is not None}

    def _running(self) -> list[Run]:
        return [run for run in self.runs.values() if run.ended_at is None]

    def _see_what_ended(self) -> int:
        ended = 0
        for run in self._running():
            if run.again_at_s is not None:
                continue
            described = self._values.made(run)
            status = ENDED.get(described[RESOURCES[run.step.kind].status])
            if status == "Stopped" and self.status != "Stopping":
                status, described = "Failed", {"FailureReason": "ClientError: the job was stopped"}
            reason = described.get("FailureReason")
            if status == "Failed" and self._plan_retry(run, retries.of_reason(reason)):
                continue
            if status is not None:
                self._end(run, status, reason)
                ended += 1
        return ended

    def _begin_what_can(self) -> int:
        begun = 0
        for step in self.definition.steps.values():
            if self._can_begin(step):
                self._begin(step)
                begun += 1
        return begun

    def _can_begin(self, step: Step) -> bool:
        if self.status != "Executing" or step.name in self.runs:
            return False
        if any(run.status == "Failed" for run in self.runs.values()):
            return False
        if len(self._running()) >= self._limit:
            return False
        before = [self.runs.get(name) for name in step.needs]
        if not all(run is not None and run.status == "Succeeded" for run in before):
            return False
        return (
            step.branch is None or self.runs[step.branch.condition].outcome is step.branch.outcome
        )

    def _begin(self, step: Step) -> None:
        now = moment(self._surroundings.now())
        run = self.runs[step.name] = Run(step, now, began_s=self._elapsed_s())
        self._tell_step(run, None)
        self._attempt(run)

    def _begin_again(self) -> None:
        for run in self._running():
            if run.again_at_s is not None and run.again_at_s <= self._elapsed_s():
                run.again_at_s = None
                self._attempt(run)

    def _plan_retry(self, run: Run, exception: str | None) -> bool:
        return self.status == "Executing" and run.plan_retry(exception, self._elapsed_s())

    def _attempt(self, run: Run) -> None:
        try:
            self._do(run, resolve(dict(run.step.arguments), self._values))
        except UnresolvedError as error:
            self._end(run, "Failed", f"ClientError: {error}")
        except StepError as error:
            if not self._plan_retry(run, retries.of_refusal(error.refusal)):
                self._end(run, "Failed", str(error))
        except Exception as error:  # a fault of ours ends this step, not the tick of all others
            self._end(run, "Failed", f"InternalServerError: {type(error).__name__}: {error}")

    def _do(self, run: Run, arguments: Request) -> None:
        match run.step.kind:
            case "Condition":
                run.outcome = conditions.hold(arguments["Conditions"])
                run.metadata = {"Condition": {"Outcome": str(run.outcome)}}
                self._end(run, "Succeeded")
            case "Fail":
                message = str(arguments.get("ErrorMessage", ""))
                run.metadata = {"Fail": {"ErrorMessage": message}}
                self._end(run, "Failed", message)
            case kind:
                self._create(run, kind, arguments)

    def _create(self, run: Run, kind: str, arguments: Request) -> None:
        resource, name = RESOURCES[kind], self._name(run.step)
        arn, run.handle = create(resource, arguments, name, self._perform, self._caller)
        run.metadata = {resource.shown: {"Arn": arn}}
        self._move(run, "Executing")
        if not resource.is_job:
            self._end(run, "Succeeded")

    def _name(self, step: Step) -> str:
        head, tail = f"pipelines-{self.id}-", f"-{self._surroundings.suffix()}"
        middle = step.name.replace("_", "-")[: JOB_NAME_CHARACTERS - len(head) - len(tail)]
        return f"{head}{middle.strip('-')}{tail}"

    def _end(self, run: Run, status: str, reason: str | None = None) -> None:
        run.ended_at = moment(self._surroundings.now())
        run.reason = reason
        self._move(run, status)

    def _move(self, run: Run, status: str) -> None:
        before, run.status = run.status, status
        self._tell_step(run, before)

    def _enter(self, status: str, reason: str | None = None) -> None:
        before, self.status, self.reason = self.status, status, reason
        self.modified_at = moment(self._surroundings.now(), self.modified_at)
        self._tell(before)

    def _tell(self, before: str | None) -> None:
        detail = pipeline_events.execution_changed(self.shown(), before)
        self._emit(pipeline_events.EXECUTION, detail)

    def _tell_step(self, run: Run, before: str | None) -> None:
        detail = pipeline_events.step_changed(self.shown(), run.shown(), run.step.kind, before)
        self._emit(pipeline_events.STEP, detail)

    def _emit(self, detail_type: str, detail: Response) -> None:
        self._surroundings.emit(detail_type, [self.pipeline["PipelineArn"], self.arn], detail)
