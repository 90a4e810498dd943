"""Events as EventBridge delivers them, made of the examples in the contracts."""

from typing import Any

from pydantic.fields import FieldInfo

from shared.contracts import aws, wishes
from shared.contracts.aws import Hint
from shared.contracts.envelope import ANY_SERVICE, SOURCE, Event, Metadata, Wish, example_of
from shared.contracts.subscriptions import SERVICES

AT, EVENT_ID = "2026-03-01T12:00:00Z", "5b5b1f86-6d1c-5c6e-9b5e-0d9d1c0a7f10"
AROUND = {
    "version": "0",
    "id": "0b9f7a3c-52ab-4bb1-8f3d-4a9a1b7d2c11",
    "account": "123456789012",
    "time": AT,
    "region": "eu-central-1",
    "resources": [],
}
PERSON = "arn:aws:iam::123456789012:user/jane"
OPERATOR = "operator"


def example(kind: type[Event]) -> dict[str, Any]:
    """Answer the example of any event, as a queue holds it."""
    if issubclass(kind, Hint):
        return {**AROUND, **of_hint(kind)}
    return {**AROUND, **(of_wish(kind) if issubclass(kind, Wish) else of_event(kind))}


def of_event(kind: type[Event]) -> dict[str, Any]:
    """Answer an event of ours."""
    said = kind.example()
    producer = SERVICES[0] if kind.producer == ANY_SERVICE else kind.producer
    actor = PERSON if producer == OPERATOR else producer
    known = Metadata.model_validate(example_of(Metadata))
    metadata = known.changed(
        subject=said.subject, producer=producer, actor=actor, schema_version=kind.schema_version
    )
    return {
        "source": SOURCE + producer,
        "detail-type": kind.detail_type(),
        "detail": {
            "metadata": metadata.model_dump(mode="json", exclude_none=True, exclude_defaults=False),
            "data": said.model_dump(mode="json", exclude_none=True),
        },
    }


def of_wish(kind: type[Wish]) -> dict[str, Any]:
    """Answer a wish of our schedules."""
    event_id = f"schedule-{SERVICES[0]}-{kind.__name__}-{AT}"
    return wishes.scheduled(
        kind, event_id, Metadata.model_validate(example_of(Metadata)).occurred_at
    )


def of_hint(kind: type[Hint]) -> dict[str, Any]:
    """Answer an event of AWS, with as much of it as we read."""
    fields = kind.model_fields.values()
    detail = {alias(field): field.examples[0] for field in fields if field.examples}
    return {"source": aws.SOURCE, "detail-type": kind.aws_name, "detail": detail}


def alias(field: FieldInfo) -> str:
    """Answer AWS's name of a field."""
    return str(field.validation_alias)
