"""A decision about a dead letter loses nothing, wherever it breaks off and whoever decides, too."""

import json
import subprocess
import sys
from itertools import count
from typing import Any

import pytest

from infra.local.front import REPOSITORY
from infra.local.provision import Provisioner
from ops.cli.dlq import box
from shared.contracts import names
from tests.cli.conftest import Cli, Clients
from tests.cli.dead_letters import Put, decisions, ids, put, url_of, wish
from tests.cli.world import heard, lines

__all__ = ["put"]


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


@pytest.mark.parametrize("asked", [("--yes",), ()])
def test_all_are_not_told_to_be_none_while_they_are_in_another_terminal(
    cli: Cli, put: Put, aws: Clients, asked: tuple[str, ...]
) -> None:
    put(wish())
    sqs, url = aws("sqs"), url_of(aws, "trainer")
    (held,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=60)["Messages"]
    done = cli("dlq", "drop", "--all", *asked, "--reason", "r")
    assert "trainer: 1 more are in somebody's hands" in done.stderr
    assert done.stderr.endswith("nothing was dropped: no such letters can be seen\n")
    sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle=held["ReceiptHandle"], VisibilityTimeout=0
    )


def test_what_is_held_no_longer_is_left_for_another_time(
    cli: Cli, put: Put, aws: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = {put(wish()) for _ in range(3)}
    decisions(aws)
    heard(aws, "trainer")
    seconds = count(step=box.HIDDEN_S / 3)  # what passes from one look at the clock to the next
    with monkeypatch.context() as patched:
        patched.setattr(box, "monotonic", lambda: next(seconds))
        redrive = ("dlq", "redrive", "--all", "--service", "trainer", "--yes", "--reason", "r")
        code, said = lines(cli(*redrive))
    assert (code, said[-3:]) == (
        1,
        [
            "1 of 3 were redriven, the others are where they were",
            "Error: letters are held for 5 minutes, and these are over",
            "Try: the same again, for the others",
        ],
    )
    (decided,) = decisions(aws)
    assert set(ids(aws)) == letters - {decided["message_id"]}
    assert len(heard(aws, "trainer")) == 1


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
