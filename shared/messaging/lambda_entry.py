"""The Lambda entry: SQS batch in, partial batch response out.

What can never be handled goes to the dead-letter queue at once, with its reason; what may work
later goes back to the queue; one poison message never hurts its neighbours.
"""

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Protocol

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from shared.contracts import limits
from shared.contracts.door import open_event
from shared.contracts.envelope import ContractError, Envelope, Event, as_json
from shared.contracts.printable import printable, shortened
from shared.messaging.errors import Rejected, Retryable
from shared.messaging.log import Log

Lambda = Callable[[dict[str, Any], Any], dict[str, Any]]


class Hears(Protocol):
    """Whatever handles one event: a `Worker`, mostly."""

    def handle(self, envelope: Envelope[Event]) -> tuple[str, ...]:
        """Handle it; answer the aggregates that it concerned."""
        ...


class DeadLetters(Protocol):
    """Where a message goes that can never be handled."""

    def reject(self, body: str, reason: str) -> None:
        """Keep the message with its reason."""
        ...


class Entrance(ABC):
    """Takes messages one by one from a queue, and sends them where their outcome wants them."""

    def __init__(self, dead_letters: DeadLetters, log: Log) -> None:
        self.dead_letters = dead_letters
        self.log = log
        self.taken: list[str] = []
        """The messages of this batch that concerned somebody, by their ids."""

    def take(self, record: SQSRecord) -> None:
        """Handle one message; whatever this raises sends it back to the queue."""
        message = {"message_id": record.message_id}
        try:
            if self.hear(record):
                self.taken.append(record.message_id)
            else:
                self.log.info("foreign", extra=message)
        except (ContractError, Rejected) as error:
            why = shortened(printable(str(error)), limits.REASON_CHARACTERS_MAX)
            self.dead_letters.reject(record.body, why)
            self.log.warning("rejected", extra={**message, "why": why})
        except Retryable as error:
            self.log.info("back to the queue", extra={**message, "why": str(error)})
            raise
        except Exception:
            self.log.exception("a bug, back to the queue", extra=message)
            raise

    def finish(self) -> tuple[str, ...]:
        """End a batch; answer the ids of the messages that this sends back to the queue: all that
        were taken, or none."""
        taken, self.taken = tuple(self.taken), []
        batch = {"messages": len(taken)}
        try:
            self.complete()
        except Retryable as error:
            self.log.info("batch back to the queue", extra={**batch, "why": str(error)})
        except Exception:
            self.log.exception("a bug, batch back to the queue", extra=batch)
        else:
            return ()
        return taken

    def complete(self) -> None:  # noqa: B027 - a hook: most were done with a message at once
        """Do what is done once for all messages of a batch; whatever this raises sends them
        back."""

    @abstractmethod
    def hear(self, record: SQSRecord) -> tuple[str, ...]:
        """Open one message and have it handled; answer the aggregates that it concerned."""


class Door(Entrance):
    """The entrance for events."""

    def __init__(self, hears: Hears, dead_letters: DeadLetters, log: Log) -> None:
        super().__init__(dead_letters, log)
        self.hears = hears

    def hear(self, record: SQSRecord) -> tuple[str, ...]:
        """Open one event and have it handled; answer the aggregates that it concerned."""
        envelope = open_event(told(record))
        return () if envelope is None else self.hears.handle(envelope)


def told(record: SQSRecord) -> object:
    """Parse the event that a message holds.

    Raises
    ------
    ContractError
        As `parsed`; or if it was said in another account than that of the queue.
    """
    raw = parsed(record.body)
    said_in = raw.get("account") if isinstance(raw, dict) else None
    arn = str(record.get("eventSourceARN") or "")  # arn:aws:sqs:<region>:<account>:<queue>
    ours = arn.rpartition(":")[0].rpartition(":")[2]
    if said_in and ours and said_in != ours:
        raise ContractError(
            f"said in account {said_in!r}, ours is {ours}: see who may write to the bus"
        )
    return raw


def parsed(body: str) -> object:
    """Parse JSON.

    Raises
    ------
    ContractError
        If it is none, or none that every reader would read alike.
    """
    try:
        raw = json.loads(body, object_pairs_hook=once, parse_float=finite, parse_constant=finite)
        as_json(raw)
    except ContractError:
        raise
    except json.JSONDecodeError as error:
        raise ContractError(f"not JSON: {error}") from error
    except (ValueError, RecursionError) as error:  # NaN, 1e999, thousands of digits; deep nesting
        raise ContractError(
            "not JSON that can be kept: it is nested too deeply, or a number is not finite or has "
            "thousands of digits"
        ) from error
    return raw


def finite(text: str) -> float:
    """Read a number; raise ValueError where it is NaN or infinite."""
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text} is not finite")
    return number


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object; raise ContractError where a key is given twice, as readers differ on which
    one counts."""
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(key for n, (key, _) in enumerate(pairs) if key in dict(pairs[:n]))
        raise ContractError(f"the key {twice!r} is given twice in one object: send it once")
    return made


def entry(build: Callable[[], Entrance]) -> Lambda:
    """Make the Lambda handler of a service; it is put together at the first event, not at
    import."""
    made: list[tuple[Entrance, BatchProcessor]] = []

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        if not made:
            made.append(
                (build(), BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False))
            )
        door, processor = made[0]
        try:
            answer = process_partial_response(
                event=event, record_handler=door.take, processor=processor, context=context
            )
        finally:
            processor.exceptions.clear()  # their tracebacks keep all that they passed
            back = door.finish()
        failures = [*answer["batchItemFailures"], *({"itemIdentifier": one} for one in back)]
        return {**answer, "batchItemFailures": failures}

    return handler
