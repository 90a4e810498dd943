"""The table of documents says who reads each of them, and how."""

import ast
from collections.abc import Iterator
from pathlib import Path

from ops.contracts.compatibility import Unknown
from ops.contracts.documents import DOCUMENTS

ROOT = Path(__file__).parents[2]
CLASSES = {row.value_class.__name__: row.value_class for row in DOCUMENTS}
TOLERANT = (
    "read"  # the method of a document that comes as strings: it ignores what it does not know
)

Reading = tuple[str, str, Unknown]
"""A document, who reads it, and what becomes of fields that they do not know."""


def readings(path: Path) -> Iterator[Reading]:
    """Find what a file reads: ``Name.model_validate_json(…)``, or ``Name.read(…)``."""
    first, second, *_ = path.relative_to(ROOT).parts
    who = second if first == "services" else first
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(
                func=ast.Attribute(ast.Name(name), "model_validate_json" | "read" as how),
                keywords=said,
            ) if name[0].isupper():
                if how == TOLERANT and name not in CLASSES:
                    continue  # settings, which come from the environment
                extra = [one.value.value for one in said if isinstance(one.value, ast.Constant)]
                config = CLASSES[name].model_config.get("extra") if name in CLASSES else None
                is_ignored = "ignore" in (*extra, config) or how == TOLERANT
                yield name, who, Unknown.IGNORED if is_ignored else Unknown.REFUSED


def test_every_document_that_is_read_has_its_row_with_its_readers() -> None:
    paths = [*ROOT.glob("services/**/*.py"), *ROOT.glob("ops/**/*.py")]
    found = {reading for path in paths for reading in readings(path)}
    rows = {(row.value_class.__name__, who) for row in DOCUMENTS for who in row.read_by}
    assert {(name, who) for name, who, _ in found} == rows
    for row in DOCUMENTS:
        done = {unknown for name, _, unknown in found if name == row.value_class.__name__}
        assert (Unknown.REFUSED in done) == (row.unknown is Unknown.REFUSED), row
