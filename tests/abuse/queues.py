"""A queue's message on its way in: real entrances, and what becomes of each message."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from shared.messaging.lambda_entry import DeadLetters, Entrance, entry

ACCOUNT = "123456789012"
REASON_CHARACTERS_MAX = 1_000


class Letters:
    """A dead-letter queue."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, str]] = []

    def reject(self, body: str, reason: str) -> None:
        self.kept.append((body, reason))


class Notes:
    """A log, of which only the bugs matter here."""

    def __init__(self) -> None:
        self.bugs: list[object] = []

    def info(self, msg: object, *, extra: Mapping[str, object] | None = None) -> None:
        """Nothing to look at."""

    def warning(self, msg: object, *, extra: Mapping[str, object] | None = None) -> None:
        """Nothing to look at."""

    def exception(self, msg: object, *, extra: Mapping[str, object] | None = None) -> None:
        self.bugs.append((msg, extra))


class Outcome(NamedTuple):
    """What became of a batch."""

    back: list[str]
    letters: list[tuple[str, str]]
    bugs: list[object]


class Taking:
    """Takes batches from a queue into an entrance."""

    def __init__(self, queue: str) -> None:
        self.letters, self.notes = Letters(), Notes()
        self.arn = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{queue}"

    @property
    def dead_letters(self) -> DeadLetters:
        return self.letters

    def take(self, entrance: Entrance, *bodies: str) -> Outcome:
        """Hand one batch to the Lambda entry."""
        records: list[dict[str, Any]] = [
            {
                "messageId": f"m{index}",
                "body": body,
                "eventSource": "aws:sqs",
                "eventSourceARN": self.arn,
                "attributes": {},
            }
            for index, body in enumerate(bodies)
        ]
        answer = entry(lambda: entrance)({"Records": records}, None)
        back = [item["itemIdentifier"] for item in answer["batchItemFailures"]]
        return Outcome(back, self.letters.kept, self.notes.bugs)


def check_reason(reason: str, *fragments: str) -> None:
    """Check that a reason says what it should, and that SQS takes it as an attribute."""
    assert all(fragment in reason for fragment in fragments), reason
    assert reason.isprintable()
    assert 0 < len(reason) <= REASON_CHARACTERS_MAX
    assert "Traceback" not in reason
