"""The events that the engine emits have the fields, the kinds of value and the spelling of AWS's.

The twins in ``tests/aws_events`` are written by hand from AWS's field lists and must agree exactly;
where the guides' own samples are at hand, every field that they print must be there as well.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from infra.local.processes import Children
from infra.local.sagemaker import events
from tests.local.city import City
from tests.local.conftest import Clients
from tests.local.documented import GUIDES, TWINS, kinds, missing, read
from tests.local.world import ACCOUNT, IMAGE, ROLE, until

HERE = ("endpoint", "endpoint-deployment", "model-package", "feature-group")

BAKE_S = 60

Detail = Mapping[str, Any]


@pytest.fixture(scope="module")
def emitted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[Detail]]]:
    """Everything that the bus hears of a package, a feature group and two roll-outs."""
    with Children() as children:
        city = City(tmp_path_factory.mktemp("events"), children)
        approve_a_package(city)
        make_a_feature_group(city)
        roll_out_twice(city)
        children.close()
        city.engine.close()
        heard: dict[str, list[Detail]] = {}
        for detail_type, _, detail in city.world.events:
            heard.setdefault(detail_type, []).append(json.loads(json.dumps(detail)))
        yield heard


def approve_a_package(city: City) -> None:
    city.ask("CreateModelPackageGroup", ModelPackageGroupName="fees")
    twin = read(TWINS / "sagemaker-model-package-state-change.json")["detail"]
    given = ("InferenceSpecification", "MetadataProperties", "ModelMetrics", "ModelLifeCycle")
    arn = city.ask(
        "CreateModelPackage",
        ModelPackageGroupName="fees",
        **{field: twin[field] for field in given},
    )["ModelPackageArn"]
    city.ask(
        "UpdateModelPackage",
        ModelPackageArn=arn,
        ModelApprovalStatus="Approved",
        ApprovalDescription="good",
    )


def make_a_feature_group(city: City) -> None:
    city.ask(
        "CreateFeatureGroup",
        FeatureGroupName="windows",
        RecordIdentifierFeatureName="id",
        EventTimeFeatureName="time",
        FeatureDefinitions=[
            {"FeatureName": name, "FeatureType": "String"} for name in ("id", "time")
        ],
        OnlineStoreConfig={"EnableOnlineStore": True},
        OfflineStoreConfig={"S3StorageConfig": {"S3Uri": "s3://lake"}},
        RoleArn=ROLE,
    )
    city.engine.tick()


def roll_out_twice(city: City) -> None:
    city.serving("three")
    city.serving("five")
    tags = [{"Key": "team", "Value": "fees"}]
    city.ask("CreateEndpoint", EndpointName="fees", EndpointConfigName="three", Tags=tags)
    city.until_status("InService")
    city.ask(
        "UpdateEndpoint",
        EndpointName="fees",
        EndpointConfigName="five",
        DeploymentConfig={"BlueGreenUpdatePolicy": {"TerminationWaitInSeconds": BAKE_S}},
    )
    stages = "SageMaker Endpoint Deployment State Change"
    until(lambda: len(city.said(stages)) == len(("Creating", "Baking")), city.engine.tick)
    city.world.pass_time(BAKE_S)
    city.until_status("InService")


def like(twin: dict[str, Any], heard: dict[str, list[Detail]]) -> Detail:
    """Answer the emitted event that is in the same status as the twin, the last one."""
    status = next(key for key in twin["detail"] if key.endswith("Status"))
    wanted = {key: twin["detail"][key] for key in (status, "ModelApprovalStatus") if key in twin}
    pending = "PendingDeploymentSummary" in twin["detail"]
    return [
        detail
        for detail in heard[twin["detail-type"]]
        if wanted.items() <= detail.items() and ("PendingDeploymentSummary" in detail) == pending
    ][-1]


@pytest.mark.parametrize("kind", HERE)
def test_emitted_events_agree_with_their_twins_key_by_key_and_kind_by_kind(
    emitted: dict[str, list[Detail]], kind: str
) -> None:
    twin = read(TWINS / f"sagemaker-{kind}-state-change.json")
    assert kinds(like(twin, emitted)) == kinds(twin["detail"])


@pytest.mark.parametrize("kind", HERE)
def test_emitted_events_have_every_field_that_aws_documents(
    emitted: dict[str, list[Detail]], kind: str
) -> None:
    samples = sorted(GUIDES.glob(f"sagemaker-{kind}-state-change--*.json"))
    if not samples:
        pytest.skip("the guides' samples are not here; the twins are")
    for path in samples:
        sample = read(path)
        twin = read(TWINS / f"sagemaker-{kind}-state-change.json")
        assert list(missing(sample["detail"], like(twin, emitted))) == [], path.name


def test_what_comes_and_goes_is_absent_rather_than_empty(
    emitted: dict[str, list[Detail]],
) -> None:
    registered, approved = emitted["SageMaker Model Package State Change"]
    assert "UpdatedModelPackageFields" not in registered
    assert approved["UpdatedModelPackageFields"] == ["ModelApprovalStatus", "ApprovalDescription"]
    ended = emitted["SageMaker Endpoint Deployment State Change"][-1]
    assert ended["EndpointStatus"] == "IN_SERVICE"
    assert "PendingDeploymentSummary" not in ended


@pytest.mark.parametrize(
    ("status", "shouted"),
    [
        ("InService", "IN_SERVICE"),
        ("UpdateRollbackFailed", "UPDATE_ROLLBACK_FAILED"),
        ("Failed", "FAILED"),
    ],
)
def test_endpoint_events_shout_what_the_api_says(status: str, shouted: str) -> None:
    assert events.upper_snake(status) == shouted


def test_events_reach_a_queue_by_a_rule_of_the_default_bus_with_the_whole_envelope(
    aws: Clients,
) -> None:
    queue_arn = listen(
        aws,
        "registry-events",
        {"source": ["aws.sagemaker"], "detail": {"ModelPackageGroupName": ["heard"]}},
    )
    sagemaker = aws("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName="heard")
    package = sagemaker.create_model_package(
        ModelPackageGroupName="heard",
        InferenceSpecification={"Containers": [{"Image": IMAGE}]},
        ModelPackageDescription="a detail may hold <source> and <id> without harm",
    )["ModelPackageArn"]
    event = receive(aws, queue_arn)
    twin = read(TWINS / "sagemaker-model-package-state-change.json")
    assert event.keys() == twin.keys()
    assert kinds({**event, "detail": {}}) == kinds({**twin, "detail": {}})
    assert event["source"] == "aws.sagemaker"
    assert event["account"] == ACCOUNT
    assert event["resources"] == [package]
    assert "<source>" in event["detail"]["ModelPackageDescription"]


def test_a_disabled_rule_and_one_that_is_only_scheduled_hear_nothing(aws: Clients) -> None:
    listen(aws, "off", {"source": ["test"]}, State="DISABLED")
    bus = aws("events")
    bus.put_rule(Name="scheduled", ScheduleExpression="rate(1 minute)")
    bus.put_targets(Rule="scheduled", Targets=[{"Id": "1", "Arn": queue(aws, "scheduled")}])
    heard = listen(aws, "on", {"source": ["test"]})
    bus.put_events(Entries=[{"Source": "test", "DetailType": "Said", "Detail": '{"a": 1}'}])
    assert receive(aws, heard)["detail"] == {"a": 1}
    for name in ("off", "scheduled"):
        url = aws("sqs").get_queue_url(QueueName=name)["QueueUrl"]
        assert "Messages" not in aws("sqs").receive_message(QueueUrl=url)


def listen(aws: Clients, name: str, pattern: dict[str, Any], **more: Any) -> str:
    """Make a queue and a rule of the default bus that feeds it; answers the queue's ARN."""
    arn = queue(aws, name)
    bus = aws("events")
    bus.put_rule(Name=name, EventPattern=json.dumps(pattern), **more)
    bus.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])
    return arn


def queue(aws: Clients, name: str) -> str:
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    got = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(got["Attributes"]["QueueArn"])


def receive(aws: Clients, queue_arn: str) -> dict[str, Any]:
    sqs, found = aws("sqs"), []
    url = sqs.get_queue_url(QueueName=queue_arn.rpartition(":")[2])["QueueUrl"]

    def poll() -> None:
        found.extend(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", ()))

    until(lambda: found, poll)
    event: dict[str, Any] = json.loads(found[0]["Body"])
    return event
