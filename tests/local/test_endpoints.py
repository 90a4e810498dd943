"""Endpoints come up, are swapped, rolled back, mended and deleted, with real processes."""

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from infra.local.processes import Children
from infra.local.sagemaker import serving
from infra.local.sagemaker.core import ServiceError
from infra.local.sagemaker.endpoints import bake_time
from infra.local.sagemaker.job import ServedModel
from infra.local.sagemaker.serving import Server, Variant
from infra.local.sagemaker.storage import pack
from tests.local.city import City
from tests.local.conftest import Clients
from tests.local.world import IMAGE, ROLE, until

CANARY = {
    "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {
            "Type": "CANARY",
            "CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1},
            "WaitIntervalInSeconds": 300,
        },
        "TerminationWaitInSeconds": 120,
    }
}


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with Children() as children:
        city = City(tmp_path, children)
        yield city
        children.close()
        city.engine.close()


@pytest.fixture
def live(city: City) -> City:
    """A city with an endpoint that adds 3, and a model that adds 5 ready to replace it."""
    city.serving("three", 3)
    city.serving("five", 5)
    city.ask("CreateEndpoint", EndpointName="fees", EndpointConfigName="three")
    city.until_status("InService")
    return city


def test_an_endpoint_is_creating_until_its_container_is_healthy_and_then_answers(
    city: City,
) -> None:
    city.serving("three")
    arn = city.ask("CreateEndpoint", EndpointName="fees", EndpointConfigName="three")["EndpointArn"]
    created = city.endpoint()
    assert created["EndpointStatus"] == "Creating"
    assert "ProductionVariants" not in created
    with pytest.raises(ServiceError, match="not found"):
        city.invoke()
    seen = city.until_status("InService")
    assert seen["LastModifiedTime"] > created["LastModifiedTime"]
    assert seen["ProductionVariants"][0]["CurrentInstanceCount"] == 1
    assert city.answer() == 4
    assert arn == "arn:aws:sagemaker:eu-central-1:123456789012:endpoint/fees"
    assert city.statuses() == ["CREATING", "IN_SERVICE"]


def test_an_endpoint_fails_with_the_last_words_of_a_container_that_does_not_come_up(
    city: City,
) -> None:
    city.serving("bad", MOOD="bad")
    city.ask("CreateEndpoint", EndpointName="fees", EndpointConfigName="bad")
    seen = city.until_status("Failed")
    assert "this model cannot be loaded" in seen["FailureReason"]
    assert "did not pass the ping health check" in seen["FailureReason"]
    assert city.statuses() == ["CREATING", "FAILED"]
    code, said = city.refusal("UpdateEndpoint", EndpointName="fees", EndpointConfigName="bad")
    assert (code, "Failed" in said) == ("ValidationException", True)
    city.ask("DeleteEndpoint", EndpointName="fees")
    until(lambda: not city.engine.status()["endpoints"], city.engine.tick)


def test_an_endpoint_fails_when_its_artifact_has_gone(city: City) -> None:
    city.serving("three")
    city.world.objects.content.clear()
    city.ask("CreateEndpoint", EndpointName="fees", EndpointConfigName="three")
    assert "Could not find model data" in city.until_status("Failed")["FailureReason"]


def test_an_endpoint_fails_when_nobody_answers_in_time(city: City) -> None:
    city.model("three")
    city.config("three", ContainerStartupHealthCheckTimeoutInSeconds=60)
    city.ask("CreateEndpoint", EndpointName="fees", EndpointConfigName="three")
    city.engine.tick()
    until(lambda: city.runner.started, city.engine.tick)
    city.seconds = 61
    assert "ping health check" in city.until_status("Failed")["FailureReason"]


def test_an_update_serves_the_old_model_until_the_new_one_is_healthy(live: City) -> None:
    before = live.endpoint()
    live.ask("UpdateEndpoint", EndpointName="fees", EndpointConfigName="five")
    live.engine.tick()
    updating = live.endpoint()
    assert updating["EndpointStatus"] == "Updating"
    assert updating["EndpointConfigName"] == "three"
    assert updating["PendingDeploymentSummary"]["EndpointConfigName"] == "five"
    assert live.answer() == 4
    after = live.until_status("InService")
    assert after["EndpointConfigName"] == "five"
    assert "PendingDeploymentSummary" not in after
    assert live.answer() == 6
    assert before["LastModifiedTime"] < updating["LastModifiedTime"] < after["LastModifiedTime"]
    assert live.statuses()[2:] == ["UPDATING", "IN_SERVICE"]
    until(lambda: live.runner.started[0].poll() is not None, live.engine.tick)


