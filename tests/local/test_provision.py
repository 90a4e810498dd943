"""An environment is made from the tables, and making it twice is making it once."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local import account
from infra.local.front import Front
from infra.local.provision import Provisioner, ProvisionError
from shared.contracts import limits, names
from shared.contracts.subscriptions import SERVICES
from shared.contracts.tables import BY_KIND
from shared.messaging import store

DEFINITION = json.dumps(
    {
        "Version": "2020-12-01",
        "Parameters": [],
        "Steps": [{"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "as told"}}],
    }
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    definition = folder / "algorithms" / "lightgbm" / "pipeline.json"
    definition.parent.mkdir(parents=True)
    definition.write_text(DEFINITION)
    return folder


@pytest.fixture(scope="module")
def url(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with Front(0, tmp_path_factory.mktemp("state")) as front:
        for _ in range(2):
            Provisioner("dev", front.url, root).provision()
        yield front.url


def client(service: str, url: str) -> Any:
    return account.client(service, url, "modelcycle-test")


def receive(url: str, service: str) -> list[dict[str, Any]]:
    sqs = client("sqs", url)
    queue = sqs.get_queue_url(QueueName=names.queue("dev", service))["QueueUrl"]
    received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    for message in received:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"]) for message in received]


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_a_queue_whose_poison_ends_among_its_dead_letters(
    url: str, service: str
) -> None:
    sqs = client("sqs", url)
    queue = sqs.get_queue_url(QueueName=names.queue("dev", service))["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    redrive = json.loads(attributes["RedrivePolicy"])
    assert redrive["deadLetterTargetArn"].endswith(f":modelcycle-dev-{service}-dead-letters")
    assert int(redrive["maxReceiveCount"]) == limits.QUEUE_RECEIVES_MAX
    assert attributes["VisibilityTimeout"] == "10"


def test_an_event_of_ours_reaches_those_who_hear_it_once_and_nobody_else(url: str) -> None:
    entry = {
        "EventBusName": names.bus("dev"),
        "Source": "modelcycle.evaluator",
        "DetailType": "ModelRegistered",
        "Detail": "{}",
    }
    client("events", url).put_events(Entries=[entry])
    heard = {service: len(receive(url, service)) for service in SERVICES}
    who = {"trainer": 1, "deployer": 1, "journal": 1}
    assert heard == {service: who.get(service, 0) for service in SERVICES}


def test_an_event_that_a_stranger_says_in_our_words_reaches_nobody(url: str) -> None:
    entry = {
        "EventBusName": names.bus("dev"),
        "Source": "stranger",
        "DetailType": "ModelRegistered",
        "Detail": "{}",
    }
    client("events", url).put_events(Entries=[entry])
    assert not any(receive(url, service) for service in SERVICES)


def test_a_hint_of_aws_reaches_its_service(url: str) -> None:
    client("sagemaker", url).create_model_package_group(ModelPackageGroupName="mc-dev-fees")
    client("sagemaker", url).create_model_package(ModelPackageGroupName="mc-dev-fees")
    (hint,) = receive(url, "deployer")
    assert hint["detail-type"] == "SageMaker Model Package State Change"
    assert receive(url, "trainer") == []


def test_the_records_queue_exists(url: str) -> None:
    assert client("sqs", url).get_queue_url(QueueName=names.records_queue("dev"))


@pytest.mark.parametrize("service", ["trainer", "evaluator", "deployer", "monitor"])
def test_a_table_of_aggregates_is_what_the_store_needs(url: str, service: str) -> None:
    dynamodb = client("dynamodb", url)
    table = names.table("dev", service)
    seen = dynamodb.describe_table(TableName=table)["Table"]
    (index,) = seen["GlobalSecondaryIndexes"]
    assert seen["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert index["IndexName"] == store.INDEX == BY_KIND.name
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["kind", "id"]
    expiry = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}


def test_windows_can_be_written_and_each_algorithm_has_its_pipeline(url: str) -> None:
    sagemaker = client("sagemaker", url)
    group = sagemaker.describe_feature_group(FeatureGroupName=names.feature_group("dev"))
    assert group["FeatureGroupStatus"] == "Created"
    assert group["OfflineStoreConfig"]["TableFormat"] == "Glue"
    pipeline = sagemaker.describe_pipeline(PipelineName=names.pipeline("dev", "lightgbm"))
    assert pipeline["PipelineDefinition"] == DEFINITION


def test_a_row_without_its_pipeline_is_named(url: str, tmp_path: Path) -> None:
    with pytest.raises(ProvisionError, match=r"algorithms/lightgbm/pipeline\.json is missing"):
        Provisioner("dev", url, tmp_path).provision()
