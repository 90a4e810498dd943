"""Reading what was committed, and asking the handlers of today about it."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ops.contracts.documents import DOCUMENTS
from ops.contracts.files import SCHEMAS, text_of
from ops.contracts.table import of_document
from services.ingest.domain.state import Series
from services.journal.domain import entry
from shared.contracts.envelope import ANY_SERVICE, Envelope, Event, read
from shared.contracts.frozen import Frozen
from shared.contracts.subscriptions import subscriptions_of
from shared.messaging.concerned import Concerned
from shared.messaging.decision import Decision, Ignored, Kept
from shared.messaging.errors import Rejected
from shared.messaging.store import HEARD, TODO
from tests.compatibility.places import NOW, PLACES, SAID, Directory
from tests.fakes.messaging import envelope

HERE = Path(__file__).parent
EXAMPLES, STATES, DECISIONS = SCHEMAS / "examples", HERE / "states", HERE / "decisions"
DOCUMENTS_READ = HERE / "documents.json"
DIGITS = 9  # of a number: the last ones differ from one libm to the next

AGGREGATES: Mapping[str, type[Frozen]] = {
    **{service: place.state for service, place in PLACES.items()},
    "ingest": Series,
}

Table = dict[str, list[dict[str, Any]]]
"""By example: what is decided, and in which situations."""


class Recorded(NamedTuple):
    """An aggregate as it was at some moment."""

    name: str
    key: str
    kept: Kept[Any]


def examples(name: str) -> list[Path]:
    """Answer the committed examples of an event or a document."""
    return sorted((EXAMPLES / name).glob("*.json"))


def states(service: str) -> list[Path]:
    """Answer the recorded states of a service."""
    return sorted((STATES / service).glob("*.json"))


def recorded(service: str, path: Path) -> Recorded:
    """Read a state as the store reads it."""
    content = json.loads(path.read_text())
    kept = Kept(
        revision=content["revision"],
        state=AGGREGATES[service].model_validate_json(json.dumps(content["state"])),
        todo=TODO.validate_json(json.dumps(content["todo"])),
        heard=HEARD.validate_json(json.dumps(content["heard"])),
    )
    return Recorded(path.stem, content["key"], kept)


def situations(service: str, keys: tuple[str, ...]) -> Iterator[Recorded]:
    """Iterate over the states of the aggregates, and how each of them begins."""
    for key in keys:
        yield Recorded(f"new {key}", key, Kept(0, PLACES[service].initial(key)))
    found = (recorded(service, path) for path in states(service))
    yield from (one for one in found if one.key in keys)


def heard(service: str) -> Iterator[tuple[str, Envelope[Event]]]:
    """Iterate over the committed examples that a service hears, by their names."""
    for row in subscriptions_of(service):
        for path in examples(row.event.detail_type()):
            data = read(row.event, json.loads(path.read_text()))
            producer = service if data.producer == ANY_SERVICE else data.producer
            said = envelope(data, "example", occurred_at=SAID, producer=producer)
            yield f"{row.event.detail_type()}/{path.stem}", said


def decisions(service: str) -> Table:
    """Ask a service about every example that it hears, in every state."""
    place, concerned = PLACES[service], Concerned(service, "dev", Directory(), lambda: ())
    table: Table = {}
    for name, said in heard(service):
        handler, rows = place.handlers[type(said.data)], table.setdefault(name, [])
        for one in situations(service, concerned(said)):
            decided = answer(handler, said, one.kept, place.look)
            same = next((row for row in rows if row["decided"] == decided), None)
            if same:
                same["when"].append(one.name)
            else:
                rows.append({"when": [one.name], "decided": decided})
    return table


def entries() -> Table:
    """Ask the journal how it keeps every example."""
    kept = {name: entry(said, json.loads(said.detail())) for name, said in heard("journal")}
    shown = {"subject", "position", "source", "causation_id"}
    return {
        name: [{"when": ["always"], "decided": one.model_dump(mode="json", include=shown)}]
        for name, one in kept.items()
    }


def documents() -> dict[str, Any]:
    """Answer what each committed example of a document is read as."""
    return {
        f"{contract.name}/{path.stem}": contract.read(path.read_text()).model_dump(mode="json")
        for contract in map(of_document, DOCUMENTS)
        for path in examples(contract.name)
    }


TABLES: Mapping[str, Callable[[], Table]] = {
    **{service: partial(decisions, service) for service in PLACES},
    "journal": entries,
}


def answer(handler: Any, said: Envelope[Event], kept: Kept[Any], look: Any) -> Any:
    """Answer what a handler decides, in words that can be compared."""
    try:
        decided = handler(said, kept.state, look(kept.state), NOW)
    except Rejected as error:
        return {"rejected": str(error)}
    match decided:
        case None:
            return None
        case Ignored():
            return {"ignored": decided.why}
        case Decision():
            return {
                "why": decided.why,
                "actions": [written(action) for action in decided.actions],
                "events": [written(event) for event in decided.events],
                "state": changes(kept.state, decided.state),
            }
    raise AssertionError(f"no answer of a handler: {decided!r}")


def written(value: Frozen) -> Mapping[str, Any]:
    """Write an action or an event under its name."""
    return {type(value).__name__: rounded(value.model_dump(mode="json", exclude_none=True))}


def changes(before: Frozen, after: Frozen) -> Mapping[str, Any]:
    """Answer the fields of a state that are not what they were."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    return {name: rounded(value) for name, value in new.items() if value != old[name]}


def rounded(value: Any) -> Any:
    """Leave the last digits of numbers out."""
    match value:
        case float():
            return float(f"{value:.{DIGITS}g}")
        case dict():
            return {key: rounded(each) for key, each in value.items()}
        case list() | tuple():
            return [rounded(each) for each in value]
        case _:
            return value


def table_path(service: str) -> Path:
    """Answer where a service's decisions are committed."""
    return DECISIONS / f"{service}.json"


def write() -> None:
    """Record what today's handlers decide, and what documents are read as."""
    DECISIONS.mkdir(exist_ok=True)
    for service, table in TABLES.items():
        table_path(service).write_text(text_of(table()))
    DOCUMENTS_READ.write_text(text_of(documents()))