def test_a_model_that_does_not_come_up_is_rolled_back_to_the_old_configuration(live: City) -> None:
    live.serving("bad", MOOD="bad")
    live.ask("UpdateEndpoint", EndpointName="fees", EndpointConfigName="bad")
    live.until_status("RollingBack")
    assert live.answer() == 4
    seen = live.until_status("InService")
    assert seen["EndpointConfigName"] == "three"
    assert live.answer() == 4
    last = live.said("SageMaker Endpoint State Change")[-1]
    assert (last["EndpointStatus"], last["EndpointConfigName"]) == ("IN_SERVICE", "three")
    assert live.statuses()[2:] == ["UPDATING", "ROLLING_BACK", "IN_SERVICE"]


def test_a_rollback_without_an_old_container_to_return_to_fails_and_says_so(live: City) -> None:
    live.serving("bad", MOOD="bad")
    live.world.objects.content.pop("s3://models/three/model.tar.gz")
    live.ask("UpdateEndpoint", EndpointName="fees", EndpointConfigName="bad")
    live.runner.started[0].child.kill()
    seen = live.until_status("UpdateRollbackFailed")
    assert "The rollback failed, too" in seen["FailureReason"]
    live.ask("DeleteEndpoint", EndpointName="fees")


def test_a_canary_bakes_by_the_engine_s_clock_before_it_takes_over(live: City) -> None:
    live.ask(
        "UpdateEndpoint",
        EndpointName="fees",
        EndpointConfigName="five",
        DeploymentConfig=CANARY,
    )

    def stage() -> str:
        pending = live.endpoint()["PendingDeploymentSummary"]["ProductionVariants"][0]
        return str(pending["VariantStatus"][0]["Status"])

    live.engine.tick()
    until(lambda: stage() == "Baking", live.engine.tick)
    live.world.pass_time(419)
    live.engine.tick()
    assert live.endpoint()["EndpointStatus"] == "Updating"
    live.world.pass_time(1)
    assert live.until_status("InService")["LastDeploymentConfig"] == CANARY
    stages = live.said("SageMaker Endpoint Deployment State Change")
    assert ["PendingDeploymentSummary" in each for each in stages] == [True, True, False]


def test_a_container_that_ends_while_it_bakes_is_rolled_back(live: City) -> None:
    live.ask(
        "UpdateEndpoint", EndpointName="fees", EndpointConfigName="five", DeploymentConfig=CANARY
    )
    deployments = "SageMaker Endpoint Deployment State Change"
    until(lambda: len(live.said(deployments)) == 2, live.engine.tick)
    live.runner.started[-1].child.kill()
    assert live.until_status("InService")["EndpointConfigName"] == "three"


@pytest.mark.parametrize(
    ("deployment", "seconds"),
    [
        ({}, 0),
        ({"BlueGreenUpdatePolicy": {"TerminationWaitInSeconds": 60}}, 60),
        (CANARY, 420),
    ],
)
def test_how_long_a_roll_out_bakes(deployment: dict[str, Any], seconds: int) -> None:
    assert bake_time(deployment).total_seconds() == seconds


def test_an_endpoint_that_is_busy_can_be_neither_updated_nor_deleted(live: City) -> None:
    live.ask("UpdateEndpoint", EndpointName="fees", EndpointConfigName="five")
    for operation in ("UpdateEndpoint", "DeleteEndpoint"):
        code, said = live.refusal(operation, EndpointName="fees", EndpointConfigName="five")
        assert code == "ValidationException"
        assert "in-progress" in said


def test_a_deleted_endpoint_is_deleting_and_then_gone_with_its_process(live: City) -> None:
    live.ask("DeleteEndpoint", EndpointName="fees")
    live.engine.tick()
    assert live.endpoint()["EndpointStatus"] == "Deleting"
    until(lambda: not live.engine.status()["endpoints"], live.engine.tick)
    code, said = live.refusal("DescribeEndpoint", EndpointName="fees")
    assert (code, "Could not find endpoint" in said) == ("ValidationException", True)
    assert live.statuses()[-1] == "DELETED"
    until(lambda: live.runner.started[0].poll() is not None, live.engine.tick)


def test_a_container_that_dies_is_a_model_error_until_it_is_replaced(live: City) -> None:
    live.runner.started[0].child.kill()
    with pytest.raises(ServiceError, match="does not answer") as refused:
        live.invoke()
    assert refused.value.code == "ModelError"
    assert refused.value.details["OriginalStatusCode"] == HTTPStatus.SERVICE_UNAVAILABLE

    def answers() -> bool:
        try:
            return live.answer() == 4
        except ServiceError:
            return False

    until(answers, live.engine.tick)
    assert len(live.runner.started) == 2
    assert live.endpoint()["EndpointStatus"] == "InService"


