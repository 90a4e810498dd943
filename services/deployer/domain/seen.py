"""What the deployer sees of the registry and of endpoints, in our words."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime

from shared.contracts.frozen import Frozen
from shared.contracts.names import Stage
from shared.contracts.registration import Registration
from shared.contracts.specs import Approver, ModelSpec, Strategy

SHIFTING = (Strategy.CANARY, Strategy.LINEAR)


class Verdict(StrEnum):
    """What was said of a version, for one stage."""

    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"


class Package(Frozen):
    """A ModelPackage, as Describe shows it."""

    arn: str
    version: int
    approval: Verdict
    approval_note: str = ""
    production: Verdict | None = None
    """The life cycle's status where its stage is Production; none while it is Staging."""
    production_note: str = ""
    last_modified_by: str = "unknown"
    image: str
    artifact_uri: str
    registration: Registration
    """As the evaluator wrote it."""


class Serving(StrEnum):
    """What an endpoint is doing."""

    READY = "ready"
    CHANGING = "changing"
    FAILED = "failed"
    STUCK = "stuck"
    """The roll-back of an update failed: only a person can help."""


class Endpoint(Frozen):
    """An endpoint, as Describe shows it."""

    name: str
    status: Serving
    config: str
    pending_config: str | None = None
    modified_at: AwareDatetime
    reason: str = ""
    on_instances: bool = False
    """Whether it serves on instances: SageMaker makes no such endpoint serverless."""

    @property
    def is_settled(self) -> bool:
        """Whether it serves and nothing is under way."""
        return self.status is Serving.READY and self.pending_config is None


class World(Frozen):
    """What a decision on one model looks at, beside the registry."""

    endpoints: dict[Stage, Endpoint | None]
    strategy: str = Strategy.ALL_AT_ONCE
    """How traffic moves to a new version in production."""
    bake_s: int = 0
    """Seconds that alarms are watched before the old version goes."""
    frozen: bool
    rules_allowed: bool = False
    """Whether rules may approve in this environment."""
    rule_for: tuple[Stage, ...] = ()
    """Stages that the spec's rule approves, where this environment allows rules."""
    expires_after_s: int | None = None
    """Seconds that a version may wait for a verdict; None where nobody says."""
    staging_ttl_s: int | None = None
    """Seconds that a version may stand in staging; None where nobody says."""

    def under(self, spec: ModelSpec) -> "World":
        """Answer what would be seen, were this the spec."""
        return self.changed(**of_spec(spec, self.rules_allowed))

    def strategy_in(self, stage: Stage) -> str:
        """Answer how traffic moves to a new version: staging has none that needs care."""
        return self.strategy if stage is Stage.PRODUCTION else Strategy.ALL_AT_ONCE

    def on_instances(self, stage: Stage) -> bool:
        """Tell whether a stage's endpoint is to run on instances, day and night: only what shifts
        traffic needs them, and staging never does; what is on them stays there, for it takes no
        serverless configuration."""
        endpoint = self.endpoints[stage]
        stays = endpoint is not None and endpoint.on_instances
        return stays or self.strategy_in(stage) in SHIFTING

    def fence(self, stage: Stage) -> datetime | None:
        """Answer when the stage's endpoint was last modified; None where there is none."""
        endpoint = self.endpoints[stage]
        return endpoint.modified_at if endpoint else None

    def serves(self, stage: Stage, config: str) -> bool:
        """Tell whether the stage's endpoint serves a configuration, and nothing is under way."""
        endpoint = self.endpoints[stage]
        return endpoint is not None and endpoint.is_settled and endpoint.config == config


def of_spec(spec: ModelSpec, rules_allowed: bool) -> dict[str, Any]:
    """Answer what a `World` has from the spec."""
    by_rule = {
        Stage.STAGING: spec.approval.staging is Approver.RULE,
        Stage.PRODUCTION: spec.approval.production is Approver.RULE,
    }
    return {
        "strategy": spec.deployment.strategy,
        "bake_s": int(spec.deployment.bake.total_seconds()),
        "frozen": spec.frozen,
        "rule_for": tuple(stage for stage in Stage if by_rule[stage] and rules_allowed),
        "expires_after_s": int(spec.approval.expires_after.total_seconds()),
        "staging_ttl_s": int(spec.deployment.staging_ttl.total_seconds()),
    }
