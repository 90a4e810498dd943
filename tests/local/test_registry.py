"""The registry: versions, approvals, life-cycle stages, and who said so."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.processes import Children
from infra.local.sagemaker.core import Caller
from tests.local.city import City
from tests.local.conftest import Clients
from tests.local.world import ACCOUNT

ARN = f"arn:aws:sagemaker:eu-central-1:{ACCOUNT}:model-package/fees"
CHANGED = "SageMaker Model Package State Change"


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with Children() as children:
        city = City(tmp_path, children)
        city.ask("CreateModelPackageGroup", ModelPackageGroupName="fees")
        yield city
        city.engine.close()


def register(city: City, **changes: Any) -> str:
    request = {"ModelPackageGroupName": "fees", **changes}
    return str(city.ask("CreateModelPackage", **request)["ModelPackageArn"])


def describe(city: City, arn: str) -> dict[str, Any]:
    return city.ask("DescribeModelPackage", ModelPackageName=arn)


def test_versions_are_counted_and_a_number_is_never_given_twice(city: City) -> None:
    assert [register(city) for _ in range(2)] == [f"{ARN}/1", f"{ARN}/2"]
    city.ask("DeleteModelPackage", ModelPackageName=f"{ARN}/2")
    assert register(city) == f"{ARN}/3"


def test_a_version_waits_for_a_person_unless_it_is_registered_otherwise(city: City) -> None:
    assert describe(city, register(city))["ModelApprovalStatus"] == "PendingManualApproval"
    approved = describe(city, register(city, ModelApprovalStatus="Approved"))
    assert approved["ModelApprovalStatus"] == "Approved"
    assert approved["ModelPackageStatus"] == "Completed"
    assert approved["ModelPackageVersion"] == 2
    assert "ModelPackageName" not in approved


def test_the_same_client_token_registers_once_and_another_request_with_it_conflicts(
    city: City,
) -> None:
    first = register(city, ClientToken="token-1")
    assert register(city, ClientToken="token-1") == first
    assert len(city.said(CHANGED)) == 1
    code, said = city.refusal(
        "CreateModelPackage",
        ModelPackageGroupName="fees",
        ModelPackageDescription="another",
        ClientToken="token-1",
    )
    assert (code, "take a new token" in said) == ("ConflictException", True)


def test_an_approval_names_its_approver_and_its_note(city: City) -> None:
    arn = register(city)
    city.ask(
        "UpdateModelPackage",
        by="operator.bob",
        ModelPackageArn=arn,
        ModelApprovalStatus="Approved",
        ApprovalDescription="looks good",
    )
    seen = describe(city, arn)
    assert seen["ModelApprovalStatus"] == "Approved"
    assert seen["ApprovalDescription"] == "looks good"
    assert seen["CreatedBy"]["UserProfileName"] == "alice"
    assert seen["LastModifiedBy"] == {
        "IamIdentity": {"Arn": f"arn:aws:iam::{ACCOUNT}:user/bob", "PrincipalId": "bob"},
        "UserProfileName": "bob",
    }


@pytest.mark.parametrize(
    ("access_key", "name", "arn"),
    [
        ("operator.alice", "alice", "iam::123456789012:user/alice"),
        (
            "modelcycle-deployer",
            "modelcycle-deployer",
            "sts::123456789012:assumed-role/modelcycle-deployer/modelcycle-deployer",
        ),
        ("AKIAIOSFODNN7EXAMPLE", "key-MPLE", "iam::123456789012:user/key-MPLE"),
        ("", "unknown", "iam::123456789012:user/unknown"),
    ],
)
def test_who_is_behind_an_access_key(access_key: str, name: str, arn: str) -> None:
    caller = Caller.signing_with(access_key)
    assert caller.name == name
    assert caller.arn(ACCOUNT) == f"arn:aws:{arn}"
    assert ("UserProfileName" in caller.context(ACCOUNT)) == access_key.startswith("operator.")


def test_every_update_moves_last_modified_though_the_clock_stands_still(city: City) -> None:
    arn = register(city)
    times = [describe(city, arn)["LastModifiedTime"]]
    for status in ("Approved", "Approved", "Rejected"):
        city.ask("UpdateModelPackage", ModelPackageArn=arn, ModelApprovalStatus=status)
        times.append(describe(city, arn)["LastModifiedTime"])
    assert times == sorted(set(times))


def test_an_update_says_which_fields_it_named_and_registration_says_none(city: City) -> None:
    arn = register(city)
    city.ask("UpdateModelPackage", ModelPackageArn=arn, ModelApprovalStatus="Approved")
    city.ask(
        "UpdateModelPackage",
        ModelPackageArn=arn,
        CustomerMetadataProperties={"run_id": "r"},
        ModelLifeCycle={"Stage": "Production", "StageStatus": "PendingApproval"},
    )
    named = [event.get("UpdatedModelPackageFields") for event in city.said(CHANGED)]
    assert named == [
        None,
        ["ModelApprovalStatus"],
        ["ModelLifeCycle", "CustomerMetadataProperties"],
    ]
    assert {event["ModelApprovalStatus"] for event in city.said(CHANGED)[1:]} == {"Approved"}


def test_a_repeated_update_with_its_token_changes_and_says_nothing_more(city: City) -> None:
    arn = register(city)
    for _ in range(2):
        city.ask(
            "UpdateModelPackage",
            ModelPackageArn=arn,
            ModelApprovalStatus="Approved",
            ClientToken="token-2",
        )
    assert len(city.said(CHANGED)) == 2


def test_properties_are_merged_removed_and_limited(city: City) -> None:
    arn = register(city, CustomerMetadataProperties={"a": "1", "b": "2"})
    city.ask(
        "UpdateModelPackage",
        ModelPackageArn=arn,
        CustomerMetadataProperties={"c": "3"},
        CustomerMetadataPropertiesToRemove=["a"],
    )
    assert describe(city, arn)["CustomerMetadataProperties"] == {"b": "2", "c": "3"}
    many = {f"key{n}": "x" for n in range(49)}
    _, said = city.refusal(
        "UpdateModelPackage", ModelPackageArn=arn, CustomerMetadataProperties=many
    )
    assert "At most 50" in said


def test_more_inference_specifications_are_added_to_those_there_are(city: City) -> None:
    containers = {"Containers": [{"Image": "i"}]}
    arn = register(city, AdditionalInferenceSpecifications=[{"Name": "one", **containers}])
    city.ask(
        "UpdateModelPackage",
        ModelPackageArn=arn,
        AdditionalInferenceSpecificationsToAdd=[{"Name": "two", **containers}],
    )
    names = [s["Name"] for s in describe(city, arn)["AdditionalInferenceSpecifications"]]
    assert names == ["one", "two"]


@pytest.mark.parametrize(
    ("operation", "request_", "code", "said"),
    [
        (
            "CreateModelPackageGroup",
            {"ModelPackageGroupName": "fees"},
            "ValidationException",
            "already exists",
        ),
        (
            "CreateModelPackage",
            {"ModelPackageGroupName": "none"},
            "ValidationException",
            "none does not exist",
        ),
        ("CreateModelPackage", {}, "ValidationException", "Give one of"),
        (
            "CreateModelPackage",
            {"ModelPackageName": "a", "ModelPackageGroupName": "fees"},
            "ValidationException",
            "Give one of",
        ),
        ("CreateModelPackage", {"ModelPackageName": "alone"}, "ConflictException", "exists"),
        (
            "DescribeModelPackage",
            {"ModelPackageName": f"{ARN}/9"},
            "ValidationException",
            f"ModelPackage {ARN}/9 does not exist",
        ),
        (
            "UpdateModelPackage",
            {"ModelPackageArn": f"{ARN}/1"},
            "ValidationException",
            "names no field",
        ),
        (
            "UpdateModelPackage",
            {"ModelPackageArn": f"{ARN[:-5]}/alone", "ModelApprovalStatus": "Approved"},
            "ValidationException",
            "unversioned",
        ),
        (
            "DeleteModelPackageGroup",
            {"ModelPackageGroupName": "fees"},
            "ConflictException",
            "holds model packages",
        ),
        (
            "DescribeModelPackageGroup",
            {"ModelPackageGroupName": "none"},
            "ValidationException",
            "none does not exist",
        ),
        ("ListModelPackages", {"NextToken": "?"}, "ValidationException", "NextToken"),
    ],
)
def test_what_the_registry_refuses(
    city: City, operation: str, request_: dict[str, Any], code: str, said: str
) -> None:
    register(city)
    city.ask("CreateModelPackage", ModelPackageName="alone")
    refused = city.refusal(operation, **request_)
    assert refused[0] == code
    assert said in refused[1]


def test_versions_are_listed_oldest_first_by_group_and_verdict_a_page_at_a_time(
    city: City,
) -> None:
    arns = [register(city) for _ in range(3)]
    city.ask("CreateModelPackage", ModelPackageName="alone")
    city.ask("UpdateModelPackage", ModelPackageArn=arns[1], ModelApprovalStatus="Approved")

    def listed(**request: Any) -> list[int | None]:
        page = city.ask("ListModelPackages", **request)
        return [p.get("ModelPackageVersion") for p in page["ModelPackageSummaryList"]]

    assert listed(ModelPackageGroupName="fees") == [1, 2, 3]
    assert listed(ModelPackageGroupName="fees", SortOrder="Descending") == [3, 2, 1]
    assert listed(ModelPackageGroupName="fees", ModelApprovalStatus="Approved") == [2]
    assert listed() == [None]
    assert listed(ModelPackageType="Both", SortBy="Name") == [1, 2, 3, None]
    assert listed(CreationTimeAfter=city.world.now) == []
    page = city.ask("ListModelPackages", ModelPackageGroupName="fees", MaxResults=2)
    rest = listed(ModelPackageGroupName="fees", MaxResults=2, NextToken=page["NextToken"])
    assert rest == [3]


def test_groups_are_listed_found_by_arn_and_deleted_when_they_are_empty(city: City) -> None:
    made = city.ask("CreateModelPackageGroup", ModelPackageGroupName="Blocks")
    page = city.ask("ListModelPackageGroups")["ModelPackageGroupSummaryList"]
    assert [group["ModelPackageGroupName"] for group in page] == ["fees", "Blocks"]
    arn = made["ModelPackageGroupArn"]
    seen = city.ask("DescribeModelPackageGroup", ModelPackageGroupName=arn)
    assert seen["ModelPackageGroupName"] == "Blocks"
    city.ask("DeleteModelPackageGroup", ModelPackageGroupName="Blocks")
    assert len(city.ask("ListModelPackageGroups")["ModelPackageGroupSummaryList"]) == 1
    version = register(city)
    city.ask("DeleteModelPackage", ModelPackageName=version)
    assert city.said(CHANGED)[-1]["ModelPackageStatus"] == "Deleting"
    city.ask("DeleteModelPackageGroup", ModelPackageGroupName="fees")


def test_a_plain_client_registers_approves_and_pages_over_http(aws: Clients) -> None:
    evaluator, person = aws("sagemaker", "modelcycle-evaluator"), aws("sagemaker", "operator.eve")
    evaluator.create_model_package_group(
        ModelPackageGroupName="http", Tags=[{"Key": "team", "Value": "fees"}]
    )
    arns = [
        evaluator.create_model_package(
            ModelPackageGroupName="http",
            CustomerMetadataProperties={"run_id": f"run:{n}"},
            ModelLifeCycle={"Stage": "Staging", "StageStatus": "PendingApproval"},
        )["ModelPackageArn"]
        for n in range(12)
    ]
    person.update_model_package(ModelPackageArn=arns[3], ModelApprovalStatus="Rejected")
    seen = evaluator.describe_model_package(ModelPackageName=arns[3])
    assert seen["LastModifiedBy"]["UserProfileName"] == "eve"
    role = "assumed-role/modelcycle-evaluator/modelcycle-evaluator"
    assert seen["CreatedBy"]["IamIdentity"]["Arn"].endswith(role)
    pages = person.get_paginator("list_model_packages").paginate(ModelPackageGroupName="http")
    lists = [page["ModelPackageSummaryList"] for page in pages]
    assert [len(rows) for rows in lists] == [10, 2]
    with pytest.raises(person.exceptions.ConflictException):
        person.delete_model_package_group(ModelPackageGroupName="http")
    with pytest.raises(person.exceptions.ClientError) as refused:
        person.create_model_package(
            ModelPackageGroupName="http", CustomerMetadataProperties={"note": "what?"}
        )
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert "regular expression" in refused.value.response["Error"]["Message"]
