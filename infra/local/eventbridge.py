"""What EventBridge does and moto does not: dead letters of rules, and replays as asked for.

`moto_server` puts both in their places.
"""

import functools
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.events.models import Archive, Replay, ReplayState, events_backends
from moto.sqs.exceptions import QueueDoesNotExist
from moto.sqs.models import sqs_backends

log = logging.getLogger(__name__)


def else_to_dead_letters(send: Callable[..., None]) -> Callable[..., None]:
    """Make of a rule's way to a queue one that ends in dead letters where the queue is gone."""

    @functools.wraps(send)
    def send_to_queue(rule: Any, queue: str, event: dict[str, Any], *rest: Any) -> None:
        try:
            send(rule, queue, event, *rest)
        except QueueDoesNotExist as error:
            named = (one for one in rule.targets if one["Arn"].endswith(f":{queue}"))
            for target in named:
                _bury(rule, target, event, error.message)

    return send_to_queue


def _bury(rule: Any, target: Mapping[str, Any], event: Mapping[str, Any], why: str) -> None:
    """Put an event into a target's dead letters, told as EventBridge tells it; without them it is
    lost, there as here. A target that is gone is not tried again."""
    dead_letters = target.get("DeadLetterConfig", {}).get("Arn", "").rpartition(":")[2]
    told = {
        "RULE_ARN": rule.arn,
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": "NO_RESOURCE",
        "ERROR_MESSAGE": why,
        "RETRY_ATTEMPTS": "0",
    }
    attributes = {name: {"DataType": "String", "StringValue": text} for name, text in told.items()}
    sqs = sqs_backends[rule.account_id][rule.region_name]
    try:
        sqs.send_message(dead_letters, json.dumps(event), attributes)
    except QueueDoesNotExist:
        log.warning("rule %s lost %s: %s", rule.name, event["detail-type"], why)


def replay_as_asked(replay: Replay, archive: Archive) -> None:
    """Send what the archive has of a span to the rules that were named, or to all."""
    backend = events_backends[replay.account_id][replay.region]
    rules = backend.describe_event_bus(archive.event_bus_name).rules.values()
    named = replay.destination.get("FilterArns")
    for event in list(archive.events):
        if float(replay.event_start_time) <= event["time"] < float(replay.event_end_time):
            again = {**event, "id": str(uuid.uuid4()), "replay-name": replay.name}
            for rule in [one for one in rules if not named or one.arn in named]:
                rule.send_to_targets(again)
    replay.state = ReplayState.COMPLETED
    replay.end_time = datetime.now(UTC).timestamp()
