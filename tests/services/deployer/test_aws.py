"""What SageMaker answers with one code for several things, and how it is told apart."""

from typing import Any
from unittest.mock import ANY

import boto3
import pytest
from botocore.stub import Stubber

from services.deployer.aws.endpoints import Premises, SageMakerEndpoints
from services.deployer.aws.look import AwsLook
from services.deployer.aws.registry import SageMakerRegistry
from shared.contracts.complaints import Complaint, SpecError
from shared.contracts.names import Stage
from shared.messaging.errors import Refused, Retryable
from tests.services.deployer.world import ENV, MODEL, START, SageMaker, arn

ENDPOINT = "mc-dev-fees-staging"


@pytest.fixture
def sagemaker() -> Any:
    return boto3.client(
        "sagemaker",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def endpoints(sagemaker: Any) -> SageMakerEndpoints:
    return SageMakerEndpoints(sagemaker, sagemaker, ENV, "arn:aws:iam::123456789012:role/x")


def describing(status: str, config: str, pending: str = "") -> dict[str, Any]:
    answer = {
        "EndpointName": ENDPOINT,
        "EndpointArn": f"arn:aws:sagemaker:us-east-1:123456789012:endpoint/{ENDPOINT}",
        "EndpointConfigName": config,
        "EndpointStatus": status,
        "CreationTime": START,
        "LastModifiedTime": START,
    }
    return answer | (
        {"PendingDeploymentSummary": {"EndpointConfigName": pending}} if pending else {}
    )


@pytest.mark.parametrize(
    ("seen", "error"),
    [
        (describing("Updating", "old", "new"), None),
        (describing("InService", "new"), None),
        (describing("Updating", "old", "other"), Retryable),
        (describing("InService", "old"), Refused),
    ],
)
def test_an_update_that_is_refused_is_looked_at(
    sagemaker: Any, seen: dict[str, Any], error: type[Exception] | None
) -> None:
    with Stubber(sagemaker) as stub:
        stub.add_client_error("update_endpoint", "ValidationException")
        stub.add_response("describe_endpoint", seen)
        update = (ENDPOINT, "new", "all-at-once", 0)
        if error is None:
            endpoints(sagemaker).update(*update)
        else:
            with pytest.raises(error):
                endpoints(sagemaker).update(*update)


SECLUDED = {
    "EnableNetworkIsolation": True,
    "VpcConfig": {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]},
}


@pytest.mark.parametrize(
    ("instance", "of_model", "of_config"),
    [("ml.t2.medium", SECLUDED, {"KmsKeyId": "alias/mine"}), (None, {}, {})],
    ids=["dedicated", "serverless"],
)
def test_instances_of_our_own_are_secluded_and_serverless_ones_cannot_be(
    sagemaker: Any, instance: str | None, of_model: dict[str, Any], of_config: dict[str, Any]
) -> None:
    premises = Premises(("subnet-1", "subnet-2"), ("sg-1",), "alias/mine")
    hosting = SageMakerEndpoints(
        sagemaker, sagemaker, ENV, "arn:aws:iam::123456789012:role/x", premises
    )
    package = SageMaker().registered(1)
    with Stubber(sagemaker) as stub:
        stub.add_response(
            "create_model",
            {"ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/m"},
            {"ModelName": "m", "PrimaryContainer": ANY, "ExecutionRoleArn": ANY, **of_model},
        )
        stub.add_response(
            "create_endpoint_config",
            {"EndpointConfigArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/c"},
            {"EndpointConfigName": "c", "ProductionVariants": ANY, **of_config},
        )
        hosting.ensure_model("m", package, instance is not None)
        hosting.ensure_config("c", "m", instance)
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("status", "error"), [(None, None), ("Updating", Retryable), ("InService", Refused)]
)
def test_a_deletion_that_is_refused_is_done_only_when_the_endpoint_is_gone(
    sagemaker: Any, status: str | None, error: type[Exception] | None
) -> None:
    with Stubber(sagemaker) as stub:
        stub.add_client_error("delete_endpoint", "ValidationException")
        if status is None:
            stub.add_client_error("describe_endpoint", "ValidationException")
            endpoints(sagemaker).delete(ENDPOINT)
            return
        stub.add_response("describe_endpoint", describing(status, "old"))
        with pytest.raises(error or AssertionError):
            endpoints(sagemaker).delete(ENDPOINT)


def test_two_who_write_in_the_registry_at_once_take_turns(sagemaker: Any) -> None:
    with Stubber(sagemaker) as stub:
        stub.add_client_error("update_model_package", "ConflictException")
        with pytest.raises(Retryable):
            SageMakerRegistry(sagemaker).write_production(arn(1), "Approved", "fine")


def described(approval: str, production: str | None) -> dict[str, Any]:
    life_cycle = {"Stage": "Staging", "StageStatus": "PendingApproval"}
    if production:
        life_cycle = {"Stage": "Production", "StageStatus": production}
    container = {"Image": "image", "ModelDataUrl": "s3://b/model.tar.gz"}
    return {
        "ModelPackageName": "mc-dev-fees",
        "ModelPackageArn": arn(1),
        "ModelPackageVersion": 1,
        "CreationTime": START,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
        "ModelApprovalStatus": approval,
        "ModelLifeCycle": life_cycle,
        "InferenceSpecification": {"Containers": [container]},
        "CustomerMetadataProperties": SageMaker().registered(1).registration.properties(),
    }


@pytest.mark.parametrize(
    ("approval", "production", "stage", "written"),
    [
        ("PendingManualApproval", None, Stage.STAGING, {"ModelApprovalStatus": "Rejected"}),
        ("Approved", None, Stage.STAGING, None),
        ("Approved", "PendingApproval", Stage.PRODUCTION, {"ModelLifeCycle": ANY}),
        ("Approved", "Approved", Stage.PRODUCTION, None),
        ("Approved", None, Stage.PRODUCTION, None),
    ],
)
def test_only_what_still_waits_is_declined_for_want_of_a_verdict(
    sagemaker: Any,
    approval: str,
    production: str | None,
    stage: Stage,
    written: dict[str, Any] | None,
) -> None:
    with Stubber(sagemaker) as stub:
        stub.add_response("describe_model_package", described(approval, production))
        if written:
            note = {"ApprovalDescription": "expired"} if stage is Stage.STAGING else {}
            stub.add_response(
                "update_model_package",
                {"ModelPackageArn": arn(1)},
                {"ModelPackageArn": arn(1), **written, **note},
            )
        SageMakerRegistry(sagemaker).decline(arn(1), stage, "expired")
        stub.assert_no_pending_responses()


def test_a_spec_that_cannot_be_read_freezes_the_model(sagemaker: Any) -> None:
    class Broken:
        env = ENV

        def model_spec(self, model: str) -> Any:
            raise SpecError(Complaint("horizon", "must be >= 1, got 0"))

    with Stubber(sagemaker) as stub:
        for _ in range(2):
            stub.add_client_error("describe_endpoint", "ValidationException")
        registry = SageMakerRegistry(sagemaker)
        broken: Any = Broken()
        world = AwsLook(registry, endpoints(sagemaker), broken, rules_allowed=True).world(MODEL)
    assert world.frozen
    assert world.rule_for == ()
