"""What AWS documents, and our services were built upon, holds on the local AWS: one row per fact.

The rows are grouped as they can be tried: bounds that are refused beyond and kept within, and codes
by which a caller tells what happened. What takes a story to show has its test beside the part that
shows it: `test_endpoints`, `test_registry`, `test_jobs`, `test_pipelines`, `test_features`.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from infra.local.account import ACCOUNT, REGION
from infra.local.front import Front
from tests.local.conftest import Clients
from tests.local.world import ROLE

PIPELINE = json.dumps(
    {
        "Version": "2020-12-01",
        "Steps": [{"Name": "Refuse", "Type": "Fail", "Arguments": {"ErrorMessage": "no"}}],
    }
)
GROUP, PIPE, FEATURES, TOKEN = "facts", "facts", "facts-features", "t" * 32


@pytest.fixture(scope="module")
def ground(front: Front, aws: Clients, bucket: str) -> dict[str, str]:
    """A package, a pipeline, a feature group, a queue and a bus to try things on."""
    sagemaker = aws("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
    package = sagemaker.create_model_package(
        ModelPackageGroupName=GROUP,
        InferenceSpecification={"Containers": [{"Image": "i", "ModelDataUrl": "s3://b/m.tar.gz"}]},
    )["ModelPackageArn"]
    sagemaker.create_pipeline(
        PipelineName=PIPE, PipelineDefinition=PIPELINE, ClientRequestToken=TOKEN, RoleArn=ROLE
    )
    sagemaker.create_feature_group(
        FeatureGroupName=FEATURES,
        RecordIdentifierFeatureName="id",
        EventTimeFeatureName="time",
        FeatureDefinitions=[
            {"FeatureName": name, "FeatureType": "String"} for name in ("id", "time")
        ],
        OnlineStoreConfig={"EnableOnlineStore": True},
        OfflineStoreConfig={"S3StorageConfig": {"S3Uri": f"s3://{bucket}/facts"}},
        RoleArn=ROLE,
    )
    front.engine.tick()
    queue = aws("sqs").create_queue(QueueName="facts")["QueueUrl"]
    return {"package": package, "queue": queue}


Request = dict[str, Any]


class Bound(NamedTuple):
    """One bound: `request` of the most that is allowed, and of one more."""

    fact: str
    service: str
    operation: str
    most: int
    request: Callable[[int, dict[str, str]], Request]


def record(number: int) -> list[dict[str, str]]:
    return [
        {"FeatureName": "id", "ValueAsString": f"{number}"},
        {"FeatureName": "time", "ValueAsString": "2026-03-01T12:00:00Z"},
    ]


def properties(**changes: Any) -> Callable[[int, dict[str, str]], Request]:
    """Write CustomerMetadataProperties of some size."""

    def request(size: int, ground: dict[str, str]) -> Request:
        values = {"k": "v" * size} if changes.get("of") == "value" else {}
        keys = {f"key{n}": "v" for n in range(size)} if changes.get("of") == "keys" else {}
        return {
            "ModelPackageGroupName": GROUP,
            "CustomerMetadataProperties": {**values, **keys},
        }

    return request


BOUNDS = [
    Bound(
        "PutEvents: 10 entries a call",
        "events",
        "put_events",
        10,
        lambda n, _: {"Entries": [{"Source": "s", "DetailType": "d", "Detail": "{}"}] * n},
    ),
    Bound(
        "an SQS message: 1 MiB",
        "sqs",
        "send_message",
        1_048_576,
        lambda n, ground: {"QueueUrl": ground["queue"], "MessageBody": "x" * n},
    ),
    Bound(
        "a standard SSM parameter: 4 KB",
        "ssm",
        "put_parameter",
        4_096,
        lambda n, _: {"Name": "/facts", "Value": "x" * n, "Type": "String", "Overwrite": True},
    ),
    Bound(
        "BatchGetRecord: 100 ids",
        "sagemaker-featurestore-runtime",
        "batch_get_record",
        100,
        lambda n, _: {
            "Identifiers": [
                {
                    "FeatureGroupName": FEATURES,
                    "RecordIdentifiersValueAsString": [str(one) for one in range(n)],
                }
            ]
        },
    ),
    Bound(
        "BatchWriteRecord: 25 entries",
        "sagemaker-featurestore-runtime",
        "batch_write_record",
        25,
        lambda n, _: {
            "Entries": [
                {
                    "FeatureGroupName": FEATURES,
                    "Record": record(one),
                    "TargetStores": ["OnlineStore"],
                }
                for one in range(n)
            ]
        },
    ),
    Bound(
        "StartPipelineExecution: a display name of 82",
        "sagemaker",
        "start_pipeline_execution",
        82,
        lambda n, _: {"PipelineName": PIPE, "PipelineExecutionDisplayName": "x" * n},
    ),
    Bound(
        "StartPipelineExecution: a token of 128",
        "sagemaker",
        "start_pipeline_execution",
        128,
        lambda n, _: {"PipelineName": PIPE, "ClientRequestToken": "x" * n},
    ),
    Bound(
        "CreateModelPackage: a token of 36",
        "sagemaker",
        "create_model_package",
        36,
        lambda n, _: {"ModelPackageGroupName": GROUP, "ClientToken": "x" * n},
    ),
    Bound(
        "UpdateModelPackage: a token of 36",
        "sagemaker",
        "update_model_package",
        36,
        lambda n, ground: {
            "ModelPackageArn": ground["package"],
            "ApprovalDescription": "note",
            "ClientToken": "y" * n,
        },
    ),
    Bound(
        "UpdateModelPackage: an ApprovalDescription of 1,024",
        "sagemaker",
        "update_model_package",
        1_024,
        lambda n, ground: {"ModelPackageArn": ground["package"], "ApprovalDescription": "x" * n},
    ),
    Bound(
        "CustomerMetadataProperties: 50 keys",
        "sagemaker",
        "create_model_package",
        50,
        properties(of="keys"),
    ),
    Bound(
        "CustomerMetadataProperties: values of 256",
        "sagemaker",
        "create_model_package",
        256,
        properties(of="value"),
    ),
    Bound(
        "an EntityName: 63",
        "sagemaker",
        "create_model_package_group",
        63,
        lambda n, _: {"ModelPackageGroupName": "x" * n},
    ),
]


@pytest.mark.parametrize("row", [pytest.param(row, id=row.fact) for row in BOUNDS])
def test_as_much_as_is_documented_is_taken_and_one_more_is_refused(
    aws: Clients, ground: dict[str, str], row: Bound
) -> None:
    call = getattr(aws(row.service), row.operation)
    call(**row.request(row.most, ground))
    with pytest.raises(ClientError):
        call(**row.request(row.most + 1, ground))


class Code(NamedTuple):
    """One refusal: what is asked, and by which code it is told."""

    fact: str
    service: str
    operation: str
    request: Request
    code: str


NONE = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"
VARIANT = {
    "VariantName": "all",
    "ModelName": "none",
    "InstanceType": "ml.m5.large",
    "InitialInstanceCount": 1,
}
INVALID, NOT_FOUND = "ValidationException", "ResourceNotFound"
PACKAGE = {"ModelPackageGroupName": GROUP}
ROUTING = {"Type": "CANARY", "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50}}


def guarded(**routing: int) -> Request:
    """Write an UpdateEndpoint whose traffic waits."""
    policy = {"TrafficRoutingConfiguration": {**ROUTING, "WaitIntervalInSeconds": 0, **routing}}
    return {
        "EndpointName": "none",
        "EndpointConfigName": "none",
        "DeploymentConfig": {"BlueGreenUpdatePolicy": policy},
    }


CODES = [
    Code("no endpoint", "sagemaker", "describe_endpoint", {"EndpointName": "none"}, INVALID),
    Code(
        "no configuration",
        "sagemaker",
        "describe_endpoint_config",
        {"EndpointConfigName": "none"},
        INVALID,
    ),
    Code("no model", "sagemaker", "describe_model", {"ModelName": "none"}, INVALID),
    Code(
        "no endpoint to update",
        "sagemaker",
        "update_endpoint",
        {"EndpointName": "none", "EndpointConfigName": "none"},
        INVALID,
    ),
    Code(
        "no endpoint to delete", "sagemaker", "delete_endpoint", {"EndpointName": "none"}, INVALID
    ),
    Code(
        "an endpoint without its configuration",
        "sagemaker",
        "create_endpoint",
        {"EndpointName": "facts", "EndpointConfigName": "none"},
        INVALID,
    ),
    Code(
        "a configuration without its model",
        "sagemaker",
        "create_endpoint_config",
        {"EndpointConfigName": "facts", "ProductionVariants": [VARIANT]},
        INVALID,
    ),
    Code(
        "a version that is not there",
        "sagemaker",
        "describe_model_package",
        {"ModelPackageName": f"{NONE}:model-package/{GROUP}/77"},
        INVALID,
    ),
    Code(
        "a group that is there",
        "sagemaker",
        "create_model_package_group",
        {"ModelPackageGroupName": GROUP},
        INVALID,
    ),
    Code("no pipeline", "sagemaker", "describe_pipeline", {"PipelineName": "none"}, NOT_FOUND),
    Code(
        "no pipeline to start",
        "sagemaker",
        "start_pipeline_execution",
        {"PipelineName": "none"},
        NOT_FOUND,
    ),
    Code(
        "no execution",
        "sagemaker",
        "describe_pipeline_execution",
        {"PipelineExecutionArn": f"{NONE}:pipeline/{PIPE}/execution/abcdefghijkl"},
        NOT_FOUND,
    ),
    Code(
        "no feature group",
        "sagemaker",
        "describe_feature_group",
        {"FeatureGroupName": "none"},
        NOT_FOUND,
    ),
    Code(
        "a record of no feature group",
        "sagemaker-featurestore-runtime",
        "put_record",
        {"FeatureGroupName": "none", "Record": record(1)},
        "ValidationError",  # PutRecord declares no other
    ),
    Code(
        "a record to read of no feature group",
        "sagemaker-featurestore-runtime",
        "get_record",
        {"FeatureGroupName": "none", "RecordIdentifierValueAsString": "1"},
        NOT_FOUND,
    ),
    Code(
        "no endpoint to ask",
        "sagemaker-runtime",
        "invoke_endpoint",
        {"EndpointName": "none", "Body": b"1"},
        "ValidationError",
    ),
    Code(
        "an EntityName with an underscore",
        "sagemaker",
        "create_endpoint",
        {"EndpointName": "a_b", "EndpointConfigName": "none"},
        INVALID,
    ),
    Code(
        "an EntityName with a point",
        "sagemaker",
        "create_model_package_group",
        {"ModelPackageGroupName": "a.b"},
        INVALID,
    ),
    *(
        Code(
            f"a property with {character!r}",
            "sagemaker",
            "create_model_package",
            {**PACKAGE, "CustomerMetadataProperties": {"k": f"a{character}b"}},
            INVALID,
        )
        for character in "|,;\n\"'"
    ),
    Code(
        "a verdict that is none",
        "sagemaker",
        "create_model_package",
        {**PACKAGE, "ModelApprovalStatus": "Maybe"},
        INVALID,
    ),
    Code(
        "a canary that waits longer than an hour",
        "sagemaker",
        "update_endpoint",
        guarded(WaitIntervalInSeconds=3_601),
        INVALID,
    ),
]


@pytest.mark.parametrize("row", [pytest.param(row, id=row.fact) for row in CODES])
def test_a_refusal_has_its_documented_code(aws: Clients, ground: dict[str, str], row: Code) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(aws(row.service), row.operation)(**row.request)
    assert refused.value.response["Error"]["Code"] == row.code


def test_letters_of_any_property_are_kept(aws: Clients, ground: dict[str, str]) -> None:
    said = {"k": "Az09 _.:/=+-@"}
    sagemaker = aws("sagemaker")
    arn = sagemaker.create_model_package(**PACKAGE, CustomerMetadataProperties=said)
    seen = sagemaker.describe_model_package(ModelPackageName=arn["ModelPackageArn"])
    assert seen["CustomerMetadataProperties"] == said


def test_a_bus_that_is_not_there_is_told_where_aws_would_lose_events_in_silence(
    aws: Clients,
) -> None:
    """The one row in which we are louder: who runs locally should learn of a forgotten bus."""
    entry = {"Source": "s", "DetailType": "d", "Detail": "{}", "EventBusName": "nobody-is-here"}
    with pytest.raises(ClientError, match="nobody-is-here"):
        aws("events").put_events(Entries=[entry])


def test_a_detail_that_is_no_json_fails_alone_and_with_http_200(aws: Clients) -> None:
    good, bad = ({"Source": "s", "DetailType": "d", "Detail": text} for text in ("{}", "{"))
    answer = aws("events").put_events(Entries=[good, bad, good])
    assert answer["FailedEntryCount"] == 1
    assert [entry.get("ErrorCode") for entry in answer["Entries"]] == [
        None,
        "MalformedDetail",
        None,
    ]


def test_a_start_with_the_same_token_is_the_same_execution(
    aws: Clients, ground: dict[str, str]
) -> None:
    start = aws("sagemaker").start_pipeline_execution
    first = start(PipelineName=PIPE, ClientRequestToken="s" * 32)
    assert (
        start(PipelineName=PIPE, ClientRequestToken="s" * 32)["PipelineExecutionArn"]
        == (first["PipelineExecutionArn"])
    )


def test_what_a_rule_cannot_deliver_goes_to_its_dead_letters_and_without_them_is_lost(
    aws: Clients,
) -> None:
    events, sqs = aws("events"), aws("sqs")
    dead = sqs.create_queue(QueueName="facts-dead")["QueueUrl"]
    gone, buried = (f"arn:aws:sqs:{REGION}:{ACCOUNT}:facts-{one}" for one in ("gone", "dead"))
    for name, more in (("buried", {"DeadLetterConfig": {"Arn": buried}}), ("lost", {})):
        events.put_rule(Name=f"facts-{name}", EventPattern=json.dumps({"source": ["facts"]}))
        target = {"Id": name, "Arn": gone, **more}
        events.put_targets(Rule=f"facts-{name}", Targets=[target])
    said = events.put_events(Entries=[{"Source": "facts", "DetailType": "d", "Detail": "{}"}])
    assert said["FailedEntryCount"] == 0
    answer = sqs.receive_message(
        QueueUrl=dead, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )
    (letter,) = answer["Messages"]
    assert json.loads(letter["Body"])["id"] == said["Entries"][0]["EventId"]
    told = {key: value["StringValue"] for key, value in letter["MessageAttributes"].items()}
    assert told.pop("ERROR_MESSAGE")
    assert told == {
        "RULE_ARN": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/facts-buried",
        "TARGET_ARN": gone,
        "ERROR_CODE": "NO_RESOURCE",
        "RETRY_ATTEMPTS": "0",
    }
    for name in ("buried", "lost"):
        events.remove_targets(Rule=f"facts-{name}", Ids=[name])
        events.delete_rule(Name=f"facts-{name}")
