"""A front that records tells who called what, as IAM would be asked about it."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local import account, authorization
from infra.local.front import Front
from infra.local.recording import Recorder

MODEL = "mc-dev-fees-v1-00000000"


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture(scope="module")
def url(recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with Front(0, tmp_path_factory.mktemp("state"), recorder=recorder) as front:
        yield front.url


def asked(recorder: Recorder, caller: str) -> list[tuple[str, str, dict[str, str]]]:
    """Answer what somebody called, without the common part of ARNs."""
    return [
        (one["action"], one["resource"].rsplit(":", 1)[-1], one["values"])
        for one in recorder.answer()
        if one["caller"] == caller
    ]


def test_an_event_is_told_with_its_source_and_type(url: str, recorder: Recorder) -> None:
    events = account.client("events", url, "speaker")
    events.create_event_bus(Name="modelcycle-dev")
    entry = {"EventBusName": "modelcycle-dev", "Source": "modelcycle.trainer", "Detail": "{}"}
    told = [{**entry, "DetailType": kind} for kind in ("TrainingStarted", "TrainingFailed")]
    assert events.put_events(Entries=told)["FailedEntryCount"] == 0
    assert [one for one in asked(recorder, "speaker") if one[0] == "events:PutEvents"] == [
        (
            "events:PutEvents",
            "event-bus/modelcycle-dev",
            {"events:source": "modelcycle.trainer", "events:detail-type": kind},
        )
        for kind in ("TrainingFailed", "TrainingStarted")
    ]


def test_an_object_is_written_and_read_whole_though_it_is_recorded(
    url: str, recorder: Recorder
) -> None:
    s3 = account.client("s3", url, "writer")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="runs/one/two words.json", Body=b"[1, 2]")
    found = s3.get_object(Bucket="bucket", Key="runs/one/two words.json")["Body"].read()
    assert found == b"[1, 2]"
    assert [one[:2] for one in asked(recorder, "writer") if "Object" in one[0]] == [
        ("s3:GetObject", "bucket/runs/one/two words.json"),
        ("s3:PutObject", "bucket/runs/one/two words.json"),
    ]


def test_a_put_that_replaces_nothing_is_told_as_such(url: str, recorder: Recorder) -> None:
    s3 = account.client("s3", url, "careful")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="journal/page", Body=b"", IfNoneMatch="*")
    put = ("s3:PutObject", "bucket/journal/page", {"s3:if-none-match": "*"})
    assert put in asked(recorder, "careful")


def test_a_role_that_is_handed_on_is_asked_about(url: str, recorder: Recorder) -> None:
    sagemaker = account.client("sagemaker", url, "hander")
    role = account.role_arn("modelcycle-dev-execution-endpoints")
    container = {"Image": "image", "ModelDataUrl": "s3://bucket/absent"}
    with pytest.raises(ClientError):  # whether it is allowed is asked all the same
        sagemaker.create_model(ModelName=MODEL, PrimaryContainer=container, ExecutionRoleArn=role)
    passed = {"iam:PassedToService": "sagemaker.amazonaws.com"}
    assert asked(recorder, "hander") == [
        ("iam:PassRole", "role/modelcycle-dev-execution-endpoints", passed),
        ("sagemaker:CreateModel", f"model/{MODEL}", {}),
    ]


def test_an_operation_without_a_row_is_shown_as_such(url: str, recorder: Recorder) -> None:
    account.client("sagemaker", url, "stranger").list_endpoints()
    assert asked(recorder, "stranger") == [
        ("sagemaker:ListEndpoints", authorization.UNKNOWN, {}),
    ]


def test_each_different_call_is_kept_once(url: str, recorder: Recorder) -> None:
    reader = account.client("ssm", url, "reader")
    for _ in range(3):
        reader.get_parameters_by_path(Path="/modelcycle/dev/")
    assert asked(recorder, "reader") == [
        ("ssm:GetParametersByPath", "parameter/modelcycle/dev", {})
    ]


TRANSACTION: dict[str, Any] = {
    "TransactItems": [
        {"Put": {"TableName": "one"}},
        {"ConditionCheck": {"TableName": "two"}},
    ]
}


def test_a_transaction_is_asked_about_item_by_item() -> None:
    asked_about = authorization.questions("dynamodb", "TransactWriteItems", TRANSACTION)
    assert [(one.action, one.resource.rsplit("/", 1)[-1]) for one in asked_about] == [
        ("dynamodb:PutItem", "one"),
        ("dynamodb:ConditionCheckItem", "two"),
    ]
