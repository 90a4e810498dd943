"""What an environment made while it ran is gone after its destruction, or stays if told so."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from infra.aws.destroying import DestroyError, Destruction
from infra.aws.environments import Environment
from infra.local import account
from infra.local.front import Front
from infra.local.provision import feature_group
from infra.local.sagemaker.storage import pack
from shared.contracts import names
from shared.contracts.names import Stage
from tests.local.conftest import FIXTURE_IMAGES

PLATFORM, TRAINER = "modelcycle-dev-platform", "modelcycle-dev-trainer"
OPERATORS = "modelcycle-dev-operators"
ROLE = "arn:aws:iam::123456789012:role/x"


class Stacks:
    """CloudFormation, as far as a destruction asks it."""

    def __init__(self, *there: str) -> None:
        self.there = list(there)
        self.stuck: str | None = None

    def delete_stack(self, StackName: str) -> None:  # noqa: N803
        """Delete a stack; one that is not there is none."""
        if StackName in self.there and StackName != self.stuck:
            self.there.remove(StackName)

    def get_waiter(self, _name: str) -> "Stacks":
        return self

    def wait(self, StackName: str) -> None:  # noqa: N803
        """Return when it is gone."""
        if StackName in self.there:
            raise WaiterError("StackDeleteComplete", "DELETE_FAILED", {})

    def get_paginator(self, _name: str) -> "Stacks":
        return self

    def paginate(self) -> Iterator[dict[str, Any]]:
        """Answer one page."""
        yield {"Stacks": [{"StackName": name} for name in self.there]}


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A local AWS of our own: what is destroyed here is nobody else's."""
    with Front(0, tmp_path_factory.mktemp("front"), images=FIXTURE_IMAGES) as running:
        yield running


@pytest.fixture
def stacks() -> Stacks:
    return Stacks(PLATFORM, OPERATORS, TRAINER, "modelcycle-images")


@pytest.fixture
def client(front: Front, stacks: Stacks) -> Callable[[str], Any]:
    """Answer clients of the local AWS, but of CloudFormation, which it has not."""

    def connect(service: str) -> Any:
        if service == "cloudformation":
            return stacks
        return account.client(service, front.url, "operator.alice", attempts=1)

    return connect


@pytest.fixture
def here(environment: Environment) -> Environment:
    """The environment where the local AWS is."""
    return environment.model_copy(update={"account": account.ACCOUNT, "region": account.REGION})


numbers = count(1)
LOOK_S = 0.05


@pytest.fixture
def lived(client: Callable[[str], Any], here: Environment, tmp_path: Path) -> str:
    """An environment in which a version serves, beside a stranger's; answers the stranger's."""
    model = f"fees{next(numbers)}"
    sagemaker, s3, ssm = client("sagemaker"), client("s3"), client("ssm")
    s3.create_bucket(Bucket=here.bucket)
    s3.put_bucket_versioning(Bucket=here.bucket, VersioningConfiguration={"Status": "Enabled"})
    (tmp_path / "model.json").write_text('{"mean": 1.0}')
    for body in (b"first", pack(tmp_path)):
        s3.put_object(Bucket=here.bucket, Key="runs/model.tar.gz", Body=body)
    s3.put_object(Bucket=here.bucket, Key="gone", Body=b"")
    s3.delete_object(Bucket=here.bucket, Key="gone")
    ssm.put_parameter(Name=f"/modelcycle/dev/{model}/spec", Value="{}", Type="String")
    ssm.put_parameter(Name=f"/modelcycle/prod/{model}/spec", Value="{}", Type="String")
    sagemaker.create_feature_group(**feature_group("dev"))
    sagemaker.create_model_package_group(ModelPackageGroupName=names.package_group("dev", model))
    stranger = names.endpoint("prod", model, Stage.STAGING)
    for name in (names.endpoint("dev", model, Stage.STAGING), stranger):
        container = {
            "Image": "modelcycle/mean",
            "ModelDataUrl": f"s3://{here.bucket}/runs/model.tar.gz",
        }
        sagemaker.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE)
        variant: dict[str, Any] = {"VariantName": "all", "ModelName": name}
        variant |= {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 1}}
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    return stranger