def test_a_container_that_refuses_is_a_model_error_with_its_own_words(live: City) -> None:
    with pytest.raises(ServiceError) as refused:
        live.invoke(b"what?")
    assert (refused.value.code, refused.value.status) == ("ModelError", 424)
    assert refused.value.details == {
        "OriginalStatusCode": 400,
        "OriginalMessage": "that is no number",
    }


def test_variants_share_the_traffic_by_weight_and_can_be_asked_for_by_name(city: City) -> None:
    city.model("three", 3)
    city.model("five", 5)
    city.config("both", "three", "five")
    city.ask("CreateEndpoint", EndpointName="fees", EndpointConfigName="both")
    city.until_status("InService")
    assert {city.answer() for _ in range(2)} == {4, 6}
    assert city.invoke(TargetVariant="five")["InvokedProductionVariant"] == "five"
    code, _ = city.refusal("InvokeEndpoint", EndpointName="fees", Body=b"1", TargetVariant="six")
    assert code == "ValidationError"


def test_shares_are_exact_without_chance() -> None:
    def server(name: str, weight: float) -> Server:
        running: Any = None
        return Server(
            Variant(name, ServedModel(IMAGE, None, {}), weight, 1, None, 1), running, Path()
        )

    servers = [server("a", 3), server("b", 1)]
    chosen = [serving.choose(servers).variant.name for _ in range(8)]
    assert chosen.count("a") == 6
    assert "bb" not in "".join(chosen)


def test_a_serverless_variant_has_no_instances(city: City) -> None:
    city.model("three")
    variant = {
        "VariantName": "all",
        "ModelName": "three",
        "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5},
    }
    city.ask("CreateEndpointConfig", EndpointConfigName="three", ProductionVariants=[variant])
    city.ask("CreateEndpoint", EndpointName="fees", EndpointConfigName="three")
    (shown,) = city.until_status("InService")["ProductionVariants"]
    assert shown["CurrentServerlessConfig"] == variant["ServerlessConfig"]
    assert shown["CurrentInstanceCount"] == 0


PLAIN = {
    "VariantName": "all",
    "ModelName": "three",
    "InstanceType": "ml.m5.large",
    "InitialInstanceCount": 1,
}


@pytest.mark.parametrize(
    ("operation", "request_", "said"),
    [
        ("CreateModel", {"ModelName": "three"}, "already existing model"),
        ("CreateModel", {"ModelName": "new"}, "exactly one container"),
        (
            "CreateModel",
            {"ModelName": "new", "PrimaryContainer": {"ModelDataUrl": "s3://a/b"}},
            "needs an Image",
        ),
        (
            "CreateModel",
            {"ModelName": "new", "PrimaryContainer": {"Image": "i", "ModelDataUrl": "s3://a/b"}},
            "Could not find model data at s3://a/b",
        ),
        ("DescribeModel", {"ModelName": "none"}, "Could not find model"),
        ("DeleteModel", {"ModelName": "none"}, "Could not find model"),
        (
            "CreateEndpointConfig",
            {"EndpointConfigName": "three", "ProductionVariants": [PLAIN]},
            "already existing endpoint configuration",
        ),
        (
            "CreateEndpointConfig",
            {"EndpointConfigName": "n", "ProductionVariants": [{**PLAIN, "ModelName": "none"}]},
            "Could not find model",
        ),
        (
            "CreateEndpointConfig",
            {"EndpointConfigName": "n", "ProductionVariants": [PLAIN, PLAIN]},
            "must be unique",
        ),
        (
            "CreateEndpointConfig",
            {"EndpointConfigName": "n", "ProductionVariants": [{"VariantName": "all"}]},
            "either a ServerlessConfig or an InstanceType",
        ),
        (
            "CreateEndpointConfig",
            {
                "EndpointConfigName": "n",
                "ProductionVariants": [PLAIN],
                "DataCaptureConfig": {"EnableCapture": True},
            },
            "has no DataCaptureConfig",
        ),
        ("DescribeEndpointConfig", {"EndpointConfigName": "none"}, "endpoint configuration"),
        ("DeleteEndpointConfig", {"EndpointConfigName": "none"}, "endpoint configuration"),
        (
            "CreateEndpoint",
            {"EndpointName": "e", "EndpointConfigName": "none"},
            "Could not find endpoint configuration",
        ),
        (
            "UpdateEndpoint",
            {"EndpointName": "none", "EndpointConfigName": "three"},
            "Could not find endpoint",
        ),
        ("DeleteEndpoint", {"EndpointName": "none"}, "Could not find endpoint"),
    ],
)
def test_what_exists_is_missing_or_wrong_is_a_validation_exception(
    city: City, operation: str, request_: dict[str, Any], said: str
) -> None:
    city.serving("three")
    code, message = city.refusal(operation, **request_)
    assert code == "ValidationException"
    assert said in message


