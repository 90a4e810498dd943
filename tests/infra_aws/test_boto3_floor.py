"""What the services use of boto3 is in the boto3 that they get."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from infra.aws import boto3_floor, boto3_uses, bundles
from infra.aws.boto3_uses import Operation, Uses
from shared.contracts.subscriptions import SERVICES

OF_THE_RUNTIME = [service for service in SERVICES if service not in bundles.OWN_BOTO3]
FIND = Operation("sagemaker", "DescribeModelPackage")


@pytest.fixture(scope="module")
def floor() -> boto3_floor.Models:
    """Answer what the models of the floor say."""
    return boto3_floor.at_floor()


@pytest.fixture(scope="module")
def installed() -> boto3_floor.Models:
    """Answer what the locked models say."""
    return boto3_floor.installed()


@pytest.mark.parametrize("service", OF_THE_RUNTIME)
def test_the_floor_of_the_runtimes_boto3_has_all_that_a_service_uses(
    service: str, floor: boto3_floor.Models
) -> None:
    assert list(boto3_floor.missing(service, floor)) == [], boto3_floor.AGAIN


@pytest.mark.parametrize("service", SERVICES)
def test_the_locked_boto3_has_all_that_a_service_uses(
    service: str, installed: boto3_floor.Models
) -> None:
    assert list(boto3_floor.missing(service, installed)) == []


@pytest.mark.parametrize("service", bundles.OWN_BOTO3)
def test_who_brings_a_boto3_needs_more_than_the_floor_has(
    service: str, floor: boto3_floor.Models
) -> None:
    assert list(boto3_floor.missing(service, floor))


def test_every_operation_in_use_is_listed_with_its_parameters() -> None:
    """Print the list, and look at some of it, so that reading the code does find them."""
    listed: dict[str, dict[str, set[str]]] = {}
    for service in SERVICES:
        for one in boto3_uses.uses(service):
            for operation, given in one.parameters.items():
                listed.setdefault(service, {}).setdefault(str(operation), set()).update(given)
    for service, operations in listed.items():
        for name, parameters in sorted(operations.items()):
            print(f"{service} {name} {' '.join(sorted(parameters))}")  # noqa: T201  # that is the list
    assert listed["trainer"]["sagemaker:StartPipelineExecution"] == {
        "ClientRequestToken",
        "PipelineExecutionDisplayName",
        "PipelineName",
        "PipelineParameters",
    }
    assert {"IfMatch", "IfNoneMatch", "Key"} < listed["ingest"]["s3:PutObject"]
    assert "PipelineName" in listed["trainer"]["sagemaker:ListPipelineExecutions"]
    assert set(listed["journal"]) >= {"dynamodb:PutItem", "dynamodb:Query", "sqs:SendMessage"}
    assert "sagemaker:DescribeEndpoint" in listed["monitor"]
    assert "events:DescribeEndpoint" not in listed["monitor"]


NOTHING: frozenset[str] = frozenset()
CASES: Mapping[str, tuple[Uses, str]] = {
    "an operation": (
        Uses("m", {Operation("sagemaker", "Forecast"): NOTHING}, frozenset(), NOTHING, NOTHING),
        "m: sagemaker:Forecast",
    ),
    "a parameter": (
        Uses("m", {FIND: frozenset({"Colour"})}, frozenset(), NOTHING, NOTHING),
        "m: sagemaker:DescribeModelPackage has no parameter Colour",
    ),
    "a paginator": (
        Uses("m", {FIND: NOTHING}, frozenset({FIND}), NOTHING, NOTHING),
        "m: sagemaker:DescribeModelPackage has no paginator",
    ),
    "a nested parameter": (
        Uses("m", {FIND: NOTHING}, frozenset(), frozenset({"Colour"}), NOTHING),
        "m: nothing that it calls takes Colour",
    ),
    "a part of an answer": (
        Uses("m", {FIND: NOTHING}, frozenset(), NOTHING, frozenset({"Colour"})),
        "m: nothing that it calls answers Colour",
    ),
}


@pytest.mark.parametrize(("one", "said"), CASES.values(), ids=CASES)
def test_what_is_missing_is_named(one: Uses, said: str, floor: boto3_floor.Models) -> None:
    assert list(boto3_floor.missing_of(one, floor)) == [said]


def test_a_life_cycle_would_be_missing_in_an_older_boto3(floor: boto3_floor.Models) -> None:
    create = floor["sagemaker:CreateModelPackage"]
    older = {
        **floor,
        "sagemaker:CreateModelPackage": replace(
            create, parameters=create.parameters - {"ModelLifeCycle"}
        ),
    }
    assert list(boto3_floor.missing("evaluator", older)) == [
        "services.evaluator.aws: sagemaker:CreateModelPackage has no parameter ModelLifeCycle"
    ]
