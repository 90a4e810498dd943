"""What services may do is what they do: compared both ways with the calls that were recorded, as if
the loop had run in each environment."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache

import pytest

from infra.aws import environments, permissions, policies
from infra.aws.environments import Environment
from infra.aws.grants import Grant
from infra.aws.templates import Where, resolve
from infra.local.account import REGION
from shared.contracts.subscriptions import SERVICES
from shared.messaging.settings import POLLER
from tests.infra_aws import calls, iam
from tests.infra_aws.calls import Call
from tests.infra_aws.made import Policies, policies_in
from tests.infra_aws.synthesis import Template, synthesized

FUNCTIONS = (*SERVICES, POLLER)
RECORDED_IN, EVERYWHERE = "dev", ("dev", "staging", "prod")
Everywhere = Callable[[str], tuple[Environment, Policies]]


@pytest.fixture(scope="module")
def everywhere(
    environment: Environment,
    templates: Mapping[str, Template],
    tmp_path_factory: pytest.TempPathFactory,
) -> Everywhere:
    """Answer an environment and its policies, by name: dev as the tests have it, the others as
    their files say, each synthesized once."""

    @cache
    def found(name: str) -> tuple[Environment, Policies]:
        one, made = environment, templates
        if name != environment.name:
            one = environments.load(name).changed(account=environment.account)
            made = synthesized(one, tmp_path_factory.mktemp(name))
        return one, policies_in(resolve(made, Where(one.account, one.region)))

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
    if service == POLLER and not environment.source:
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
