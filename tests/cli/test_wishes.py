"""Wishes are events in the caller's name; those that cannot be granted are not said."""

import io
import json
import tarfile
from datetime import UTC, datetime
from time import monotonic, sleep

import pytest

from ops.cli import wishes
from ops.cli.endpoints import Serving
from ops.cli.errors import CliError
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


def put_on(aws: Clients, model: str, stage: str, version: int) -> None:
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
    put_on(aws, "live", "production", 2)
    command = ("rollback", "live", "--stage", "production", "--reason", "it drifts")
    assert lines(cli(*command)) == (
        4,
        [
            "Error: v2 is the only version of live approved for production: nothing could "
            "take over",
            "Try: to end its forecasts, take the approval back: modelcycle decline live 2 --revoke",
        ],
    )
    heard(aws, "deployer")
    evaluator.life_cycle(first, "Approved")
    result = cli(*command)
    assert result.stdout == "a roll-back of live v2 in production is requested\n"
    said = [
        event["detail"]["data"]
        for event in heard(aws, "deployer")
        if event["detail-type"] == "RollbackRequested"
    ]
    assert said == [{"model": "live", "stage": "production", "version": 2, "reason": "it drifts"}]
    status = json.loads(cli("status", "live", "--json").stdout)["models"][0]
    assert status["stages"]["production"]["version"] == 2
    assert status["stages"]["production"]["status"] == "InService"
    assert status["stages"]["staging"] is None
    assert "v2" in cli("status").stdout


def deploy(model: str, version: int, stage: str = "staging") -> tuple[str, ...]:
    return ("deploy", model, str(version), "--stage", stage, "--reason", "capacity is back")


def test_a_deployment_is_requested_only_of_what_people_approved_for_the_stage(
    cli: Cli, aws: Clients, files: Files, evaluator: Evaluator
) -> None:
    files("again")
    cli("models", "apply", "again.yaml")
    assert lines(cli(*deploy("again", 1))) == (
        3,
        [
            "Error: there is no v1 of again",
            "Try: none is registered yet: modelcycle status again",
        ],
    )
    arn = evaluator.register("again")
    assert lines(cli(*deploy("again", 1))) == (
        4,
        ["Error: again v1 is not approved yet", "Try: modelcycle approve again 1"],
    )
    cli("approve", "again", "1")
    assert lines(cli(*deploy("again", 1, "production"))) == (
        4,
        [
            "Error: again v1 is not approved for production yet",
            "Try: modelcycle promote again 1",
        ],
    )
    heard(aws, "deployer")
    result = cli(*deploy("again", 1))
    assert result.stdout == "a deployment of again v1 to staging is requested\n"
    evaluator.life_cycle(arn, "Approved")
    assert cli(*deploy("again", 1, "production")).exit_code == 0
    assert [
        event["detail"]["data"]
        for event in heard(aws, "deployer")
        if event["detail-type"] == "DeploymentRequested"
    ] == [
        {"model": "again", "stage": stage, "version": 1, "reason": "capacity is back"}
        for stage in ("staging", "production")
    ]


def test_what_was_declined_is_not_deployed_by_asking_again(
    cli: Cli, aws: Clients, files: Files, evaluator: Evaluator
) -> None:
    files("out")
    cli("models", "apply", "out.yaml")
    arn = evaluator.register("out")
    cli("approve", "out", "1")
    evaluator.life_cycle(arn, "Rejected")
    retrain = 'Try: modelcycle retrain out --reason "…"'
    assert lines(cli(*deploy("out", 1, "production"))) == (
        4,
        [
            "Error: out v1 was declined for production: it needs a new registration to return",
            retrain,
        ],
    )
    cli("decline", "out", "1", "--revoke", "--note", "too wide")
    assert lines(cli(*deploy("out", 1))) == (
        4,
        ["Error: out v1 was declined (too wide): it needs a new registration to return", retrain],
    )
    evaluator.register("out", ours=False)
    assert cli(*deploy("out", 2)).exit_code == 4


def test_asking_again_for_what_serves_says_so(
    cli: Cli, aws: Clients, files: Files, evaluator: Evaluator
) -> None:
    files("there")
    cli("models", "apply", "there.yaml")
    evaluator.register("there")
    cli("approve", "there", "1")
    put_on(aws, "there", "staging", 1)
    result = cli(*deploy("there", 1))
    assert result.exit_code == 0
    assert "v1 serves in staging: only automation that had stopped goes on" in result.stderr


def test_what_is_on_its_way_is_not_asked_for_again() -> None:
    coming = Serving(
        endpoint="mc-dev-there-staging",
        status="Creating",
        config="mc-dev-there-staging-v1-0123abcd",
        version=None,
        coming=1,
        modified_at=datetime(2026, 3, 1, tzinfo=UTC),
        reason="",
    )
    with pytest.raises(CliError, match="there v1 is on its way to staging already"):
        wishes.check_on_its_way(coming, "there", 1, "staging")
