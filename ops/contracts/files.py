"""The committed schemas and examples, and what is wrong with them."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ops.contracts.compatibility import breaking
from shared.contracts import lifecycle
from shared.contracts.envelope import Event, first_fault, read

SCHEMAS = Path(lifecycle.__file__).parent.parent / "schemas"
HOW_TO_GO_ON = (
    "publish a new version side by side (schema_version = 2), or give the field a default"
)


def schema_of(event: type[Event]) -> dict[str, Any]:
    """Answer an event's JSON Schema."""
    schema = event.model_json_schema()
    return {**schema, "title": event.detail_type(), "x-producer": event.producer}


def text_of(document: Any) -> str:
    """Write JSON as it is committed."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def schema_path(event: type[Event], folder: Path = SCHEMAS) -> Path:
    """Answer where an event's schema is committed."""
    return folder / f"{event.detail_type()}.json"


def problems(folder: Path = SCHEMAS) -> Iterator[str]:
    """Say what breaks a consumer, what drifted, and which old example does not parse any more."""
    for event in lifecycle.EVENTS.values():
        yield from schema_problems(event, folder)
        yield from example_problems(event, folder)
    known = {schema_path(event, folder) for event in lifecycle.EVENTS.values()}
    for path in sorted(set(folder.glob("*.json")) - known):
        yield f"{path.stem}: the event is gone, its consumers are not: keep the class"


def schema_problems(event: type[Event], folder: Path) -> Iterator[str]:
    """Compare one event with its committed schema."""
    path, name = schema_path(event, folder), event.detail_type()
    if not path.exists():
        yield f"{name}: no committed schema: run make schemas"
        return
    committed = json.loads(path.read_text())
    broken = [
        f"{name}: {change}: {HOW_TO_GO_ON}" for change in breaking(committed, schema_of(event))
    ]
    yield from broken
    if not broken and committed != schema_of(event):
        yield f"{name}: the committed schema is not what the code says: run make schemas"


def example_problems(event: type[Event], folder: Path) -> Iterator[str]:
    """Read every example that was ever committed."""
    name = event.detail_type()
    paths = sorted((folder / "examples" / name).glob("*.json"))
    if not paths:
        yield f"{name}: no committed example: run make schemas"
    for path in paths:
        try:
            read(event, json.loads(path.read_text()))
        except ValidationError as error:
            yield f"{name}: example {path.name}: {first_fault(error)}: {HOW_TO_GO_ON}"


def write(folder: Path = SCHEMAS) -> tuple[str, ...]:
    """Write schemas and examples; answer the breaking changes that keep it from doing so."""
    refused = tuple(
        problem
        for event in lifecycle.EVENTS.values()
        for problem in schema_problems(event, folder)
        if HOW_TO_GO_ON in problem
    )
    if refused:
        return refused
    for event in lifecycle.EVENTS.values():
        schema_path(event, folder).write_text(text_of(schema_of(event)))
        example = text_of(event.example().model_dump(mode="json", exclude_none=True))
        digest = hashlib.sha256(example.encode()).hexdigest()[:8]
        path = folder / "examples" / event.detail_type() / f"{digest}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(example)
    return ()
