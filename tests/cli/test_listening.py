"""Hearing the bus: what was said before a mark has been heard when the mark has."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ops.cli.causes import Causes
from ops.cli.listening import Listener
from shared.contracts.envelope import Envelope, Metadata
from shared.contracts.lifecycle import RetrainRequested


class Queue:
    """A queue that keeps the order, as that of the local AWS does."""

    def __init__(self) -> None:
        self.bodies: list[str] = []

    def send_message(self, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803
        self.bodies.append(MessageBody)

    def receive_message(self, MaxNumberOfMessages: int, **_: Any) -> dict[str, Any]:  # noqa: N803
        found = self.bodies[:MaxNumberOfMessages]
        return {"Messages": [{"Body": body, "ReceiptHandle": body} for body in found]}

    def delete_message_batch(self, QueueUrl: str, Entries: Sequence[Any]) -> None:  # noqa: N803
        for entry in Entries:
            self.bodies.remove(entry["ReceiptHandle"])


def said(number: int) -> str:
    metadata = Metadata(
        event_id=f"event-{number}",
        occurred_at=datetime(2026, 3, 1, tzinfo=UTC),
        subject="fees",
        correlation_id="trip",
        causation_id="hand",
        producer="operator",
        actor="alice",
    )
    event = Envelope(metadata=metadata, data=RetrainRequested(model="fees", reason="hand"))
    detail = json.loads(event.detail())
    return json.dumps(
        {"source": "modelcycle.operator", "detail-type": "RetrainRequested", "detail": detail}
    )


def test_a_mark_is_heard_after_all_that_was_said_before_it() -> None:
    queue = Queue()
    listener = Listener(queue, "queue", Causes())
    queue.bodies += [said(number) for number in range(12)]
    mark = listener.mark()
    queue.bodies.append(said(12))
    assert len(list(listener.listen())) == 10
    assert listener.mark_heard < mark
    heard = [one.envelope.metadata.event_id for one in listener.listen()]
    assert heard == ["event-10", "event-11", "event-12"]
    assert listener.mark_heard == mark
    assert queue.bodies == []
