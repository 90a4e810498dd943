"""Templates are worked out as CloudFormation does, and what is not understood is said."""

from typing import Any

import pytest

from infra.aws.templates import CircularError, Resource, UnresolvedError, Where, resolve

WHERE = Where("123456789012", "eu-central-1")
QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "news"}}
ARN = "arn:aws:sqs:eu-central-1:123456789012:news"


def resolved(value: Any, **more: Any) -> Any:
    """Work out one property of a resource beside a queue."""
    reader = {"Type": "Some::Kind::Here", "Properties": {"Value": value}}
    template = {"Resources": {"Reader": reader, "Queue": QUEUE}, **more}
    (found,) = (
        resource
        for resource in resolve({"stack": template}, WHERE)
        if resource.logical_id == "Reader"
    )
    return found.properties.get("Value")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        (7, 7),
        ({"Ref": "Queue"}, "https://sqs.eu-central-1.amazonaws.com/123456789012/news"),
        ({"Ref": "AWS::Region"}, "eu-central-1"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, ARN),
        ({"Fn::GetAtt": "Queue.Arn"}, ARN),
        ({"Fn::Join": ["/", ["a", {"Ref": "AWS::AccountId"}, "b"]]}, "a/123456789012/b"),
        ({"Fn::Sub": "${Queue.Arn}/${AWS::Partition}/${!kept}"}, f"{ARN}/aws/${{kept}}"),
        ({"Fn::Sub": ["${own} ${own}", {"own": {"Ref": "AWS::Region"}}]}, " ".join(2 * [WHERE[1]])),
        ({"Fn::Select": [5, {"Fn::Split": [":", {"Fn::GetAtt": ["Queue", "Arn"]}]}]}, "news"),
        (
            {"list": ["a", {"Ref": "AWS::NoValue"}], "gone": {"Ref": "AWS::NoValue"}},
            {"list": ["a"]},
        ),
        ({"Ref": "AWS::NoValue"}, None),
        ({"Condition": {"Bool": {"aws:SecureTransport": "false"}}},) * 2,
    ],
)
def test_a_value_is_worked_out(value: Any, expected: Any) -> None:
    assert resolved(value) == expected


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"Fn::ImportValue": "other"}, "imports 'other': stacks export nothing"),
        ({"Fn::FindInMap": ["a", "b", "c"]}, "Fn::FindInMap is not understood"),
        ({"Ref": "Nobody"}, "no resource and no parameter Nobody"),
        ({"Fn::GetAtt": ["Queue", "Colour"]}, "Colour of Queue, an AWS::SQS::Queue, is not in"),
        ({"deep": [{"Ref": "Reader"}]}, "Reader"),
        ("{{resolve:ssm:/secret}}", "known to AWS only"),
    ],
)
def test_what_is_not_understood_is_said_with_stack_resource_and_property(
    value: Any, why: str
) -> None:
    with pytest.raises((UnresolvedError, CircularError), match="stack") as raised:
        resolved(value)
    assert why in str(raised.value)
    if isinstance(raised.value, UnresolvedError):
        assert str(raised.value).startswith("stack.Reader.Value")


def test_a_parameter_has_its_default_unless_only_aws_knows_it() -> None:
    parameters = {"Colour": {"Type": "String", "Default": "red"}}
    assert resolved({"Ref": "Colour"}, Parameters=parameters) == "red"
    parameters["Colour"]["Type"] = "AWS::SSM::Parameter::Value<String>"
    with pytest.raises(UnresolvedError, match="parameter Colour is known to AWS only"):
        resolved({"Ref": "Colour"}, Parameters=parameters)


def test_a_resource_that_is_there_only_sometimes_is_refused() -> None:
    template = {"Resources": {"Queue": {**QUEUE, "Condition": "Sometimes"}}}
    with pytest.raises(UnresolvedError, match=r"stack\.Queue: conditions"):
        resolve({"stack": template}, WHERE)


def test_each_resource_comes_after_all_that_it_needs() -> None:
    def kind(value: Any, **more: Any) -> dict[str, Any]:
        return {"Type": "AWS::SQS::Queue", "Properties": {"X": value}, **more}

    resources = {
        "A": kind({"Fn::GetAtt": ["B", "Arn"]}),
        "B": kind({"Fn::Sub": "${C.Arn}"}),
        "C": kind("", DependsOn=["D"]),
        "D": kind({"deep": [{"Ref": "E"}]}),
        "E": kind("", DependsOn="F"),
        "F": kind(""),
    }
    found = resolve({"one": {"Resources": resources}, "two": {"Resources": {"A": QUEUE}}}, WHERE)
    assert [one.logical_id for one in found] == [*"FEDCBA", "A"]
    assert found[-1] == Resource("two", "A", "AWS::SQS::Queue", {"QueueName": "news"})


def test_a_circle_is_named() -> None:
    def needing(other: str) -> dict[str, Any]:
        return {"Type": "AWS::SQS::Queue", "Properties": {"X": {"Ref": other}}}

    template = {"Resources": {"A": needing("B"), "B": needing("A")}}
    with pytest.raises(CircularError, match="stack: . → . → . need one another"):
        resolve({"stack": template}, WHERE)
