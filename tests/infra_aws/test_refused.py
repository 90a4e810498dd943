"""What nobody may do, though somebody else may do something much like it."""

from collections.abc import Mapping
from typing import Any

import pytest

from infra.aws import execution, people, permissions, policies
from infra.aws.environments import Environment
from infra.aws.grants import APPROVAL, LIFE_CYCLE, Role
from shared.contracts.names import Stage
from tests.infra_aws import iam

ACCOUNT, REGION = "123456789012", "eu-central-1"
STAGE, STAGE_STATUS = (f"{LIFE_CYCLE[0]}{key}" for key in ("stage", "stageStatus"))
OTHER = {f"{LIFE_CYCLE[1]}stage": "Production", f"{LIFE_CYCLE[1]}stageStatus": "Approved"}
PACKAGE = "model-package/mc-dev-fees/1"
UPDATE = "sagemaker:UpdateModelPackage"
EVENTS = "events:PutEvents"
BUS = "event-bus/modelcycle-dev"
BUCKET = "modelcycle-dev-123456789012-eu-central-1"
PAGE = f"{BUCKET}/journal/2026/03/01/x.jsonl.gz"
NEW = {"s3:if-none-match": "*"}


def said(source: str, kind: str) -> dict[str, str]:
    """Answer the values of an event."""
    return {"events:source": f"modelcycle.{source}", "events:detail-type": kind}


def written(status: str) -> dict[str, str]:
    """Answer the values of an approval status."""
    return {APPROVAL: status}


def production(status: str) -> dict[str, str]:
    """Answer the values of a verdict for production."""
    return {STAGE: "Production", STAGE_STATUS: status}


def documents(*, rules_allowed: bool) -> dict[str, dict[str, Any]]:
    """Answer the policies of everybody, by a short name."""
    environment = Environment(
        name="dev", account=ACCOUNT, region=REGION, rules_allowed=rules_allowed
    )
    roles: dict[str, Role] = {
        **permissions.roles(environment),
        **{str(part): role for part, role in execution.roles(environment).items()},
        **people.policies(environment),
    }
    return {name: policies.document(role.grants) for name, role in roles.items()}


WITH_RULES, WITHOUT_RULES = documents(rules_allowed=True), documents(rules_allowed=False)
PASS = {"iam:PassedToService": "sagemaker.amazonaws.com"}
REGISTERED = {
    APPROVAL: "PendingManualApproval",
    STAGE: "Staging",
    STAGE_STATUS: "PendingApproval",
}
JOBS, ENDPOINTS = "role/modelcycle-dev-execution-jobs", "role/modelcycle-dev-execution-endpoints"

