"""`modelcycle dlq`: what dead letters are, and that a decision loses none of them."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from infra.local.account import ACCOUNT, REGION
from infra.local.front import REPOSITORY
from infra.local.provision import Provisioner
from ops.cli.dlq import box, command
from ops.cli.dlq.letter import Decision, Kind, advice, read
from ops.cli.main import main
from ops.cli.speak import envelope
from shared.contracts import limits, names
from shared.contracts.lifecycle import RetrainRequested
from shared.contracts.wishes import SweepRequested, scheduled
from shared.messaging.clock import WallClock
from shared.messaging.runtime import SqsDeadLetters
from tests.cli.conftest import Cli, Clients
from tests.cli.world import heard, lines

NOW = WallClock().now()
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

Put = Callable[..., str]


def wish(model: str = "fees", days_ago: int = 0) -> str:
    """Write a wish as EventBridge delivers it."""
    event = RetrainRequested.example().changed(model=model)
    said = envelope(event, "arn:aws:iam::123456789012:user/jane", NOW - timedelta(days_ago))
    return json.dumps(
        {
            "id": "of the bus",
            "detail-type": "RetrainRequested",
            "source": "modelcycle.operator",
            "detail": json.loads(said.detail()),
        }
    )


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
        "it is older than the 45 days that services remember: `modelcycle dlq drop",
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
        "read why in the service's log: `aws logs tail /aws/lambda/modelcycle-dev-deployer",
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
        "`make diff ENV=dev` says what is not as deployed",
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
        "a batch of records",
        "ingest",
        '{"batch_id": "b1", "series": "transactions", "records": []}',
        {"reason": "records: at least one"},
        Kind.REJECTED,
        "records: at least one",
        "transactions",
        "modelcycle-dev-ingest-records",
        "this code's door lets it in",
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
        "`make diff ENV=dev` says what is not as deployed",
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
    decided = letter.decided(Decision.DROPPED, "reason", None)
    assert decided.subject == (case.about or case.service)
    assert decided.event_type == letter.content.event_type


@pytest.fixture
def put(aws: Clients) -> Iterator[Put]:
    """Put a message into a service's dead letters, as its door does; answer its id."""
    sqs = aws("sqs")

    def write(body: str, reason: str = "as told", service: str = "trainer") -> str:
        before = set(ids(aws, service))
        SqsDeadLetters(sqs, names.dead_letter_queue("dev", service)).reject(body, reason)
        (new,) = set(ids(aws, service)) - before
        return new

    yield write
    for service in ("trainer", "ingest"):
        for message in seen(aws, service):
            sqs.delete_message(
                QueueUrl=url_of(aws, service), ReceiptHandle=message["ReceiptHandle"]
            )


def url_of(aws: Clients, service: str) -> str:
    """Answer the queue of a service's dead letters."""
    name = names.dead_letter_queue("dev", service)
    return str(aws("sqs").get_queue_url(QueueName=name)["QueueUrl"])


def seen(aws: Clients, service: str = "trainer") -> list[Mapping[str, Any]]:
    """Answer all dead letters that everybody can see."""
    sqs, url = aws("sqs"), url_of(aws, service)
    found: list[Mapping[str, Any]] = []
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=30
    ).get("Messages"):
        found.extend(messages)
    for message in found:
        sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
        )
    return found


def ids(aws: Clients, service: str = "trainer") -> list[str]:
    """Answer the ids of all dead letters that everybody can see."""
    return [message["MessageId"] for message in seen(aws, service)]


def decisions(aws: Clients) -> list[Mapping[str, Any]]:
    """Take the decisions that the journal was told."""
    return [
        event["detail"]["data"]
        for event in heard(aws)
        if event["detail-type"] == "DeadLetterDecided"
    ]


def test_there_is_a_line_for_each_kind_with_the_commonest_reasons_and_nothing_is_taken_away(
    cli: Cli, put: Put, aws: Clients
) -> None:
    assert "no dead letters" in cli("dlq", "list").stderr
    for reason in ("one", "two", "two", "three", "four"):
        put(wish(), reason)
    put("{}", service="ingest")
    shown = cli("dlq", "list").stdout
    assert "trainer  rejected        5" in shown
    assert "2 × two" in shown
    assert "and 1 other reasons" in shown
    each = cli("dlq", "list", "trainer").stdout.splitlines()
    assert len(each) == 6
    assert "RetrainRequested  fees" in each[1]
    document = json.loads(cli("dlq", "list", "--json").stdout)
    assert len(document["letters"]) == 6
    assert len(ids(aws)) == 5


