"""SageMaker's four roles: all that it asks in their name is allowed, and all that is allowed is
asked or says why not."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from infra.aws import execution, policies
from infra.aws.environments import Environment
from infra.aws.grants import Grant
from shared.contracts import names
from shared.contracts.algorithms import ALGORITHMS
from shared.contracts.names import Execution
from tests.infra_aws import iam
from tests.infra_aws.made import Account
from tests.infra_aws.sagemaker_asks import Ask, Asking
from tests.infra_aws.synthesis import Template, resources

PIPELINES, JOBS = Execution.PIPELINES, Execution.JOBS
ENDPOINTS, FEATURES = Execution.ENDPOINTS, Execution.FEATURES
ACCOUNT = "arn:aws:{}:eu-central-1:123456789012:{}"
BUCKET = "arn:aws:s3:::modelcycle-dev-123456789012-eu-central-1"
ROLE = "arn:aws:iam::123456789012:role/modelcycle-dev-execution-{}"
KEY = ACCOUNT.format("kms", "key/any")
OURS = ("kms:ResourceAliases", "alias/modelcycle-dev")
ANOTHER = ("kms:ResourceAliases", "alias/another")
FOR_AWS = ("kms:GrantIsForAWSResource", "true")
BY_S3 = ("kms:ViaService", "s3.eu-central-1.amazonaws.com")
BY_EC2 = ("kms:ViaService", "ec2.eu-central-1.amazonaws.com")
TO_SAGEMAKER = ("iam:PassedToService", "sagemaker.amazonaws.com")
TO_EC2 = ("iam:PassedToService", "ec2.amazonaws.com")
TOO_MUCH = [
    Ask(PIPELINES, "s3:GetObject", f"{BUCKET}/runs/x"),
    Ask(PIPELINES, "iam:PassRole", ROLE.format("endpoints"), (TO_SAGEMAKER,)),
    Ask(PIPELINES, "iam:PassRole", ROLE.format("jobs"), (TO_EC2,)),
    Ask(PIPELINES, "sagemaker:CreateEndpoint", ACCOUNT.format("sagemaker", "endpoint/x")),
    Ask(PIPELINES, "sagemaker:CreateTrainingJob", ACCOUNT.format("sagemaker", "training-job/x")),
    Ask(PIPELINES, "sagemaker:CreateModel", ACCOUNT.format("sagemaker", "model/mc-dev-fees-v1-x")),
    Ask(JOBS, "s3:PutObject", f"{BUCKET}/features/x"),
    Ask(JOBS, "s3:GetObject", f"{BUCKET}/journal/x"),
    Ask(JOBS, "s3:DeleteObject", f"{BUCKET}/runs/x"),
    Ask(JOBS, "ecr:BatchGetImage", ACCOUNT.format("ecr", "repository/another")),
    Ask(JOBS, "kms:Decrypt", KEY, (BY_S3, ANOTHER)),
    Ask(JOBS, "kms:Decrypt", KEY, (BY_EC2, OURS)),
    Ask(JOBS, "kms:DescribeKey", KEY, (ANOTHER,)),
    Ask(JOBS, "kms:CreateGrant", KEY, (FOR_AWS, ANOTHER)),
    Ask(JOBS, "kms:CreateGrant", KEY, (OURS,)),
    Ask(JOBS, "iam:PassRole", ROLE.format("jobs"), (TO_SAGEMAKER,)),
    Ask(ENDPOINTS, "s3:GetObject", f"{BUCKET}/features/x"),
    Ask(ENDPOINTS, "s3:PutObject", f"{BUCKET}/runs/x"),
    Ask(ENDPOINTS, "ecr:BatchGetImage", ACCOUNT.format("ecr", "repository/another")),
    Ask(ENDPOINTS, "kms:Decrypt", KEY, (BY_S3, ANOTHER)),
    Ask(FEATURES, "s3:PutObject", f"{BUCKET}/runs/x"),
    Ask(FEATURES, "s3:GetObject", f"{BUCKET}/runs/x"),
    Ask(FEATURES, "glue:GetTable", ACCOUNT.format("glue", "table/another/x")),
    Ask(FEATURES, "kms:Decrypt", KEY, (BY_EC2, OURS)),
]


@pytest.fixture(scope="module")
def asked(environment: Environment, templates: Mapping[str, Template]) -> frozenset[Ask]:
    """Answer all that SageMaker asks in the environment of the tests."""
    asking = Asking(environment)
    (group,) = resources(templates["platform"], "AWS::SageMaker::FeatureGroup")
    trainings = (ask for one in ALGORITHMS for ask in asking.of_training(one))
    serving = (ask for one in ALGORITHMS for ask in asking.of_serving(one))
    return frozenset((*trainings, *serving, *asking.of_features(group)))


def of(asked: frozenset[Ask], part: Execution) -> list[Ask]:
    return sorted(ask for ask in asked if ask.role is part)


@pytest.mark.parametrize("part", Execution)
def test_all_that_sagemaker_asks_is_allowed_by_the_synthesized_role(
    account: Account, asked: frozenset[Ask], part: Execution
) -> None:
    document = account.policy_of_role(names.execution_role("dev", part))
    made = of(asked, part)
    assert made
    assert [one for one in made if not allowed(document, one)] == []


def allowed(document: Mapping[str, Any], ask: Ask) -> bool:
    return iam.allows(document, ask.action, ask.resource, dict(ask.values))


@pytest.mark.parametrize("part", Execution)
def test_all_that_is_allowed_is_asked_or_says_why_not(
    environment: Environment, asked: frozenset[Ask], part: Execution
) -> None:
    for grant in execution.roles(environment)[part].grants:
        idle = set(unused(grant, of(asked, part)))
        if grant.unseen:
            assert idle == {(a, r) for a in grant.actions for r in grant.on}, (
                f"{part}: {grant.why}: asked, so take `unseen` out"
            )
        else:
            assert not idle, f"{part}: {grant.why}: nobody asks {sorted(idle)}"


def unused(grant: Grant, made: list[Ask]) -> Iterator[tuple[str, str]]:
    """Answer each action on each resource of a row that is not asked."""
    whole = policies.statement(grant)
    for action in grant.actions:
        for resource in grant.on:
            alone = whole | {"Action": [action], "Resource": [resource]}
            if not any(
                iam.permits(alone, one.action, one.resource, dict(one.values)) for one in made
            ):
                yield action, resource


@pytest.mark.parametrize("ask", TOO_MUCH, ids=lambda ask: f"{ask.role}-{ask.action}")
def test_nothing_else_is_allowed(account: Account, ask: Ask) -> None:
    assert not allowed(account.policy_of_role(names.execution_role("dev", ask.role)), ask)


@pytest.mark.parametrize("part", Execution)
def test_nobody_but_sagemaker_takes_a_role_of_its(account: Account, part: Execution) -> None:
    assert account.takes(names.execution_role("dev", part), "sagemaker")
