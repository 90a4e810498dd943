"""PutEvents: ten entries and a megabyte a call, and partial failures."""

from typing import Any, cast

import pytest

from shared.contracts import limits
from shared.messaging.bus import EventBridgeBus
from shared.messaging.decision import Entry
from shared.messaging.errors import Retryable


class EventBridge:
    """Takes entries, but for those that it is told to fail once."""

    def __init__(self, *failing: str) -> None:
        self.failing = set(failing)
        self.calls: list[list[str]] = []

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        assert len(Entries) <= 10
        assert sum(len(entry["Detail"]) for entry in Entries) < 1_000_000
        self.calls.append([entry["DetailType"] for entry in Entries])
        failed = [entry["DetailType"] in self.failing for entry in Entries]
        return {
            "FailedEntryCount": sum(failed),
            "Entries": [{"ErrorCode": "x"} if fails else {} for fails in failed],
        }


def entries(count: int, bytes_each: int = 2) -> tuple[Entry, ...]:
    detail = "x" * bytes_each
    return tuple(
        Entry(source="s", detail_type=str(number), detail=detail) for number in range(count)
    )


def publish(bridge: EventBridge, said: tuple[Entry, ...]) -> None:
    EventBridgeBus(cast(Any, bridge), "bus").publish(said)


def test_ten_entries_go_in_one_call() -> None:
    bridge = EventBridge()
    publish(bridge, entries(21))
    assert [len(call) for call in bridge.calls] == [10, 10, 1]


def test_entries_of_more_than_a_megabyte_go_in_several_calls() -> None:
    bridge = EventBridge()
    publish(bridge, entries(10, limits.EVENT_BYTES_MAX))
    assert sum(bridge.calls, []) == [str(number) for number in range(10)]


def test_only_what_was_not_taken_is_said_again_and_not_for_ever() -> None:
    bridge = EventBridge("3")
    with pytest.raises(Retryable, match="did not take 1 events"):
        publish(bridge, entries(5))
    assert bridge.calls[1:] == [["3"]] * (limits.PUT_EVENTS_ATTEMPTS_MAX - 1)
