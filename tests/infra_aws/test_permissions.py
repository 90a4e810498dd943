"""What services may do is what they do: compared both ways with the calls that were recorded."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from infra.aws import environments, execution, people, permissions, policies
from infra.aws.environments import Environment
from infra.aws.grants import EVERYTHING, Grant, Role
from infra.aws.templates import Resource, Where, resolve
from infra.local.account import REGION
from shared.contracts.subscriptions import SERVICES
from tests.infra_aws import calls, iam
from tests.infra_aws.calls import Call
from tests.infra_aws.synthesis import Template, synthesized

FUNCTIONS = (*SERVICES, permissions.POLLER)
RECORDED_IN, EVERYWHERE = "dev", ("dev", "staging", "prod")
Policies = Mapping[str, dict[str, Any]]
Everywhere = Callable[[str], tuple[Environment, Policies]]
INLINE_CHARACTERS_MAX = 10_240  # AWS: of all inline policies of a role
MANAGED_CHARACTERS_MAX = 6_144  # AWS
LAMBDA = "lambda.amazonaws.com"


@pytest.fixture(scope="module")
def resources(environment: Environment, templates: Mapping[str, Template]) -> tuple[Resource, ...]:
    return resolve(templates, Where(environment.account, environment.region))


@pytest.fixture(scope="module")
def policy(resources: tuple[Resource, ...]) -> Policies:
    return policies_in(resources)


def policies_in(resources: tuple[Resource, ...]) -> Policies:
    """Answer each role's policy, and each managed policy, by its name."""
    found = {}
    for one in resources:
        if one.kind == "AWS::IAM::Role":
            (inline,) = one.properties["Policies"]
            found[one.properties["RoleName"]] = inline["PolicyDocument"]
        if one.kind == "AWS::IAM::ManagedPolicy":
            found[one.properties["ManagedPolicyName"]] = one.properties["PolicyDocument"]
    return found


@pytest.fixture(scope="module")
def everywhere(
    environment: Environment, policy: Policies, tmp_path_factory: pytest.TempPathFactory
) -> Everywhere:
    """Answer an environment and its policies, by name: dev as the tests have it, the others as
    their files say, each synthesized once."""

    @cache
    def found(name: str) -> tuple[Environment, Policies]:
        if name == environment.name:
            return environment, policy
        other = environments.load(name).changed(account=environment.account)
        templates = synthesized(other, tmp_path_factory.mktemp(name))
        return other, policies_in(resolve(templates, Where(other.account, other.region)))

    return found


def of_service(environment: Environment, service: str) -> list[Call]:
    """Answer what a function would have called in an environment, had the loop run there."""
    return [moved(call, environment) for call in calls.read() if call.service == service]


def moved(call: Call, environment: Environment) -> Call:
    """Answer the same call in an environment's region, under its names."""
    resource = call.resource.replace(REGION, environment.region)
    for name in ("modelcycle-{}", "mc-{}-", "modelcycle/{}"):
        resource = resource.replace(name.format(RECORDED_IN), name.format(environment.name))
    return call._replace(resource=resource)


def approves(call: Call) -> bool:
    """Tell whether a call is a verdict by a model's rule, which not every environment allows."""
    return (
        call.action == "sagemaker:UpdateModelPackage" and "Approved" in dict(call.values).values()
    )


each_role = pytest.mark.parametrize(
    ("name", "service"),
    [(name, service) for name in EVERYWHERE for service in FUNCTIONS],
)


@each_role
def test_every_recorded_call_is_allowed_by_the_synthesized_policy(
    everywhere: Everywhere, name: str, service: str
) -> None:
    environment, policy = everywhere(name)
    role = permissions.roles(environment)[service].name
    if service == permissions.POLLER and not environment.source:
        assert role not in policy
        return
    made = of_service(environment, service)
    assert made
    refused = [
        call
        for call in made
        if not iam.allows(policy[role], call.action, call.resource, dict(call.values))
    ]
    by_rule = [call for call in made if approves(call) and not environment.rules_allowed]
    assert [*map(str, refused)] == [*map(str, by_rule)]


def test_a_rules_verdict_is_among_the_recorded_calls() -> None:
    assert {call.service for call in calls.read() if approves(call)} == {"deployer"}


@each_role
def test_every_allowed_action_was_used_or_says_why_not(
    everywhere: Everywhere, name: str, service: str
) -> None:
    environment, _ = everywhere(name)
    made = of_service(environment, service)
    for grant in permissions.roles(environment)[service].grants:
        used = set(used_actions(grant, made))
        if grant.unseen:
            assert not used, f"{service}: {grant.why}: seen, so take `unseen` out"
        else:
            idle = set(grant.actions) - used
            assert not idle, f"{service}: {grant.why}: nobody calls {idle}: say why, or take it out"


def used_actions(grant: Grant, made: list[Call]) -> Iterator[str]:
    """Answer what of a row was called."""
    statement = policies.statement(grant)
    for call in made:
        if iam.permits(statement, call.action, call.resource, dict(call.values)):
            yield call.action


@each_role
def test_every_name_that_is_allowed_was_used_or_says_why_not(
    everywhere: Everywhere, name: str, service: str
) -> None:
    environment, _ = everywhere(name)
    made = of_service(environment, service)
    for grant in permissions.roles(environment)[service].grants:
        for resource in grant.on if not grant.unseen else ():
            alone = policies.statement(grant) | {"Resource": [resource]}
            assert any(
                iam.permits(alone, call.action, call.resource, dict(call.values)) for call in made
            ), f"{service}: {resource}"


@pytest.mark.parametrize("name", [one for one in EVERYWHERE if one != RECORDED_IN])
@pytest.mark.parametrize("service", SERVICES)
def test_an_environment_may_nothing_in_another(
    everywhere: Everywhere, name: str, service: str
) -> None:
    environment, policy = everywhere(name)
    dev, _ = everywhere(RECORDED_IN)
    document = policy[permissions.roles(environment)[service].name]
    for call in of_service(dev, service):
        if (
            moved(call, environment) != call
        ):  # SageMaker names jobs of pipelines after no environment
            assert not iam.allows(document, call.action, call.resource, dict(call.values)), call


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


def test_policies_are_no_larger_than_aws_takes(environment: Environment, policy: Policies) -> None:
    managed = {role.name for role in people.policies(environment).values()}
    for name, document in policy.items():
        size = len(json.dumps(document, separators=(",", ":")))
        limit = MANAGED_CHARACTERS_MAX if name in managed else INLINE_CHARACTERS_MAX
        assert size <= limit, f"{name}: {size} characters"
