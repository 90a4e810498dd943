"""What crosses a boundary as an event: every event, and the metadata of all of them."""

from typing import Any, NamedTuple

from pydantic import BaseModel

from ops.contracts.compatibility import HEARD_BY, IN_ORDER_BY, PRODUCER
from shared.contracts import lifecycle
from shared.contracts.envelope import Event, Metadata, example_of
from shared.contracts.subscriptions import SERVICES, SUBSCRIPTIONS


class Contract(NamedTuple):
    """One schema, and who relies on it."""

    name: str
    value_class: type[BaseModel]
    said: dict[str, Any]
    """What a schema cannot say of it, and consumers rely on all the same."""

    def schema(self) -> dict[str, Any]:
        """Answer it as JSON Schema."""
        return {**self.value_class.model_json_schema(), "title": self.name, **self.said}

    def example(self) -> dict[str, Any]:
        """Answer the documented example as JSON."""
        example = self.value_class.model_validate(example_of(self.value_class))
        return example.model_dump(mode="json", exclude_none=True)


def of_event(event: type[Event]) -> Contract:
    """Write the row of an event."""
    example = event.example()
    said = {
        PRODUCER: event.producer,
        HEARD_BY: consumers(event),
        **dict(
            zip(
                IN_ORDER_BY,
                (field_with(example, example.subject), event.family, aspect(example)),
                strict=True,
            )
        ),
    }
    return Contract(event.detail_type(), event, said)


def consumers(event: type[Event]) -> list[str]:
    """Answer the services that hear an event."""
    return [row.service for row in SUBSCRIPTIONS if row.event is event]


def aspect(example: Event) -> str | None:
    """Answer the field that tells which of several things a fact is about; None: there is one."""
    return field_with(example, example.aspect) if example.aspect else None


def field_with(example: Event, value: str) -> str | None:
    """Answer the field of an example that has a value."""
    fields = type(example).model_fields
    return next((name for name in fields if getattr(example, name) == value), None)


METADATA = Contract("Metadata", Metadata, {HEARD_BY: list(SERVICES)})


def contracts() -> tuple[Contract, ...]:
    """Answer all rows."""
    return (METADATA, *(of_event(event) for event in lifecycle.EVENTS.values()))
