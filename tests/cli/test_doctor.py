"""`modelcycle doctor`: a line for everything that must be there, and what to do where it is not."""

import json

import pytest

from ops.cli import checks
from shared.contracts import names
from shared.contracts.subscriptions import SUBSCRIPTIONS
from tests.cli.conftest import Cli, Clients

ALL = (
    *("python", "packages", "AWS", "identity", "bus", "queues", "tables", "bucket"),
    *("feature group", "pipelines", "rules", "dead letters", "functions"),
)

SERVICES_THAT_HEAR = {row.service for row in SUBSCRIPTIONS}


def test_an_environment_that_is_well_has_a_good_line_for_everything(cli: Cli, url: str) -> None:
    result = cli("doctor")
    assert result.exit_code == 0, result.stdout
    assert [line[9:23].rstrip() for line in result.stdout.splitlines()] == list(ALL)
    assert "problem" not in result.stdout
    assert f"{url}, us-east-1" in result.stdout
    assert (
        "arn:aws:iam::123456789012:user/jane (by the access key operator.jane)"
    ) in result.stdout


def test_the_same_for_programs(cli: Cli) -> None:
    document = json.loads(cli("doctor", "--json").stdout)
    assert document["ok"] is True
    assert [check["what"] for check in document["checks"]] == list(ALL)


def test_without_aws_it_stops_there_and_says_why(bare: Cli) -> None:
    result = bare("doctor")
    assert result.exit_code == 1
    last = result.stdout.splitlines()[-2:]
    assert last[0] == "problem  AWS            no AWS to talk to: there are no credentials"
    assert last[1].startswith("         Try: for the local AWS start it with `modelcycle up`")


def test_an_environment_that_is_not_there_is_one_problem(cli: Cli) -> None:
    result = cli("doctor", "--env", "prod")
    assert result.exit_code == 1
    assert "problem  bus            there is no environment 'prod'" in result.stdout
    assert "queues" not in result.stdout


def test_what_is_missing_is_named(cli: Cli, aws: Clients) -> None:
    aws("events").create_event_bus(Name=names.bus("half"))
    result = cli("doctor", "--env", "half")
    said = [line for line in result.stdout.splitlines() if line.startswith("problem")]
    assert result.exit_code == 1
    assert [line[9:23].rstrip() for line in said] == [
        *("queues", "tables", "bucket", "feature group", "pipelines"),
        *["rules"] * len(SERVICES_THAT_HEAR),
    ]
    assert "modelcycle-half-ingest, " in said[0]
    assert said[0].endswith(" more")
    assert "missing: mc-half-windows" in said[3]


def test_a_rule_that_sends_nothing_is_a_problem_with_what_its_service_misses(
    cli: Cli, aws: Clients
) -> None:
    events, bus = aws("events"), names.bus("dev")
    of_monitor = {"Name": names.queue("dev", "monitor"), "EventBusName": bus}
    of_trainer = {"Rule": names.queue("dev", "trainer"), "EventBusName": bus}
    targets = events.list_targets_by_rule(**of_trainer)["Targets"]
    events.disable_rule(**of_monitor)
    events.remove_targets(**of_trainer, Ids=[target["Id"] for target in targets])
    try:
        result = cli("doctor")
    finally:
        events.enable_rule(**of_monitor)
        events.put_targets(**of_trainer, Targets=targets)
    assert result.exit_code == 1
    said = [line for line in result.stdout.splitlines() if "rules" in line]
    of_trainer_said, of_monitor_said = (line for line in said if line.startswith("problem"))
    assert "problem  rules          trainer is not sent " in of_trainer_said
    assert "problem  rules          monitor is not sent " in of_monitor_said
    assert " more" in of_trainer_said
    tries = [line.strip() for line in said if "Try:" in line]
    assert set(tries) == {
        'Try: make deploy ENV=dev ARGS="--revert-drift" puts the rules as the table says'
    }


def test_dead_letters_and_messages_that_nobody_takes_are_problems(
    cli: Cli, aws: Clients, unconfigured: pytest.MonkeyPatch
) -> None:
    unconfigured.setattr(checks, "SECOND_LOOK_S", 0.0)
    sqs = aws("sqs")
    for name in (names.dead_letter_queue("dev", "trainer"), names.records_queue("dev")):
        sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"], MessageBody="{}")
    said = cli("doctor").stdout
    assert "problem  dead letters   1 in modelcycle-dev-trainer-dead-letters" in said
    assert (
        "problem  functions      1 messages wait in modelcycle-dev-ingest-records, and nobody "
        "takes them"
    ) in said


def test_dead_letters_that_somebody_looks_at_are_not_told_to_be_none(
    cli: Cli, aws: Clients
) -> None:
    sqs = aws("sqs")
    url = sqs.get_queue_url(QueueName=names.dead_letter_queue("dev", "monitor"))["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    assert sqs.receive_message(QueueUrl=url, VisibilityTimeout=60)["Messages"]
    assert "dead letters   1 in modelcycle-dev-monitor-dead-letters" in cli("doctor").stdout