CASES: list[tuple[str, str, str, Mapping[str, str], bool]] = [
    # registering
    ("evaluator", "sagemaker:CreateModelPackage", PACKAGE, REGISTERED, True),
    (
        "evaluator",
        "sagemaker:CreateModelPackage",
        PACKAGE,
        REGISTERED | {APPROVAL: "Approved"},
        False,
    ),
    ("evaluator", "sagemaker:CreateModelPackage", PACKAGE, {}, False),
    (
        "evaluator",
        "sagemaker:CreateModelPackage",
        PACKAGE,
        REGISTERED | production("Approved"),
        False,
    ),
    ("evaluator", UPDATE, PACKAGE, written("Approved"), False),
    # verdicts by people
    ("approve-staging", UPDATE, PACKAGE, written("Approved"), True),
    ("approve-staging", UPDATE, PACKAGE, written("Rejected"), True),
    ("approve-staging", UPDATE, PACKAGE, written("PendingManualApproval"), False),
    ("approve-staging", UPDATE, PACKAGE, production("Approved"), False),
    ("approve-staging", UPDATE, PACKAGE, written("Approved") | production("Approved"), False),
    (
        "approve-staging",
        UPDATE,
        PACKAGE,
        written("Approved") | OTHER,
        False,
    ),
    ("approve-staging", UPDATE, PACKAGE, {}, False),
    ("approve-staging", UPDATE, "model-package/mc-prod-fees/1", written("Approved"), False),
    ("approve-production", UPDATE, PACKAGE, production("Approved"), True),
    ("approve-production", UPDATE, PACKAGE, production("Rejected"), True),
    ("approve-production", UPDATE, PACKAGE, OTHER, True),
    ("approve-production", UPDATE, PACKAGE, written("Approved") | OTHER, False),
    ("approve-production", UPDATE, PACKAGE, production("PendingApproval"), False),
    ("approve-production", UPDATE, PACKAGE, written("Approved"), False),
    ("approve-production", UPDATE, PACKAGE, written("Approved") | production("Approved"), False),
    ("approve-production", "sagemaker:CreateModelPackage", PACKAGE, production("Approved"), False),
    # verdicts by the deployer, with rules
    ("deployer", UPDATE, PACKAGE, production("PendingApproval"), True),
    ("deployer", UPDATE, PACKAGE, production("Rejected"), True),
    ("deployer", UPDATE, PACKAGE, written("Approved"), True),
    ("deployer", UPDATE, PACKAGE, written("Approved") | production("Approved"), False),
    ("deployer", "sagemaker:CreateModelPackage", PACKAGE, REGISTERED, False),
    # events
    ("trainer", EVENTS, BUS, said("trainer", "TrainingStarted"), True),
    ("trainer", EVENTS, BUS, said("trainer", "DecisionRecorded"), True),
    ("trainer", EVENTS, BUS, said("trainer", "ModelApproved"), False),
    ("trainer", EVENTS, BUS, said("deployer", "TrainingStarted"), False),
    ("trainer", EVENTS, BUS, {"events:source": "modelcycle.trainer"}, False),
    ("trainer", EVENTS, BUS, {}, False),
    ("trainer", EVENTS, "event-bus/default", said("trainer", "TrainingStarted"), False),
    ("trainer", EVENTS, BUS, said("operator", "RetrainRequested"), False),
    ("journal", EVENTS, BUS, said("journal", "DecisionRecorded"), False),
    # roles
    ("deployer", "iam:PassRole", ENDPOINTS, PASS, True),
    ("deployer", "iam:PassRole", JOBS, PASS, False),
    ("deployer", "iam:PassRole", ENDPOINTS, {"iam:PassedToService": "ec2.amazonaws.com"}, False),
    ("deployer", "iam:PassRole", ENDPOINTS, {}, False),
    ("trainer", "iam:PassRole", JOBS, PASS, False),
    ("pipelines", "iam:PassRole", JOBS, PASS, True),
    ("pipelines", "iam:PassRole", "role/modelcycle-dev-deployer", PASS, False),
    # others' things
    ("trainer", "dynamodb:PutItem", "table/modelcycle-dev-deployer", {}, False),
    ("monitor", "sagemaker:InvokeEndpoint", "endpoint/mc-dev-fees-production", {}, True),
    ("monitor", "sagemaker:InvokeEndpoint", "endpoint/mc-dev-fees-staging", {}, False),
    ("monitor", "sagemaker:InvokeEndpoint", "endpoint/mc-dev2-fees-production", {}, False),
    ("monitor", "sagemaker:DeleteEndpoint", "endpoint/mc-dev-fees-production", {}, False),
    ("deployer", "sagemaker:DeleteEndpoint", "endpoint/mc-dev-fees-production", {}, True),
    ("deployer", "sagemaker:DeleteEndpoint", "endpoint/somebody-elses", {}, False),
    ("deployer", "sagemaker:StartPipelineExecution", "pipeline/mc-dev-lightgbm", {}, False),
    ("trainer", "ssm:GetParameter", "parameter/modelcycle/prod/fees/spec", {}, False),
    ("trainer", "ssm:PutParameter", "parameter/modelcycle/dev/fees/spec", {}, False),
    ("poller", "sqs:SendMessage", "modelcycle-dev-trainer", {}, False),
    # the journal only grows
    ("journal", "s3:PutObject", PAGE, NEW, True),
    ("journal", "s3:PutObject", PAGE, {}, False),
    ("journal", "s3:PutObject", f"{BUCKET}/runs/x", NEW, False),
    ("journal", "s3:GetObject", PAGE, {}, False),
    ("journal", "s3:DeleteObject", PAGE, {}, False),
    ("journal", "dynamodb:DeleteItem", "table/modelcycle-dev-journal", {}, False),
    ("journal", "dynamodb:UpdateItem", "table/modelcycle-dev-journal", {}, False),
    *((who, "s3:PutObject", PAGE, NEW, False) for who in ("deployer", "ingest", "jobs")),
    ("jobs", "s3:PutObject", "modelcycle-dev-123456789012-eu-central-1/series/x", {}, False),
    ("endpoints", "s3:PutObject", "modelcycle-dev-123456789012-eu-central-1/runs/x", {}, False),
]


def arn(action: str, resource: str) -> str:
    """Write the ARN of a resource that an action is about."""
    service = action.split(":")[0]
    region, account = ("", "") if service == "s3" else (REGION, ACCOUNT)
    return f"arn:aws:{service}:{'' if service == 'iam' else region}:{account}:{resource}"


@pytest.mark.parametrize(("who", "action", "resource", "values", "allowed"), CASES)
def test_a_policy_allows_what_is_its_holders_and_not_what_is_anothers(
    who: str, action: str, resource: str, values: Mapping[str, str], allowed: bool
) -> None:
    assert iam.allows(WITH_RULES[who], action, arn(action, resource), values) is allowed


@pytest.mark.parametrize("values", [written("Approved"), production("Approved"), OTHER])
def test_without_rules_only_people_can_approve(values: Mapping[str, str]) -> None:
    package = arn(UPDATE, PACKAGE)
    may = {who for who, one in WITHOUT_RULES.items() if iam.allows(one, UPDATE, package, values)}
    stage = Stage.STAGING if APPROVAL in values else Stage.PRODUCTION
    assert may == {f"approve-{stage}"}


def test_the_evaluator_of_policies_refuses_what_it_does_not_know() -> None:
    statement = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}
    with pytest.raises(iam.NotOurPartError):
        iam.allows({"Statement": [statement]}, "s3:GetObject", "arn:aws:s3:::bucket/key", {})
