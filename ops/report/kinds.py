"""How each event of the loop is drawn: one row per event. Shape and colour say the same, so that
neither is needed alone."""

from typing import NamedTuple

from ops.report.inputs import Happening
from shared.contracts.names import Stage


class Kind(NamedTuple):
    """The lane in which an event is drawn, its shape, and its tone."""

    lane: str
    glyph: str
    tone: str


LANES = ("Accuracy", "Data", "Training", "Gate", "Approval", "Serving")

# Okabe and Ito: told apart by every kind of colour vision; good on white and on near black.
TONES = {
    "good": "#009e73",
    "bad": "#d55e00",
    "busy": "#0072b2",
    "person": "#b4578f",
    "wait": "#c98a00",
    "quiet": "#7b8794",
}

# Paths in a box of 12 by 12; a hollow one is drawn by its outline.
GLYPHS = {
    "circle": "M6 1.2a4.8 4.8 0 1 0 0 9.6a4.8 4.8 0 1 0 0-9.6Z",
    "square": "M1.4 1.4h9.2v9.2h-9.2Z",
    "diamond": "M6 .6L11.4 6L6 11.4L.6 6Z",
    "down": "M.6 1.8H11.4L6 11.2Z",
    "up": "M.6 10.2H11.4L6 .8Z",
    "cross": "M3 1L6 4L9 1L11 3L8 6L11 9L9 11L6 8L3 11L1 9L4 6L1 3Z",
    "bar": "M1 4.2H11V7.8H1Z",
    "play": "M2.4 .8L11 6L2.4 11.2Z",
    "ring": "M6 1a5 5 0 1 0 0 10a5 5 0 1 0 0-10ZM6 3.5a2.5 2.5 0 1 1 0 5a2.5 2.5 0 1 1 0-5Z",
    "frame": "M1 1h10v10h-10ZM3.2 3.2v5.6h5.6v-5.6Z",
}

KINDS = {
    "AccuracyDegraded": Kind("Accuracy", "down", "bad"),
    "AccuracyRecovered": Kind("Accuracy", "up", "good"),
    "DataFaultDetected": Kind("Data", "cross", "bad"),
    "DataFaultCleared": Kind("Data", "ring", "good"),
    "DataStalled": Kind("Data", "bar", "bad"),
    "DataResumed": Kind("Data", "play", "good"),
    "RecordsQuarantined": Kind("Data", "diamond", "wait"),
    "ModelSpecApplied": Kind("Training", "ring", "person"),
    "RetrainRequested": Kind("Training", "diamond", "person"),
    "TrainingStarted": Kind("Training", "play", "busy"),
    "TrainingSuppressed": Kind("Training", "bar", "wait"),
    "TrainingCompleted": Kind("Training", "circle", "good"),
    "TrainingFailed": Kind("Training", "cross", "bad"),
    "ModelEvaluated": Kind("Gate", "ring", "busy"),
    "ModelRefused": Kind("Gate", "cross", "bad"),
    "ModelRegistered": Kind("Gate", "diamond", "good"),
    "LimitSet": Kind("Gate", "bar", "person"),
    "LimitTightened": Kind("Gate", "bar", "quiet"),
    "LimitRestored": Kind("Gate", "bar", "wait"),
    "ModelApproved": Kind("Approval", "circle", "person"),
    "ModelDeclined": Kind("Approval", "cross", "bad"),
    "ApprovalRevoked": Kind("Approval", "down", "bad"),
    "PromotionRequested": Kind("Approval", "ring", "wait"),
    "PromotionApproved": Kind("Approval", "square", "person"),
    "PromotionDeclined": Kind("Approval", "cross", "bad"),
    "RollbackRequested": Kind("Approval", "diamond", "person"),
    "DeploymentRequested": Kind("Approval", "diamond", "person"),
    "DeploymentStarted": Kind("Serving", "play", "busy"),
    "EndpointInService": Kind("Serving", "square", "good"),
    "DeploymentFailed": Kind("Serving", "cross", "bad"),
    "DeploymentRolledBack": Kind("Serving", "down", "bad"),
    "DeploymentSuperseded": Kind("Serving", "bar", "quiet"),
}
IN_STAGING = Kind("Serving", "frame", "good")

COUNTED = ("ObservationsIngested", "AccuracyMeasured", "DeadLetterDecided")
"""So many, drawn elsewhere, or no part of the loop: they are counted rather than listed."""
WEIGHTY = frozenset({"AccuracyDegraded", "AccuracyRecovered"})
"""A line through all panels marks them."""


def kind_of(event: Happening) -> Kind | None:
    """Answer how an event is drawn; None if it is counted only."""
    if event.kind == "EndpointInService" and event.stage == Stage.STAGING:
        return IN_STAGING
    return KINDS.get(event.kind)
