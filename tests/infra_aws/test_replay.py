"""What the templates describe is made in a local AWS: nothing is forgotten, and events go where the
subscriptions table says."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.aws.deployed import Deployed
from infra.aws.given import UnplayedError
from infra.aws.provision import Replay
from infra.aws.templates import Resource, TemplateError, Where, resolve
from infra.aws.unplayed import KINDS, PROPERTIES
from infra.local import account
from infra.local.front import Front
from infra.local.poller import VISIBILITY_S
from infra.local.provision import feature_group, key_schema
from shared.contracts import aws, limits, names
from shared.contracts.algorithms import ALGORITHMS
from shared.contracts.aws import Hint
from shared.contracts.door import open_event
from shared.contracts.envelope import ANY_SERVICE, SOURCE, Event
from shared.contracts.lifecycle import EVENTS
from shared.contracts.names import Execution
from shared.contracts.subscriptions import SCHEDULES, SERVICES, SUBSCRIPTIONS, subscriptions_of
from shared.contracts.tables import TABLES, TTL_ATTRIBUTE, Table
from shared.messaging.settings import NEEDS, POLLER
from tests.infra_aws.synthesis import Template

HERE = Where(account.ACCOUNT, account.REGION)
MOMENT = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
WAIT_S = 0  # what moto has delivered is there at once

Route = tuple[str, str, str]
"""Bus, service and a word that its rule lets through."""


@pytest.fixture(scope="module")
def resources(local_templates: Mapping[str, Template]) -> tuple[Resource, ...]:
    return resolve(local_templates, HERE)


@pytest.fixture(scope="module")
def deployed(resources: Sequence[Resource]) -> Deployed:
    return Deployed(resources)


@pytest.fixture(scope="module")
def url(deployed: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with Front(0, tmp_path_factory.mktemp("state")) as front:
        deployed.provision(front.url)
        yield front.url


def client(service: str, url: str) -> Any:
    return account.client(service, url, "modelcycle-test")


def some(resources: Sequence[Resource], kind: str) -> list[Resource]:
    return [one for one in resources if one.kind == kind]


def services_of_queues(deployed: Deployed) -> dict[str, str]:
    """Answer whose functions take from which queue, by the event sources."""
    return {
        queue: function.service
        for function in deployed.functions("http://127.0.0.1")
        for queue in function.queues
    }


def routes(resources: Sequence[Resource], deployed: Deployed, field: str) -> set[Route]:
    """Answer what the synthesized rules let through to whose queue."""
    owners = services_of_queues(deployed)
    return {
        (rule.properties["EventBusName"], owners[target["Arn"].rpartition(":")[2]], word)
        for rule in some(resources, "AWS::Events::Rule")
        for target in rule.properties["Targets"]
        for word in rule.properties["EventPattern"][field]
    }


def bus_of(event: type[Event]) -> str:
    return "default" if issubclass(event, Hint) else names.bus("dev")


def sources_of(event: type[Event]) -> list[str]:
    """Answer whoever says it."""
    if issubclass(event, Hint):
        return [aws.SOURCE]
    said_by = SERVICES if event.producer == ANY_SERVICE else (event.producer,)
    return [SOURCE + one for one in said_by]


def test_rules_let_through_what_the_subscriptions_table_says_and_nothing_else(
    resources: Sequence[Resource], deployed: Deployed
) -> None:
    assert routes(resources, deployed, "detail-type") == {
        (
            bus_of(row.event),
            row.service,
            row.event.aws_name if issubclass(row.event, Hint) else row.event.detail_type(),
        )
        for row in SUBSCRIPTIONS
    }
    assert routes(resources, deployed, "source") == {
        (bus_of(row.event), row.service, source)
        for row in SUBSCRIPTIONS
        for source in sources_of(row.event)
    }
    matched = {"source", "detail-type"}
    for rule in some(resources, "AWS::Events::Rule"):
        assert rule.properties["EventPattern"].keys() == matched
        assert rule.properties.get("State", "ENABLED") == "ENABLED"


def test_on_the_replayed_bus_each_event_reaches_those_who_hear_it_and_nobody_else(url: str) -> None:
    entries = [
        {
            "EventBusName": names.bus("dev"),
            "Source": sources_of(event)[0],
            "DetailType": name,
            "Detail": "{}",
        }
        for name, event in EVENTS.items()
    ]
    for at in range(0, len(entries), 10):
        client("events", url).put_events(Entries=entries[at : at + 10])
    for service in SERVICES:
        ours = [row.event for row in subscriptions_of(service) if row.event in EVENTS.values()]
        assert sorted(drained(url, names.queue("dev", service))) == sorted(
            event.detail_type() for event in ours
        )


def drained(url: str, queue: str) -> list[str]:
    """Take all messages from a queue; answer their types."""
    sqs, found = client("sqs", url), []
    address = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    while messages := sqs.receive_message(
        QueueUrl=address, MaxNumberOfMessages=10, WaitTimeSeconds=WAIT_S
    ).get("Messages"):
        for message in messages:
            found.append(json.loads(message["Body"])["detail-type"])
            sqs.delete_message(QueueUrl=address, ReceiptHandle=message["ReceiptHandle"])
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_a_queue_is_made_as_the_template_says_but_for_its_patience(url: str, service: str) -> None:
    sqs = client("sqs", url)
    queue = sqs.get_queue_url(QueueName=names.queue("dev", service))["QueueUrl"]
    seen = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    redrive = json.loads(seen["RedrivePolicy"])
    assert redrive["deadLetterTargetArn"].endswith(f":modelcycle-dev-{service}-dead-letters")
    assert int(redrive["maxReceiveCount"]) == limits.QUEUE_RECEIVES_MAX
    assert seen["VisibilityTimeout"] == str(VISIBILITY_S)
    assert "aws:SecureTransport" in seen["Policy"]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table.service))
def test_a_table_has_the_keys_indexes_and_expiry_of_its_row(url: str, table: Table) -> None:
    dynamodb, name = client("dynamodb", url), names.table("dev", table.service)
    seen = dynamodb.describe_table(TableName=name)["Table"]
    assert seen["KeySchema"] == key_schema(table.keys.attributes())
    assert {
        index["IndexName"]: (index["KeySchema"], index["Projection"]["ProjectionType"])
        for index in seen.get("GlobalSecondaryIndexes", [])
    } == {
        index.name: (
            key_schema(index.keys.attributes()),
            "KEYS_ONLY" if index.keys_only else "ALL",
        )
        for index in table.indexes
    }
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": TTL_ATTRIBUTE}


def test_the_feature_group_is_the_one_of_the_laptop(url: str) -> None:
    expected = feature_group("dev")
    seen = client("sagemaker", url).describe_feature_group(
        FeatureGroupName=names.feature_group("dev")
    )
    for same in ("FeatureDefinitions", "RecordIdentifierFeatureName", "EventTimeFeatureName"):
        assert seen[same] == expected[same]
    assert seen["OfflineStoreConfig"]["TableFormat"] == "Glue"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_each_algorithm_has_its_pipeline(url: str, algorithm: str) -> None:
    found = client("sagemaker", url).describe_pipeline(
        PipelineName=names.pipeline("dev", algorithm)
    )
    role = names.execution_role("dev", Execution.PIPELINES)
    assert found["RoleArn"] == account.role_arn(role)
    definition = json.loads(found["PipelineDefinition"])
    assert "Train" in {step["Name"] for step in definition["Steps"]}


def test_bucket_bus_archive_and_topic_are_there(url: str) -> None:
    bucket = account.bucket("dev")
    versioning = client("s3", url).get_bucket_versioning(Bucket=bucket)
    assert versioning["Status"] == "Enabled"
    (archive,) = client("events", url).list_archives()["Archives"]
    assert archive["EventSourceArn"].endswith(f"event-bus/{names.bus('dev')}")
    assert archive["RetentionDays"] <= limits.INBOX_DAYS
    topics = {one["TopicArn"] for one in client("sns", url).list_topics()["Topics"]}
    assert {arn.rpartition(":")[2] for arn in topics} == {names.alarms_topic("dev")}


def test_schedules_send_the_wishes_of_their_table(deployed: Deployed) -> None:
    found = set()
    for wake in deployed.wakes():
        event = open_event(json.loads(wake.message(MOMENT)))
        assert event is not None
        assert event.metadata.occurred_at == MOMENT
        assert wake.message(MOMENT) != wake.message(datetime.now(UTC))
        found.add((wake.queue, wake.minutes, type(event.data)))
    assert found == {(names.queue("dev", row.service), row.minutes, row.wish) for row in SCHEDULES}


def test_functions_have_the_queues_and_the_time_that_the_template_gives_them(
    deployed: Deployed,
) -> None:
    functions = {one.service: one for one in deployed.functions("http://127.0.0.1")}
    assert functions.keys() == {*SERVICES, POLLER}
    for service in SERVICES:
        records = [names.records_queue("dev")] if service == "ingest" else []
        assert [*functions[service].queues] == [names.queue("dev", service), *records]
        assert functions[service].handler == f"services.{service}.app.handler"
        assert functions[service].limit_s == limits.FUNCTION_SECONDS_MAX
        seen = functions[service].environment
        assert seen["MODELCYCLE_BUCKET"] == account.bucket("dev")
        if "lease_seconds" in NEEDS[service]:
            assert seen["MODELCYCLE_LEASE_SECONDS"] == str(limits.LEASE_SECONDS)
        assert seen["AWS_ENDPOINT_URL"] == "http://127.0.0.1"


def test_what_is_not_replayed_has_a_reason_and_occurs(resources: Sequence[Resource]) -> None:
    made = {one.kind for one in resources}
    assert all(KINDS.values())
    assert KINDS.keys() <= made, "a kind that no template has any more"
    assert PROPERTIES.keys() <= made, "a kind that no template has any more"


@pytest.mark.parametrize(
    ("kind", "properties", "why"),
    [
        ("AWS::EC2::NatGateway", {}, r"platform\.New \(AWS::EC2::NatGateway\): replay the kind"),
        ("AWS::SQS::Queue", {"QueueName": "q", "FifoQueue": True}, r"FifoQueue: replay it"),
        ("AWS::SQS::Queue", {}, "QueueName is missing"),
        (
            "AWS::Events::Rule",
            {"Name": "r", "EventBusName": "nowhere", "EventPattern": {}, "Targets": []},
            "the local AWS says: .*nowhere",
        ),
        (
            "AWS::SageMaker::Pipeline",
            {"PipelineDefinition": {"PipelineDefinitionS3Location": {}}},
            "only a PipelineDefinitionBody",
        ),
    ],
)
def test_what_cannot_be_replayed_is_named(
    url: str, kind: str, properties: Mapping[str, Any], why: str
) -> None:
    with pytest.raises(TemplateError, match=why):
        Replay(url).replay([Resource("platform", "New", kind, properties)])


def test_a_parameter_is_replayed(url: str) -> None:
    given = {"Name": "/modelcycle/other/word", "Type": "String", "Value": "yes"}
    Replay(url).replay([Resource("platform", "Word", "AWS::SSM::Parameter", given)])
    found = client("ssm", url).get_parameter(Name=given["Name"])["Parameter"]
    assert found["Value"] == "yes"


@pytest.mark.parametrize(
    ("kind", "changed", "why"),
    [
        ("AWS::Lambda::EventSourceMapping", {"BatchSize": 1}, "BatchSize is 1; local functions"),
        ("AWS::Lambda::EventSourceMapping", {"FunctionName": "nobody"}, "of no function: nobody"),
        ("AWS::Lambda::EventSourceMapping", {"Enabled": False}, "Enabled: replay it"),
        ("AWS::Lambda::Function", {"Layers": ["one"]}, "Layers: replay it"),
        ("AWS::Scheduler::Schedule", {"ScheduleExpression": "cron(* * ? * * *)"}, "is no rate"),
    ],
)
def test_what_the_local_functions_cannot_do_is_named(
    resources: Sequence[Resource], kind: str, changed: Mapping[str, Any], why: str
) -> None:
    one = next(one for one in resources if one.kind == kind)
    other = replace(one, properties={**one.properties, **changed})
    broken = Deployed([other if each is one else each for each in resources])
    with pytest.raises((TemplateError, UnplayedError), match=why):
        (broken.functions("http://127.0.0.1"), broken.wakes())


def test_service_stacks_need_the_platform_and_no_order_among_themselves(
    local_templates: Mapping[str, Template], tmp_path_factory: pytest.TempPathFactory
) -> None:
    parts = ("platform", *reversed(SERVICES))
    again = resolve({part: local_templates[part] for part in parts}, HERE)
    with Front(0, tmp_path_factory.mktemp("state")) as front:
        Deployed(again).provision(front.url)
        assert drained(front.url, names.queue("dev", "trainer")) == []
