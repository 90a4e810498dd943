"""What an event says, as a sentence in the story of why; one row per event that matters there."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from shared.contracts import lifecycle as said
from shared.contracts.envelope import Event

UNNAMED = {"rule": "The rule", "unknown": "Somebody", "expired": "Nobody answered in time, which"}
"""Who is no person."""


class Told(NamedTuple):
    """An event to be put into a sentence."""

    event: Any
    at: datetime
    actor: str


def of(event: Event, at: datetime, actor: str) -> str:
    """Put an event into a sentence; nothing where it adds nothing to the story."""
    sentence = SENTENCES.get(type(event))
    return sentence(Told(event, at, actor)) if sentence else ""


def moment(at: datetime) -> str:
    """Write a moment as people read it."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def day_and_minute(at: datetime) -> str:
    """Write a moment of the data, which has no seconds."""
    return f"{at:%Y-%m-%d %H:%M}"


def noted(note: str) -> str:
    """Repeat a note."""
    return f" ({note})" if note else ""


def evaluated(told: Told) -> str:
    """Say by what a run was judged."""
    event: said.ModelEvaluated = told.event
    champion = event.champion
    against = (
        f", v{champion.version} {champion.mean_wql:.4g} on the same windows"
        if champion.mean_wql is not None
        else ""
    )
    return (
        f"Judged on {event.points} points it lost {event.metrics.mean_wql:.4g} (mean wQL), "
        f"limit {event.gate.limit:.4g} ({event.gate.limit_is}), baseline "
        f"{event.baseline.mean_wql:.4g}{against}: {event.verdict}."
    )


def completed(told: Told) -> str:
    """Say what a run was trained on."""
    event: said.TrainingCompleted = told.event
    data = event.dataset
    return (
        f"{event.run_id} learned from {data.points} points with {event.algorithm}, "
        f"{day_and_minute(data.first)} to {day_and_minute(data.cutoff)} UTC."
    )


def suppressed(told: Told) -> str:
    """Say why a wish waited."""
    event: said.TrainingSuppressed = told.event
    until = f", until {moment(event.until)} at the latest" if event.until else ""
    return f"It had to wait from {moment(told.at)} on ({event.rule}): {event.reason}{until}."


def in_service(told: Told) -> str:
    """Say that a version arrived."""
    event: said.EndpointInService = told.event
    came = "came back to" if event.came_back else "reached"
    return f"v{event.version} {came} {event.stage} on {moment(told.at)}."


def spoken(what: str) -> Callable[[Told], str]:
    """Say who said something of a version; what waited too long was said by nobody."""

    def sentence(told: Told) -> str:
        event = told.event
        who = UNNAMED.get(event.approver, event.approver)
        note = event.note.removeprefix(f"{event.approver}: ")
        return f"{who} {what.format(event.version)}{noted(note)}."

    return sentence


def limit(told: Told) -> str:
    """Say how the limit moved."""
    old = "none" if told.event.old is None else f"{told.event.old:.4g}"
    return f"{told.event.actor} moved the limit from {old} to {told.event.new:.4g}."


def ended(told: Told) -> str:
    """Say what went wrong with a version in a stage."""
    event = told.event
    what = "left" if isinstance(event, said.DeploymentRolledBack) else "failed in"
    return f"v{event.version} {what} {event.stage}: {event.reason}."


SENTENCES: Mapping[type[Event], Callable[[Told], str]] = {
    said.ModelSpecApplied: lambda told: (
        f"{told.actor} applied its spec on {moment(told.at)} "
        f"({len(told.event.changed_fields)} fields changed)."
    ),
    said.RetrainRequested: lambda told: (
        f"{told.actor} asked for a training on {moment(told.at)}: {told.event.reason}"
        f"{noted(told.event.note)}."
    ),
    said.AccuracyDegraded: lambda told: (
        f"v{told.event.degraded_version} fell short in {told.event.stage}, from windows of "
        f"{day_and_minute(told.event.since)} UTC on: {told.event.evidence}."
    ),
    said.TrainingSuppressed: suppressed,
    said.TrainingCompleted: completed,
    said.TrainingFailed: lambda told: (
        f"{told.event.run_id} failed in {told.event.step}: {told.event.reason}."
    ),
    said.ModelEvaluated: evaluated,
    said.ModelRefused: lambda told: (
        f"{told.event.run_id} was refused: {'; '.join(told.event.reasons)}."
    ),
    said.ModelRegistered: lambda told: f"It was registered as v{told.event.version}.",
    said.ModelApproved: spoken("approved v{}"),
    said.ModelDeclined: spoken("declined v{}"),
    said.ApprovalRevoked: spoken("took the approval of v{} back"),
    said.PromotionRequested: lambda told: f"In staging it passed: {told.event.evidence}.",
    said.PromotionApproved: spoken("sent v{} to production"),
    said.PromotionDeclined: spoken("kept v{} out of production"),
    said.RollbackRequested: lambda told: (
        f"{told.actor} asked to take v{told.event.version} from {told.event.stage}: "
        f"{told.event.reason}."
    ),
    said.DeploymentRequested: lambda told: (
        f"{told.actor} asked to try v{told.event.version} in {told.event.stage} again: "
        f"{told.event.reason}."
    ),
    said.EndpointInService: in_service,
    said.DeploymentFailed: ended,
    said.DeploymentRolledBack: ended,
    said.DeploymentSuperseded: lambda told: (
        f"v{told.event.version} gave way in {told.event.stage}: {told.event.reason}."
    ),
    said.LimitSet: limit,
    said.LimitTightened: limit,
    said.LimitRestored: limit,
    said.AccuracyMeasured: lambda told: f"v{told.event.version}: {told.event.evidence}.",
    said.AccuracyRecovered: lambda told: (
        f"v{told.event.version} is within its limit: {told.event.evidence}."
    ),
    said.DataFaultDetected: lambda told: (
        f"The data are at fault ({told.event.kind}): {told.event.evidence}."
    ),
    said.DataFaultCleared: lambda told: (
        f"The data are as they should be ({told.event.kind}): {told.event.evidence}."
    ),
    said.ObservationsIngested: lambda told: (
        f"{told.event.count} windows came in, {day_and_minute(told.event.first)} to "
        f"{day_and_minute(told.event.last)} UTC."
    ),
}
"""What starts or ends a roll-out adds nothing to what led to it; it is in the chain."""
