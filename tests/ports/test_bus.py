"""Saying events: in memory as on EventBridge."""

import json
from time import monotonic
from typing import Any

import pytest

from shared.contracts import limits
from shared.contracts.envelope import ContractError
from shared.messaging.bus import EventBridgeBus
from shared.messaging.decision import Entry
from tests.fakes.messaging import MemoryBus
from tests.ports.conftest import Connect

SOURCE = "modelcycle.trainer"
PATIENCE_S = 20.0


def entry(name: str, text: str = "") -> Entry:
    return Entry(source=SOURCE, detail_type=name, detail=json.dumps({"text": text}))


def entry_of(detail_bytes: int) -> Entry:
    return entry("TrainingStarted", "x" * (detail_bytes - len(entry("", "").detail)))


class BusContract:
    """What the worker relies on."""

    @pytest.fixture
    def bus(self) -> Any:
        """A bus on which nothing was said."""
        raise NotImplementedError

    def heard(self, bus: Any, expected: int) -> list[Entry]:
        """Answer what somebody who hears everything heard, in any order, once it is so many."""
        raise NotImplementedError

    def says(self, bus: Any, *entries: Entry) -> None:
        """Say entries; all of them are heard, each as it was said."""
        bus.publish(entries)
        heard = self.heard(bus, len(entries))
        assert sorted(heard, key=repr) == sorted(entries, key=repr)

    def test_nothing_may_be_said(self, bus: Any) -> None:
        self.says(bus)

    def test_an_event_is_heard_to_the_last_character(self, bus: Any) -> None:
        self.says(bus, entry("TrainingStarted", 'ü → "\\ \n \u202e'))

    def test_more_than_a_call_takes_is_heard(self, bus: Any) -> None:
        said = [entry(f"Event{n}") for n in range(2 * limits.PUT_EVENTS_ENTRIES_MAX + 1)]
        self.says(bus, *said)

    def test_more_bytes_than_a_call_takes_are_heard(self, bus: Any) -> None:
        self.says(bus, *[entry_of(limits.EVENT_BYTES_MAX)] * 5)

    def test_what_is_said_twice_is_heard_twice(self, bus: Any) -> None:
        self.says(bus, entry("TrainingStarted"), entry("TrainingStarted"))

    def test_an_event_that_is_too_large_keeps_all_of_them_back(self, bus: Any) -> None:
        with pytest.raises(ContractError, match="TrainingStarted: .* bytes"):
            bus.publish((entry("First"), entry_of(limits.EVENT_BYTES_MAX + 1)))
        assert self.heard(bus, 0) == []


class TestMemoryBus(BusContract):
    """The fake."""

    @pytest.fixture
    def bus(self) -> Any:
        return MemoryBus()

    def heard(self, bus: Any, expected: int) -> list[Entry]:
        return list(bus.entries)


class TestEventBridgeBus(BusContract):
    """EventBridge on the local AWS, with a rule and a queue behind it."""

    @pytest.fixture
    def bus(self, connect: Connect, fresh: str) -> Any:
        events, sqs = connect("events"), connect("sqs")
        events.create_event_bus(Name=fresh)
        queue = sqs.create_queue(QueueName=fresh)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        rule = {"Name": fresh, "EventBusName": fresh}
        events.put_rule(**rule, EventPattern=json.dumps({"source": [SOURCE]}))
        target = {"Id": "all", "Arn": attributes["Attributes"]["QueueArn"]}
        events.put_targets(Rule=fresh, EventBusName=fresh, Targets=[target])
        self.sqs, self.queue = sqs, queue
        return EventBridgeBus(events, fresh)

    def heard(self, bus: Any, expected: int) -> list[Entry]:
        heard: list[Entry] = []
        deadline = monotonic() + PATIENCE_S
        while len(heard) < expected and monotonic() < deadline:
            heard += self.received(wait_s=1)
        return heard + self.received(wait_s=0)

    def received(self, wait_s: int) -> list[Entry]:
        """Take what is in the queue."""
        answer = self.sqs.receive_message(
            QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=wait_s
        )
        bodies = [json.loads(message["Body"]) for message in answer.get("Messages", [])]
        return [
            Entry(
                source=body["source"],
                detail_type=body["detail-type"],
                detail=json.dumps(body["detail"]),
            )
            for body in bodies
        ]
