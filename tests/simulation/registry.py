"""The model registry of the simulated cloud: versions, verdicts, and who wrote last."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from services.deployer.domain.seen import Package, Verdict
from services.deployer.domain.verdicts import EXPIRED
from services.evaluator.ports import Package as Registered
from services.evaluator.ports import Proposal
from shared.contracts import names
from shared.contracts.names import Stage
from shared.messaging.errors import Refused

if TYPE_CHECKING:
    from tests.simulation.world import World

ACCOUNT = "arn:aws:sagemaker:us-east-1:123456789012"
TOKEN_KNOWN_S = 3_600
INVALID, CONFLICT = "ValidationException", "ConflictException"
STATUS = {
    Verdict.PENDING: "PendingManualApproval",
    Verdict.APPROVED: "Approved",
    Verdict.DECLINED: "Rejected",
}


class Remembered(NamedTuple):
    """What a token was used for, when, and what came of it."""

    at_s: float
    proposal: Proposal
    registered: Registered


@dataclass
class Kept:
    """A version, and when it was said that it may not serve."""

    model: str
    package: Package
    revoked_at: dict[Stage, int] = field(default_factory=dict)
    """By stage: the step at which it stopped being approved."""


class Registry:
    """All versions of all models."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.groups: set[str] = set()
        self.kept: dict[str, Kept] = {}
        self.numbers: dict[str, int] = {}
        self.tokens: dict[str, Remembered] = {}

    def ensure_group(self, group: str) -> None:
        """Have a group of this name."""
        self.groups.add(group)

    def package(self, arn: str) -> Package | None:
        """Describe a version."""
        kept = self.kept.get(arn)
        return kept.package if kept else None

    def of_model(self, model: str) -> list[Package]:
        """Answer the versions of a model."""
        return [kept.package for kept in self.kept.values() if kept.model == model]

    def find(self, group: str, run_id: str) -> Registered | None:
        """Answer the version that a run became."""
        owned = names.read_package_group(group)
        for package in self.of_model(owned.model if owned else ""):
            if package.registration.run_id == run_id:
                return Registered(arn=package.arn, version=package.version)
        return None

    def register(self, proposal: Proposal) -> Registered:
        """Create a version; a token is known for a while.

        Raises
        ------
        Refused
            If the token was used for something else, or there is no such group.
        """
        now = self.world.agenda.seconds
        known = self.tokens.get(proposal.token)
        if known and now - known.at_s < TOKEN_KNOWN_S:
            if known.proposal != proposal:
                raise Refused(CONFLICT, "the token was used for another request")
            return known.registered
        if proposal.group not in self.groups:
            raise Refused(INVALID, f"{proposal.group} does not exist")
        owned = names.read_package_group(proposal.group)
        model = owned.model if owned else ""
        version = self.numbers[model] = self.numbers.get(model, 0) + 1
        arn = f"{ACCOUNT}:model-package/{proposal.group}/{version}"
        registered = Registered(arn=arn, version=version)
        self.tokens[proposal.token] = Remembered(now, proposal, registered)
        package = Package(
            arn=arn,
            version=version,
            approval=Verdict.PENDING,
            last_modified_by="arn:aws:sts::1:assumed-role/modelcycle-evaluator/x",
            image=proposal.image,
            artifact_uri=proposal.artifact_uri,
            registration=proposal.registration,
        )
        self.kept[arn] = Kept(model, package)
        self.world.watch.registered(model, package, proposal.evaluation)
        self.world.note(f"registry: {model} v{version} is there ({package.registration.run_id})")
        self.hint(arn, "ModelApprovalStatus")
        self.world.people.see_registered(model, arn)
        return registered

    def write(self, arn: str, stage: Stage, verdict: Verdict | None, note: str, who: str) -> None:
        """Write approval status, or life cycle; None takes a verdict back to the start."""
        kept = self.kept[arn]
        changes: dict[str, Any]
        if stage is Stage.STAGING:
            changes = {"approval": verdict or Verdict.PENDING, "approval_note": note}
        else:
            changes = {"production": verdict, "production_note": note}
        before, kept.package = kept.package, kept.package.changed(**changes, last_modified_by=who)
        if verdict is not Verdict.APPROVED:
            kept.revoked_at.setdefault(stage, self.world.step)
        else:
            kept.revoked_at.pop(stage, None)
        self.world.note(f"registry: {kept.model} v{before.version} {stage} {verdict} by {who}")
        self.hint(arn, "ModelLifeCycle" if stage is Stage.PRODUCTION else "ModelApprovalStatus")

    def decide(self, arn: str, stage: Stage, verdict: Verdict, note: str) -> None:
        """Write a service's verdict, if the version is there and it is still pending."""
        package = self.package(arn)
        if package is None:
            return
        pending = package.approval if stage is Stage.STAGING else package.production
        if pending is Verdict.PENDING:
            self.write(arn, stage, verdict, note, "arn:aws:sts::1:assumed-role/modelcycle-deployer")
            if note.startswith(EXPIRED):
                self.world.count("expired")

    def offer(self, arn: str, evidence: str) -> bool:
        """Write {Production, PendingApproval}, if the life cycle still shows Staging.

        Raises
        ------
        Refused
            If there is no such version.
        """
        kept = self.kept.get(arn)
        if kept is None:
            raise Refused(INVALID, f"{arn} does not exist")
        if kept.package.production is not None:
            return kept.package.production is Verdict.PENDING
        self.world.watch.offered(kept.model, kept.package)
        self.write(arn, Stage.PRODUCTION, Verdict.PENDING, evidence, "modelcycle-deployer")
        self.world.people.see_offered(kept.model, arn)
        return True

    def hint(self, arn: str, changed: str) -> None:
        """Say that somebody wrote."""
        kept = self.kept[arn]
        group = arn.split("/")[-2]
        self.world.bus.hint(
            "SageMaker Model Package State Change",
            {
                "ModelPackageArn": arn,
                "ModelPackageGroupName": group,
                "ModelPackageVersion": kept.package.version,
                "ModelApprovalStatus": STATUS[kept.package.approval],
                "UpdatedModelPackageFields": [changed],
            },
        )
