"""What crosses a boundary: every event, the metadata of all of them, and every document."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from pydantic import BaseModel

from ops.contracts.compatibility import HEARD_BY, IN_ORDER_BY, PRODUCER, READ_BY, UNKNOWN, Unknown
from ops.contracts.documents import DOCUMENTS, Document
from shared.contracts import lifecycle
from shared.contracts.envelope import Event, Metadata, example_of
from shared.contracts.subscriptions import SERVICES, SUBSCRIPTIONS


class Kind(NamedTuple):
    """A kind of contract, in the words of its refusals."""

    name: str
    relied_on_by: str
    """The keyword under which a schema says by whom."""
    used: str
    """What they do with it."""
    how_to_go_on: str


EVENT = Kind(
    "event",
    HEARD_BY,
    "hear",
    "publish a new version side by side (schema_version = 2), or give the field a default",
)
DOCUMENT = Kind(
    "document",
    READ_BY,
    "read",
    "write another document side by side, or give the field a default; readers that refuse what"
    " they do not know must learn to ignore it a release earlier",
)


class Contract(NamedTuple):
    """One schema, and who relies on it."""

    name: str
    value_class: type[BaseModel]
    said: dict[str, Any]
    """What a schema cannot say of it, and consumers rely on all the same."""
    kind: Kind = EVENT
    written: Callable[[], dict[str, Any]] | None = None
    """The example as JSON, where the fields have none."""

    def schema(self) -> dict[str, Any]:
        """Answer it as JSON Schema."""
        return {**self.value_class.model_json_schema(), "title": self.name, **self.said}

    def example(self) -> dict[str, Any]:
        """Answer the documented example as JSON."""
        if self.written is not None:
            return self.read(json.dumps(self.written())).model_dump(mode="json")
        example = self.value_class.model_validate(example_of(self.value_class))
        return example.model_dump(mode="json", exclude_none=True)

    def read(self, text: str) -> BaseModel:
        """Read JSON as those who rely on it do.

        Raises
        ------
        pydantic.ValidationError
            If they would refuse it.
        """
        refused = self.said.get(UNKNOWN) == Unknown.REFUSED
        return self.value_class.model_validate_json(text, extra="forbid" if refused else "ignore")


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


def of_document(document: Document) -> Contract:
    """Write the row of a document."""
    name = document.value_class.__name__
    said = {READ_BY: list(document.read_by), UNKNOWN: document.unknown}
    return Contract(name, document.value_class, said, DOCUMENT, document.example)


METADATA = Contract("Metadata", Metadata, {HEARD_BY: list(SERVICES)})


def contracts() -> tuple[Contract, ...]:
    """Answer all rows."""
    events = (of_event(event) for event in lifecycle.EVENTS.values())
    return (METADATA, *events, *map(of_document, DOCUMENTS))
