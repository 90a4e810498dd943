"""What an event says, in a few words for people: one row per event."""

import re
from collections.abc import Callable
from typing import Any

from shared.contracts.envelope import Event
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    AccuracyMeasured,
    AccuracyRecovered,
    ApprovalRevoked,
    DataFaultCleared,
    DataFaultDetected,
    DataResumed,
    DataStalled,
    DeadLetterDecided,
    DecisionRecorded,
    DeploymentFailed,
    DeploymentRequested,
    DeploymentRolledBack,
    DeploymentStarted,
    DeploymentSuperseded,
    EndpointInService,
    LimitRestored,
    LimitSet,
    LimitTightened,
    ModelApproved,
    ModelDeclined,
    ModelEvaluated,
    ModelRefused,
    ModelRegistered,
    ModelSpecApplied,
    ObservationsIngested,
    PromotionApproved,
    PromotionDeclined,
    PromotionRequested,
    RecordsQuarantined,
    RetrainRequested,
    RollbackRequested,
    TrainingCompleted,
    TrainingFailed,
    TrainingStarted,
    TrainingSuppressed,
)

Words = Callable[[Any], str]
PERSON = re.compile(r"arn:[\w-]+:(?:iam|sts)::\d*:[\w+=,.@/-]*[\w+=@-]")

SPEAKERS = {
    "operator": "magenta",
    "ingest": "cyan",
    "trainer": "yellow",
    "evaluator": "blue",
    "deployer": "green",
    "monitor": "red",
}
"""In which colour a line says who speaks."""


def who(arn: str) -> str:
    """Name a person as people do: the last part of an ARN."""
    return arn.rsplit("/", 1)[-1]


def plain(text: str) -> str:
    """Name people by their short names in a text: whoever wrote it knew them by their ARNs."""
    return PERSON.sub(lambda found: who(found[0]), text)


def by(said: str) -> Words:
    """Say who said it, and the note."""

    def words(event: Any) -> str:
        note = f": {event.note}" if event.note else ""
        return f"v{event.version} {said} by {who(event.approver)}{note}"

    return words


def back_to(event: Any) -> str:
    """Say what serves instead."""
    is_other = event.back_to and event.back_to != event.version
    return f", v{event.back_to} serves" if is_other else ""


def limit(event: Any) -> str:
    """Say how a limit moved."""
    old = "none" if event.old is None else f"{event.old:.4f}"
    return f"{old} → {event.new:.4f} ({who(event.actor)})"


def evaluated(event: ModelEvaluated) -> str:
    """Say how a run did."""
    champion = event.champion
    against = f", v{champion.version} {champion.mean_wql:.4f}" if champion.mean_wql else ""
    return (
        f"{event.verdict}: mean wQL {event.metrics.mean_wql:.4f}, "
        f"baseline {event.baseline.mean_wql:.4f}{against}, limit {event.gate.limit:.4f}, "
        f"{event.points} points"
    )


def ingested(event: ObservationsIngested) -> str:
    """Say which windows came in."""
    what = "history" if event.backfill else "windows"
    revised = f", {event.revised} revised" if event.revised else ""
    return f"{event.count} {what}{revised}, {event.first:%m-%d %H:%M} to {event.last:%m-%d %H:%M}"


def suppressed(event: TrainingSuppressed) -> str:
    """Say why nothing is trained, and when time turns it."""
    until = f", until {event.until:%m-%d %H:%M:%S} UTC" if event.until else ""
    return f"{event.rule}: {event.reason}{until}"


def dead_letter(event: DeadLetterDecided) -> str:
    """Say what became of a dead letter."""
    what = event.event_type or "a message"
    return f"{what} in {event.service}'s dead letters {event.decision}: {event.reason}"


WORDS: dict[type[Event], Words] = {
    ObservationsIngested: ingested,
    RecordsQuarantined: lambda e: f"{e.count} records: {', '.join(e.reasons)}",
    ModelSpecApplied: lambda e: f"changed: {', '.join(e.changed_fields)}",
    RetrainRequested: lambda e: e.reason,
    TrainingStarted: lambda e: f"{e.run_id} with {e.algorithm}, asked for by {e.trigger}",
    TrainingSuppressed: suppressed,
    TrainingCompleted: lambda e: f"{e.run_id}, {e.dataset.points} points",
    TrainingFailed: lambda e: f"{e.run_id} in {e.step}: {e.reason}",
    ModelEvaluated: evaluated,
    ModelRefused: lambda e: f"{e.run_id}: {'; '.join(e.reasons)}",
    ModelRegistered: lambda e: f"v{e.version} of {e.run_id} waits for approval",
    LimitSet: limit,
    LimitTightened: limit,
    LimitRestored: limit,
    ModelApproved: by("approved"),
    ModelDeclined: by("declined"),
    ApprovalRevoked: by("revoked"),
    DeploymentStarted: lambda e: f"v{e.version} to {e.stage}, {e.strategy}",
    EndpointInService: lambda e: f"v{e.version} serves in {e.stage}",
    DeploymentFailed: lambda e: f"v{e.version} in {e.stage}: {e.reason}{back_to(e)}",
    DeploymentRolledBack: lambda e: f"v{e.version} left {e.stage}: {e.reason}{back_to(e)}",
    DeploymentSuperseded: lambda e: f"v{e.version} for {e.stage}: {e.reason}",
    PromotionRequested: lambda e: f"v{e.version} may go to production: {e.evidence}",
    PromotionApproved: by("sent to production"),
    PromotionDeclined: by("kept out of production"),
    RollbackRequested: lambda e: f"v{e.version} in {e.stage}: {e.reason}",
    DeploymentRequested: lambda e: f"v{e.version} to {e.stage}: {e.reason}",
    DeadLetterDecided: dead_letter,
    AccuracyMeasured: lambda e: f"v{e.version}: mean wQL {e.mean_wql:.4f}, limit {e.limit:.4f}",
    AccuracyDegraded: lambda e: f"v{e.version}: {e.evidence}",
    AccuracyRecovered: lambda e: f"v{e.version}: {e.evidence}",
    DataFaultDetected: lambda e: f"{e.kind}: {e.evidence}",
    DataFaultCleared: lambda e: f"{e.kind}: {e.evidence}",
    DataStalled: lambda e: f"nothing since {e.last_seen:%m-%d %H:%M}",
    DataResumed: lambda e: f"again since {e.last_seen:%m-%d %H:%M}",
    DecisionRecorded: lambda e: e.why,
}


def what(event: Event) -> str:
    """Say in a few words what an event says."""
    return plain(WORDS[type(event)](event))
