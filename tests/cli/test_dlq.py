"""`modelcycle dlq`: dead letters are listed, shown, redriven and dropped."""

import json
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner

from ops.cli.dlq import box, listing
from ops.cli.main import main
from shared.contracts import limits, names
from tests.cli.conftest import Cli, Clients
from tests.cli.dead_letters import Put, decisions, ids, put, wish
from tests.cli.world import heard, lines

__all__ = ["put"]


def test_there_is_a_line_for_each_kind_with_the_commonest_reasons_and_nothing_is_taken_away(
    cli: Cli, put: Put, aws: Clients
) -> None:
    assert "no dead letters" in cli("dlq", "list").stderr
    for reason in ("one", "two", "two", "three", "four"):
        put(wish(), reason)
    put("{}", service="ingest")
    listed = cli("dlq", "list")
    shown = listed.stdout
    assert "trainer  rejected        5" in shown
    assert "13 d" in shown  # of 14, and some seconds are over
    assert "SQS deletes" not in listed.stderr
    assert "2 × two" in shown
    assert "and 1 other reasons" in shown
    each = cli("dlq", "list", "trainer").stdout.splitlines()
    assert len(each) == 6
    assert "RetrainRequested  fees" in each[1]
    document = json.loads(cli("dlq", "list", "--json").stdout)
    assert len(document["letters"]) == 6
    one = document["letters"][0]
    sent, lives = (datetime.fromisoformat(one[key]) for key in ("sent_at", "lives_until"))
    assert lives - sent == timedelta(days=14)
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


def test_all_leaves_history_which_goes_back_by_its_id_only(
    cli: Cli, put: Put, aws: Clients
) -> None:
    batch = '{"batch_id": "b1", "series": "transactions", "backfill": %s, "records": []}'
    history = put(batch % "true", service="ingest")
    fresh = put(batch % "false", service="ingest")
    redrive = ("dlq", "redrive", "--reason", "mended")
    done = cli(*redrive, "--all", "--yes")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"redriven: {fresh[:8]} ")
    (left,) = (line for line in done.stderr.splitlines() if line.startswith("left"))
    assert left == (
        f"left, to be thought about: {history[:8]} records of transactions: history, which "
        "replaces what was imported since for the same windows; if nothing was, `modelcycle dlq "
        "redrive ID --reason …` sends one back"
    )
    assert ids(aws, "ingest") == [history]
    assert cli(*redrive, history[:8]).stdout.startswith(f"redriven: {history[:8]} ")
    assert ids(aws, "ingest") == []


def test_all_leaves_what_this_code_would_reject_again_which_goes_back_by_its_id_only(
    cli: Cli, put: Put, aws: Clients
) -> None:
    garbage = {put("{}")[:8], put("{}")[:8]}
    no_batch, sound = put("{}", service="ingest"), put(wish())
    redrive = ("dlq", "redrive", "--reason", "mended")
    done = cli(*redrive, "--all", "--yes")
    assert [line.partition(" ")[0] for line in done.stdout.splitlines()] == ["redriven:"]
    assert f"redriven: {sound[:8]} " in done.stdout
    said = [line for line in done.stderr.splitlines() if line.startswith("left")]
    assert len(said) == 2
    assert all("to be thought about: " in line for line in said)
    assert all(": this code would reject it again: " in line for line in said)
    assert {one[:8] for one in ids(aws)} == garbage
    assert ids(aws, "ingest") == [no_batch]
    assert cli(*redrive, garbage.pop()).exit_code == 0
    heard(aws, "trainer")


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
    left = f"left, to be dropped: {old[:8]} RetrainRequested of old: older than the 45 days"
    assert left in done.stderr
    assert decisions(aws)[-1]["message_id"] == young
    assert set(ids(aws)) == {old, strange}
    assert lines(cli("dlq", "redrive", old, *reason)) == (
        4,
        [
            f"Error: {old[:8]} RetrainRequested of old is older than the 45 days that services "
            "remember: its service would reject it",
            f"Try: modelcycle dlq drop {old} --reason …",
        ],
    )
    cli("dlq", "drop", "--all", "--yes", *reason)
    assert ids(aws) == []


def test_of_many_the_first_are_shown_and_the_rest_is_counted(
    cli: Cli, put: Put, aws: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (box, listing):
        monkeypatch.setattr(module, "READ_MAX", 3)
    for _ in range(5):
        put(wish())
    result = cli("dlq", "list", "trainer")
    assert len(result.stdout.splitlines()) == 1 + 3
    assert "trainer: the first 3 of about 5" in result.stderr
    assert len(ids(aws)) == 5
    dropped = cli("dlq", "drop", "--all", "--yes", "--reason", "too many")
    assert "trainer: the first 3 of about 5" in dropped.stderr
    assert len(ids(aws)) == 2


def test_however_long_a_reason_is_it_is_shortened_and_the_letter_can_be_decided_upon(
    cli: Cli, put: Put, aws: Clients
) -> None:
    letter = put(wish(), "\x1b[2J" + "long " * 40_000)
    decisions(aws)
    assert len(cli("dlq", "show", letter).stdout) < 20_000
    assert cli("dlq", "drop", letter, "--reason", "r").exit_code == 0
    (decided,) = decisions(aws)
    assert len(decided["fault"]) <= limits.REASON_CHARACTERS_MAX
    assert decided["fault"].isprintable()
    assert ids(aws) == []


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
