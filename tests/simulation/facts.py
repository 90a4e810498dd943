"""Safety of what is said: on the bus, in logs, and as a reason.

====  ==========================================================================================
S9    the lineage is complete, with digests
S14   no secret in logs, events or reasons
S16   no fact is said twice under different ids
====  ==========================================================================================
"""

import json
from typing import TYPE_CHECKING, Any

from shared.contracts.names import Stage
from shared.messaging.decision import Entry
from tests.simulation import documents
from tests.simulation.poison import SECRET
from tests.simulation.violation import Violation, expect

if TYPE_CHECKING:
    from tests.simulation.world import World

# what tells two facts of one kind apart, by detail-type
ONCE: dict[str, tuple[str, ...]] = {
    "TrainingStarted": ("run_id",),
    "TrainingCompleted": ("run_id",),
    "TrainingFailed": ("run_id",),
    "ModelEvaluated": ("run_id",),
    "ModelRefused": ("run_id",),
    "ModelRegistered": ("run_id",),
    "ModelApproved": ("package_arn",),
    "ModelDeclined": ("package_arn",),
    "ApprovalRevoked": ("package_arn",),
    "PromotionRequested": ("model", "version"),
    "PromotionApproved": ("model", "version"),
    "PromotionDeclined": ("model", "version"),
    "DeploymentStarted": ("endpoint_config",),
    "EndpointInService": ("endpoint_config",),
}

ENDS = frozenset(
    {
        "ModelDeclined",
        "PromotionDeclined",
        "ApprovalRevoked",
        "DeploymentFailed",
        "DeploymentRolledBack",
        "DeploymentSuperseded",
    }
)


class Facts:
    """Everything that was said."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.first_ids: dict[tuple[str, ...], str] = {}
        self.details: dict[str, str] = {}
        self.spoken: list[tuple[str, str]] = []
        """(model, event), in their order."""
        self.ends: set[tuple[str, int]] = set()
        """(model, version) of which a service said the end, or the arrival in production."""
        self.quarantined: set[str] = set()
        """Ids of the records that were told to be quarantined."""

    def said(self, entry: Entry) -> None:
        """A service says something."""
        self.told(entry.detail, entry.detail_type)
        if entry.detail_type == "DecisionRecorded":
            return
        detail = json.loads(entry.detail)
        event_id, data = detail["metadata"]["event_id"], detail["data"]
        known = self.details.setdefault(event_id, entry.detail)
        expect(known == entry.detail, "S16", f"{event_id} says two things")
        if known is not entry.detail:
            return
        self.spoken.append((str(data.get("model")), entry.detail_type))
        arrived = entry.detail_type == "EndpointInService" and data["stage"] == Stage.PRODUCTION
        aged_out = bool(data.get("aged_out"))  # a version that goes to production has not ended
        if arrived or (entry.detail_type in ENDS and not aged_out):
            self.ends.add((data["model"], data["version"]))
        if aged_out:
            self.world.count("aged out")
        self.world.note(f"{entry.source}: {entry.detail_type} {brief(data)}")
        self.world.count(entry.detail_type)
        if entry.detail_type in ONCE:
            fact = (entry.detail_type, *(str(data[name]) for name in ONCE[entry.detail_type]))
            first = self.first_ids.setdefault(fact, event_id)
            expect(first == event_id, "S16", f"{fact} is said as {first} and {event_id}")
        if entry.detail_type == "ModelRegistered":
            self.lineage(data["lineage"])
        if entry.detail_type == "RecordsQuarantined":
            lines = self.world.training.blobs[data["uri"]].splitlines()
            self.quarantined |= {json.loads(line)["record"]["id"] for line in lines}
        self.world.people.hear(entry.detail_type, data)

    def lineage(self, lineage: dict[str, Any]) -> None:
        """From what a version was made: all of it is there, as its digest says."""
        training = self.world.training
        for name in ("dataset", "evaluation"):
            body = training.blobs.get(lineage[name]["uri"], b"")
            same = documents.sha256(body) == lineage[name]["sha256"]
            expect(same, "S9", f"{name} of {lineage['run_id']} is not what its digest says")
        for name in ("artifact", "judged_artifact"):
            uri = lineage[name]["uri"]
            same = (
                training.digests.get(uri) == lineage[name]["sha256"]
                or uri in self.world.watch.tampered
            )
            expect(same, "S9", f"{name} of {lineage['run_id']} is not what its digest says")

    def told(self, *said: object) -> None:
        """Something is logged, said, or given as a reason."""
        if self.world.mix.rate("poison"):
            expect(SECRET not in str(said), "S14", f"a secret is told: {said}")

    def bug(self, *said: object) -> None:
        """A worker logs a bug: none is expected."""
        raise Violation("S0", f"a bug: {said}")


def brief(data: dict[str, Any]) -> str:
    """Say shortly what an event is about."""
    wanted = ("model", "run_id", "stage", "version", "back_to", "reason", "rule", "strategy")
    return " ".join(f"{name}={str(data[name])[:60]}" for name in wanted if name in data)
