"""What may come of a wish, or of a version: short stories, told to a chronicle."""

from collections.abc import Callable, Iterable
from typing import Any

from services.journal.domain import Entry
from shared.contracts.lifecycle import (
    ApprovalRevoked,
    DeploymentRolledBack,
    ModelEvaluated,
    ModelRefused,
    TrainingCompleted,
    TrainingFailed,
    TrainingStarted,
    TrainingSuppressed,
)
from tests.services.journal.chronicle import ALICE, Chronicle

Tell = Callable[[Chronicle], Any]


def kinds(entries: Iterable[Entry]) -> list[str]:
    """Name what was said."""
    return [entry.detail_type for entry in entries]


def refused(told: Chronicle) -> None:
    """A run ends well, and its model is refused."""
    told.say(TrainingStarted, run_id="fees-r0")
    told.say(TrainingCompleted, run_id="fees-r0")
    told.say(ModelEvaluated, run_id="fees-r0", verdict="refused")
    told.say(ModelRefused, run_id="fees-r0", reasons=("too bad", "too few"))


def failed(told: Chronicle) -> None:
    """A run fails."""
    told.say(TrainingStarted, run_id="fees-r0")
    told.say(TrainingFailed, run_id="fees-r0", step="Prepare", reason="no data")


def running(told: Chronicle) -> None:
    """A run has begun."""
    told.say(TrainingStarted, run_id="fees-r0")


def judged(told: Chronicle) -> None:
    """A run has ended, and its verdict is due."""
    running(told)
    told.say(TrainingCompleted, run_id="fees-r0")


def waiting(told: Chronicle) -> None:
    """The governor says no."""
    told.say(TrainingSuppressed, rule="cool_down", reason="a run began at noon")


def emptied(told: Chronicle) -> str:
    """The only version of production leaves it; answer the event that says so."""
    told.say(ApprovalRevoked, version=1, approver=ALICE)
    return told.say(DeploymentRolledBack, version=1, stage="production", back_to=None, reason="no")
