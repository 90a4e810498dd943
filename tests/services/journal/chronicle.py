"""Lives of models as the journal has them, written down by hand."""

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from services.journal.domain import Entry, entry
from shared.contracts.envelope import Envelope, Event, Metadata, Revision
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    DeploymentRolledBack,
    DeploymentStarted,
    EndpointInService,
    ModelApproved,
    ModelEvaluated,
    ModelRegistered,
    PromotionApproved,
    PromotionRequested,
    RetrainRequested,
    RollbackRequested,
    TrainingCompleted,
    TrainingStarted,
)
from shared.contracts.lifecycle.deployment import ROLLBACK
from tests.services.journal.world import NOON

MODEL = "fees"
ALICE = "arn:aws:iam::123456789012:user/alice"
HINT = "a hint of AWS"


class Chronicle:
    """Writes events down, a minute apart unless the clock is set."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.minute = 0
        self.revisions: Counter[str] = Counter()

    @property
    def now(self) -> datetime:
        """What time it is."""
        return NOON + timedelta(minutes=self.minute)

    def say(
        self, event_class: type[Event], /, *, trip: str = "trip", because: str = "", **changes: Any
    ) -> str:
        """Say an event, by default because of a hint; answer its id."""
        event = event_class.example().changed(**changes)
        event_id = f"{event_class.__name__}-{len(self.entries)}"
        producer = changes.get("service", event.producer)
        by_person = producer == "operator"
        self.revisions[producer] += 1
        metadata = Metadata(
            event_id=event_id,
            occurred_at=self.now,
            subject=event.subject,
            revision=None if by_person else Revision(number=self.revisions[producer], index=0),
            correlation_id=trip,
            causation_id=event_id if by_person else because or HINT,
            producer=producer,
            actor=ALICE if by_person else producer,
        )
        envelope = Envelope(metadata=metadata, data=event)
        self.entries.append(entry(envelope, json.loads(envelope.detail())))
        self.minute += 1
        return event_id

    def train(self, version: int, trip: str) -> str:
        """Train a version, from the start to its registration; answer the id of that."""
        run_id = f"{MODEL}-r{version:012}"
        self.say(TrainingStarted, trip=trip, run_id=run_id)
        done = self.say(TrainingCompleted, trip=trip, run_id=run_id)
        self.say(ModelEvaluated, trip=trip, because=done, run_id=run_id)
        return self.say(ModelRegistered, trip=trip, because=done, run_id=run_id, version=version)

    def to_staging(self, version: int, trip: str) -> str:
        """Approve a version, so that it serves staging; answer the id of what says that."""
        self.say(ModelApproved, trip=trip, version=version, approver=ALICE)
        return self.roll_out(version, "staging", trip)

    def to_production(self, version: int, trip: str) -> str:
        """Promote a version, so that it serves production; answer the id of what says that."""
        self.say(PromotionRequested, trip=trip, version=version)
        self.say(PromotionApproved, trip=trip, version=version, approver=ALICE)
        return self.roll_out(version, "production", trip)

    def roll_out(self, version: int, stage: str, trip: str, **changes: Any) -> str:
        """Roll a version out; answer the id of what says that it serves."""
        config = f"{MODEL}-{stage}-v{version}-{len(self.entries)}"
        about: dict[str, Any] = {"version": version, "stage": stage, "endpoint_config": config}
        strategy = changes.get("strategy", "all-at-once")
        because = changes.get("because", "")
        self.say(DeploymentStarted, trip=trip, because=because, strategy=strategy, **about)
        back = changes.get("taking_away")
        if back:
            self.say(
                DeploymentRolledBack,
                trip=trip,
                version=back,
                stage=stage,
                back_to=version,
                reason=changes["reason"],
            )
        reason = ROLLBACK if back else "roll-out"
        return self.say(EndpointInService, trip=trip, reason=reason, **about)

    def roll_back(self, version: int, back_to: int, trip: str) -> str:
        """Have a person take a version from production; answer what says that another is back."""
        wish = self.say(
            RollbackRequested,
            trip=f"wish-{version}",
            stage="production",
            version=version,
            reason="it looks odd",
        )
        return self.roll_out(
            back_to,
            "production",
            trip,
            because=wish,
            strategy=ROLLBACK,
            taking_away=version,
            reason=f"rolled back by {ALICE}: it looks odd",
        )


def a_full_life() -> Chronicle:
    """Two versions reach production; the second is rolled back, a third waits for approval."""
    told = Chronicle()
    told.say(RetrainRequested, trip="first", reason="begin")
    told.train(1, "first")
    told.to_staging(1, "first")
    told.to_production(1, "first")
    told.say(AccuracyDegraded, trip="second", version=1, degraded_version=1, stage="production")
    told.train(2, "second")
    told.to_staging(2, "second")
    told.to_production(2, "second")
    told.roll_back(2, 1, "first")
    told.say(RetrainRequested, trip="third", reason="once more")
    told.train(3, "third")
    return told
