"""Roles and managed policies in a stack, out of the permission tables."""

from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.aws import policies
from infra.aws.findings import Finding, accept, accept_because
from infra.aws.grants import Grant, Role

LAMBDA = "lambda.amazonaws.com"
PREFIXED = "names that are made later, under the environment's own prefix"


def add_role(scope: Construct, construct_id: str, role: Role, account: str) -> iam.Role:
    """Add a role that one service takes, and with it all that it may."""
    only_ours = {"StringEquals": {"aws:SourceAccount": account}}  # Lambda does not say for whom
    added = iam.Role(
        scope,
        construct_id,
        role_name=role.name,
        description=role.why,
        assumed_by=iam.ServicePrincipal(
            role.taken_by, conditions=None if role.taken_by == LAMBDA else only_ours
        ),
        inline_policies={"permissions": policies.cdk_document(role.grants)},
    )
    explain(added, role.grants)
    if role.taken_by == LAMBDA:
        accept(added, Finding.FUNCTION_WILDCARDS)
    return added


def add_policy(scope: Construct, construct_id: str, role: Role) -> iam.ManagedPolicy:
    """Add a policy that a team attaches to people."""
    added = iam.ManagedPolicy(
        scope,
        construct_id,
        managed_policy_name=role.name,
        description=role.why,
        document=policies.cdk_document(role.grants),
    )
    explain(added, role.grants)
    return added


def explain(added: Construct, grants: tuple[Grant, ...]) -> None:
    """Give the reason of each row whose resources have a wildcard in their names."""
    reasons: dict[str, str] = {}
    for grant in grants:
        for resource in grant.on:
            if "*" in resource:
                reasons[resource] = "; ".join(filter(None, (reasons.get(resource), grant.why)))
    for resource, why in reasons.items():
        general = "the action knows no resources" if resource == "*" else PREFIXED
        accept_because(added, f"{Finding.WILDCARDS}[Resource::{resource}]", f"{general}: {why}")
