"""Poison becomes dead letters of a real function, and a person decides about them."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.local import account
from infra.local.provision import Provisioner
from infra.local.stack import REPOSITORY, LocalStack
from ops.cli.speak import envelope
from shared.contracts import limits, names
from shared.contracts.lifecycle import RetrainRequested
from shared.contracts.tables import TABLES
from shared.messaging.clock import WallClock
from tests.flow.local_aws import local_aws, wait_for
from tests.flow.typing_in import run

pytestmark = pytest.mark.flow

QUEUE = names.queue("dev", "journal")
REASON = ("--reason", "the table is back")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with local_aws(tmp_path_factory.mktemp("state"), services=("journal",)) as stack:
        yield stack


@pytest.fixture(autouse=True)
def pointed(stack: LocalStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in stack.environment("operator.jane").items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


def on_the_bus(model: str, days_ago: int = 0) -> str:
    """Write a wish as EventBridge delivers it."""
    wish = RetrainRequested.example().changed(model=model)
    said = envelope(wish, "arn:aws:iam::123456789012:user/jane", WallClock().now())
    metadata = said.metadata.changed(occurred_at=said.metadata.occurred_at - timedelta(days_ago))
    detail = {"metadata": metadata.model_dump(mode="json"), "data": wish.model_dump(mode="json")}
    return json.dumps(
        {
            "version": "0",
            "id": "of the bus",
            "detail-type": "RetrainRequested",
            "source": "modelcycle.operator",
            "account": account.ACCOUNT,
            "detail": detail,
        }
    )


def send(stack: LocalStack, body: str, queue: str = QUEUE, **attributes: str) -> None:
    """Send a message to a queue."""
    sqs = stack.client("sqs")
    sqs.send_message(
        QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"],
        MessageBody=body,
        MessageAttributes={
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    )


def listed() -> list[dict[str, Any]]:
    """Answer all dead letters that are listed."""
    found: list[dict[str, Any]] = json.loads(run("dlq", "list", "--json"))["letters"]
    return found


def letters(count: int) -> list[dict[str, Any]]:
    """Wait for so many dead letters; answer them."""
    return wait_for(f"{count} letters", lambda: found if len(found := listed()) == count else None)


def kept(kind: str, **data: object) -> list[dict[str, Any]]:
    """Answer the events of one kind that the journal has kept, and whose data say this."""
    told = json.loads(run("events", "list", "--type", kind, "--json"))["events"]
    return [one for one in told if data.items() <= one["detail"]["data"].items()]


def test_what_the_door_rejects_is_shown_with_its_reason_and_dropped_without_being_lost(
    stack: LocalStack,
) -> None:
    send(stack, '{"detail-type": "RetrainRequested", "source": "acme.shop"}')
    (letter,) = letters(1)
    assert letter["kind"] == "rejected"
    assert letter["why"] == "RetrainRequested: a stranger on our bus, source 'acme.shop'"
    shown = run("dlq", "show", letter["id"][:8])
    assert letter["why"] in shown
    assert "this code would reject it, too" in shown
    run("dlq", "drop", letter["id"][:8], "--reason", "somebody's mistake")
    assert listed() == []
    (decided,) = wait_for("the decision", lambda: kept("DeadLetterDecided", decision="dropped"))
    data, metadata = decided["detail"]["data"], decided["detail"]["metadata"]
    assert (data["service"], data["about"]) == ("journal", "journal")
    assert (data["reason"], data["sha256"]) == ("somebody's mistake", letter["sha256"])
    assert metadata["actor"] == "arn:aws:iam::123456789012:user/jane"
    bucket, _, key = data["uri"].removeprefix("s3://").partition("/")
    body = stack.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert json.loads(body)["source"] == "acme.shop"


def test_what_failed_too_often_is_handled_after_the_repair_and_its_decision_follows_from_it(
    stack: LocalStack,
) -> None:
    table = names.table("dev", "journal")
    stack.client("dynamodb").delete_table(TableName=table)
    send(stack, on_the_bus("fees"))
    send(stack, on_the_bus("blocks"))
    found = letters(2)
    assert {one["kind"] for one in found} == {"failed"}
    assert {one["about"] for one in found} == {"fees", "blocks"}
    assert found[0]["why"] == f"the service failed at each of {limits.QUEUE_RECEIVES_MAX} attempts"
    provisioner = Provisioner("dev", stack.endpoint_url, REPOSITORY)
    provisioner.table(next(row for row in TABLES if row.service == "journal"))
    run("dlq", "redrive", "--all", "--yes", "--type", "RetrainRequested", *REASON)
    (wish,) = wait_for("the journal has kept it", lambda: kept("RetrainRequested", model="blocks"))
    (decided,) = wait_for(
        "the decision is known", lambda: kept("DeadLetterDecided", about="blocks")
    )
    assert decided["causation_id"] == wish["event_id"]
    assert listed() == []
