"""Permissions as IAM wants them: plain policy documents, and the CDK's statements of the same."""

from collections.abc import Iterable
from typing import Any

from aws_cdk import aws_iam

from infra.aws.grants import Grant

VERSION = "2012-10-17"


def statement(grant: Grant) -> dict[str, Any]:
    """Write one row as a statement."""
    conditions = {
        operator: {key: list(values) for key, values in keys.items()}
        for operator, keys in grant.when.items()
    }
    return {
        "Effect": "Allow",
        "Action": list(grant.actions),
        "Resource": list(grant.on),
        **({"Condition": conditions} if conditions else {}),
    }


def document(grants: Iterable[Grant]) -> dict[str, Any]:
    """Write rows as a policy document, one statement each."""
    return {"Version": VERSION, "Statement": [statement(grant) for grant in grants]}


def cdk_document(grants: Iterable[Grant]) -> aws_iam.PolicyDocument:
    """Write rows as the CDK's policy document, which stays as it is written."""
    return aws_iam.PolicyDocument(
        minimize=False,
        statements=[aws_iam.PolicyStatement.from_json(statement(grant)) for grant in grants],
    )
