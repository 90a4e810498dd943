"""What the deployer says: of people's verdicts, and of what serves."""

from typing import ClassVar

from pydantic import Field

from shared.contracts import names
from shared.contracts.envelope import Event
from shared.contracts.lifecycle.fields import (
    ConfigName,
    EndpointName,
    ModelName,
    Moment,
    Note,
    PackageArn,
    Person,
    Reason,
    Stage,
    Version,
)

ROLL_OUT, ROLLBACK = "roll-out", "rollback"  # why a version serves


class ModelApproved(Event):
    """A person, or the spec's rule, approved a version: it may go to staging."""

    producer: ClassVar[str] = "deployer"
    model: ModelName
    package_arn: PackageArn
    version: Version
    approver: Person
    note: Note


class ModelDeclined(Event):
    """A person declined a version, or it waited too long."""

    producer: ClassVar[str] = "deployer"
    model: ModelName
    package_arn: PackageArn
    version: Version
    approver: Person
    note: Note


class ApprovalRevoked(Event):
    """An approval was taken back; the version leaves wherever it serves."""

    producer: ClassVar[str] = "deployer"
    model: ModelName
    package_arn: PackageArn
    version: Version
    approver: Person
    note: Note


class DeploymentStarted(Event):
    """SageMaker accepted a roll-out."""

    producer: ClassVar[str] = "deployer"
    family: ClassVar[str | None] = "deployment"
    model: ModelName
    stage: Stage
    version: Version
    endpoint: EndpointName
    endpoint_config: ConfigName
    strategy: str = Field(examples=["all-at-once"])
    """all-at-once, canary, linear or rollback."""


class EndpointInService(Event):
    """A version serves; with this a stay in that stage begins."""

    producer: ClassVar[str] = "deployer"
    family: ClassVar[str | None] = "deployment"
    model: ModelName
    stage: Stage
    version: Version
    endpoint: EndpointName
    endpoint_config: ConfigName
    cutoff: Moment
    """The last observation that the version was trained on."""
    reason: str = Field(default=ROLL_OUT, examples=[ROLL_OUT])
    """roll-out, or rollback: the version came back, which tightens nothing."""

    @property
    def came_back(self) -> bool:
        """Whether the version served before, and came back."""
        return self.reason == ROLLBACK


class DeploymentFailed(Event):
    """A roll-out, or the smoke test after it, failed; what served before serves."""

    producer: ClassVar[str] = "deployer"
    family: ClassVar[str | None] = "deployment"
    model: ModelName
    stage: Stage
    version: Version
    back_to: Version | None = None
    """What serves there now; none: nothing. After a smoke test that failed it is the version
    itself, until it is taken away."""
    reason: Reason

    @property
    def aspect(self) -> str | None:
        """Only where it leaves production empty does it tell who serves there."""
        is_empty = self.stage == names.Stage.PRODUCTION and self.back_to is None
        return self.stage if is_empty else None


class DeploymentRolledBack(Event):
    """A version was taken away, for an earlier one or for none."""

    producer: ClassVar[str] = "deployer"
    family: ClassVar[str | None] = "deployment"
    model: ModelName
    stage: Stage
    version: Version
    back_to: Version | None = None
    """What serves there instead; none: nothing."""
    reason: Reason
    aged_out: bool = Field(default=False, examples=[False])
    """Whether its time to live in staging was over, which is no fault of the version."""

    @property
    def aspect(self) -> str | None:
        """In staging it tells of a version that its way ended, whoever serves there since."""
        return self.stage if self.stage == names.Stage.PRODUCTION else None


class DeploymentSuperseded(Event):
    """An approved version waited its turn, and a higher one took it."""

    producer: ClassVar[str] = "deployer"
    model: ModelName
    stage: Stage
    version: Version
    back_to: Version | None = None
    reason: Reason


class PromotionRequested(Event):
    """A version passed its smoke test in staging: a person, or the rule, may send it to
    production."""

    producer: ClassVar[str] = "deployer"
    model: ModelName
    version: Version
    evidence: str = Field(
        examples=["smoke test: 12 steps × 9 quantiles within 0.1 % of the batch forecast"]
    )


class PromotionApproved(Event):
    """A person, or the rule, sends a version to production."""

    producer: ClassVar[str] = "deployer"
    model: ModelName
    version: Version
    approver: Person
    note: Note
    early: bool = Field(default=False, examples=[False])
    """Whether it was said before the smoke test had passed."""


class PromotionDeclined(Event):
    """A person keeps a version out of production, or it waited too long."""

    producer: ClassVar[str] = "deployer"
    model: ModelName
    version: Version
    approver: Person
    note: Note
