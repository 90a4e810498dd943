"""Wishes are events in the caller's name; those that cannot be granted are not said."""

import io
import json
import tarfile
from time import monotonic, sleep

import pytest

from shared.contracts import names
from tests.cli.conftest import Cli, Clients, Files
from tests.cli.world import Evaluator, heard, lines

BUCKET = "modelcycle-dev-123456789012-us-east-1"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/modelcycle/mean:1"
ROLE = "arn:aws:iam::123456789012:role/modelcycle-dev-execution"


@pytest.fixture
def fees(cli: Cli, files: Files) -> str:
    files("fees")
    assert cli("models", "apply", "fees.yaml").exit_code == 0
    return "fees"


def deploy(aws: Clients, model: str, stage: str, version: int) -> None:
    """Put a version on a stage, as the deployer does."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        content = json.dumps({"mean": 1.0}).encode()
        info = tarfile.TarInfo("model.json")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    aws("s3").put_object(Bucket=BUCKET, Key="model.tar.gz", Body=packed.getvalue())
    sagemaker = aws("sagemaker")
    name = names.sagemaker_model("dev", model, version, stage)
    config = names.endpoint_config("dev", model, stage, version, "cause")
    endpoint = names.endpoint("dev", model, stage)
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/model.tar.gz"}
    sagemaker.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE)
    variant = {"VariantName": "all", "ModelName": name, "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(
        EndpointConfigName=config, ProductionVariants=[{**variant, "InitialInstanceCount": 1}]
    )
    sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=config)
    deadline = monotonic() + 30
    while sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"] != "InService":
        assert monotonic() < deadline
        sleep(0.05)


def test_a_training_is_requested_with_its_reason_and_who_wants_it(
    cli: Cli, aws: Clients, fees: str
) -> None:
    heard(aws, "trainer")
    result = cli("retrain", fees, "--reason", "new market", "--note", "since Monday")
    assert (result.exit_code, result.stdout) == (0, "a training of fees is requested\n")
    (event,) = heard(aws, "trainer")
    assert event["detail-type"] == "RetrainRequested"
    assert event["detail"]["data"] == {
        "model": "fees",
        "reason": "new market",
        "note": "since Monday",
    }
    metadata = event["detail"]["metadata"]
    assert metadata["actor"] == "arn:aws:iam::123456789012:user/jane"
    assert f"modelcycle events show {metadata['event_id']}" in result.stderr


def test_wanting_it_twice_is_two_wishes(cli: Cli, aws: Clients, fees: str) -> None:
    heard(aws, "trainer")
    for _ in range(2):
        cli("retrain", fees, "--reason", "again")
    ids = {event["detail"]["metadata"]["event_id"] for event in heard(aws, "trainer")}
    assert len(ids) == 2


def test_nobody_can_train_a_frozen_model(cli: Cli, aws: Clients, fees: str) -> None:
    cli("models", "freeze", fees)
    heard(aws, "trainer")
    assert lines(cli("retrain", fees, "--reason", "now")) == (
        4,
        ["Error: fees is frozen: nothing trains it", "Try: modelcycle models unfreeze fees"],
    )
    assert heard(aws, "trainer") == []


def test_where_nothing_serves_nothing_is_rolled_back(cli: Cli, files: Files) -> None:
    files("idle")
    cli("models", "apply", "idle.yaml")
    assert lines(cli("rollback", "idle", "--stage", "production", "--reason", "bad")) == (
        4,
        ["Error: nothing of idle serves in production", "Try: modelcycle status idle"],
    )


def test_a_roll_back_names_what_serves_and_warns_where_nothing_would(
    cli: Cli, aws: Clients, files: Files, evaluator: Evaluator
) -> None:
    files("live")
    cli("models", "apply", "live.yaml")
    first, second = evaluator.register("live"), evaluator.register("live")
    for arn in (first, second):
        aws("sagemaker").update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    evaluator.life_cycle(second, "Approved")
    deploy(aws, "live", "production", 2)
    command = ("rollback", "live", "--stage", "production", "--reason", "it drifts")
    assert lines(cli(*command)) == (
        4,
        [
            "Error: v2 is the only version of live approved for production: without it the "
            "endpoint is deleted, and forecasts end",
            "Try: the same command with --yes, if that is what you want",
        ],
    )
    heard(aws, "deployer")
    assert cli(*command, "--yes").exit_code == 0
    evaluator.life_cycle(first, "Approved")
    result = cli(*command)
    assert result.stdout == "a roll-back of live v2 in production is requested\n"
    wishes = [
        event["detail"]["data"]
        for event in heard(aws, "deployer")
        if event["detail-type"] == "RollbackRequested"
    ]
    wish = {"model": "live", "stage": "production", "version": 2, "reason": "it drifts"}
    assert wishes == [wish, wish]
    status = json.loads(cli("status", "live", "--json").stdout)["models"][0]
    assert status["stages"]["production"]["version"] == 2
    assert status["stages"]["production"]["status"] == "InService"
    assert status["stages"]["staging"] is None
    assert "v2" in cli("status").stdout
