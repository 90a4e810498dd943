"""`modelcycle rules explain`: whom an event reaches, and whom it should."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.local import account
from shared.contracts import aws as hints
from shared.contracts import names
from shared.contracts.lifecycle import EVENTS
from shared.contracts.subscriptions import SERVICES
from tests.cli.conftest import Cli, Clients
from tests.cli.test_trigger import kept
from tests.cli.world import lines

SAMPLES = Path(__file__).parents[1] / "aws_events"


def test_each_rule_is_told_with_its_leaves_and_whom_the_event_reaches(cli: Cli) -> None:
    result = cli("rules", "explain", "EndpointInService")
    assert result.exit_code == 0, result.stderr
    said = result.stdout.splitlines()
    assert said[0] == (
        "EndpointInService by modelcycle.deployer (its example), on bus modelcycle-dev"
    )
    assert "✓ modelcycle-dev-monitor → monitor" in said
    at = said.index("✗ modelcycle-dev-deployer → deployer")
    assert said[at + 1].startswith(
        "    ✗ source: modelcycle.deployer; wanted: modelcycle.evaluator"
    )
    assert said[-1] == "reaches trainer, evaluator, monitor, journal"


@pytest.mark.parametrize("kind", [*EVENTS, *(hint.__name__ for hint in hints.IN_ORDER)])
def test_on_a_bus_that_is_as_deployed_every_event_reaches_those_who_hear_it(
    cli: Cli, kind: str
) -> None:
    result = cli("rules", "explain", kind, "--json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["differences"]) == (0, [])
    assert told["reaches"] == sorted(told["should_reach"], key=SERVICES.index)
    assert told["would_be_rejected"] is None


def test_where_rules_and_table_differ_it_is_an_error(cli: Cli, aws: Clients) -> None:
    events, bus = aws("events"), names.bus("dev")
    of_monitor = {"Name": names.queue("dev", "monitor"), "EventBusName": bus}
    of_ingest = {"Name": "by-hand", "EventBusName": bus}
    pattern = {"source": [{"prefix": "modelcycle."}], "detail-type": ["EndpointInService"]}
    arn = f"arn:aws:sqs:{account.REGION}:{account.ACCOUNT}:{names.queue('dev', 'ingest')}"
    events.disable_rule(**of_monitor)
    events.put_rule(**of_ingest, EventPattern=json.dumps(pattern))
    events.put_targets(Rule="by-hand", EventBusName=bus, Targets=[{"Id": "ingest", "Arn": arn}])
    try:
        code, said = lines(cli("rules", "explain", "EndpointInService"))
        shown = cli("rules", "explain", "EndpointInService").stdout
    finally:
        events.enable_rule(**of_monitor)
        events.remove_targets(Rule="by-hand", EventBusName=bus, Ids=["ingest"])
        events.delete_rule(**of_ingest)
    assert (code, said) == (
        1,
        [
            "Error: monitor should hear it, and no rule sends it there",
            "Error: ingest is sent it, does not hear it, and would reject it",
            'Try: make deploy ENV=dev ARGS="--revert-drift" puts the rules as the table says',
        ],
    )
    assert "✗ modelcycle-dev-monitor, which is disabled → monitor" in shown
    assert "    ✓ detail-type: EndpointInService" in shown


def test_an_event_comes_from_the_journal_or_from_a_file(
    cli: Cli, aws: Clients, tmp_path: Path
) -> None:
    event_id = kept(aws, EVENTS["ModelRegistered"].example())
    assert (
        "ModelRegistered by modelcycle.evaluator (the journal)"
        in cli("rules", "explain", event_id).stdout
    )
    printed = tmp_path / "event.json"
    printed.write_text(cli("events", "show", event_id, "--json").stdout)
    told = json.loads(cli("rules", "explain", printed, "--json").stdout)
    assert told["reaches"] == ["trainer", "deployer", "journal"]
    stranger = tmp_path / "stranger.json"
    stranger.write_text(json.dumps({**told["event"], "source": "acme.shop"}))
    result = cli("rules", "explain", stranger)
    assert result.exit_code == 0
    assert "reaches nobody" in result.stdout
    assert "a stranger on our bus" in result.stderr


def test_an_event_that_aws_documents_goes_over_the_default_bus(cli: Cli, aws: Clients) -> None:
    sample, events = SAMPLES / "sagemaker-endpoint-state-change.json", aws("events")
    for name, source in (("of-ec2", "aws.ec2"), ("of-sagemaker", "aws.sagemaker")):
        events.put_rule(Name=name, EventPattern=json.dumps({"source": [source]}))
    told = json.loads(cli("rules", "explain", sample, "--json").stdout)
    assert (told["bus"], told["reaches"]) == ("default", ["deployer"])
    shown = {rule["name"]: rule["matches"] for rule in told["rules"]}
    assert shown == {
        "modelcycle-dev-deployer": True,
        "modelcycle-dev-trainer": False,
        "of-sagemaker": True,
    }
    assert told["rules_of_others"] == 1
    assert "1 rules of others do not match" in cli("rules", "explain", sample).stdout
    for name in ("of-ec2", "of-sagemaker"):
        events.delete_rule(Name=name)


STRANGE = [
    {"source": "\x1b[2J", "detail-type": "\x1b]0;x\x07", "detail": {}},
    {"source": "\ud800", "detail-type": "A", "detail": None},
    {"source": ["modelcycle.trainer"], "detail-type": {"a": 1}, "detail": []},
    {"source": "modelcycle.trainer", "detail-type": None, "detail": "x"},
    {"source": "aws.sagemaker", "detail-type": 5, "detail": {}},
]


@pytest.mark.parametrize("event", STRANGE, ids=lambda event: ascii(event["source"]))
def test_what_a_stranger_wrote_is_shown_printable(
    cli: Cli, tmp_path: Path, event: dict[str, Any]
) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    for result in (cli("rules", "explain", path), cli("rules", "explain", path, "--json")):
        said = result.stdout + result.stderr
        assert result.exit_code == 0, said
        assert all(sign.isprintable() or sign == "\n" for sign in said), said


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("{", "no JSON"),
        ("[]", "no event: it lacks source, detail-type, detail"),
        ('{"source": "a"}', "no event: it lacks detail-type, detail"),
        (f'"{"x" * 1024 * 1024}"', "it is larger than 1,048,576 bytes"),
    ],
)
def test_a_file_that_holds_no_event_is_told(
    cli: Cli, tmp_path: Path, content: str, error: str
) -> None:
    path = tmp_path / "event.json"
    path.write_text(content)
    code, said = lines(cli("rules", "explain", path))
    assert (code, error in said[0]) == (2, True), said


@pytest.mark.parametrize(
    ("word", "code", "error", "fix"),
    [
        ("EndpointInServise", 3, "no TYPE, no file, and no event", "did you mean 'EndpointInServ"),
        ("missing.json", 3, "'missing.json' is no TYPE, no file", "docs/contracts/index.html has"),
        ("SweepRequested", 2, "no rule carries SweepRequested", "modelcycle doctor"),
        ("", 3, "'' is no TYPE", "docs/contracts/index.html has"),
    ],
)
def test_a_word_that_is_nothing_of_all_that_is_told(
    cli: Cli, word: str, code: int, error: str, fix: str
) -> None:
    answered, (what, todo) = lines(cli("rules", "explain", word))
    assert answered == code
    assert error in what
    assert todo.startswith(f"Try: {fix}")