def left(client: Callable[[str], Any]) -> dict[str, list[str]]:
    """Answer what SageMaker has."""
    sagemaker = client("sagemaker")
    rows = {
        "Models": (sagemaker.list_models, "ModelName"),
        "EndpointConfigs": (sagemaker.list_endpoint_configs, "EndpointConfigName"),
        "Endpoints": (sagemaker.list_endpoints, "EndpointName"),
        "FeatureGroupSummaries": (sagemaker.list_feature_groups, "FeatureGroupName"),
        "ModelPackageGroupSummaryList": (
            sagemaker.list_model_package_groups,
            "ModelPackageGroupName",
        ),
    }
    return {kind: [row[name] for row in call()[kind]] for kind, (call, name) in rows.items()}


def destroyed(here: Environment, client: Callable[[str], Any], keep_data: bool) -> str:
    """Destroy the environment; answer what was said."""
    said: list[str] = []
    Destruction(here, client, said.append, lambda _seconds: sleep(LOOK_S)).run(keep_data)
    return "\n".join(said)


def test_nothing_of_an_environment_is_left_and_all_of_a_strangers(
    here: Environment, client: Callable[[str], Any], stacks: Stacks, lived: str
) -> None:
    destroyed(here, client, keep_data=True)
    with_data = left(client)
    assert with_data["Endpoints"] == with_data["EndpointConfigs"] == [lived]
    assert with_data["Models"] == [lived]
    assert with_data["FeatureGroupSummaries"] == [names.feature_group("dev")]
    assert stacks.there == [PLATFORM, "modelcycle-images"]
    assert client("s3").list_objects_v2(Bucket=here.bucket)["KeyCount"] == 1

    said = destroyed(here, client, keep_data=False)
    without = left(client)
    assert without["EndpointConfigs"] == without["Models"] == [lived]
    assert without["FeatureGroupSummaries"] == without["ModelPackageGroupSummaryList"] == []
    versions = client("s3").list_object_versions(Bucket=here.bucket)
    assert not versions.get("Versions")
    assert not versions.get("DeleteMarkers")
    parameters = client("ssm").describe_parameters()["Parameters"]
    assert [one["Name"].split("/")[2] for one in parameters] == ["prod"]
    assert stacks.there == []
    assert "1 parameters under /modelcycle/dev" in said

    client("s3").delete_bucket(Bucket=here.bucket)
    destroyed(here, client, keep_data=False)  # what is gone already is no error


def test_images_stay_while_another_environment_may_need_them(
    here: Environment, client: Callable[[str], Any], stacks: Stacks
) -> None:
    stacks.there.append("modelcycle-prod-platform")
    said = destroyed(here, client, keep_data=False)
    assert "images stay: modelcycle-prod-platform may need them" in said
    assert "modelcycle-images" in stacks.there


def test_a_stack_that_does_not_go_away_is_told_with_what_to_do(
    here: Environment, client: Callable[[str], Any], stacks: Stacks
) -> None:
    stacks.stuck = PLATFORM
    with pytest.raises(DestroyError, match="does not go away: see its events .* run this again"):
        destroyed(here, client, keep_data=False)


class ProtectedTables:
    """DynamoDB with one table that may not be deleted."""

    def describe_table(self, TableName: str) -> dict[str, Any]:  # noqa: N803
        """Answer a table as it was deployed; one of them was not."""
        if TableName == names.table("dev", "journal"):
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "DescribeTable")
        return {"Table": {"DeletionProtectionEnabled": TableName == names.table("dev", "trainer")}}


