"""The model registry in boto3."""

from typing import TYPE_CHECKING, Any

from services.deployer.domain.seen import Package, Verdict
from shared.contracts.names import Stage
from shared.contracts.registration import Registration
from shared.messaging.aws_errors import described, translated
from shared.messaging.errors import Refused, Retryable

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

PRODUCTION = "Production"
PENDING = "PendingApproval"
CONFLICT = "ConflictException"
DESCRIPTION_CHARACTERS_MAX = 1_024  # AWS
VERDICTS = {
    "PendingManualApproval": Verdict.PENDING,
    "Approved": Verdict.APPROVED,
    "Rejected": Verdict.DECLINED,
}


class SageMakerRegistry:
    """The model registry."""

    def __init__(self, sagemaker: "SageMakerClient") -> None:
        self.sagemaker = sagemaker

    def package(self, arn: str) -> Package | None:
        """Answer a version as it is now."""
        found = described(lambda: self.sagemaker.describe_model_package(ModelPackageName=arn))
        registration = (
            Registration.read(found.get("CustomerMetadataProperties", {})) if found else None
        )
        if found is None or registration is None or "ModelPackageVersion" not in found:
            return None
        life_cycle = found.get("ModelLifeCycle", {})
        container = found["InferenceSpecification"]["Containers"][0]
        return Package(
            arn=found["ModelPackageArn"],
            version=found["ModelPackageVersion"],
            approval=VERDICTS.get(found["ModelApprovalStatus"], Verdict.PENDING),
            approval_note=found.get("ApprovalDescription", ""),
            production=production_verdict(life_cycle),
            production_note=life_cycle.get("StageDescription", ""),
            last_modified_by=who(found.get("LastModifiedBy") or found.get("CreatedBy") or {}),
            image=container["Image"],
            artifact_uri=container["ModelDataUrl"],
            registration=registration,
        )

    def offer(self, arn: str, evidence: str) -> bool:
        """Write {Production, PendingApproval}, if the life cycle still shows Staging."""
        with translated():
            seen = self.sagemaker.describe_model_package(ModelPackageName=arn)
        life_cycle = seen.get("ModelLifeCycle", {})
        if life_cycle.get("Stage") == PRODUCTION:
            return life_cycle.get("StageStatus") == PENDING  # our own words, said before
        self.write_production(arn, PENDING, evidence)
        return True

    def approve(self, arn: str, stage: Stage, note: str) -> None:
        """Approve for a stage, if it is still pending."""
        self.decide(arn, stage, "Approved", note)

    def decline(self, arn: str, stage: Stage, note: str) -> None:
        """Decline for a stage, if it is still pending."""
        self.decide(arn, stage, "Rejected", note)

    def decide(self, arn: str, stage: Stage, status: str, note: str) -> None:
        """Write a verdict, if nobody was faster: Describe is asked right before."""
        package = self.package(arn)
        if package is None:
            return
        if stage is Stage.STAGING and package.approval is Verdict.PENDING:
            self.update(ModelPackageArn=arn, ModelApprovalStatus=status, ApprovalDescription=note)
        if stage is Stage.PRODUCTION and package.production is Verdict.PENDING:
            self.write_production(arn, status, note)

    def write_production(self, arn: str, status: str, description: str) -> None:
        """Write the life cycle of a version."""
        self.update(
            ModelPackageArn=arn,
            ModelLifeCycle={
                "Stage": PRODUCTION,
                "StageStatus": status,
                "StageDescription": description[:DESCRIPTION_CHARACTERS_MAX],
            },
        )

    def update(self, **changes: Any) -> None:
        """Write in the registry.

        Raises
        ------
        Retryable
            If somebody else writes at the same moment.
        """
        try:
            with translated():
                self.sagemaker.update_model_package(**changes)
        except Refused as refusal:
            if refusal.code == CONFLICT:
                raise Retryable(str(refusal)) from refusal
            raise


def production_verdict(life_cycle: Any) -> Verdict | None:
    """Read the life cycle: its words are free strings, ours are in DESIGN §6."""
    if life_cycle.get("Stage") != PRODUCTION:
        return None
    return VERDICTS.get(life_cycle.get("StageStatus", ""), Verdict.PENDING)


def who(context: Any) -> str:
    """Name a person as the registry knows them."""
    profile: str | None = context.get("UserProfileName")
    arn: str | None = context.get("IamIdentity", {}).get("Arn")
    return profile or arn or "unknown"
