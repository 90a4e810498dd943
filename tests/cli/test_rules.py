"""`modelcycle rules explain`: patterns as EventBridge matches them, and rules against the table."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from moto.events.models import EventPattern

from infra.local import account
from ops.cli.rules.pattern import Verdict, judge
from shared.contracts import aws as hints
from shared.contracts import names
from shared.contracts.lifecycle import EVENTS
from shared.contracts.subscriptions import SERVICES, SUBSCRIPTIONS, aws_pattern, our_pattern
from tests.cli.conftest import Cli, Clients
from tests.cli.test_trigger import kept
from tests.cli.world import lines

SAMPLES = Path(__file__).parents[1] / "aws_events"
EC2 = {
    "version": "0",
    "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "account": "111122223333",
    "time": "2017-12-22T18:43:48Z",
    "region": "us-west-1",
    "resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"],
    "detail": {
        "instance-id": "i-1234567890abcdef0",
        "state": "terminated",
        "c-count": 5,
        "d-count": 3,
        "x-limit": 301.8,
        "source-ip": "10.0.0.33",
        "sign": "a*b\\c",
        "none": None,
        "empty": "",
        "yes": True,
        "nothing": [],
        "tags": ["one", "two"],
        "volumes": [{"id": "v1", "size": 8}, {"id": "v2", "size": 20}],
    },
}
"""The event of AWS's user guide on patterns, with more to compare."""


class Case(NamedTuple):
    """One pattern, and whether the event matches it."""

    pattern: dict[str, Any]
    expected: Verdict
    moto_differs: str = ""
    """Why moto says something else, where it does."""


def detail(**wanted: Any) -> dict[str, Any]:
    """Write a pattern about the detail; an underscore is a hyphen."""
    return {"detail": {key.replace("_", "-"): value for key, value in wanted.items()}}


