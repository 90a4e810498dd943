"""Roles and policies of the templates: those of the tables, as narrow as AWS lets them be."""

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from infra.aws import execution, people, permissions, policies
from infra.aws.environments import Environment
from infra.aws.grants import EVERYTHING, Role
from infra.aws.templates import Resource, Where, resolve
from tests.infra_aws import iam
from tests.infra_aws.made import Policies, policies_in
from tests.infra_aws.synthesis import Template

INLINE_CHARACTERS_MAX = 10_240  # AWS: of all inline policies of a role
MANAGED_CHARACTERS_MAX = 6_144  # AWS
LONGEST = ("preprod8", "ap-southeast-1")  # no environment's name has more letters
APART = ("preprod8", "us-gov-west-1")  # nor a partition
LAMBDA = "lambda.amazonaws.com"


@pytest.fixture(scope="module")
def resources(environment: Environment, templates: Mapping[str, Template]) -> tuple[Resource, ...]:
    return resolve(templates, Where(environment.account, environment.region))


@pytest.fixture(scope="module")
def policy(resources: tuple[Resource, ...]) -> Policies:
    return policies_in(resources)


def every_role(environment: Environment) -> list[Role]:
    """Answer all roles and managed policies of the tables."""
    return [
        *permissions.roles(environment).values(),
        *execution.roles(environment).values(),
        *people.policies(environment).values(),
    ]


def test_the_templates_have_the_tables_roles_and_only_schedules_besides(
    environment: Environment, policy: Policies
) -> None:
    tables = {role.name: policies.document(role.grants) for role in every_role(environment)}
    besides = {name for name in policy if name.endswith("-schedule")}
    assert policy.keys() == tables.keys() | besides
    for name, document in tables.items():
        assert [as_lists(one) for one in policy[name]["Statement"]] == document["Statement"]


def as_lists(statement: Mapping[str, Any]) -> dict[str, Any]:
    """Write a statement with lists where the CDK writes one value alone."""
    conditions = {
        operator: {key: iam.listed(values) for key, values in keys.items()}
        for operator, keys in statement.get("Condition", {}).items()
    }
    return {
        "Effect": statement["Effect"],
        "Action": iam.listed(statement["Action"]),
        "Resource": iam.listed(statement["Resource"]),
        **({"Condition": conditions} if conditions else {}),
    }


def test_nothing_is_allowed_everywhere_but_what_has_a_reason(policy: Policies) -> None:
    everywhere = set()
    for name, document in policy.items():
        for statement in document["Statement"]:
            actions = iam.listed(statement["Action"])
            assert not [action for action in actions if "*" in action], name
            if "*" in iam.listed(statement["Resource"]):
                everywhere |= set(actions)
    assert everywhere == set(EVERYTHING)


def test_every_row_says_why(environment: Environment) -> None:
    for role in every_role(environment):
        assert all(grant.why and grant.actions and grant.on for grant in role.grants), role.name


def known() -> Mapping[str, Any]:
    """Read AWS's own list of actions and of what each takes, as cfn-lint brings it."""
    package = find_spec("cfnlint")
    assert package
    assert package.origin
    path = Path(package.origin).parent / "data" / "AdditionalSpecs" / "Policies.json"
    listed: Mapping[str, Any] = json.loads(path.read_text())
    return listed


KNOWN = known()


def test_aws_knows_each_action_and_its_resources_are_of_the_kind_that_it_takes(
    environment: Environment,
) -> None:
    for role in every_role(environment):
        for grant in role.grants:
            for action in grant.actions:
                wanted = kinds(action)
                for resource in grant.on:
                    kind = kind_of(resource)
                    assert kind in wanted, f"{role.name}: {action} on {resource}: {wanted}"


def kinds(action: str) -> set[str]:
    """Answer the kinds of resources that an action takes, ``*`` for one that takes none."""
    service, name = action.lower().split(":")
    row = KNOWN[service]["Actions"][name]
    found = {
        kind_of(arn)
        for kind in row.get("Resources", ())
        for arn in KNOWN[service]["Resources"][kind]["ARNFormats"]
    }
    return found | ({"*"} if action in EVERYTHING else set())


def kind_of(arn: str) -> str:
    """Answer the service and the kind in an ARN: ``sagemaker:endpoint``."""
    if arn == "*":
        return arn
    _, _, service, _, _, resource = arn.split(":", 5)
    if service in ("s3", "sqs"):
        return service
    return f"{service}:{resource.replace(':', '/').split('/')[0]}"


def test_a_role_can_be_handed_only_to_sagemaker_and_is_one_of_its_own(
    environment: Environment,
) -> None:
    own = {role.name for role in execution.roles(environment).values()}
    for role in every_role(environment):
        for grant in role.grants:
            if "iam:PassRole" in grant.actions:
                assert grant.when == {
                    "StringEquals": {"iam:PassedToService": ("sagemaker.amazonaws.com",)}
                }
                assert {arn.rsplit("/", 1)[-1] for arn in grant.on} <= own


def test_a_role_is_taken_by_one_service_for_our_own_account(
    environment: Environment, resources: tuple[Resource, ...]
) -> None:
    for one in resources:
        if one.kind != "AWS::IAM::Role":
            continue
        (trust,) = one.properties["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Action"] == "sts:AssumeRole"
        if trust["Principal"] != {"Service": LAMBDA}:  # which does not say for which account
            ours = {"StringEquals": {"aws:SourceAccount": environment.account}}
            assert trust["Condition"] == ours, one.place


@pytest.mark.parametrize(("name", "region"), [("dev", "eu-central-1"), LONGEST, APART])
def test_policies_are_no_larger_than_aws_takes(
    environment: Environment, name: str, region: str
) -> None:
    for role in every_role(environment.changed(name=name, region=region)):
        size = len(json.dumps(policies.document(role.grants), separators=(",", ":")))
        limit = INLINE_CHARACTERS_MAX if role.taken_by else MANAGED_CHARACTERS_MAX
        assert size <= limit, f"{role.name}: {size} characters"
