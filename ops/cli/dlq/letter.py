"""A message in a service's dead letters: what it is, why it is there, and what can be done."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from services.ingest import reading
from shared.contracts import aws, limits, names
from shared.contracts.door import open_event
from shared.contracts.envelope import SOURCE, ContractError, Envelope, Event, Metadata, too_old
from shared.contracts.lifecycle import DeadLetterDecided
from shared.contracts.printable import printable, shortened
from shared.contracts.wishes import WISHES
from shared.messaging.errors import Rejected
from shared.messaging.lambda_entry import parsed

ID_SHOWN = 8
RECORDS_CONSUMER = "ingest"
"""The service with a second queue, of records, which shares its dead letters."""
RECORDS = "records"
REASON, ERROR_CODE, ERROR_MESSAGE = "reason", "ERROR_CODE", "ERROR_MESSAGE"
RULE, SCHEDULE, TARGET = "RULE_ARN", "SCHEDULE_ARN", "TARGET_ARN"
ATTEMPTS = "RETRY_ATTEMPTS"
FUNCTION = ":lambda:"  # in its ARN
CAME_FROM = "DeadLetterQueueSourceArn"


class Kind(StrEnum):
    """How a message came there."""

    UNDELIVERED = "undelivered"
    """A rule or a schedule could not put it into the queue."""
    REJECTED = "rejected"
    """The service's door said that it can never be handled."""
    FAILED = "failed"
    """The service failed at it again and again."""


class Decision(StrEnum):
    """What a person may decide."""

    REDRIVEN = "redriven"
    DROPPED = "dropped"


@dataclass(frozen=True)
class Content:
    """What a message holds, as far as it can be read.

    Parameters
    ----------
    event_id, event_type : str
        Of the event, or of the batch of records; empty where it is neither.
    about : str
        A model or series; empty where it names none.
    problem : str
        Why the door of this code refuses it; empty where it does not.
    metadata : Metadata or None
        Of one of our events.
    is_history : bool
        Whether it is a backfill, which replaces what is in its windows by then.
    """

    event_id: str
    event_type: str
    about: str
    problem: str
    metadata: Metadata | None
    is_history: bool = False


@dataclass(frozen=True)
class Letter:
    """One dead letter."""

    service: str
    message_id: str
    kind: Kind
    fault: str
    """Why it is one."""
    sent_at: datetime
    """When it came into a queue."""
    body: str
    queue: str
    """To which it would go back; empty: it was no message, but a schedule's call of a function."""
    content: Content

    @property
    def sha256(self) -> str:
        """Answer the digest of the body."""
        return hashlib.sha256(self.body.encode()).hexdigest()

    @property
    def lives_until(self) -> datetime:
        """Answer when SQS deletes it; in the dead letters a message is as old as it was before."""
        return self.sent_at + timedelta(days=limits.QUEUE_RETENTION_DAYS)

    def no_way_back(self, now: datetime) -> str:
        """Say why it cannot be redriven; nothing where it can."""
        metadata = self.content.metadata
        if metadata is not None and too_old(metadata, now):
            return (
                f"older than the {limits.INBOX_DAYS} days that services remember: its service "
                "would reject it"
            )
        return "" if self.queue else "the call of a function: its schedule calls again"

    def decided(self, decision: Decision, reason: str, uri: str | None) -> DeadLetterDecided:
        """Answer what the journal keeps of a decision."""
        return DeadLetterDecided(
            service=self.service,
            kind=self.kind,
            decision=decision,
            reason=reason,
            about=self.content.about or self.service,
            fault=self.fault,
            message_id=self.message_id,
            sent_at=self.sent_at,
            sha256=self.sha256,
            uri=uri,
            event_id=self.content.event_id,
            event_type=self.content.event_type,
        )


def read(env: str, service: str, message: Mapping[str, Any]) -> Letter:
    """Read a message as SQS answers it, with all its attributes."""
    told = {
        name: str(value.get("StringValue", ""))
        for name, value in message.get("MessageAttributes", {}).items()
    }
    system = message["Attributes"]
    body = message["Body"]
    kind = kind_of(told)
    return Letter(
        service=service,
        message_id=message["MessageId"],
        kind=kind,
        fault=shortened(printable(fault_of(kind, told)), limits.REASON_CHARACTERS_MAX),
        sent_at=datetime.fromtimestamp(int(system["SentTimestamp"]) / 1_000, UTC),
        body=body,
        queue=queue_of(env, service, (told.get(TARGET, ""), system.get(CAME_FROM, "")), body),
        content=read_content(service, body),
    )


def kind_of(told: Mapping[str, str]) -> Kind:
    """Tell by a message's attributes how it became a dead letter."""
    if ERROR_CODE in told or RULE in told or SCHEDULE in told:
        return Kind.UNDELIVERED
    return Kind.REJECTED if REASON in told else Kind.FAILED


def fault_of(kind: Kind, told: Mapping[str, str]) -> str:
    """Say why a message is a dead letter."""
    match kind:
        case Kind.REJECTED:
            return told[REASON]
        case Kind.FAILED:
            return f"the service failed at each of {limits.QUEUE_RECEIVES_MAX} attempts"
        case Kind.UNDELIVERED:
            via = told.get(RULE) or told.get(SCHEDULE) or "EventBridge"
            why = ": ".join(filter(None, (told.get(ERROR_CODE), told.get(ERROR_MESSAGE))))
            attempts = f", {told[ATTEMPTS]} attempts" if told.get(ATTEMPTS) else ""
            return f"{via.rsplit('/', 1)[-1]} could not deliver it{attempts}: {why or 'no reason'}"