def test_redriven_it_is_back_in_its_queue_without_its_reason_and_the_journal_knows_who_and_why(
    cli: Cli, put: Put, aws: Clients
) -> None:
    letter = put(wish("blocks"))
    heard(aws, "trainer"), decisions(aws)
    done = cli("dlq", "redrive", letter[:8], "--reason", "deployed what knows it")
    assert done.stdout == (
        f"redriven: {letter[:8]} RetrainRequested of blocks → modelcycle-dev-trainer\n"
    )
    (back,) = heard(aws, "trainer")
    assert back == json.loads(wish("blocks"))
    (decided,) = decisions(aws)
    assert decided["decision"] == "redriven"
    assert decided["fault"] == "as told"
    assert decided["reason"] == "deployed what knows it"
    assert decided["about"] == "blocks"
    assert ids(aws) == []


def test_records_go_back_to_the_queue_of_records(cli: Cli, put: Put, aws: Clients) -> None:
    body = '{"batch_id": "b1", "series": "transactions", "records": []}'
    letter = put(body, service="ingest")
    cli("dlq", "redrive", letter, "--reason", "the series is there")
    sqs = aws("sqs")
    url = sqs.get_queue_url(QueueName=names.records_queue("dev"))["QueueUrl"]
    (message,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert message["Body"] == body
    assert "MessageAttributes" not in message
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


STEPS = {
    "redrive": ("sqs", "send_message"),
    "redrive, told": ("events", "put_events"),
    "redrive, told and not yet taken out": ("sqs", "delete_message"),
    "drop": ("s3", "put_object"),
    "drop, kept": ("events", "put_events"),
    "drop, kept, told and not yet taken out": ("sqs", "delete_message"),
}


def test_what_a_rule_could_not_deliver_comes_to_its_queue_when_that_is_back(
    cli: Cli, put: Put, aws: Clients, url: str
) -> None:
    sqs, queue = aws("sqs"), names.queue("dev", "trainer")
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"])
    said = cli("events", "trigger", "EndpointInService", "--as", "deployer", "--json")
    event_id = json.loads(said.stdout)["event_id"]
    (letter,) = json.loads(cli("dlq", "list", "trainer", "--json").stdout)["letters"]
    assert (letter["kind"], letter["event_id"]) == ("undelivered", event_id)
    assert letter["why"].startswith("modelcycle-dev-trainer could not deliver it, 0 attempts: NO_R")
    code, errors = lines(cli("dlq", "redrive", letter["id"], "--reason", "too early"))
    assert (code, "did not find what the environment should have" in errors[-2]) == (1, True)
    assert ids(aws) == [letter["id"]]
    Provisioner("dev", url, REPOSITORY).service("trainer")
    assert cli("dlq", "redrive", letter["id"], "--reason", "it is back").exit_code == 0
    (event,) = heard(aws, "trainer")
    assert event["detail"]["metadata"]["event_id"] == event_id


@pytest.mark.parametrize("at", STEPS)
def test_wherever_it_breaks_off_the_letter_is_where_it_was_and_the_second_time_it_is_done(
    cli: Cli, put: Put, aws: Clients, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    verb, (service, call) = at.partition(",")[0], STEPS[at]
    letter, other = put(wish("broken")), put(wish("other"))
    heard(aws, "trainer"), decisions(aws)
    with monkeypatch.context() as patched:
        break_off(patched, service, call)
        broken = cli("dlq", verb, letter, "--reason", "first")
    assert broken.exit_code != 0
    assert "0 of 1 were" in broken.stderr
    assert set(ids(aws)) == {letter, other}
    assert cli("dlq", verb, letter, "--reason", "second").exit_code == 0
    assert ids(aws) == [other]
    assert decisions(aws)[-1]["reason"] == "second"
    sent = heard(aws, "trainer")
    assert all(event["detail"]["data"]["model"] == "broken" for event in sent)
    assert bool(sent) == (verb == "redrive")


def break_off(patched: pytest.MonkeyPatch, service: str, call: str) -> None:
    """Let one call of AWS die before it is sent, as a cut cable does."""
    from botocore.client import BaseClient

    made = BaseClient._make_api_call  # type: ignore[attr-defined]
    operation = "".join(part.capitalize() for part in call.split("_"))

    def cut(client: Any, name: str, parameters: Any) -> Any:
        if name == operation and client.meta.service_model.service_name == service:
            raise OSError("the cable is cut")
        return made(client, name, parameters)

    patched.setattr(BaseClient, "_make_api_call", cut)


def test_what_is_dropped_is_kept_in_s3(cli: Cli, put: Put, aws: Clients) -> None:
    letter = put("{not json")
    decisions(aws)
    assert cli("dlq", "drop", letter, "--reason", "nonsense").exit_code == 0
    (decided,) = decisions(aws)
    bucket, _, key = decided["uri"].removeprefix("s3://").partition("/")
    assert key == f"dead-letters/trainer/{letter}"
    assert aws("s3").get_object(Bucket=bucket, Key=key)["Body"].read() == b"{not json"
    assert ids(aws) == []


def test_all_of_a_kind_are_decided_upon_after_a_look_and_a_yes(
    cli: Cli, put: Put, aws: Clients
) -> None:
    old, young = put(wish("old", limits.INBOX_DAYS + 1)), put(wish("young"))
    strange = put("{}")
    reason = ("--reason", "mended")
    asked = ("dlq", "redrive", "--all", "--type", "RetrainRequested", *reason)
    assert lines(cli(*asked))[1][-2:] == [
        "Error: nobody confirmed it: nothing was done",
        "Try: answer y, or add --yes",
    ]
    assert len(ids(aws)) == 3
    said_no = CliRunner().invoke(main, asked, input="n\n")
    assert said_no.exit_code == 2
    done = CliRunner().invoke(main, asked, input="y\n")
    assert "redrive 1 letter?" in done.stderr
    assert done.stdout.splitlines()[-1].startswith(f"redriven: {young[:8]} RetrainRequested of you")
    assert f"left: {old[:8]} RetrainRequested of old is too old to be redriven" in done.stderr
    assert decisions(aws)[-1]["message_id"] == young
    assert set(ids(aws)) == {old, strange}
    assert lines(cli("dlq", "redrive", old, *reason)) == (
        4,
        [
            f"Error: {old[:8]} RetrainRequested of old is too old: its service would reject it "
            "again",
            f"Try: modelcycle dlq drop {old} --reason …",
        ],
    )
    cli("dlq", "drop", "--all", "--yes", *reason)
    assert ids(aws) == []


def test_letters_in_another_terminal_are_told_and_not_taken_for_gone(
    cli: Cli, put: Put, aws: Clients
) -> None:
    letter = put(wish())
    sqs, url = aws("sqs"), url_of(aws, "trainer")
    (held,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=60)["Messages"]
    assert "trainer: 1 more are in somebody's hands" in cli("dlq", "list").stderr
    code, said = lines(cli("dlq", "show", letter))
    assert code == 3
    assert "1 are in somebody's hands" in said[0]
    assert said[1] == "Try: try again when that has ended, or in 5 minutes"
    sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle=held["ReceiptHandle"], VisibilityTimeout=0
    )
    assert cli("dlq", "show", letter).exit_code == 0


def test_two_people_who_redrive_at_once_lose_nothing_and_do_each_letter_once(
    cli: Cli, put: Put, aws: Clients
) -> None:
    letters = {put(wish(f"m{number}")) for number in range(12)}
    heard(aws, "trainer"), decisions(aws)
    program = [sys.executable, "-c", "from ops.cli.main import main; main()"]
    redrive = [*program, "dlq", "redrive", "--all", "--yes", "--reason", "at once"]
    both = [subprocess.Popen(redrive, stdout=subprocess.PIPE, cwd=REPOSITORY) for _ in range(2)]
    said = [one.communicate(timeout=60)[0].decode() for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert ids(aws) == []
    assert sorted(one["message_id"] for one in decisions(aws)) == sorted(letters)
    sent = [event["detail"]["data"]["model"] for event in heard(aws, "trainer")]
    assert sorted(sent) == sorted(f"m{number}" for number in range(12))
    assert sum(one.count("redriven: ") for one in said) == len(letters)


def test_of_many_the_first_are_shown_and_the_rest_is_counted(
    cli: Cli, put: Put, aws: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (box, command):
        monkeypatch.setattr(module, "READ_MAX", 3)
    for _ in range(5):
        put(wish())
    result = cli("dlq", "list", "trainer")
    assert len(result.stdout.splitlines()) == 1 + 3
    assert "trainer: the first 3 of about 5" in result.stderr
    assert len(ids(aws)) == 5
    cli("dlq", "drop", "--all", "--yes", "--reason", "too many")
    assert len(ids(aws)) == 2


TERMINAL = "\\u001b[2J\\u001b]0;x\\u0007"
STRANGE = [
    "null",
    "[]",
    '"text"',
    f'{{"detail-type": "{TERMINAL}", "source": "modelcycle.trainer", "detail": {{}}}}',
    f'{{"detail-type": "ModelRegistered", "source": "{TERMINAL}"}}',
    '{"detail-type": "\\ud800", "detail": {"metadata": {"subject": "\\ud800"}}}',
    '{"detail-type": "A", "source": "\\ud800"}',
    f'{{"batch_id": "{TERMINAL}", "series": "\\u202esmees"}}',
    f'{{"batch_id": {"9" * 5_000}, "series": {"[" * 2_000}}}',
    '{"batch_id": "b", "series": ["transactions"], "records": NaN}',
    f'{{"detail-type": "{"x" * 5_000}", "source": "aws.sagemaker"}}',
]


@pytest.mark.parametrize("body", STRANGE, ids=lambda body: body[:40])
def test_what_a_stranger_wrote_is_shown_printable_and_can_be_decided_upon(
    cli: Cli, put: Put, aws: Clients, body: str
) -> None:
    letter = put(body)
    decisions(aws), heard_as_text(aws)
    said = [cli("dlq", "list"), cli("dlq", "list", "trainer"), cli("dlq", "show", letter)]
    said.append(cli("dlq", "list", "--json"))
    assert [one.exit_code for one in said] == [0] * len(said)
    text = "".join(one.stdout + one.stderr for one in said)
    assert all(sign.isprintable() or sign == "\n" for sign in text)
    assert cli("dlq", "redrive", letter, "--reason", "r").exit_code == 0
    (decided,) = decisions(aws)
    assert decided["about"].isprintable()
    assert heard_as_text(aws) == [body]


def heard_as_text(aws: Clients) -> list[str]:
    """Take what the trainer's queue holds, as it is."""
    sqs = aws("sqs")
    url = sqs.get_queue_url(QueueName=names.queue("dev", "trainer"))["QueueUrl"]
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for message in found:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [message["Body"] for message in found]


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("show", "nothing"), 3, "no dead letter begins with 'nothing'"),
        (("redrive", "--reason", "r"), 2, "say which: the IDs of some letters, or --all"),
        (("drop", "a", "--all", "--reason", "r"), 2, "say which"),
        (("drop", "a", "--kind", "failed", "--reason", "r"), 2, "say which"),
        (("drop", "a"), 2, "Missing option '--reason'"),
        (("drop", "a", "--reason", " "), 2, "must not be empty"),
        (("list", "gateway"), 2, "'gateway' is not one of 'ingest'"),
        (("list", "--env", "nowhere"), 3, "there is no environment 'nowhere'"),
    ],
)
def test_what_cannot_be_done_is_told(
    cli: Cli, put: Put, arguments: tuple[str, ...], code: int, error: str
) -> None:
    put(wish())
    answered, said = lines(cli("dlq", *arguments))
    assert (answered, error in said[0], said[-1][:5]) == (code, True, "Try: "), said


def test_ids_that_begin_alike_are_told(cli: Cli, put: Put) -> None:
    found = [put(wish()) for _ in range(17)]  # of seventeen two begin with the same digit
    first = next(one[0] for one in found if sum(other[0] == one[0] for other in found) > 1)
    code, said = lines(cli("dlq", "show", first))
    assert code == 2
    assert f"dead letters begin with '{first}'" in said[0]
