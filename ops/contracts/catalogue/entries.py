"""What the catalogue tells of each contract: who says it, who hears it, its fields, its past."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.contracts import delivered
from ops.contracts.catalogue.fields import Field, fields
from ops.contracts.files import SCHEMAS
from ops.contracts.table import EVENT, METADATA, Contract, consumers, contracts
from shared.contracts import aws, wishes
from shared.contracts.aws import Hint
from shared.contracts.envelope import ANY_SERVICE, Event
from shared.contracts.lifecycle import EVENTS
from shared.contracts.subscriptions import SCHEDULES, SERVICES

Json = dict[str, Any]

EVERY_SERVICE = "every service"
DECIDING = tuple(service for service in SERVICES if service != "journal")
"""The services that say what every service says: the journal decides nothing."""
AWS, SCHEDULE = "SageMaker", "our schedules"
FAMILIES = {"event": "Events", "aws": "Events of AWS", "wish": "Wishes", "document": "Documents"}
"""Kinds of contract, in the order of the page, with their headings."""
BASICS = "metadata"


@dataclass(frozen=True)
class Entry:
    """One contract.

    Parameters
    ----------
    kind : str
        A key of `FAMILIES`, or `BASICS`.
    says : str
        What is written about it, in its class.
    history : tuple of str
        What became of it since its first example was committed.
    """

    name: str
    kind: str
    says: str
    said_by: str
    heard_by: tuple[str, ...]
    version: int
    fields: tuple[Field, ...]
    schema: Json
    example: Json
    history: tuple[str, ...]


def entries(folder: Path = SCHEMAS) -> tuple[Entry, ...]:
    """Answer all of them."""
    rows = {contract.name: contract for contract in contracts()}
    events = [of_event(kind, rows[name], folder) for name, kind in EVENTS.items()]
    hints = [of_hint(kind) for kind in aws.IN_ORDER]
    scheduled = [of_wish(kind) for kind in wishes.WISHES.values()]
    documents = [of_document(row, folder) for row in rows.values() if row.kind is not EVENT]
    return (of_metadata(folder), *events, *hints, *scheduled, *documents)


def of_event(kind: type[Event], row: Contract, folder: Path) -> Entry:
    """Describe an event of ours."""
    schema = row.schema()
    return Entry(
        name=row.name,
        kind="event",
        says=said_of(schema),
        said_by=EVERY_SERVICE if kind.producer == ANY_SERVICE else kind.producer,
        heard_by=tuple(consumers(kind)),
        version=kind.schema_version,
        fields=fields(row.name, schema),
        schema=schema,
        example=delivered.example(kind),
        history=tuple(history(row, folder)),
    )


def of_hint(kind: type[Hint]) -> Entry:
    """Describe an event of AWS, as far as we read it."""
    schema = kind.model_json_schema()
    return Entry(
        name=kind.aws_name,
        kind="aws",
        says=said_of(schema),
        said_by=AWS,
        heard_by=tuple(consumers(kind)),
        version=kind.schema_version,
        fields=fields(kind.__name__, schema),
        schema=schema,
        example=delivered.example(kind),
        history=(),
    )


def of_wish(kind: type[Event]) -> Entry:
    """Describe a wish of our schedules."""
    schema = kind.model_json_schema()
    return Entry(
        name=kind.detail_type(),
        kind="wish",
        says=said_of(schema),
        said_by=SCHEDULE,
        heard_by=tuple(row.service for row in SCHEDULES if row.wish is kind),
        version=kind.schema_version,
        fields=fields(kind.detail_type(), schema),
        schema=schema,
        example=delivered.example(kind),
        history=(),
    )


def of_document(row: Contract, folder: Path) -> Entry:
    """Describe a document that services keep for others."""
    schema = row.schema()
    return Entry(
        name=row.name,
        kind="document",
        says=said_of(schema),
        said_by="",
        heard_by=tuple(schema[row.kind.relied_on_by]),
        version=1,
        fields=fields(row.name, schema),
        schema=schema,
        example=row.example(),
        history=tuple(history(row, folder)),
    )


def of_metadata(folder: Path) -> Entry:
    """Describe what every event of ours has beside its data."""
    schema = METADATA.schema()
    return Entry(
        name=METADATA.name,
        kind=BASICS,
        says=said_of(schema),
        said_by=EVERY_SERVICE,
        heard_by=(),
        version=1,
        fields=fields(METADATA.name, schema),
        schema=schema,
        example=METADATA.example(),
        history=tuple(history(METADATA, folder)),
    )


def said_of(schema: Mapping[str, Any]) -> str:
    """Answer what is written about a contract, on one line."""
    return " ".join(str(schema.get("description", "")).split())


def history(row: Contract, folder: Path) -> Iterator[str]:
    """Say what became of a contract, as its committed examples tell: each was once the newest."""
    now = paths(row.example())
    examples = sorted((folder / "examples" / row.name).glob("*.json"))
    older = {
        new
        for path in examples
        if (new := tuple(sorted(now - paths(json.loads(path.read_text())))))
    }
    yield f"{len(examples)} committed example{'s' if len(examples) > 1 else ''}, all still read"
    for new in sorted(older, key=lambda one: (len(one), one)):
        yield f"came later: {', '.join(new)}"


def paths(example: Any, above: str = "") -> set[str]:
    """Answer the paths of all fields of an example; keys of mappings count as fields."""
    if not isinstance(example, dict):
        return set()
    found: set[str] = set()
    for name, value in example.items():
        path = f"{above}.{name}" if above else name
        found |= {path, *paths(value, path)}
    return found