def test_protected_tables_are_told_before_anything_is_deleted(
    here: Environment, client: Callable[[str], Any], stacks: Stacks
) -> None:
    def guarded(service: str) -> Any:
        return ProtectedTables() if service == "dynamodb" else client(service)

    table = names.table("dev", "trainer")
    wrong = f"nothing was destroyed: {table} are protected .* keep_data to false in dev.yaml"
    with pytest.raises(DestroyError, match=wrong):
        destroyed(here, guarded, keep_data=False)
    assert stacks.there == [PLATFORM, OPERATORS, TRAINER, "modelcycle-images"]
    said = destroyed(here, guarded, keep_data=True)
    assert stacks.there == [PLATFORM, "modelcycle-images"]
    assert "tables, bucket" in said


class Trainings:
    """SageMaker with a training that runs, one that stops and one that has ended."""

    exceptions: Any = None

    def __init__(self) -> None:
        self.status = {"one": "Executing", "two": "Stopping", "three": "Succeeded"}
        self.stopped: list[str] = []
        self.models = [f"pipelines-{one}-CreateJudgedModel-0a1b" for one in self.status]

    def get_paginator(self, name: str) -> "Trainings":
        self.asked = name
        return self

    def paginate(self, **_: str) -> Iterator[dict[str, Any]]:
        """Answer one page of executions, and nothing else."""
        rows = [
            {"PipelineExecutionArn": arn, "PipelineExecutionStatus": status}
            for arn, status in self.status.items()
        ]
        yield {
            "PipelineExecutionSummaries": rows,
            "Endpoints": [],
            "EndpointConfigs": [],
            "Models": [{"ModelName": name} for name in self.models],
        }

    def delete_model(self, ModelName: str) -> None:  # noqa: N803
        """Delete a model."""
        self.models.remove(ModelName)

    def stop_pipeline_execution(
        self,
        PipelineExecutionArn: str,  # noqa: N803
        ClientRequestToken: str,  # noqa: N803
    ) -> None:
        """It has ended meanwhile, as all others have."""
        assert len(ClientRequestToken) == 32
        self.stopped.append(PipelineExecutionArn)
        self.status = dict.fromkeys(self.status, "Stopped")
        raise ClientError({"Error": {"Code": "ConflictException"}}, "StopPipelineExecution")


def test_only_what_runs_is_stopped_and_may_end_by_itself_meanwhile(here: Environment) -> None:
    trainings = Trainings()
    said: list[str] = []
    Destruction(here, lambda _service: trainings, said.append, lambda _s: None).compute()
    assert trainings.stopped == ["one"]


def test_the_models_by_which_our_trainings_forecast_go_and_those_of_others_stay(
    here: Environment,
) -> None:
    trainings, strangers = Trainings(), ["pipelines-onerous-CreateModel-0a1b", "another"]
    trainings.models += strangers
    said: list[str] = []
    destruction = Destruction(here, lambda _service: trainings, said.append, lambda _s: None)
    for _ in range(2):  # what is gone already is no error
        destruction.models_of_trainings()
        assert trainings.models == strangers
    assert len(said) == 3


def test_of_the_jobs_of_an_account_only_ours_lose_what_they_printed(
    here: Environment, client: Callable[[str], Any]
) -> None:
    logs, group = client("logs"), "/aws/sagemaker/TrainingJobs"
    job = "pipelines-{}-Train-0a1b/algo-1-1"
    logs.create_log_group(logGroupName=group)
    for execution in ("one", "two", "three", "onerous"):
        logs.create_log_stream(logGroupName=group, logStreamName=job.format(execution))
    clients = {"sagemaker": Trainings(), "logs": logs}
    said: list[str] = []
    destruction = Destruction(here, clients.__getitem__, said.append, lambda _s: None)
    for _ in range(2):  # what is gone already is no error
        destruction.logs_of_jobs()
        left = logs.describe_log_streams(logGroupName=group)["logStreams"]
        assert [one["logStreamName"] for one in left] == [job.format("onerous")]
    assert said == 2 * ["logs of the jobs of 3 trainings"]