def test_a_model_of_a_package_takes_its_container_once_it_is_approved(city: City) -> None:
    city.model("three")
    city.ask("CreateModelPackageGroup", ModelPackageGroupName="fees")
    container = {"Image": IMAGE, "ModelDataUrl": "s3://models/three/model.tar.gz"}
    arn = city.ask(
        "CreateModelPackage",
        ModelPackageGroupName="fees",
        InferenceSpecification={"Containers": [container]},
    )["ModelPackageArn"]
    wish: dict[str, Any] = {"ModelName": "packaged", "PrimaryContainer": {"ModelPackageName": arn}}
    assert "only an Approved one can be deployed" in city.refusal("CreateModel", **wish)[1]
    city.ask("UpdateModelPackage", ModelPackageArn=arn, ModelApprovalStatus="Approved")
    city.ask("CreateModel", **wish, ExecutionRoleArn=ROLE)
    found = city.engine.models.find("packaged")
    assert found is not None
    assert found.model_data_url == container["ModelDataUrl"]


def test_lists_are_newest_first_and_can_be_filtered(city: City) -> None:
    for name in ("a-one", "a-two", "b-one"):
        city.serving(name)
        city.world.pass_time(1)
    names = [m["ModelName"] for m in city.ask("ListModels")["Models"]]
    assert names == ["b-one", "a-two", "a-one"]
    configs = city.ask("ListEndpointConfigs", NameContains="a-", SortBy="Name", MaxResults=1)
    assert [c["EndpointConfigName"] for c in configs["EndpointConfigs"]] == ["a-two"]
    rest = city.ask(
        "ListEndpointConfigs",
        NameContains="a-",
        SortBy="Name",
        MaxResults=1,
        NextToken=configs["NextToken"],
    )
    assert [c["EndpointConfigName"] for c in rest["EndpointConfigs"]] == ["a-one"]
    assert "NextToken" not in rest
    assert "Invalid NextToken" in city.refusal("ListModels", NextToken="five")[1]
    city.ask("CreateEndpoint", EndpointName="fees", EndpointConfigName="a-one")
    assert city.ask("ListEndpoints", StatusEquals="InService")["Endpoints"] == []
    (listed,) = city.ask("ListEndpoints", SortBy="Status")["Endpoints"]
    assert listed["EndpointStatus"] == "Creating"


def test_a_plain_client_brings_an_endpoint_up_and_invokes_it_over_http(
    aws: Clients, bucket: str, tmp_path: Path
) -> None:
    (tmp_path / "model.json").write_text('{"mean": 41}')
    aws("s3").put_object(Bucket=bucket, Key="m/model.tar.gz", Body=pack(tmp_path))
    sagemaker, runtime = aws("sagemaker"), aws("sagemaker-runtime")
    sagemaker.create_model(
        ModelName="http",
        ExecutionRoleArn=ROLE,
        PrimaryContainer={"Image": IMAGE, "ModelDataUrl": f"s3://{bucket}/m/model.tar.gz"},
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName="http", ProductionVariants=[{**PLAIN, "ModelName": "http"}]
    )
    sagemaker.create_endpoint(
        EndpointName="http",
        EndpointConfigName="http",
        Tags=[{"Key": "modelcycle:model", "Value": "fees"}],
    )
    waiter = sagemaker.get_waiter("endpoint_in_service")
    waiter.wait(EndpointName="http", WaiterConfig={"Delay": 0.1, "MaxAttempts": 200})
    arn = sagemaker.describe_endpoint(EndpointName="http")["EndpointArn"]
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"][0]["Value"] == "fees"
    answer = runtime.invoke_endpoint(EndpointName="http", Body=b"1", ContentType="text/plain")
    assert answer["InvokedProductionVariant"] == "all"
    assert b"42" in answer["Body"].read()
    with pytest.raises(runtime.exceptions.ModelError) as refused:
        runtime.invoke_endpoint(EndpointName="http", Body=b"what?")
    assert refused.value.response["OriginalStatusCode"] == HTTPStatus.BAD_REQUEST
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 424
    with pytest.raises(runtime.exceptions.ClientError) as absent:
        runtime.invoke_endpoint(EndpointName="nobody", Body=b"1")
    assert absent.value.response["Error"]["Code"] == "ValidationError"
    sagemaker.delete_endpoint(EndpointName="http")
    gone = sagemaker.get_waiter("endpoint_deleted")
    gone.wait(EndpointName="http", WaiterConfig={"Delay": 0.1, "MaxAttempts": 200})
