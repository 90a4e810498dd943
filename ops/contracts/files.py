"""The committed schemas and examples, and what is wrong with them."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ops.contracts.compatibility import HEARD_BY, Change, breaking
from ops.contracts.table import Contract, contracts
from shared.contracts import lifecycle
from shared.contracts.envelope import first_fault, read

SCHEMAS = Path(lifecycle.__file__).parent.parent / "schemas"
HOW_TO_GO_ON = (
    "publish a new version side by side (schema_version = 2), or give the field a default"
)


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
            heard_by = told(json.loads(path.read_text()).get(HEARD_BY, ()))
            yield f"{path.stem}: the event is gone, {heard_by} may still hear it: keep the class"


def schema_problems(contract: Contract, folder: Path) -> Iterator[str]:
    """Compare one contract with its committed schema."""
    path, name, schema = folder / f"{contract.name}.json", contract.name, contract.schema()
    if not path.exists():
        yield f"{name}: no committed schema: run make schemas"
        return
    committed = json.loads(path.read_text())
    broken = breaking(committed, schema)
    heard_by = dict.fromkeys([*committed.get(HEARD_BY, ()), *schema[HEARD_BY]])
    yield from (refusal(name, change, heard_by) for change in broken)
    if not broken and committed != schema:
        yield f"{name}: the committed schema is not what the code says: run make schemas"


def refusal(name: str, change: Change, heard_by: Iterable[str]) -> str:
    """Say which event and field would break whom, and how to go on."""
    return f"{name}: {change}: breaks {told(heard_by)} {change.breaks}: {HOW_TO_GO_ON}"


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
            read(contract.value_class, json.loads(text))
        except ValidationError as error:
            yield f"{name}: example {path.name}: {first_fault(error)}: {HOW_TO_GO_ON}"


def digest(text: str) -> str:
    """Name an example by what it says."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def write(folder: Path = SCHEMAS) -> tuple[str, ...]:
    """Write schemas and examples; answer the breaking changes that keep it from doing so."""
    rows = contracts()
    refused = tuple(
        problem
        for contract in rows
        for problem in schema_problems(contract, folder)
        if HOW_TO_GO_ON in problem
    )
    if refused:
        return refused
    for contract in rows:
        (folder / f"{contract.name}.json").write_text(text_of(contract.schema()))
        example = text_of(contract.example())
        path = folder / "examples" / contract.name / f"{digest(example)}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(example)
    return ()
