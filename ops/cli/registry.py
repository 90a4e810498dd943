"""The versions of a model, as the registry keeps them: translation only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError

from ops.cli.connection import Connection
from shared.contracts import names
from shared.contracts.registration import Registration
from shared.messaging.aws_errors import code_of

ABSENT = frozenset({"ValidationException", "ResourceNotFound"})
PRODUCTION = "Production"


class Verdict(StrEnum):
    """What was said of a version."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"


VERDICTS = {
    "PendingManualApproval": Verdict.WAITING,
    "PendingApproval": Verdict.WAITING,
    "Approved": Verdict.APPROVED,
    "Rejected": Verdict.DECLINED,
}


@dataclass(frozen=True)
class Version:
    """A version of a model."""

    model: str
    number: int
    arn: str
    approval: Verdict
    production: Verdict | None
    """None: not offered for production yet."""
    registered_at: datetime


@dataclass(frozen=True)
class Described:
    """A version with all that only its own description tells."""

    version: Version
    registration: Registration | None
    """None: the evaluator did not register it."""
    approval_note: str
    production_note: str
    modified_by: str
    modified_at: datetime
    evaluation_uri: str | None


class Registry:
    """The model registry of one environment."""

    def __init__(self, connection: Connection) -> None:
        self.env = connection.env
        self.sagemaker = connection.client("sagemaker")

    def versions(self, model: str) -> tuple[Version, ...]:
        """List a model's versions, the latest first; those that were only logged are left out."""
        pages = self.sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=names.package_group(self.env, model),
            ModelPackageType="Versioned",
            SortBy="CreationTime",
            SortOrder="Descending",
        )
        try:
            found = [one for page in pages for one in page["ModelPackageSummaryList"]]
        except ClientError as error:
            if code_of(error) in ABSENT:  # nothing was ever registered
                return ()
            raise
        candidates = [one for one in found if one.get("ModelPackageRegistrationType") != "Logged"]
        return tuple(read(model, one) for one in candidates)

    def describe(self, version: Version) -> Described:
        """Answer a version as it is now."""
        found = self.sagemaker.describe_model_package(ModelPackageName=version.arn)
        statistics = found.get("ModelMetrics", {}).get("ModelQuality", {}).get("Statistics", {})
        return Described(
            version=read(version.model, found),
            registration=Registration.read(found.get("CustomerMetadataProperties", {})),
            approval_note=found.get("ApprovalDescription", ""),
            production_note=found.get("ModelLifeCycle", {}).get("StageDescription", ""),
            modified_by=who(found.get("LastModifiedBy") or found.get("CreatedBy") or {}),
            modified_at=found.get("LastModifiedTime") or found["CreationTime"],
            evaluation_uri=statistics.get("S3Uri"),
        )

    def update(self, version: Version, fields: dict[str, Any]) -> None:
        """Write in the registry, as a person in Studio would."""
        self.sagemaker.update_model_package(ModelPackageArn=version.arn, **fields)


def read(model: str, found: Any) -> Version:
    """Read what List and Describe have in common."""
    life_cycle = found.get("ModelLifeCycle", {})
    production = None
    if life_cycle.get("Stage") == PRODUCTION:
        production = VERDICTS.get(life_cycle.get("StageStatus", ""), Verdict.WAITING)
    return Version(
        model=model,
        number=found["ModelPackageVersion"],
        arn=found["ModelPackageArn"],
        approval=VERDICTS.get(found["ModelApprovalStatus"], Verdict.WAITING),
        production=production,
        registered_at=found["CreationTime"],
    )


def who(context: Any) -> str:
    """Name a person as the registry knows them."""
    profile: str | None = context.get("UserProfileName")
    arn: str | None = context.get("IamIdentity", {}).get("Arn")
    return profile or arn or "unknown"
