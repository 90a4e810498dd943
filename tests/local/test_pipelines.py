"""Pipelines run their definitions step by step, with real containers."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.validate import ParamValidator

from infra.local.processes import Children
from infra.local.sagemaker import conditions, pipeline_events
from infra.local.sagemaker.core import Caller, Request, Response, ServiceError
from infra.local.sagemaker.definition import parse
from infra.local.sagemaker.jobs import Jobs
from infra.local.sagemaker.models import Models
from infra.local.sagemaker.pipelines import Pipelines
from infra.local.sagemaker.references import Reference, UnresolvedError, references
from infra.local.sagemaker.tags import Tags
from tests.local.documented import documented_keys, keys_of, missing, read, samples
from tests.local.test_jobs import (
    processing_request,
    s3_prefix,
    training_request,
    transform_request,
)
from tests.local.world import ROLE, World, fixture_runner, until

ALICE = Caller("operator.alice", "alice")
TOKEN = "t" * 32


class Packages:
    """As much of a registry as a RegisterModel step calls."""

    def create_model_package(self, request: Request, _caller: Caller) -> Response:
        group = request["ModelPackageGroupName"]
        return {"ModelPackageArn": f"arn:aws:sagemaker:::model-package/{group}/1"}


class Works:
    """Pipelines with everything that their steps call."""

    def __init__(self, folder: Path, children: Children) -> None:
        self.world = World()
        self.world.objects.content |= {
            "s3://data/in/a.txt": b"1 2\n",
            "s3://data/in/b.txt": b"6\n",
            "s3://data/ask/one.jsonl": b"1\n2\n",
        }
        surroundings = self.world.surroundings
        self.models = Models(surroundings, Tags(), lambda name: {"ModelPackageArn": name})
        self.jobs = Jobs(surroundings, fixture_runner(children), folder, self.models.find)
        self.parts = (self.jobs, self.models, Packages())
        self.seconds = 0.0
        self.refusals: list[ServiceError] = []  # of the next calls that create something
        self.pipelines = Pipelines(surroundings, self.perform, elapsed_s=lambda: self.seconds)

    def perform(self, operation: str, request: Request, caller: Caller) -> Response:
        if operation.startswith("Create") and self.refusals:
            raise self.refusals.pop(0)
        method = xform_name(operation)
        part = next(part for part in self.parts if hasattr(part, method))
        response: Response = getattr(part, method)(request, caller)
        return response

    def tick(self) -> None:
        self.jobs.tick()
        self.pipelines.tick()

    def create(self, definition: Mapping[str, Any], name: str = "fees") -> None:
        request = {
            "PipelineName": name,
            "PipelineDefinition": json.dumps(definition),
            "RoleArn": ROLE,
        }
        self.pipelines.create_pipeline(request, ALICE)

    def start(self, name: str = "fees", **parameters: str) -> str:
        given = [{"Name": key, "Value": value} for key, value in parameters.items()]
        request = {
            "PipelineName": name,
            "PipelineExecutionDisplayName": "fees-r1",
            "PipelineExecutionDescription": "asked by hand",
            "PipelineParameters": given,
        }
        arn: str = self.pipelines.start_pipeline_execution(request, ALICE)["PipelineExecutionArn"]
        return arn

    def see(self, arn: str) -> Response:
        return self.pipelines.describe_pipeline_execution({"PipelineExecutionArn": arn}, ALICE)

    def steps(self, arn: str) -> dict[str, Response]:
        request = {"PipelineExecutionArn": arn, "SortOrder": "Ascending"}
        page = self.pipelines.list_pipeline_execution_steps(request, ALICE)
        return {step["StepName"]: step for step in page["PipelineExecutionSteps"]}

    def statuses(self, arn: str) -> dict[str, str]:
        return {name: step["StepStatus"] for name, step in self.steps(arn).items()}

    def finish(self, arn: str) -> Response:
        ended = ("Succeeded", "Failed", "Stopped")
        until(lambda: self.see(arn)["PipelineExecutionStatus"] in ended, self.tick)
        return self.see(arn)

    def run(self, definition: Mapping[str, Any], **parameters: str) -> tuple[Response, str]:
        self.create(definition)
        arn = self.start(**parameters)
        return self.finish(arn), arn


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    with Children() as children:
        works = Works(tmp_path, children)
        yield works
        works.jobs.close()


@pytest.fixture(scope="module")
def api() -> Any:
    return botocore.session.get_session().get_service_model("sagemaker")


def get(text: str) -> dict[str, str]:
    return {"Get": text}


def join(*values: Any) -> dict[str, Any]:
    return {"Std:Join": {"On": "/", "Values": list(values)}}


def step(name: str, kind: str, arguments: Mapping[str, Any], *after: str) -> dict[str, Any]:
    left_out = ("ProcessingJobName", "TrainingJobName", "TransformJobName")
    kept = {key: value for key, value in arguments.items() if key not in left_out}
    return {"Name": name, "Type": kind, "Arguments": kept, "DependsOn": list(after)}


def definition(*steps: Mapping[str, Any], **defaults: Any) -> dict[str, Any]:
    parameters = [
        {"Name": name, "Type": "String", **({} if value is None else {"DefaultValue": value})}
        for name, value in defaults.items()
    ]
    return {"Version": "2020-12-01", "Parameters": parameters, "Steps": list(steps)}


def prepare(factor: Any = "2") -> dict[str, Any]:
    arguments = processing_request("x", factor)
    output = arguments["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]
    output["S3Uri"] = join("s3://data", get("Execution.PipelineExecutionId"), "dataset")
    return step("Prepare", "Processing", arguments)


def train(name: str = "Train", mood: Any = "good", source: Any = None) -> dict[str, Any]:
    output = get("Steps.Prepare.ProcessingOutputConfig.Outputs['more'].S3Output.S3Uri")
    arguments = training_request("x")
    arguments["HyperParameters"] = {"mood": mood}
    data = {**s3_prefix("x"), "S3Uri": output if source is None else source}
    arguments["InputDataConfig"][0]["DataSource"]["S3DataSource"] = data
    return step(name, "Training", arguments)


def model() -> dict[str, Any]:
    image = get("Steps.Train.AlgorithmSpecification.TrainingImage")
    artifact = get("Steps.Train.ModelArtifacts.S3ModelArtifacts")
    container = {"Image": image, "ModelDataUrl": artifact}
    return step("Create", "Model", {"PrimaryContainer": container, "ExecutionRoleArn": ROLE})


def forecast() -> dict[str, Any]:
    arguments = {**transform_request("x"), "ModelName": get("Steps.Create.ModelName")}
    return step("Forecast", "Transform", arguments)


def condition(left: Any, yes: list[Any], no: list[Any]) -> dict[str, Any]:
    compared = {"Type": "LessThanOrEqualTo", "LeftValue": left, "RightValue": 3.5}
    return step("Judge", "Condition", {"Conditions": [compared], "IfSteps": yes, "ElseSteps": no})


def fail(message: Any, *after: str) -> dict[str, Any]:
    return step("Refuse", "Fail", {"ErrorMessage": message}, *after)


WHOLE = definition(forecast(), prepare(get("Parameters.Factor")), train(), model(), Factor="1")


def test_a_pipeline_prepares_trains_and_forecasts_in_the_order_of_its_references(
    works: Works, api: Any
) -> None:
    seen, arn = works.run(WHOLE, Factor="2")

    assert seen["PipelineExecutionStatus"] == "Succeeded"
    assert list(works.statuses(arn)) == ["Prepare", "Train", "Create", "Forecast"]
    assert set(works.statuses(arn).values()) == {"Succeeded"}
    answers = works.world.objects.get("s3://data/told/one.jsonl.out").splitlines()
    assert [json.loads(answer)["answer"] for answer in answers] == [7.0, 8.0]  # 2 × mean + 1, + 2
    execution = arn.rsplit("/", 1)[-1]
    assert works.world.objects.get(f"s3://data/{execution}/dataset/b.txt") == b"12.0"
    job = works.steps(arn)["Train"]["Metadata"]["TrainingJob"]["Arn"].rsplit("/", 1)[-1]
    assert job.startswith(f"pipelines-{execution}-train-")
    assert len(job) <= 63
    for operation, response in (
        ("DescribePipelineExecution", seen),
        ("DescribePipeline", works.pipelines.describe_pipeline({"PipelineName": "fees"}, ALICE)),
        ("ListPipelines", works.pipelines.list_pipelines({}, ALICE)),
        (
            "ListPipelineExecutions",
            works.pipelines.list_pipeline_executions({"PipelineName": "fees"}, ALICE),
        ),
        (
            "ListPipelineExecutionSteps",
            works.pipelines.list_pipeline_execution_steps({"PipelineExecutionArn": arn}, ALICE),
        ),
    ):
        shape = api.operation_model(operation).output_shape
        report = ParamValidator().validate(response, shape)
        assert not report.has_errors(), report.generate_report()


def test_independent_steps_run_side_by_side(works: Works) -> None:
    source = "s3://data/in"
    works.create(definition(train("One", "slow", source), train("Two", "slow", source)))
    arn = works.start()
    works.tick()
    assert works.statuses(arn) == {"One": "Executing", "Two": "Executing"}
    works.pipelines.stop_pipeline_execution({"PipelineExecutionArn": arn}, ALICE)
    works.finish(arn)


def test_a_limit_of_one_step_makes_them_wait_for_each_other(works: Works) -> None:
    source = "s3://data/in"
    works.create(definition(train("One", source=source), train("Two", source=source)))
    limit = {"MaxParallelExecutionSteps": 1}
    request = {"PipelineName": "fees", "ParallelismConfiguration": limit}
    arn = works.pipelines.start_pipeline_execution(request, ALICE)["PipelineExecutionArn"]
    works.tick()
    assert works.statuses(arn) == {"One": "Executing"}
    assert works.finish(arn)["PipelineExecutionStatus"] == "Succeeded"


def test_a_failed_step_fails_the_execution_and_nothing_after_it_begins(works: Works) -> None:
    seen, arn = works.run(definition(prepare(), train(mood="bad"), model(), forecast()))
    assert seen["PipelineExecutionStatus"] == "Failed"
    assert seen["FailureReason"] == "Step failure: One or multiple steps failed."
    assert works.statuses(arn) == {"Prepare": "Succeeded", "Train": "Failed"}
    reason = works.steps(arn)["Train"]["FailureReason"]
    assert reason == "AlgorithmError: the numbers do not add up, exit code: 3"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            {"RoleArn": ROLE},
            "ClientError: Failed to invoke sagemaker:CreateTrainingJob."
            " Error Details: Missing required parameter",
        ),
        (
            {**training_request("x"), "ResourceConfig": {"InstanceCount": "2"}},
            "ClientError: Failed to invoke sagemaker:CreateTrainingJob."
            " Error Details: Invalid type",
        ),
    ],
)
def test_a_request_that_sagemaker_would_refuse_fails_its_step(
    works: Works, arguments: Mapping[str, Any], reason: str
) -> None:
    _, arn = works.run(definition(step("Train", "Training", arguments)))
    assert works.steps(arn)["Train"]["FailureReason"].startswith(reason)


def test_a_job_stopped_by_hand_fails_its_step(works: Works) -> None:
    works.create(definition(train(mood="slow", source="s3://data/in")))
    arn = works.start()
    works.tick()
    job = works.steps(arn)["Train"]["Metadata"]["TrainingJob"]["Arn"].rsplit("/", 1)[-1]
    name = next(
        row["TrainingJobName"]
        for row in works.jobs.list_training_jobs({}, ALICE)["TrainingJobSummaries"]
        if row["TrainingJobName"].lower() == job
    )
    works.jobs.stop_training_job({"TrainingJobName": name}, ALICE)
    assert works.finish(arn)["PipelineExecutionStatus"] == "Failed"
    assert works.steps(arn)["Train"]["FailureReason"] == "ClientError: the job was stopped"


def test_stopping_an_execution_stops_its_jobs_and_begins_nothing_more(works: Works) -> None:
    works.create(definition(train("Train", "slow", "s3://data/in"), model()))
    arn = works.start()
    works.tick()
    works.pipelines.stop_pipeline_execution({"PipelineExecutionArn": arn}, ALICE)
    assert works.see(arn)["PipelineExecutionStatus"] == "Stopping"
    assert works.finish(arn)["PipelineExecutionStatus"] == "Stopped"
    assert works.statuses(arn) == {"Train": "Stopped"}
    with pytest.raises(ServiceError, match="status is Stopped") as refused:
        works.pipelines.stop_pipeline_execution({"PipelineExecutionArn": arn}, ALICE)
    assert refused.value.code == "ConflictException"


@pytest.mark.parametrize(("factor", "taken"), [("1", "Create"), ("2", "Refuse")])
def test_a_condition_takes_one_side_and_leaves_the_other_unbegun(
    works: Works, factor: str, taken: str
) -> None:
    loss = get("Steps.Train.FinalMetricDataList['loss'].Value")
    judged = condition(loss, [model()], [fail(join("loss is", loss))])
    seen, arn = works.run(definition(prepare(factor), train(), judged))
    assert list(works.statuses(arn)) == ["Prepare", "Train", "Judge", taken]
    outcome = {"Condition": {"Outcome": str(factor == "1")}}
    assert works.steps(arn)["Judge"]["Metadata"] == outcome
    if taken == "Refuse":
        assert seen["PipelineExecutionStatus"] == "Failed"
        assert works.steps(arn)["Refuse"]["FailureReason"] == "loss is/6.0"
    else:
        assert seen["PipelineExecutionStatus"] == "Succeeded"


def test_a_condition_may_read_a_file_that_a_step_declared(works: Works) -> None:
    works.world.objects.content["s3://data/in/a.txt"] = b"7\n"
    prepared = prepare("1")
    prepared["PropertyFiles"] = [
        {"PropertyFileName": "Seven", "OutputName": "more", "FilePath": "a.txt"}
    ]
    file = get("Steps.Prepare.PropertyFiles.Seven")
    read = {"Std:JsonGet": {"PropertyFile": file, "Path": ""}}
    _, arn = works.run(definition(prepared, condition(read, [], [])))
    assert works.steps(arn)["Judge"]["Metadata"] == {"Condition": {"Outcome": "False"}}


def test_a_reference_that_leads_nowhere_fails_its_step(works: Works) -> None:
    nowhere = get("Steps.Prepare.ProcessingOutputConfig.Outputs['less'].S3Output.S3Uri")
    _, arn = works.run(definition(prepare(), train(source=nowhere)))
    assert works.steps(arn)["Train"]["FailureReason"] == (
        f"ClientError: {nowhere['Get']} leads nowhere: there is no 'less'"
    )


def test_a_model_is_registered_by_a_step(works: Works) -> None:
    arguments = {"ModelPackageGroupName": "fees"}
    _, arn = works.run(definition(step("Register", "RegisterModel", arguments)))
    assert works.steps(arn)["Register"]["Metadata"] == {
        "RegisterModel": {"Arn": "arn:aws:sagemaker:::model-package/fees/1"}
    }


def test_the_same_token_starts_one_execution(works: Works) -> None:
    works.create(definition(fail("no")))
    request = {"PipelineName": "fees", "ClientRequestToken": TOKEN}
    first = works.pipelines.start_pipeline_execution(request, ALICE)
    assert works.pipelines.start_pipeline_execution(request, ALICE) == first
    other = {**request, "ClientRequestToken": "u" * 32}
    assert works.pipelines.start_pipeline_execution(other, ALICE) != first
    listed = works.pipelines.list_pipeline_executions({"PipelineName": "fees"}, ALICE)
    assert len(listed["PipelineExecutionSummaries"]) == 2


def test_executions_are_listed_with_their_display_name_and_reason(works: Works) -> None:
    _, arn = works.run(definition(fail("no")))
    works.world.pass_time(60)
    later = works.start()
    page = works.pipelines.list_pipeline_executions({"PipelineName": "fees"}, ALICE)
    rows = page["PipelineExecutionSummaries"]
    assert [row["PipelineExecutionArn"] for row in rows] == [later, arn]
    assert rows[1]["PipelineExecutionDisplayName"] == "fees-r1"
    assert rows[1]["PipelineExecutionFailureReason"].startswith("Step failure")


def test_an_update_does_not_touch_what_has_begun(works: Works) -> None:
    works.create(definition(fail("old")))
    arn = works.start()
    changed = json.dumps(definition(fail("new")))
    works.pipelines.update_pipeline({"PipelineName": "fees", "PipelineDefinition": changed}, ALICE)
    works.finish(arn)
    assert works.steps(arn)["Refuse"]["FailureReason"] == "old"
    request = {"PipelineExecutionArn": arn}
    told = works.pipelines.describe_pipeline_definition_for_execution(request, ALICE)
    assert "old" in told["PipelineDefinition"]
    described = works.pipelines.describe_pipeline({"PipelineName": "fees"}, ALICE)
    assert described["PipelineDefinition"] == changed


def test_a_definition_may_lie_in_s3(works: Works) -> None:
    works.world.objects.content["s3://data/d.json"] = json.dumps(definition(fail("no"))).encode()
    place = {"Bucket": "data", "ObjectKey": "d.json"}
    request = {"PipelineName": "fees", "PipelineDefinitionS3Location": place}
    works.pipelines.create_pipeline(request, ALICE)
    missing = {"Bucket": "data", "ObjectKey": "e.json"}
    with pytest.raises(ServiceError, match="no pipeline definition at s3://data/e.json"):
        works.pipelines.create_pipeline(
            {"PipelineName": "fees-2", "PipelineDefinitionS3Location": missing}, ALICE
        )


def test_pipelines_are_unique_and_deleted_only_at_rest(works: Works) -> None:
    works.create(definition(fail("no")))
    with pytest.raises(ServiceError, match="Pipeline names must be unique within") as taken:
        works.create(definition(fail("no")))
    assert taken.value.code == "ValidationException"
    arn = works.start()
    with pytest.raises(ServiceError, match="running executions") as busy:
        works.pipelines.delete_pipeline({"PipelineName": "fees"}, ALICE)
    assert busy.value.code == "ConflictException"
    works.finish(arn)
    works.pipelines.delete_pipeline({"PipelineName": "fees"}, ALICE)
    with pytest.raises(ServiceError, match="does not exist") as gone:
        works.pipelines.describe_pipeline({"PipelineName": "fees"}, ALICE)
    assert gone.value.code == "ResourceNotFound"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Colour": "red", "Model": "fees"}, "Colour are not in the definition, .* Model, Rounds"),
        ({}, "without a default must be given: Model"),
        ({"Model": "fees", "Rounds": "many"}, "Rounds is of type Integer, got 'many'"),
        ({"Model": "fees", "Rounds": "3"}, "Rounds must be one of 1, 2, got '3'"),
    ],
)
def test_parameters_are_checked_against_the_definition(
    works: Works, given: dict[str, str], message: str
) -> None:
    whole = definition(fail(get("Parameters.Model")), Model=None)
    rounds = {"Name": "Rounds", "Type": "Integer", "DefaultValue": 1, "EnumValues": [1, 2]}
    works.create({**whole, "Parameters": [*whole["Parameters"], rounds]})
    with pytest.raises(ServiceError, match=message) as refused:
        works.start(**given)
    assert refused.value.code == "ValidationException"
    arn = works.start(Model="fees", Rounds="2")
    listed = works.pipelines.list_pipeline_parameters_for_execution(
        {"PipelineExecutionArn": arn}, ALICE
    )
    assert listed["PipelineParameters"] == [
        {"Name": "Model", "Value": "fees"},
        {"Name": "Rounds", "Value": "2"},
    ]


LOOP = [fail("a", "Other"), {**fail("b", "Refuse"), "Name": "Other"}]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("{", "it is no JSON"),
        ("[]", "a JSON object is expected"),
        ({"Version": "2021"}, "Version must be '2020-12-01', got '2021'"),
        (definition(), "it has no steps"),
        (definition(step("A", "Lambda", {})), "step A has type 'Lambda'; the local AWS has"),
        (definition(step("A b", "Fail", {})), "step name 'A b' must be"),
        (definition(fail("a"), fail("b")), "step names must be unique, used twice: Refuse"),
        (definition(fail("a", "Ghost")), "Refuse refers to unknown step Ghost"),
        (definition(fail(get("Steps.Ghost.X"))), "Refuse refers to unknown step Ghost"),
        (definition(fail(get("Parameters.P"))), "Refuse refers to undefined parameter P"),
        (definition(fail(get("Execution.Colour"))), "refers to Execution.Colour, known are"),
        (definition(fail(get("Colour"))), "'Colour' is no reference"),
        (definition(fail({"Std:Join": {"On": "/"}})), "Std:Join needs a list of Values"),
        (definition(step("A", "Condition", {})), "step A needs a list of Conditions"),
        (
            definition(fail({"Std:JsonGet": {"PropertyFile": "Report", "Path": "a"}})),
            "Std:JsonGet needs a PropertyFile that is a Get",
        ),
        (definition(*LOOP), "steps wait for each other: .*Other"),
        (definition(fail(get("Steps.Refuse.X"))), "steps wait for each other: Refuse → Refuse"),
        (definition({"Name": "A", "Type": "Fail"}), "a part is missing .*Arguments"),
        (
            definition({**fail("a"), "CacheConfig": {"Enabled": True, "ExpireAfter": "P30D"}}),
            "has no step caching",
        ),
        (
            {**definition(fail("a")), "Parameters": [{"Name": "P", "Type": "List"}]},
            "parameter P has type 'List', known are String",
        ),
    ],
)
def test_a_definition_that_cannot_be_executed_is_refused_when_it_is_given(
    given: Any, message: str
) -> None:
    text = given if isinstance(given, str) else json.dumps(given)
    with pytest.raises(ServiceError, match=message) as refused:
        parse(text)
    assert refused.value.code == "ValidationException"
    assert refused.value.message.startswith("Unable to parse pipeline definition")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("Steps.A.ModelArtifacts.S3ModelArtifacts", ("ModelArtifacts", "S3ModelArtifacts")),
        ("Steps.A.Outputs['x-1'].S3Output", ("Outputs", "x-1", "S3Output")),
        ("Steps.A.Outputs[0].S3Output", ("Outputs", 0, "S3Output")),
    ],
)
def test_references_name_a_step_and_a_path_into_what_it_made(
    text: str, path: tuple[str | int, ...]
) -> None:
    assert Reference.parse(text) == Reference(text, "Steps", "A", path)


@pytest.mark.parametrize("text", ["Steps.A", "Parameters.A.B", "Steps..A.B", "", 3, "Steps.A.B["])
def test_what_is_no_reference_is_refused(text: Any) -> None:
    with pytest.raises(UnresolvedError, match="is no reference"):
        list(references({"Get": text}))


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        ({"Type": "Equals", "LeftValue": "a", "RightValue": "a"}, True),
        ({"Type": "GreaterThan", "LeftValue": 1, "RightValue": 1}, False),
        ({"Type": "GreaterThanOrEqualTo", "LeftValue": 1, "RightValue": 1}, True),
        ({"Type": "LessThan", "LeftValue": 1, "RightValue": 2}, True),
        ({"Type": "In", "QueryValue": "a", "Values": ["b"]}, False),
        ({"Type": "Not", "Expression": {"Type": "In", "QueryValue": 1, "Values": []}}, True),
        (
            {
                "Type": "Or",
                "Conditions": [
                    {"Type": "Equals", "LeftValue": 1, "RightValue": 2},
                    {"Type": "Equals", "LeftValue": 1, "RightValue": 1},
                ],
            },
            True,
        ),
    ],
)
def test_conditions_compare(given: Mapping[str, Any], holds: bool) -> None:
    assert conditions.hold([given]) is holds


@pytest.mark.parametrize(
    "given",
    [{"Type": "Like"}, {"Type": "LessThan", "LeftValue": "a", "RightValue": 1}],
)
def test_conditions_that_cannot_be_judged_are_refused(given: Mapping[str, Any]) -> None:
    with pytest.raises(UnresolvedError):
        conditions.hold([given])


def test_events_tell_each_status_once_with_the_documented_fields(works: Works) -> None:
    _, arn = works.run(definition(prepare(), train(mood="bad")))
    told = works.world.details(pipeline_events.EXECUTION)
    assert [
        (each.get("previousPipelineExecutionStatus"), each["currentPipelineExecutionStatus"])
        for each in told
    ] == [(None, "Executing"), ("Executing", "Failed")]
    assert ["executionEndTime" in each for each in told] == [False, True]
    steps = works.world.details(pipeline_events.STEP)
    assert [
        (each["stepName"], each.get("previousStepStatus"), each["currentStepStatus"])
        for each in steps
    ] == [
        ("Prepare", None, "Starting"),
        ("Prepare", "Starting", "Executing"),
        ("Prepare", "Executing", "Succeeded"),
        ("Train", None, "Starting"),
        ("Train", "Starting", "Executing"),
        ("Train", "Executing", "Failed"),
    ]
    assert ["failureReason" in each for each in steps] == [False] * 5 + [True]
    for said, resources, _ in works.world.events:
        if said in (pipeline_events.EXECUTION, pipeline_events.STEP):
            assert resources == [arn.split("/execution/")[0], arn]
    for details, kind in ((told, "execution"), (steps, "step")):
        pattern = f"sagemaker-pipeline-{kind}-status-change*.json"
        assert keys_of(details) == documented_keys(pattern)
        for path in samples(pattern):
            sample = read(path)["detail"]
            assert any(not list(missing(sample, ours)) for ours in details), path.name
