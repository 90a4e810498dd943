"""What a dead letter is, why it is one, where it belongs, and what can be done: a table."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

import pytest

from infra.local.account import ACCOUNT, REGION
from ops.cli.dlq.letter import Decision, Kind, Letter, advice, read
from ops.cli.dlq.listing import note_lives, show_summary
from shared.contracts import limits
from shared.contracts.wishes import SweepRequested, scheduled
from tests.cli.dead_letters import NOW, wish

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:modelcycle-dev"
EVENTBRIDGE = {
    "RULE_ARN": "arn:aws:events:us-east-1:123456789012:rule/modelcycle-dev/modelcycle-dev-trainer",
    "TARGET_ARN": f"{QUEUE}-trainer",
    "ERROR_CODE": "NO_PERMISSIONS",
    "ERROR_MESSAGE": "Lack of permissions to invoke cross account target.",
    "EXHAUSTED_RETRY_CONDITION": "MaximumEventAgeInSeconds",
    "RETRY_ATTEMPTS": "185",
}
"""As EventBridge documents them."""


def hint(detail_type: str, **detail: str) -> str:
    """Write an event of SageMaker."""
    told = {"id": "aws-1", "source": "aws.sagemaker", "time": "2026-03-01T12:00:00Z"}
    return json.dumps({**told, "detail-type": detail_type, "detail": detail})


class Case(NamedTuple):
    """One message, and what it is told to be."""

    name: str
    service: str
    body: str
    attributes: Mapping[str, str]
    kind: Kind
    fault: str
    about: str
    queue: str
    advice: str
    came_from: str = ""


UNREADABLE = '{"detail-type": "ModelRegistered.v7", "source": "modelcycle.evaluator"}'
UNKNOWN = (
    "ModelRegistered.v7: unknown version 7 of ModelRegistered: deploy the code that knows it, then "
    "redrive"
)
FAILED = "the service failed at each of 5 attempts"
CASES = [
    Case(
        "the door rejected it",
        "trainer",
        UNREADABLE,
        {"reason": UNKNOWN},
        Kind.REJECTED,
        UNKNOWN,
        "",
        "modelcycle-dev-trainer",
        "this code would reject it, too: correct the sender",
    ),
    Case(
        "rejected then, known now",
        "trainer",
        wish(),
        {"reason": "RetrainRequested: trainer does not hear it"},
        Kind.REJECTED,
        "RetrainRequested: trainer does not hear it",
        "fees",
        "modelcycle-dev-trainer",
        "this code's door lets it in",
    ),
    Case(
        "too old for everybody",
        "trainer",
        wish(days_ago=limits.INBOX_DAYS + 1),
        {},
        Kind.FAILED,
        FAILED,
        "fees",
        "modelcycle-dev-trainer",
        "it is older than the 45 days that services remember: its service would reject it; `modelc",
    ),
    Case(
        "it failed",
        "deployer",
        hint("SageMaker Endpoint State Change", EndpointName="mc-dev-fees-staging"),
        {},
        Kind.FAILED,
        FAILED,
        "fees",
        "modelcycle-dev-deployer",
        "read why in the service's log: `aws logs tail /aws/lambda/modelcycle-dev-deployer --since "
        "2026-03-01T12:00:00Z --filter-pattern",
    ),
    Case(
        "an event of AWS for nobody",
        "deployer",
        hint("SageMaker Image State Change"),
        {},
        Kind.FAILED,
        FAILED,
        "",
        "modelcycle-dev-deployer",
        "read why in the service's log",
    ),
    Case(
        "a rule could not deliver it",
        "trainer",
        wish(),
        EVENTBRIDGE,
        Kind.UNDELIVERED,
        "modelcycle-dev-trainer could not deliver it, 185 attempts: NO_PERMISSIONS: "
        "Lack of permissions to invoke cross account target.",
        "fees",
        "modelcycle-dev-trainer",
        "what was changed by hand, `make deploy ENV=dev STACK=trainer ARGS=",
    ),
    Case(
        "a schedule could not deliver it",
        "monitor",
        json.dumps(scheduled(SweepRequested, "schedule-1", NOW)),
        {"SCHEDULE_ARN": "arn:aws:scheduler:x:1:schedule/default/sweep", "ERROR_CODE": "THROTTLED"},
        Kind.UNDELIVERED,
        "sweep could not deliver it: THROTTLED",
        "",
        "modelcycle-dev-monitor",
        "the next sweep does the same: `modelcycle dlq drop",
    ),
    Case(
        "a schedule could not call the poller",
        "ingest",
        "{}",
        {
            "SCHEDULE_ARN": "arn:aws:scheduler:x:1:schedule/default/modelcycle-dev-poller",
            "TARGET_ARN": "arn:aws:lambda:eu-west-1:123456789012:function:modelcycle-dev-poller",
            "ERROR_CODE": "THROTTLED",
        },
        Kind.UNDELIVERED,
        "modelcycle-dev-poller could not deliver it: THROTTLED",
        "",
        "",
        "it is the call of a function: its schedule calls again; `modelcycle dlq drop",
    ),
    Case(
        "a batch of records",
        "ingest",
        '{"batch_id": "b1", "series": "transactions", "records": []}',
        {"reason": "records: at least one"},
        Kind.REJECTED,
        "records: at least one",
        "transactions",
        "modelcycle-dev-ingest-records",
        "if what the reason names is mended, `modelcycle dlq redrive",
    ),
    Case(
        "history",
        "ingest",
        '{"batch_id": "b1", "series": "transactions", "backfill": true, "records": []}',
        {},
        Kind.FAILED,
        FAILED,
        "transactions",
        "modelcycle-dev-ingest-records",
        "read why in the service's log",
    ),
    Case(
        "no JSON",
        "trainer",
        "{not json",
        {"reason": "not JSON"},
        Kind.REJECTED,
        "not JSON",
        "",
        "modelcycle-dev-trainer",
        "this code would reject it, too (not JSON: Expecting property name",
    ),
    Case(
        "no event, and records only ingest takes",
        "trainer",
        '{"batch_id": "b1", "series": "transactions", "records": []}',
        {"reason": "a stranger"},
        Kind.REJECTED,
        "a stranger",
        "",
        "modelcycle-dev-trainer",
        "this code would reject it, too (a stranger on our bus, which names no source",
    ),
    Case(
        "no batch of records",
        "ingest",
        "{}",
        {"reason": "as told"},
        Kind.REJECTED,
        "as told",
        "",
        "modelcycle-dev-ingest-records",
        "this code would reject it, too (not a batch of records: ",
    ),
    Case(
        "no JSON for ingest",
        "ingest",
        "garbage",
        {"reason": "not JSON"},
        Kind.REJECTED,
        "not JSON",
        "",
        "modelcycle-dev-ingest-records",
        "this code would reject it, too (not JSON: Expecting value",
    ),
    Case(
        "readers would differ on what it says",
        "trainer",
        wish().replace('"id":', '"id": "another", "id":'),
        {"reason": "the key 'id' is given twice"},
        Kind.REJECTED,
        "the key 'id' is given twice",
        "fees",
        "modelcycle-dev-trainer",
        "this code would reject it, too (the key 'id' is given twice in one object",
    ),
    Case(
        "what is no JSON came from where AWS says",
        "ingest",
        "{not json",
        {},
        Kind.FAILED,
        FAILED,
        "",
        "modelcycle-dev-ingest",
        "read why in the service's log",
        came_from=f"{QUEUE}-ingest",
    ),
    Case(
        "another environment's queue is no target",
        "trainer",
        wish(),
        {**EVENTBRIDGE, "TARGET_ARN": "arn:aws:sqs:eu-west-1:1:modelcycle-prod-trainer"},
        Kind.UNDELIVERED,
        "modelcycle-dev-trainer could not deliver it, 185 attempts: NO_PERMISSIONS: "
        "Lack of permissions to invoke cross account target.",
        "fees",
        "modelcycle-dev-trainer",
        "what was changed by hand, `make deploy ENV=dev STACK=trainer ARGS=",
    ),
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_a_message_tells_why_it_is_dead_where_it_belongs_and_what_to_do(case: Case) -> None:
    message = {
        "MessageId": "2c1f7d0e-5a0b-4f43-9d0f-0d4a4f8c2f11",
        "Body": case.body,
        "Attributes": {
            "SentTimestamp": "1772366400000",
            "DeadLetterQueueSourceArn": case.came_from,
        },
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value}
            for name, value in case.attributes.items()
        },
    }
    letter = read("dev", case.service, message)
    told = (letter.kind, letter.fault, letter.content.about, letter.queue)
    assert told == (case.kind, case.fault, case.about, case.queue)
    assert next(advice(letter, "dev", NOW)).startswith(case.advice)
    said = " ".join(advice(letter, "dev", NOW))
    assert ("replaces what was imported since" in said) == ("backfill" in case.body)
    decided = letter.decided(Decision.DROPPED, "reason", None)
    assert decided.subject == (case.about or case.service)
    assert decided.event_type == letter.content.event_type


def aged(service: str, *, days: int, hours: int = 0) -> Letter:
    """Answer a letter that was sent so long ago."""
    sent = NOW - timedelta(days=days, hours=hours)
    stamp = str(int(1_000 * sent.timestamp()))
    told = {"MessageId": "1", "Body": wish(), "Attributes": {"SentTimestamp": stamp}}
    return read("dev", service, told)


def test_who_has_less_than_two_days_to_decide_is_warned(
    capsys: pytest.CaptureFixture[str],
) -> None:
    young = aged("trainer", days=11, hours=23)
    old = [aged("ingest", days=12, hours=1), aged("ingest", days=13, hours=1)]
    note_lives([young], NOW)
    assert capsys.readouterr().err == ""
    note_lives([young, *old], NOW)
    assert capsys.readouterr().err == (
        "ingest: SQS deletes 2 of these within 2 days, the first in 22 h, and keeps nothing of "
        "them: redrive, or drop, which does\n"
    )


def test_how_long_the_oldest_of_a_kind_still_lives_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_summary([aged("ingest", days=13, hours=1), aged("ingest", days=1)], NOW)
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[3:5] == ["oldest", "lives"]
    assert row.split()[3:8] == ["13", "d", "ago", "22", "h"]
    show_summary([aged("ingest", days=15)], NOW)  # SQS is about to delete it
    assert "15 d ago  0 s" in capsys.readouterr().out
