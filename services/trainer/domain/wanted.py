"""Who wants a training and why, and what the governor said to it."""

from enum import StrEnum

from pydantic import AwareDatetime

from shared.contracts.envelope import Metadata
from shared.contracts.frozen import Frozen


class Trigger(StrEnum):
    """Why somebody wants a training, the strongest first."""

    PERSON = "person"
    DEGRADATION = "degradation"
    SPEC = "spec"
    SCHEDULE = "schedule"

    def outranks(self, other: "Trigger") -> bool:
        """Tell whether this is stronger."""
        order = tuple(Trigger)
        return order.index(self) < order.index(other)


class Refusal(Frozen):
    """The governor's no to a wish."""

    rule: str
    reason: str
    until: AwareDatetime | None = None
    """When time alone turns it; none: an event does."""


class Wish(Frozen):
    """Somebody wants a training."""

    trigger: Trigger
    cause: str
    """The event that made the wish: names the run."""
    correlation_id: str
    actor: str
    reason: str
    refusal: Refusal | None = None
    """The last no to it."""

    @classmethod
    def of(cls, metadata: Metadata, trigger: Trigger, reason: str) -> "Wish":
        """Make the wish that an event stands for."""
        return cls(
            trigger=trigger,
            cause=metadata.event_id,
            correlation_id=metadata.correlation_id,
            actor=metadata.actor,
            reason=reason,
        )


class Degradation(Frozen):
    """A version in production fell short; open until one is within its limit again."""

    version: int
    since: AwareDatetime
    """Start of the first breach, in event time."""
    cause: str
    """The event that said so: with the number of the attempt it names the run."""
    correlation_id: str
    actor: str
    attempts: int = 0
    """Runs that began because of it."""
    refusal: Refusal | None = None
    """The last no to its wish; none also while nobody asks, as a run is under way for it."""

    def wish(self) -> Wish:
        """Make the wish that it stands for: another attempt is another run."""
        again = f"/{self.attempts}" if self.attempts else ""
        return Wish(
            trigger=Trigger.DEGRADATION,
            cause=f"{self.cause}{again}",
            correlation_id=self.correlation_id,
            actor=self.actor,
            reason=f"v{self.version} has fallen short since {self.since:%Y-%m-%d %H:%M} UTC",
            refusal=self.refusal,
        )
