"""The Lambda entry: one message at a time, and what becomes of those that cannot be handled."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from shared.contracts import limits
from shared.contracts.envelope import Envelope, Event
from shared.contracts.lifecycle import RetrainRequested
from shared.messaging.errors import Refused, Rejected, Retryable
from shared.messaging.lambda_entry import Door, Entrance, entry
from tests.contracts.test_lifecycle import on_the_bus

KNOWN = on_the_bus(RetrainRequested.example())
WISH = json.dumps(KNOWN)
TOO_MUCH = limits.EVENT_BYTES_MAX


class Hearing:
    """Hears events, and answers the first ones as told."""

    def __init__(self, *answers: Exception | tuple[str, ...]) -> None:
        self.answers = list(answers)
        self.heard: list[str] = []

    def handle(self, envelope: Envelope[Event]) -> tuple[str, ...]:
        self.heard.append(envelope.data.detail_type())
        answer = self.answers.pop(0) if self.answers else ("fees",)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Letters:
    """Keeps what was rejected."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, str]] = []

    def reject(self, body: str, reason: str) -> None:
        self.kept.append((body, reason))


def batch(*bodies: str) -> dict[str, Any]:
    """Answer an SQS event."""
    return {
        "Records": [
            {"messageId": f"m{index}", "body": body, "eventSource": "aws:sqs", "attributes": {}}
            for index, body in enumerate(bodies)
        ]
    }


def invoke(hearing: Hearing, *bodies: str) -> tuple[list[str], Letters]:
    """Hand a batch to the entry; answer the messages that go back, and the dead letters."""
    letters = Letters()
    handler = entry(lambda: Door(hearing, letters, Logger(service="test")))
    answer = handler(batch(*bodies), None)
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]], letters


def test_a_message_that_is_handled_is_gone() -> None:
    hearing = Hearing()
    assert invoke(hearing, WISH)[0] == []
    assert hearing.heard == ["RetrainRequested"]


@pytest.mark.parametrize(
    ("error", "back"), [(Retryable("throttled"), ["m1"]), (KeyError("a bug"), ["m1"])]
)
def test_one_message_that_goes_back_does_not_hurt_its_neighbours(
    error: Exception, back: list[str]
) -> None:
    hearing = Hearing(("fees",), error, ("fees",))
    failed, letters = invoke(hearing, WISH, WISH, WISH)
    assert failed == back
    assert len(hearing.heard) == 3
    assert letters.kept == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "must be a JSON object"),
        (json.dumps({"source": "acme.shop", "detail-type": "Sold"}), "a stranger on our bus"),
        (json.dumps({**KNOWN, "detail": {"data": {}}}), "'metadata' and 'data'"),
        (json.dumps({**KNOWN, "detail-type": "RetrainRequested.v2"}), "unknown version 2"),
        (
            json.dumps({**KNOWN, "detail": {"metadata": {}, "data": {"x": "y" * TOO_MUCH}}}),
            "send an S3 URI with its sha256",
        ),
    ],
    ids=["not JSON", "no object", "a stranger", "malformed", "of tomorrow", "over-size"],
)
def test_what_can_never_be_handled_is_a_dead_letter_with_its_reason(body: str, reason: str) -> None:
    hearing = Hearing()
    failed, letters = invoke(hearing, body, WISH)
    assert failed == []
    assert [kept for kept, _ in letters.kept] == [body]
    assert reason in letters.kept[0][1]
    assert hearing.heard == ["RetrainRequested"]


def test_what_the_service_rejects_is_a_dead_letter_too() -> None:
    failed, letters = invoke(Hearing(Rejected("too old")), WISH)
    assert (failed, letters.kept) == ([], [(WISH, "too old")])


def test_foreign_events_are_acknowledged() -> None:
    body = json.dumps({"source": "aws.ecr", "detail-type": "ECR Image Action", "detail": {}})
    hearing = Hearing(())
    failed, letters = invoke(hearing, body, WISH)
    assert (failed, letters.kept, len(hearing.heard)) == ([], [], 1)


def test_a_batch_in_which_all_fails_goes_back_whole() -> None:
    failed, _ = invoke(Hearing(Retryable("a"), Retryable("b")), WISH, WISH)
    assert failed == ["m0", "m1"]


class Ending(Door):
    """A door with something to do at the end of each batch, which may fail."""

    def __init__(self, hearing: Hearing, letters: Letters, *ends: Exception | None) -> None:
        super().__init__(hearing, letters, Logger(service="test"))
        self.ends = list(ends)

    def complete(self) -> None:
        if end := self.ends.pop(0):
            raise end


def handing(door: Entrance) -> Callable[..., list[str]]:
    """Answer what hands a door a batch, and answers the messages that go back."""
    handler = entry(lambda: door)

    def hand(*bodies: str) -> list[str]:
        answer = handler(batch(*bodies), None)
        return [item["itemIdentifier"] for item in answer["batchItemFailures"]]

    return hand


@pytest.mark.parametrize("error", [Retryable("slow"), Refused("AccessDenied", "no"), KeyError("x")])
def test_what_fails_at_the_end_of_a_batch_sends_back_what_was_taken_and_nothing_else(
    error: Exception,
) -> None:
    letters = Letters()
    hearing = Hearing(("fees",), Retryable("busy"), (), ("fees",))
    hand = handing(Ending(hearing, letters, error))
    assert sorted(hand(WISH, WISH, WISH, "{", WISH)) == ["m0", "m1", "m4"]
    assert [body for body, _ in letters.kept] == ["{"]


def test_a_batch_that_ends_well_forgets_the_one_before() -> None:
    hand = handing(Ending(Hearing(), Letters(), Retryable("slow"), None, Retryable("slow")))
    assert hand(WISH, WISH) == ["m0", "m1"]
    assert hand(WISH, WISH) == []
    assert hand(WISH) == ["m0"]
