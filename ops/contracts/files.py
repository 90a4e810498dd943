"""The committed schemas and examples, and what is wrong with them."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ops.contracts.compatibility import breaking
from ops.contracts.table import DOCUMENT, EVENT, Contract, contracts
from shared.contracts import lifecycle
from shared.contracts.envelope import first_fault

SCHEMAS = Path(lifecycle.__file__).parent.parent / "schemas"


def text_of(document: Any) -> str:
    """Write JSON as it is committed."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def problems(folder: Path = SCHEMAS, table: Iterable[Contract] | None = None) -> Iterator[str]:
    """Say what breaks a consumer, what drifted, and which old example does not parse any more."""
    rows = contracts() if table is None else tuple(table)
    for contract in rows:
        yield from schema_problems(contract, folder)
        yield from example_problems(contract, folder)
    names = {contract.name for contract in rows}
    for path in sorted(folder.glob("*.json")):
        if path.stem not in names:
            yield f"{path.stem}: {gone(json.loads(path.read_text()))}: keep the class"


def gone(committed: Mapping[str, Any]) -> str:
    """Say what is gone, and who may still rely on it."""
    kind = DOCUMENT if DOCUMENT.relied_on_by in committed else EVENT
    relied_on_by = told(committed.get(kind.relied_on_by, ()))
    return f"the {kind.name} is gone, {relied_on_by} may still {kind.used} it"


def schema_problems(contract: Contract, folder: Path) -> Iterator[str]:
    """Compare one contract with its committed schema."""
    path = folder / f"{contract.name}.json"
    refused = tuple(refusals(contract, folder))
    yield from refused
    if not path.exists():
        yield f"{contract.name}: no committed schema: run make schemas"
    elif not refused and json.loads(path.read_text()) != contract.schema():
        yield f"{contract.name}: the committed schema is not what the code says: run make schemas"


def refusals(contract: Contract, folder: Path) -> Iterator[str]:
    """Say which changes since the committed schema would break whom, and how to go on."""
    path, name, kind = folder / f"{contract.name}.json", contract.name, contract.kind
    if not path.exists():
        return
    committed, schema = json.loads(path.read_text()), contract.schema()
    before, now = committed.get(kind.relied_on_by, ()), schema[kind.relied_on_by]
    relied_on_by = told(dict.fromkeys([*before, *now]))
    for change in breaking(committed, schema):
        breaks = change.breaks.format(written=f"{kind.name}s")
        yield f"{name}: {change}: breaks {relied_on_by} {breaks}: {kind.how_to_go_on}"


def told(services: Iterable[str]) -> str:
    """Name services."""
    return ", ".join(services) or "nobody we know"


def example_problems(contract: Contract, folder: Path) -> Iterator[str]:
    """Read every example that was ever committed."""
    name = contract.name
    paths = sorted((folder / "examples" / name).glob("*.json"))
    if not paths:
        yield f"{name}: no committed example: run make schemas"
    for path in paths:
        text = path.read_text()
        if path.stem != digest(text):
            yield f"{name}: example {path.name} was changed: restore it, and add another"
            continue
        try:
            contract.read(text)
        except ValidationError as error:
            fault = first_fault(error)
            yield f"{name}: example {path.name}: {fault}: {contract.kind.how_to_go_on}"


def digest(text: str) -> str:
    """Name an example by what it says."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def write(folder: Path = SCHEMAS) -> tuple[str, ...]:
    """Write schemas and examples; answer the breaking changes that keep it from doing so."""
    rows = contracts()
    refused = tuple(problem for contract in rows for problem in refusals(contract, folder))
    if refused:
        return refused
    for contract in rows:
        (folder / f"{contract.name}.json").write_text(text_of(contract.schema()))
        example = text_of(contract.example())
        path = folder / "examples" / contract.name / f"{digest(example)}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(example)
    return ()