OBJECTS = "moto does not look into lists of objects"
CASES = [
    Case({}, True),
    Case({"source": ["aws.ec2"]}, True),
    Case({"source": ["aws.ec2", "aws.fargate"]}, True),
    Case({"source": ["aws.EC2"]}, False),
    Case({"source": ["aws.ec2"], "detail-type": ["another"]}, False),
    Case({"resources": [EC2["resources"][0]]}, True),  # type: ignore[index]
    Case({"colour": ["red"]}, False),
    Case(detail(state=["terminated", "running"]), True),
    Case(detail(state=["running"]), False),
    Case(detail(c_count=[5]), True),
    Case(detail(c_count=["5"]), False),
    Case(detail(c_count=[5.0]), None, "moto compares numbers by value, EventBridge as written"),
    Case(detail(yes=[True]), True),
    Case(detail(yes=[1]), False, "Python takes 1 for true"),
    Case(detail(none=[None]), True),
    Case(detail(empty=[""]), True),
    Case(detail(empty=[None]), False),
    Case(detail(absent=[None]), False),
    Case(detail(tags=["two"]), True),
    Case(detail(tags=["three"]), False),
    # prefix, suffix, case
    Case({"time": [{"prefix": "2017-12-22"}]}, True),
    Case({"time": [{"prefix": "2018"}]}, False),
    Case({"source": [{"prefix": {"equals-ignore-case": "AWS."}}]}, True),
    Case(detail(c_count=[{"prefix": "5"}]), False),
    Case(detail(tags=[{"prefix": "tw"}]), True),
    Case({"time": [{"suffix": "Z"}]}, True),
    Case({"time": [{"suffix": {"equals-ignore-case": "z"}}]}, True),
    Case({"time": [{"suffix": "z"}]}, False),
    Case({"source": [{"equals-ignore-case": "AWS.ec2"}]}, True),
    # anything-but
    Case(detail(state=[{"anything-but": "initializing"}]), True),
    Case(detail(state=[{"anything-but": "terminated"}]), False),
    Case(detail(state=[{"anything-but": ["stopped", "terminated"]}]), False),
    Case(detail(x_limit=[{"anything-but": [100, 200, 300]}]), True),
    Case(detail(x_limit=[{"anything-but": 301.8}]), False),
    Case(detail(absent=[{"anything-but": "x"}]), False),
    Case(detail(state=[{"anything-but": {"prefix": "init"}}]), True),
    Case(detail(state=[{"anything-but": {"prefix": "term"}}]), False),
    Case(detail(state=[{"anything-but": {"suffix": "ated"}}]), False),
    Case(detail(state=[{"anything-but": {"prefix": ["init", "term"]}}]), False),
    Case(detail(state=[{"anything-but": {"equals-ignore-case": ["TERMINATED"]}}]), False),
    Case(detail(state=[{"anything-but": {"wildcard": "*min*"}}]), False),
    Case(detail(state=[{"anything-but": {"cidr": "10.0.0.0/8"}}]), None, "not documented"),
    # exists
    Case(detail(state=[{"exists": True}]), True),
    Case(detail(state=[{"exists": False}]), False),
    Case(detail(absent=[{"exists": False}]), True),
    Case(detail(absent=[{"exists": True}]), False),
    Case(detail(none=[{"exists": True}]), True),
    Case({"detail": [{"exists": True}]}, False, "it works on leaves only, AWS says"),
    Case(detail(nothing=[{"exists": True}]), None, "not documented"),
    Case(detail(absent=[{"exists": False}, "x"]), True),
    # numeric, cidr, wildcard
    Case(detail(c_count=[{"numeric": [">", 0, "<=", 5]}]), True),
    Case(detail(d_count=[{"numeric": ["<", 3]}]), False),
    Case(detail(x_limit=[{"numeric": ["=", 301.8]}]), True),
    Case(detail(x_limit=[{"numeric": ["=", 3.018e2]}]), True),
    Case(detail(state=[{"numeric": [">", 0]}]), False),
    Case(detail(c_count=[{"numeric": ["!=", 0]}]), None, "moto raises"),
    Case(detail(source_ip=[{"cidr": "10.0.0.0/24"}]), True),
    Case(detail(source_ip=[{"cidr": "10.1.0.0/24"}]), False),
    Case(detail(state=[{"cidr": "10.1.0.0/24"}]), False),
    Case(detail(source_ip=[{"cidr": "10.1.0.0/240"}]), None, "it is no network"),
    Case(detail(state=[{"wildcard": "term*ed"}]), True),
    Case(detail(state=[{"wildcard": "term"}]), False),
    Case(detail(sign=[{"wildcard": r"a\*b*"}]), True),
    Case(detail(state=[{"wildcard": r"\*"}]), False),
    # or
    Case({"$or": [{"source": ["aws.s3"]}, {"source": ["aws.ec2"]}]}, True),
    Case(detail(**{"$or": [{"c-count": [{"numeric": [">", 5]}]}, {"d-count": [4]}]}), False),
    Case({"source": ["aws.s3"], "$or": [{"region": ["us-west-1"]}]}, False),
    # lists of objects
    Case(detail(volumes={"id": ["v3"]}), False),
    Case(detail(volumes={"id": ["v1"], "size": [20]}), None, OBJECTS),
    # what is not known
    Case(detail(state=[{"starts-with": "t"}]), None, "moto lets it pass"),
    Case(detail(state=[{"prefix": "x", "suffix": "y"}]), None, "moto looks at the first"),
    Case(detail(state="terminated"), None, "no list: EventBridge would not take it"),
    Case(detail(state=[{"starts-with": "t"}, "terminated"]), True),
    Case(detail(state=[{"starts-with": "t"}], c_count=[6]), False),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: json.dumps(case.pattern))
def test_a_pattern_matches_as_documented_and_what_is_not_known_is_not_guessed(case: Case) -> None:
    judged = judge(case.pattern, EC2)
    assert judged.matches is case.expected
    if case.expected is None:
        assert any("unknown" in leaf.why or "not followed" in leaf.why for leaf in judged.leaves)


@pytest.mark.parametrize(
    "case",
    [one for one in CASES if not one.moto_differs],
    ids=lambda case: json.dumps(case.pattern),
)
def test_moto_says_the_same(case: Case) -> None:
    assert EventPattern.load(json.dumps(case.pattern)).matches_event(EC2) is case.expected


@pytest.mark.parametrize("service", SERVICES)
def test_what_our_own_rules_match_is_what_their_service_hears(service: str) -> None:
    """All patterns that there are, against all events that there are."""
    ours, theirs = our_pattern(service), aws_pattern(service)
    for kind in EVENTS.values():
        source = f"modelcycle.{'trainer' if kind.producer == '*' else kind.producer}"
        event = {"source": source, "detail-type": kind.detail_type(), "detail": {}}
        hears = any(row.event is kind for row in SUBSCRIPTIONS if row.service == service)
        assert (ours is not None and judge(ours.as_dict(), event).matches) is hears
    for hint in hints.IN_ORDER:
        event = {"source": "aws.sagemaker", "detail-type": hint.aws_name, "detail": {}}
        hears = any(row.event is hint for row in SUBSCRIPTIONS if row.service == service)
        assert (theirs is not None and judge(theirs.as_dict(), event).matches) is hears


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
            "Try: make deploy ENV=dev puts the rules as the table says",
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
    assert lines(cli("rules", "explain", "nothing"))[0] == 3
