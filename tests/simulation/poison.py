"""Messages that nobody can handle, and hints that lie about real things."""

import json
import random
from collections.abc import Sequence
from typing import Any

SECRET = "hunter2-AKIAEXAMPLE"  # noqa: S105 (planted: it must be seen nowhere)
OLD = "2025-12-01T00:00:00Z"


def spoil(chance: random.Random, body: str) -> tuple[str, str]:
    """Answer a name, and a message that can never be handled, made of a good one."""
    good = json.loads(body)
    kind = chance.choice(("no json", "unknown type", "a stranger", "no data", "too old", "secret"))
    match kind:
        case "no json":
            return kind, f"{SECRET}{body[:-3]}"
        case "unknown type":
            return kind, json.dumps(
                {"source": "modelcycle.trainer", "detail-type": "Unheard", "detail": {"a": SECRET}}
            )
        case "a stranger":
            return kind, json.dumps({**good, "source": "evil", "detail": {"token": SECRET}})
        case "no data":
            ours = {"source": "modelcycle.trainer", "detail-type": "TrainingCompleted"}
            return kind, json.dumps({**ours, "detail": {"metadata": {"actor": SECRET}}})
        case "too old":
            ours = {"source": "modelcycle.evaluator", "detail-type": "ModelRefused"}
            return kind, json.dumps({**ours, "detail": old_detail()})
        case _:
            ours = {"source": "modelcycle.evaluator", "detail-type": "ModelRefused"}
            detail = old_detail()
            detail["data"]["reasons"] = {"password": SECRET}
            return kind, json.dumps({**ours, "detail": detail})


def old_detail() -> dict[str, Any]:
    """Answer a well-formed event that is older than the inbox remembers."""
    metadata = {
        "event_id": "long-ago",
        "occurred_at": OLD,
        "subject": "fees",
        "correlation_id": "x",
        "causation_id": "x",
        "producer": "evaluator",
        "actor": "evaluator",
    }
    data = {"model": "fees", "run_id": "fees-r000000000000", "reasons": ["long ago"]}
    return {"metadata": metadata, "data": data}


def forged(
    chance: random.Random, said: Sequence[tuple[str, dict[str, Any]]]
) -> tuple[str, dict[str, Any]]:
    """Answer a hint that names a real thing and says of it what is not so."""
    name, detail = chance.choice(said)
    lies = {
        "ModelApprovalStatus": chance.choice(("Approved", "Rejected")),
        "UpdatedModelPackageFields": ["ModelApprovalStatus", "ModelLifeCycle"],
        "EndpointStatus": chance.choice(("IN_SERVICE", "FAILED", "DELETED")),
        "currentPipelineExecutionStatus": chance.choice(("Succeeded", "Failed", "Stopped")),
    }
    return name, {key: lies.get(key, value) for key, value in detail.items()}
