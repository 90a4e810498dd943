"""Patterns match as EventBridge documents them, and as moto does where it is right: a table."""

import json
from typing import Any, NamedTuple

import pytest
from moto.events.models import EventPattern

from ops.cli.rules.pattern import Verdict, judge
from shared.contracts import aws as hints
from shared.contracts.lifecycle import EVENTS
from shared.contracts.subscriptions import SERVICES, SUBSCRIPTIONS, aws_pattern, our_pattern

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


def test_of_many_values_the_first_are_named_whole_and_the_others_counted() -> None:
    wanted = [event.__name__ for event in EVENTS.values()]
    (leaf,) = judge({"detail-type": wanted}, EC2).leaves
    named, _, more = leaf.wanted.rpartition(" and ")
    shown = named.split(", ")
    assert shown == wanted[: len(shown)]
    assert more == f"{len(wanted) - len(shown)} more"
    assert 5 < len(shown) < len(wanted)
    (leaf,) = judge({"detail-type": ["a" * 500, "b"]}, EC2).leaves
    assert leaf.wanted.endswith("a and 1 more")
    assert len(leaf.wanted) < 220
