"""What flow tests of permissions share: whether calls are allowed, and those that are made
seldom."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.aws import permissions, policies
from infra.aws.environments import Environment
from infra.local import account
from infra.local.account import ACCOUNT, REGION
from infra.local.feeds import source
from infra.local.market import Market
from infra.local.stack import LocalStack
from shared.contracts import names
from shared.contracts.names import ModelParameter
from shared.contracts.records import RecordFile
from shared.contracts.subscriptions import SERVICES
from tests.flow.local_aws import local_aws, wait_for
from tests.flow.streaming import WATCHED
from tests.flow.typing_in import run, write
from tests.infra_aws import calls, iam
from tests.infra_aws.calls import Call

START = datetime(2026, 3, 1, tzinfo=UTC)


def refused(made: frozenset[Call]) -> list[str]:
    """Answer what the services' own policies do not allow."""
    here = Environment(name="dev", account=ACCOUNT, region=REGION, rules_allowed=True)
    documents = {
        service: policies.document(role.grants) for service, role in permissions.roles(here).items()
    }
    return [
        str(call)
        for call in sorted(made)
        if not iam.allows(documents[call.service], call.action, call.resource, dict(call.values))
    ]


def seldom(folder: Path, monkeypatch: pytest.MonkeyPatch) -> frozenset[Call]:
    """Answer what services call when a source is polled, a record is no record, a message no
    event, and people set a threshold."""
    with Market(seed=5, start=START) as market:
        market.clock.move_to(START + timedelta(hours=1))
        polled = source(market, "history", timedelta(hours=1))
        with (
            local_aws(folder / "aws", record_calls=True, source=polled) as stack,
            monkeypatch.context() as environment,
        ):
            for name, value in stack.environment("operator.alice").items():
                environment.setenv(name, value)
            spec = {"series": "history", "window": "5m"}
            run("models", "apply", write(folder / "series.yaml", spec))
            run("models", "apply", write(folder / "watched.yaml", WATCHED))
            stack.supervisor.invoke("poller", {"seconds": 0})
            threshold = names.parameter("dev", "watched", ModelParameter.THRESHOLD)
            stack.client("ssm").put_parameter(Name=threshold, Value="0.5", Type="String")
            send_what_nobody_can_handle(stack)
            wait_for("the dead letters", lambda: len(stack.watch.dead_letters()) == len(SERVICES))
            wait_for("an author", lambda: author_asked(stack))
            stack.wait_until_quiet(30)
            return calls.of_services(stack.watch.calls())


def send_what_nobody_can_handle(stack: LocalStack) -> None:
    """Send a message to each service that is no event, and ingest records that are none: of its
    series, of one that nobody declared, and in a file."""
    sqs = stack.client("sqs")

    def send(queue: str, body: str) -> None:
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=body)

    for service in SERVICES:
        send(names.queue("dev", service), "no event")
    malformed = {"batch_id": "b-1", "series": "history", "records": [{"id": "no record"}]}
    send(names.records_queue("dev"), json.dumps(malformed))
    send(names.records_queue("dev"), json.dumps(malformed | {"series": "histori"}))
    send(names.records_queue("dev"), file_of_records(stack).model_dump_json())


def file_of_records(stack: LocalStack) -> RecordFile:
    """Put a file where the CLI puts large ones, with nothing in it that could be a record."""
    content, key = b"no record", "imports/history/b-2.jsonl"
    bucket = account.bucket("dev")
    stack.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
    return RecordFile(
        batch_id="b-2",
        series="history",
        uri=f"s3://{bucket}/{key}",
        sha256=hashlib.sha256(content).hexdigest(),
    )


def author_asked(stack: LocalStack) -> bool:
    """Tell whether the evaluator has looked who set the threshold."""
    return any(one["action"] == "ssm:DescribeParameters" for one in stack.watch.calls())
