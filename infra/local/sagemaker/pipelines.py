"""Pipelines and their executions: SageMaker's operations on them."""

from collections.abc import Callable
from datetime import datetime
from time import monotonic

from infra.local.sagemaker.core import (
    Caller,
    NoSuchBlobError,
    Request,
    Response,
    Surroundings,
    conflict,
    invalid,
    moment,
    not_found,
)
from infra.local.sagemaker.definition import Definition, parse
from infra.local.sagemaker.execution import Execution
from infra.local.sagemaker.listing import listing
from infra.local.sagemaker.pipeline import REPEATED, Pipeline, dated, parameters_of, summary
from infra.local.sagemaker.steps import Perform

PARALLEL_STEPS = 50  # where nobody says otherwise; how many containers run is for `jobs` to say

Token = tuple[str, str, str]  # operation, pipeline, the client's token


class Pipelines:
    """All pipelines of one account and region.

    Not safe for threads: the engine calls every method, `tick` included, under its one lock.

    Parameters
    ----------
    perform : Callable
        Answers SageMaker's operations by name: what the steps call.
    elapsed_s : Callable
        Seconds, for the pauses before retries.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        perform: Perform,
        *,
        elapsed_s: Callable[[], float] = monotonic,
    ) -> None:
        self._surroundings = surroundings
        self._perform = perform
        self._elapsed_s = elapsed_s
        self._pipelines: dict[str, Pipeline] = {}
        self._executions: dict[str, Execution] = {}
        self._tokens: dict[Token, str] = {}

    def tick(self) -> None:
        """Walk every execution on."""
        for execution in self._executions.values():
            execution.advance()

    def running(self) -> int:
        """Answer how many executions are not over."""
        return sum(not execution.is_over for execution in self._executions.values())

    def create_pipeline(self, request: Request, caller: Caller) -> Response:
        """Create a pipeline; ValidationException for a name that exists or a bad definition."""
        name = request["PipelineName"]
        token = ("create", name, request.get("ClientRequestToken", ""))
        if token in self._tokens:
            return {"PipelineArn": self._tokens[token]}
        if name in self._pipelines:
            raise invalid(
                "Pipeline names must be unique within an AWS account and region."
                f" Pipeline with name ({name}) already exists."
            )
        now, who = self._now(), caller.context(self._surroundings.account)
        arn = self._surroundings.arn(f"pipeline/{name}")
        definition = self._definition(request)
        self._pipelines[name] = Pipeline(dict(request), arn, definition, now, now, who, who)
        self._remember(token, arn)
        return {"PipelineArn": arn}

    def update_pipeline(self, request: Request, caller: Caller) -> Response:
        """Change a pipeline; executions that have begun keep what they began with."""
        pipeline = self._pipeline(request)
        if "PipelineDefinition" in request or "PipelineDefinitionS3Location" in request:
            pipeline.definition = self._definition(request)
        pipeline.request |= {field: request[field] for field in REPEATED if field in request}
        pipeline.modified_at = moment(self._surroundings.now(), pipeline.modified_at)
        pipeline.modified_by = caller.context(self._surroundings.account)
        pipeline.version += 1
        return {"PipelineArn": pipeline.arn, "PipelineVersionId": pipeline.version}

    def describe_pipeline(self, request: Request, _caller: Caller) -> Response:
        """Answer a pipeline."""
        return self._pipeline(request).shown()

    def delete_pipeline(self, request: Request, _caller: Caller) -> Response:
        """Delete a pipeline; ConflictException while an execution is under way."""
        pipeline = self._pipeline(request)
        if any(not execution.is_over for execution in self._executions_of(pipeline)):
            raise conflict(f"Pipeline {pipeline.arn} has running executions: stop them first")
        del self._pipelines[pipeline.name]
        return {"PipelineArn": pipeline.arn}

    def list_pipelines(self, request: Request, _caller: Caller) -> Response:
        """Answer a page of pipelines."""
        prefix = request.get("PipelineNamePrefix", "")
        rows = [
            pipeline.summary()
            for pipeline in self._pipelines.values()
            if pipeline.name.startswith(prefix)
        ]
        return listing(dated(request), rows, into="PipelineSummaries", name="PipelineName")

    def start_pipeline_execution(self, request: Request, caller: Caller) -> Response:
        """Start an execution, or answer the one that was started with the same token."""
        pipeline = self._pipeline(request)
        token = ("start", pipeline.name, request.get("ClientRequestToken", ""))
        if token in self._tokens:
            return {"PipelineExecutionArn": self._tokens[token]}
        if "SelectiveExecutionConfig" in request:
            raise invalid("The local AWS has no selective execution: leave the config out")
        parallelism = request.get("ParallelismConfiguration") or pipeline.request.get(
            "ParallelismConfiguration", {}
        )
        execution = Execution(
            {"PipelineName": pipeline.name, "PipelineArn": pipeline.arn},
            pipeline.definition,
            parameters_of(pipeline.definition, request.get("PipelineParameters", ())),
            request,
            caller,
            parallelism.get("MaxParallelExecutionSteps", PARALLEL_STEPS),
            self._surroundings,
            self._perform,
            self._elapsed_s,
        )
        pipeline.last_run_at = execution.created_at
        self._executions[execution.arn] = execution
        self._remember(token, execution.arn)
        return {"PipelineExecutionArn": execution.arn}

    def stop_pipeline_execution(self, request: Request, _caller: Caller) -> Response:
        """Ask an execution to stop; ConflictException if it is over."""
        execution = self._execution(request)
        if execution.is_over:
            raise conflict(
                f"Pipeline execution with ARN {execution.arn} status is {execution.status}."
                " Only executions with status Executing can be stopped."
            )
        if execution.status == "Executing":
            execution.stop()
        return {"PipelineExecutionArn": execution.arn}

    def describe_pipeline_execution(self, request: Request, _caller: Caller) -> Response:
        """Answer an execution."""
        return self._execution(request).shown()

    def describe_pipeline_definition_for_execution(
        self, request: Request, _caller: Caller
    ) -> Response:
        """Answer the definition that an execution began with."""
        execution = self._execution(request)
        return {
            "PipelineDefinition": execution.definition.text,
            "CreationTime": execution.created_at,
        }

    def list_pipeline_executions(self, request: Request, _caller: Caller) -> Response:
        """Answer a page of a pipeline's executions, the latest first unless asked otherwise."""
        rows = [summary(execution) for execution in self._executions_of(self._pipeline(request))]
        key = "PipelineExecutionArn"
        page = listing(dated(request), rows, into="PipelineExecutionSummaries", name=key)
        for row in page["PipelineExecutionSummaries"]:
            row["StartTime"] = row.pop("CreationTime")
        return page

    def list_pipeline_execution_steps(self, request: Request, _caller: Caller) -> Response:
        """Answer a page of the steps that have begun, the latest first unless asked otherwise."""
        rows = [run.shown() for run in self._execution(request).runs.values()]
        by_time = {**request, "SortBy": "StartTime"}
        return listing(by_time, rows, into="PipelineExecutionSteps", name="StepName")

    def list_pipeline_parameters_for_execution(self, request: Request, _caller: Caller) -> Response:
        """Answer a page of an execution's parameters, those left to their default included."""
        parameters = self._execution(request).parameters
        rows = [{"Name": name, "Value": str(value)} for name, value in parameters.items()]
        by_name = {**request, "SortBy": "Name", "SortOrder": "Ascending"}
        return listing(by_name, rows, into="PipelineParameters", name="Name")

    def _remember(self, token: Token, arn: str) -> None:
        if token[-1]:  # a client may do without
            self._tokens[token] = arn

    def _now(self) -> datetime:
        return moment(self._surroundings.now())

    def _definition(self, request: Request) -> Definition:
        if "PipelineDefinition" in request:
            return parse(request["PipelineDefinition"])
        place = request.get("PipelineDefinitionS3Location")
        if place is None:
            raise invalid("A PipelineDefinition or a PipelineDefinitionS3Location is needed")
        try:
            uri = f"s3://{place['Bucket']}/{place['ObjectKey']}"
            return parse(self._surroundings.blobs.get(uri).decode())
        except NoSuchBlobError as error:
            raise invalid(f"There is no pipeline definition at {error.args[0]}") from None

    def _pipeline(self, request: Request) -> Pipeline:
        name = request["PipelineName"].rpartition("/")[2]  # an ARN will do as well
        try:
            return self._pipelines[name]
        except KeyError:
            arn = self._surroundings.arn(f"pipeline/{name}")
            raise not_found(f"Pipeline '{arn}' does not exist.") from None

    def _execution(self, request: Request) -> Execution:
        arn = request["PipelineExecutionArn"]
        try:
            return self._executions[arn]
        except KeyError:
            raise not_found(f"Pipeline execution '{arn}' does not exist.") from None

    def _executions_of(self, pipeline: Pipeline) -> list[Execution]:
        return [
            execution
            for execution in self._executions.values()
            if execution.pipeline["PipelineArn"] == pipeline.arn
        ]
