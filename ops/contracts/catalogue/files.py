"""The catalogue's files, and whether they are as the code says."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from ops.contracts.catalogue import asyncapi, page
from ops.contracts.catalogue.entries import Entry, entries
from ops.contracts.catalogue.fields import without_unit

FOLDER = Path(__file__).parents[3] / "docs" / "contracts"


def texts(found: tuple[Entry, ...]) -> Mapping[str, str]:
    """Answer each file's text by its name."""
    return {"asyncapi.yaml": asyncapi.text(found), "index.html": page.page(found)}


def problems(folder: Path = FOLDER) -> Iterator[str]:
    """Say which file drifted, and which number has no unit."""
    found = entries()
    for name, text in texts(found).items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            yield f"{path.parent.name}/{name}: not what the code says: run make catalogue"
    for entry in found:
        for path_of_field in without_unit(entry.name, entry.schema):
            yield (
                f"{entry.name}.{path_of_field}: a number without a unit: end its name with one, or "
                "add a row to ops/contracts/catalogue/fields.py"
            )


def write(folder: Path = FOLDER) -> None:
    """Write all files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts(entries()).items():
        (folder / name).write_text(text, encoding="utf-8")
