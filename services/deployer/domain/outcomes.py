"""What came of the deployer's actions."""

from services.deployer.domain.seen import World
from shared.contracts.frozen import Frozen

CAPACITY = frozenset({"ResourceLimitExceeded", "ResourceLimitExceededException"})
NOT_APPROVED = "NotApproved"
DIGEST_DIFFERS = "DigestDiffers"
OVERTAKEN = "Overtaken"
UNFIT = "EndpointFailed"
STUCK = "EndpointStuck"


class RolloutBegun(Frozen):
    """SageMaker accepted the roll-out."""


class SmokePassed(Frozen):
    """Staging answers as the batch forecast did."""

    evidence: str
    world: World


class SmokeFailed(Frozen):
    """Staging does not answer, or answers something else."""

    reason: str
    world: World


class Skipped(Frozen):
    """Somebody said more meanwhile; it was not ours to write any more."""


class Done(Frozen):
    """It is so."""
