"""Answers from the journal say that they may lack what waits in its dead letters."""

import json
from collections.abc import Iterator

import pytest

from shared.contracts import names
from shared.contracts.lifecycle import RetrainRequested
from shared.messaging.runtime import SqsDeadLetters
from tests.cli.conftest import Cli, Clients, Files
from tests.cli.dead_letters import wish
from tests.cli.test_trigger import kept
from tests.cli.world import Evaluator, lines

NOTE = (
    "events wait in the journal's dead letters, so this may lack some: `modelcycle dlq list "
    "journal` says why"
)
ASKED = [("why", "fees"), ("versions", "fees"), ("as-of", "0s", "fees"), ("timeline", "fees")]
WITHOUT_ANSWER = [("lineage", "fees", "1"), ("journal", "check")]


@pytest.fixture
def waiting(aws: Clients) -> Iterator[None]:
    """Two events are in the journal's dead letters."""
    sqs, queue = aws("sqs"), names.dead_letter_queue("dev", "journal")
    for _ in range(2):
        SqsDeadLetters(sqs, queue).reject(wish(), "as told")
    yield
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


@pytest.fixture
def fees(cli: Cli, files: Files, aws: Clients) -> str:
    """A model of which the journal knows an event; answer the event's id."""
    files("fees")
    cli("models", "apply", "fees.yaml")
    return kept(aws, RetrainRequested.example().changed(model="fees"))


@pytest.mark.parametrize("asked", [*ASKED, *WITHOUT_ANSWER], ids=lambda asked: asked[0])
def test_what_waits_is_told_beside_every_answer(
    cli: Cli, fees: str, waiting: None, asked: tuple[str, ...]
) -> None:
    result = cli(*asked)
    assert result.stderr.splitlines()[0] == f"2 {NOTE}"
    if asked in ASKED:
        assert json.loads(cli(*asked, "--json").stdout)["journal_dead_letters"] == 2


def test_what_waits_is_told_where_an_event_is_asked_about(
    cli: Cli, fees: str, waiting: None
) -> None:
    assert cli("why", fees).stderr.splitlines() == [f"2 {NOTE}"]
    assert json.loads(cli("why", fees, "--json").stdout)["journal_dead_letters"] == 2
    assert cli("why", "of-nobody").stderr.startswith(f"2 {NOTE}")


def test_where_nothing_waits_nothing_is_told(cli: Cli, fees: str) -> None:
    assert cli("why", fees).stderr == ""
    assert json.loads(cli("versions", "fees", "--json").stdout)["journal_dead_letters"] == 0


def test_who_may_not_look_gets_the_answer(
    cli: Cli, fees: str, aws: Clients, waiting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "dead_letter_queue", lambda env, service: "no-such-queue")
    result = cli("why", fees, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout)["journal_dead_letters"] is None


def test_a_journal_that_lost_a_model_is_told_from_one_to_which_nothing_has_happened(
    cli: Cli, files: Files, evaluator: Evaluator
) -> None:
    files("lost")
    cli("models", "apply", "lost.yaml")
    assert lines(cli("timeline", "lost"))[1][0] == "Error: nothing has happened to 'lost' yet"
    evaluator.register("lost")
    code, said = lines(cli("timeline", "lost"))
    assert (code, said) == (
        3,
        [
            "Error: the journal's table holds nothing of 'lost', of which versions are registered",
            "Try: `modelcycle journal check` compares it with S3, `modelcycle journal rebuild` "
            "writes into it what S3 holds",
        ],
    )
