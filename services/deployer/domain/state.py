"""What the deployer remembers of a model: its versions, and what serves in each stage."""

from enum import StrEnum
from typing import Any, Self

from pydantic import AwareDatetime

from services.deployer.domain.seen import Package, Verdict
from shared.contracts import limits, names
from shared.contracts.frozen import Frozen
from shared.contracts.names import Stage


class Version(Frozen):
    """A version, and what was said of it. A decision once heard stands."""

    number: int
    package_arn: str
    correlation_id: str | None = None
    """The trip round the loop that made it."""
    rule_may_approve: bool = False
    """Whether its registration was heard, and does not ask for a person."""
    waits_since: AwareDatetime | None = None
    """Since when a verdict is due: at first for staging, once it was offered for production."""
    approval: Verdict = Verdict.PENDING
    production: Verdict = Verdict.PENDING
    promoter: str = ""
    """Who approved it for production."""
    promotion_note: str = ""
    smoked: bool = False
    """Whether it passed the smoke test in staging."""
    withdrawn: tuple[Stage, ...] = ()
    """Stages that it was taken from by hand or by a failed test: to return, register again."""
    reason: str = ""
    """Why it may not serve any more."""
    run_id: str = ""
    artifact_sha256: str = ""
    cutoff: AwareDatetime | None = None

    def with_package(self, package: Package) -> "Version":
        """Remember what was approved, so that nothing else can be deployed in its name."""
        return self.changed(
            run_id=package.registration.run_id,
            artifact_sha256=package.registration.artifact_sha256,
            cutoff=package.registration.cutoff,
        )


class Phase(StrEnum):
    """How far a roll-out is."""

    ASKED = "asked"
    """Committed; SageMaker has not answered yet."""
    ROLLING = "rolling"
    DEFERRED = "deferred"
    """Refused for capacity; the sweep asks again."""


class Rollout(Frozen):
    """One attempt to put a version on a stage's endpoint."""

    version: int
    cause: str
    """The event that made us try: names the configuration."""
    config: str
    fence: AwareDatetime | None
    """The endpoint's LastModifiedTime seen before the commit; none: there was no endpoint."""
    phase: Phase = Phase.ASKED
    attempts: int = 1
    taking_away: int | None = None
    """The version that this roll-back takes away; none: a roll-out."""
    reason: str = ""
    """Why it is taken away."""


class OnEndpoint(Frozen):
    """A version that served, with the configuration that put it there."""

    version: int
    config: str
    since: AwareDatetime


class OfStage(Frozen):
    """What serves in a stage, what is on its way, and what waits."""

    live: OnEndpoint | None = None
    rollout: Rollout | None = None
    waiting: int | None = None
    """An approved version whose turn comes when the roll-out has ended."""
    kept: tuple[OnEndpoint, ...] = ()
    """What served before, newest last: ready for a roll-back by name."""
    stopped: str = ""
    """Why automation stopped on this endpoint; a person's DeploymentRequested starts it again."""


class Deployments(Frozen):
    """The aggregate: one per model."""

    env: str
    model: str
    versions: dict[int, Version] = {}
    forgotten: int = 0
    """Of the versions up to this one, those that are not remembered were decided upon once."""
    stages: dict[Stage, OfStage] = {stage: OfStage() for stage in Stage}

    def version(self, number: int) -> Version | None:
        """Answer what is remembered of a version."""
        return self.versions.get(number)

    def with_version(self, version: Version) -> Self:
        """Remember a version; the oldest that serve nowhere are forgotten."""
        versions = {**self.versions, version.number: version}
        idle = sorted(versions.keys() - self.in_use() - {version.number})
        forgotten = idle[: max(0, len(versions) - limits.VERSIONS_REMEMBERED)]
        return self.changed(
            versions={number: one for number, one in versions.items() if number not in forgotten},
            forgotten=max(self.forgotten, *forgotten, 0),
        )

    def in_use(self) -> set[int]:
        """Answer the versions that serve, are on their way, wait, or are kept."""
        used: set[int] = set()
        for stage in self.stages.values():
            used |= {one.version for one in (stage.live, stage.rollout, *stage.kept) if one}
            used |= {stage.waiting} if stage.waiting else set()
        return used

    def with_stage(self, stage: Stage, **changes: Any) -> Self:
        """Change one stage."""
        changed = self.stages[stage].changed(**changes)
        return self.changed(stages={**self.stages, stage: changed})

    def endpoint(self, stage: Stage) -> str:
        """Name the stage's endpoint."""
        return names.endpoint(self.env, self.model, stage)

    def config(self, stage: Stage, version: int, cause: str) -> str:
        """Name a fresh configuration for one attempt."""
        return names.endpoint_config(self.env, self.model, stage, version, cause)

    def may_serve(self, stage: Stage, number: int) -> bool:
        """Tell whether people's decisions, as they stand, let a version serve in a stage; in
        production, only what passed its smoke test."""
        return not self.why_not(stage, number)

    def why_not(self, stage: Stage, number: int) -> str:
        """Say what keeps a version from serving in a stage; nothing where it may."""
        version = self.version(number)
        if version is None and number <= self.forgotten:
            return "is too old to be remembered: to return it needs a new registration"
        if version is None or version.approval is Verdict.PENDING:
            return "is not approved"
        because = f" ({version.reason})" if version.reason else ""
        if version.approval is Verdict.DECLINED:
            return f"was declined{because}"
        if stage in version.withdrawn:
            return f"was taken from there{because}: to return it needs a new registration"
        if stage is Stage.STAGING:
            return ""
        if not version.smoked:
            return f"has not passed its smoke test{because}"
        if version.production is Verdict.DECLINED:
            return f"was declined for production{because}"
        return "" if version.production is Verdict.APPROVED else "is not approved for production"

    def is_denied(self, stage: Stage, number: int) -> bool:
        """Tell whether people, or a test, said that a version may not serve in a stage."""
        version = self.versions[number]
        said = (version.approval, version.production if stage is Stage.PRODUCTION else None)
        return Verdict.DECLINED in said or stage in version.withdrawn

    def fit(self, stage: Stage) -> OnEndpoint | None:
        """Answer what a roll-back goes to: the newest that is kept and may still serve."""
        kept = self.stages[stage].kept
        return next((one for one in reversed(kept) if self.may_serve(stage, one.version)), None)
