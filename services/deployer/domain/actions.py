"""What the deployer wants done, in our words."""

from pydantic import AwareDatetime

from shared.contracts.names import Stage
from shared.messaging.decision import Action


class RollOut(Action):
    """Put a version on a stage's endpoint, unless somebody else was there meanwhile."""

    model: str
    stage: Stage
    version: int
    package_arn: str
    artifact_sha256: str
    endpoint: str
    config: str
    fence: AwareDatetime | None
    strategy: str
    """How traffic moves, or ``rollback``."""
    on_instances: bool
    """Whether the endpoint runs on instances; serverless, what shifts traffic cannot."""
    bake_s: int
    for_production: bool
    """Whether the production approval, too, must still stand."""


class SmokeTest(Action):
    """Ask staging for the last backtest window and compare with the batch forecast."""

    model: str
    version: int
    package_arn: str
    endpoint: str


class OfferPromotion(Action):
    """Write {Production, PendingApproval}, if the life cycle still says Staging."""

    package_arn: str
    version: int
    evidence: str
    by_rule: bool
    """Whether the spec's rule promotes it."""


class WriteRuleVerdict(Action):
    """Approve by the spec's rule, as a person would."""

    package_arn: str
    stage: Stage
    note: str


class WriteExpiry(Action):
    """Decline what has waited for too long, if nobody has said anything yet."""

    package_arn: str
    stage: Stage
    note: str


class DeleteEndpoint(Action):
    """Take an endpoint away on which nothing may serve."""

    stage: Stage
    version: int
    endpoint: str
    config: str
    """Only while this is its configuration."""


class CleanUp(Action):
    """Delete configurations, and models that no kept configuration names."""

    configs: tuple[str, ...]
    versions: tuple[int, ...]
    """Versions whose SageMaker models may go."""
