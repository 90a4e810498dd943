"""Which changes of a document are refused, for whom, and in which words."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import Field, create_model

from ops.contracts import files, table
from ops.contracts.compatibility import Breaks, Unknown, breaking
from ops.contracts.documents import Document
from shared.contracts.frozen import Frozen

STRING = {"type": "string"}
C, W, B = Breaks.CONSUMERS, Breaks.WRITTEN, Breaks.BOTH


def schema(unknown: Unknown, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "x-unknown-fields": unknown}


def closed(**properties: Any) -> dict[str, Any]:
    return schema(Unknown.REFUSED, **properties)


def tolerant(**properties: Any) -> dict[str, Any]:
    return schema(Unknown.IGNORED, **properties)


INSIDE = {"type": "object", "properties": {"b": STRING}}
NEWS = "is new: fields that are not known are refused"
CHANGES: list[tuple[str, Any, Any, list[tuple[str, Breaks]]]] = [
    ("nothing", closed(a=STRING), closed(a=STRING), []),
    ("a lost field", closed(a=STRING), closed(), [("a is gone", B)]),
    ("a lost field that is ignored", tolerant(a=STRING), tolerant(), [("a is gone", C)]),
    ("a new field with a default", closed(), closed(a=STRING), [(f"a {NEWS}", C)]),
    ("a new field that is ignored", tolerant(), tolerant(a=STRING), []),
    (
        "a new required field",
        closed(),
        {**closed(a=STRING), "required": ["a"]},
        [("a is new and has no default", B)],
    ),
    (
        "a new field inside",
        closed(a={**INSIDE, "properties": {}}),
        closed(a=INSIDE),
        [(f"a.b {NEWS}", C)],
    ),
    (
        "a lost field inside",
        closed(a=INSIDE),
        closed(a=INSIDE | {"properties": {}}),
        [("a.b is gone", B)],
    ),
    ("readers that learned to ignore", closed(a=STRING), tolerant(a=STRING), []),
    ("a new field and readers that learned", closed(), tolerant(a=STRING), [(f"a {NEWS}", C)]),
    (
        "readers that refuse now",
        tolerant(a=STRING),
        closed(a=STRING),
        [("fields that are not known are refused now", W)],
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "says"), [pytest.param(o, n, s, id=i) for i, o, n, s in CHANGES]
)
def test_what_readers_do_with_unknown_fields_decides_what_breaks_them(
    old: dict[str, Any], new: dict[str, Any], says: list[tuple[str, Breaks]]
) -> None:
    assert [(str(change), change.breaks) for change in breaking(old, new)] == says


class Part(Frozen):
    """A part of a document."""

    loss: float | None


class Narrowed(Frozen):
    """The part as somebody edits it."""

    loss: float


class Kept(Frozen):
    """A document of these tests."""

    model: str
    points: int = Field(ge=0)
    parts: tuple[Part, ...]


def kept(**changes: Any) -> type[Frozen]:
    """Write the document as somebody might edit it."""
    return create_model("Kept", __base__=Kept, __module__=__name__, **changes)


def without(name: str) -> type[Frozen]:
    """Write the document without one of its fields."""
    left = {key: (one.annotation, one) for key, one in Kept.model_fields.items() if key != name}
    return create_model("Kept", __base__=Frozen, __module__=__name__, **left)  # type: ignore[call-overload,no-any-return]


def example() -> dict[str, Any]:
    return {"model": "fees", "points": 20, "parts": [{"loss": 0.5}]}


def row(value_class: type[Frozen], unknown: Unknown) -> table.Contract:
    """Write the row of the document, as if two services read it."""
    return table.of_document(Document(value_class, example, ("trainer", "monitor"), unknown))


def commit(folder: Path, unknown: Unknown) -> None:
    """Commit the document's schema and example."""
    contract = row(Kept, unknown)
    text = files.text_of(contract.example())
    above = folder / "examples" / "Kept"
    above.mkdir(parents=True)
    (above / f"{files.digest(text)}.json").write_text(text)
    (folder / "Kept.json").write_text(files.text_of(contract.schema()))


IGNORED, REFUSED = Unknown.IGNORED, Unknown.REFUSED
WITH_A_DEFAULT = kept(colour=(str, "red"))
EDITS: list[tuple[str, type[Frozen], Unknown, str]] = [
    ("as it is", Kept, REFUSED, ""),
    ("a field that is ignored", WITH_A_DEFAULT, IGNORED, ""),
    (
        "a field that is refused",
        WITH_A_DEFAULT,
        REFUSED,
        f"Kept: colour {NEWS}: breaks trainer, monitor as deployed: ",
    ),
    (
        "a required field",
        kept(colour=(str, ...)),
        IGNORED,
        "Kept: colour is new and has no default: breaks trainer, monitor on documents of"
        " yesterday: ",
    ),
    (
        "a field removed",
        without("points"),
        REFUSED,
        "Kept: points is gone: breaks trainer, monitor as deployed, and on documents of"
        " yesterday: ",
    ),
    (
        "a narrowed type",
        kept(parts=(tuple[Narrowed, ...], ...)),
        IGNORED,
        "Kept: parts.loss was number or null, is number: breaks trainer, monitor as deployed, and"
        " on documents of yesterday: ",
    ),
    (
        "a tighter bound",
        kept(points=(int, Field(ge=1))),
        IGNORED,
        "Kept: points: minimum was 0, is 1: breaks trainer, monitor on documents of yesterday: ",
    ),
]


@pytest.mark.parametrize(
    ("edited", "unknown", "says"), [pytest.param(e, u, s, id=i) for i, e, u, s in EDITS]
)
def test_an_edit_that_would_break_a_reader_is_refused_by_document_field_and_reader(
    tmp_path: Path, edited: type[Frozen], unknown: Unknown, says: str
) -> None:
    commit(tmp_path, unknown)
    found = [
        one for one in files.problems(tmp_path, [row(edited, unknown)]) if "run make" not in one
    ]
    if not says:
        assert found == []
        return
    assert found[0].startswith(says)
    assert found[0].endswith(table.DOCUMENT.how_to_go_on)


def test_an_old_example_that_readers_would_refuse_is_told(tmp_path: Path) -> None:
    commit(tmp_path, REFUSED)
    (path,) = (tmp_path / "examples" / "Kept").iterdir()
    *_, told = files.problems(tmp_path, [row(without("points"), REFUSED)])
    assert told.startswith(f"Kept: example {path.name}: points: Extra inputs are not permitted: ")


def test_a_document_that_is_gone_is_told_with_who_may_still_read_it(tmp_path: Path) -> None:
    commit(tmp_path, IGNORED)
    said = "Kept: the document is gone, trainer, monitor may still read it: keep the class"
    assert list(files.problems(tmp_path, [])) == [said]