def queue_of(env: str, service: str, arns: tuple[str, ...], body: str) -> str:
    """Answer the queue that a message was meant for: as AWS tells, else by what it holds; none
    where it was meant for a function."""
    own = [names.queue(env, service)]
    if service == RECORDS_CONSUMER:
        own.append(names.records_queue(env))
    for arn in arns:
        if (name := arn.rpartition(":")[2]) in own:
            return name
        if FUNCTION in arn:
            return ""
    return own[0] if "detail-type" in _object(body) else own[-1]


def read_content(service: str, body: str) -> Content:
    """Read an event of ours, a hint of AWS or a batch of records; whatever else it may be."""
    raw = _object(body)
    if service == RECORDS_CONSUMER and "detail-type" not in raw:
        batch, series = _word(raw, "batch_id"), _word(raw, "series")
        is_history = raw.get("backfill") is True
        return Content(batch, RECORDS if batch else "", series, no_batch(body), None, is_history)
    try:
        envelope = open_event(parsed(body))
    except ContractError as error:
        detail = raw.get("detail")
        said = detail.get("metadata") if isinstance(detail, Mapping) else None
        told = said if isinstance(said, Mapping) else {}
        event_id = _word(told, "event_id") or _word(raw, "id")
        subject = _word(told, "subject")
        problem = shortened(printable(str(error)), limits.REASON_CHARACTERS_MAX)
        return Content(event_id, _word(raw, "detail-type"), subject, problem, None)
    if envelope is None:
        problem = "an event of AWS that nobody here reacts to"
        return Content(_word(raw, "id"), _word(raw, "detail-type"), "", problem, None)
    metadata = envelope.metadata
    ours = metadata if str(raw.get("source")).startswith(SOURCE) else None
    kind = _word(raw, "detail-type")
    return Content(metadata.event_id, kind, _about(envelope), "", ours)


def no_batch(body: str) -> str:
    """Say why ingest would take a message for no batch of records; nothing where it would."""
    try:
        reading.opened(body)
    except Rejected as error:
        return shortened(printable(str(error)), limits.REASON_CHARACTERS_MAX)
    return ""


def _about(envelope: Envelope[Event]) -> str:
    """Answer the model or series of an event; a hint of AWS names a resource of a model."""
    match envelope.data:
        case aws.PipelineExecutionChanged(run_id=run_id):
            return names.model_of_run(run_id) or ""
        case aws.ModelPackageChanged(group=group):
            package = names.read_package_group(group)
            return package.model if package else ""
        case aws.EndpointChanged(endpoint=endpoint):
            owned = names.read_endpoint(endpoint)
            return owned.model if owned else ""
        case data if data.detail_type() in WISHES:
            return ""
    return envelope.metadata.subject


def _object(body: str) -> Mapping[str, Any]:
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return raw if isinstance(raw, Mapping) else {}


def _word(raw: Mapping[str, Any], key: str) -> str:
    """Answer a text of a stranger, if it can stand in an event."""
    word = raw.get(key)
    if isinstance(word, str) and word.isprintable():
        return word if len(word) <= limits.EVENT_ID_CHARACTERS_MAX else ""
    return ""


def advice(letter: Letter, env: str, now: datetime) -> Iterator[str]:
    """Say what can be done about a letter, the likeliest first."""
    short = letter.message_id[:ID_SHOWN]
    redrive = f"`modelcycle dlq redrive {short} --reason …`"
    drop = f"`modelcycle dlq drop {short} --reason …`"
    if why := letter.no_way_back(now):
        yield f"it is {why}; {drop}"
        return
    problem = letter.content.problem
    match letter.kind:
        case Kind.REJECTED if problem:
            told = "" if problem in letter.fault else f" ({problem})"
            yield (
                f"this code would reject it, too{told}: correct the sender, or deploy code that "
                f"knows it and then {redrive}"
            )
        case Kind.REJECTED if letter.content.event_type in ("", RECORDS):
            yield f"if what the reason names is mended, {redrive}"
        case Kind.REJECTED:
            yield f"this code's door lets it in: if what the reason names is mended, {redrive}"
        case Kind.FAILED:
            yield (
                "read why in the service's log: `aws logs tail /aws/lambda/"
                f"{names.function(env, letter.service)} --since "
                f"{letter.sent_at:%Y-%m-%dT%H:%M:%SZ} --filter-pattern '\"back to the queue\"'`"
            )
            yield f"when that is mended and deployed, {redrive}"
        case Kind.UNDELIVERED if letter.content.event_type in WISHES:
            yield f"the next sweep does the same: {drop}"
        case Kind.UNDELIVERED:
            yield (
                f"what was changed by hand, `make deploy ENV={env} STACK={letter.service} "
                f'ARGS="--revert-drift"` puts back; then {redrive}'
            )
    if letter.content.is_history:
        yield f"it is history, and replaces what was imported since for the same windows: {drop}"
    yield f"if it is of no use: {drop}"
