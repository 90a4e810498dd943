"""Which changes of an event are refused, for whom, and in which words."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest
from pydantic import Field, create_model

from ops.contracts import files, table
from ops.contracts.__main__ import main
from ops.contracts.compatibility import Breaks, breaking
from shared.contracts.envelope import Event
from shared.contracts.frozen import Frozen

STRING, INTEGER = {"type": "string"}, {"type": "integer"}
NULL = {"type": "null"}
C, E, B = Breaks.CONSUMERS, Breaks.WRITTEN, Breaks.BOTH


def field(schema: Any, required: bool = True) -> dict[str, Any]:
    """Answer an object with one field."""
    return {
        "type": "object",
        "properties": {"a": schema},
        "required": ["a"] if required else [],
    }


def union(*kinds: Any) -> dict[str, Any]:
    return {"anyOf": list(kinds)}


NOTHING: dict[str, Any] = {"type": "object", "properties": {}}
CHANGES: list[tuple[str, Any, Any, list[tuple[str, Breaks]]]] = [
    ("nothing", field(STRING), field(STRING), []),
    ("words", field(STRING), field({**STRING, "description": "x", "examples": ["y"]}), []),
    ("a new field with a default", NOTHING, field(STRING, required=False), []),
    ("a lost field", field(STRING), NOTHING, [("a is gone", C)]),
    ("a new required field", NOTHING, field(STRING), [("a is new and has no default", E)]),
    ("required", field(STRING, required=False), field(STRING), [("a is required now", E)]),
    ("optional", field(STRING), field(STRING, required=False), [("a is optional now", C)]),
    ("another type", field(STRING), field(INTEGER), [("a was string, is integer", B)]),
    (
        "perhaps nothing",
        field(STRING),
        field(union(STRING, NULL)),
        [("a was string, is string or null", B)],
    ),
    (
        "another item",
        field({"type": "array", "items": STRING}),
        field({"type": "array", "items": INTEGER}),
        [("a was list of string, is list of integer", B)],
    ),
    (
        "another value of a map",
        field({"type": "object", "additionalProperties": STRING}),
        field({"type": "object", "additionalProperties": INTEGER}),
        [("a was object of string, is object of integer", B)],
    ),
    (
        "a word fewer",
        field({**STRING, "enum": ["x", "y", "z"]}),
        field({**STRING, "enum": ["y"]}),
        [("a may not be 'x' or 'z' any more", E)],
    ),
    (
        "a word more in a closed list",
        field({**STRING, "enum": ["x"]}),
        field({**STRING, "enum": ["x", "y"]}),
        [("a may be 'y', too", C)],
    ),
    (
        "a list that is closed",
        field(STRING),
        field({**STRING, "enum": ["x"]}),
        [("a: enum was None, is ['x']", B)],
    ),
    (
        "a tighter bound",
        field({**INTEGER, "minimum": 0}),
        field({**INTEGER, "minimum": 1}),
        [("a: minimum was 0, is 1", E)],
    ),
    (
        "a looser bound",
        field({**STRING, "maxLength": 9}),
        field({**STRING, "maxLength": 10}),
        [("a: maxLength was 9, is 10", C)],
    ),
    (
        "a new bound inside of a union",
        field(union(STRING, NULL)),
        field(union({**STRING, "maxLength": 9}, NULL)),
        [("a: maxLength was None, is 9", E)],
    ),
    (
        "no bound any more",
        field({**INTEGER, "minimum": 0}),
        field(INTEGER),
        [("a: minimum was 0, is None", C)],
    ),
    (
        "another pattern",
        field({**STRING, "pattern": "^s3"}),
        field({**STRING, "pattern": "^s4"}),
        [("a: pattern was '^s3', is '^s4'", B)],
    ),
    (
        "another default",
        field({**STRING, "default": "x"}, required=False),
        field({**STRING, "default": "y"}, required=False),
        [("a: left out, it meant 'x', and now 'y'", B)],
    ),
    (
        "inside",
        field(field(STRING)),
        field(field(INTEGER)),
        [("a.a was string, is integer", B)],
    ),
    (
        "inside of a definition",
        {**field({"$ref": "#/$defs/D"}), "$defs": {"D": field(STRING)}},
        {**field({"$ref": "#/$defs/D"}), "$defs": {"D": NOTHING}},
        [("a.a is gone", C)],
    ),
    (
        "a definition by another name",
        {**field({"$ref": "#/$defs/D"}), "$defs": {"D": field(STRING)}},
        {**field({"$ref": "#/$defs/E"}), "$defs": {"E": field(STRING)}},
        [],
    ),
    (
        "the family",
        {**NOTHING, "x-family": "deployment", "x-aspect": "stage"},
        {**NOTHING, "x-family": None, "x-aspect": "kind"},
        [
            ("its family was 'deployment', is None", B),
            ("its aspect was 'stage', is 'kind'", B),
        ],
    ),
    (
        "the producer",
        {**NOTHING, "x-producer": "trainer"},
        {**NOTHING, "x-producer": "monitor"},
        [("its producer was 'trainer', is 'monitor'", C)],
    ),
    ("who hears it", {**NOTHING, "x-heard-by": ["a"]}, {**NOTHING, "x-heard-by": []}, []),
]


@pytest.mark.parametrize(
    ("old", "new", "says"), [pytest.param(o, n, s, id=i) for i, o, n, s in CHANGES]
)
def test_a_breaking_change_is_named_by_field_and_by_whom_it_breaks(
    old: dict[str, Any], new: dict[str, Any], says: list[tuple[str, Breaks]]
) -> None:
    assert [(str(change), change.breaks) for change in breaking(old, new)] == says


class Seen(Frozen):
    """A part of an event."""

    score: float = Field(ge=0, examples=[0.3])


class Judged(Event):
    """An event of these tests."""

    producer: ClassVar[str] = "evaluator"
    family: ClassVar[str | None] = "judgement"
    model: str = Field(examples=["fees"])
    stage: str = Field(examples=["staging"])
    verdict: Literal["passed", "refused"] = Field(examples=["passed"])
    points: int = Field(ge=0, examples=[20])
    seen: Seen
    note: str = "none"


def judged(**changes: Any) -> type[Event]:
    """Write the event as somebody might edit it."""
    return create_model("Judged", __base__=Judged, __module__=__name__, **changes)


def without(name: str) -> type[Event]:
    """Write the event without one of its fields."""
    kept = {key: (one.annotation, one) for key, one in Judged.model_fields.items() if key != name}
    edited = create_model("Judged", __base__=Event, __module__=__name__, **kept)  # type: ignore[call-overload]
    edited.producer, edited.family = Judged.producer, Judged.family
    return edited  # type: ignore[no-any-return]


def of_another_family() -> type[Event]:
    edited = judged()
    edited.family = "verdict"
    return edited


def said_by_another() -> type[Event]:
    edited = judged()
    edited.producer = "monitor"
    return edited


EDITS: list[tuple[str, Callable[[], type[Event]], str]] = [
    ("as it is", judged, ""),
    ("a field with a default", lambda: judged(colour=(str, "red")), ""),
    (
        "a required field",
        lambda: judged(colour=(str, Field(examples=["red"]))),
        "Judged: colour is new and has no default: breaks trainer, deployer on events of yesterday",
    ),
    (
        "a field removed",
        lambda: without("points"),
        "Judged: points is gone: breaks trainer, deployer as deployed",
    ),
    (
        "another type",
        lambda: judged(points=(str, Field(examples=["20"]))),
        "Judged: points was integer, is string: breaks trainer, deployer as deployed, and on events"
        " of yesterday",
    ),
    (
        "a word fewer",
        lambda: judged(verdict=(Literal["passed"], Field(examples=["passed"]))),
        "Judged: verdict may not be 'refused' any more: breaks trainer, deployer on events of"
        " yesterday",
    ),
    (
        "another family",
        of_another_family,
        "Judged: its family was 'judgement', is 'verdict': breaks trainer, deployer",
    ),
    (
        "another producer",
        said_by_another,
        "Judged: its producer was 'evaluator', is 'monitor': breaks trainer, deployer as deployed",
    ),
    (
        "another default",
        lambda: judged(note=(str, "-")),
        "Judged: note: left out, it meant 'none', and now '-'",
    ),
]


def row(event: type[Event]) -> table.Contract:
    """Write the row of the event, as if two services heard it."""
    contract = table.of_event(event)
    return contract._replace(said={**contract.said, "x-heard-by": ["trainer", "deployer"]})


def commit(folder: Path) -> None:
    """Commit the event's schema and example."""
    contract = row(Judged)
    example = files.text_of(contract.example())
    above = folder / "examples" / "Judged"
    above.mkdir(parents=True)
    (above / f"{files.digest(example)}.json").write_text(example)
    (folder / "Judged.json").write_text(files.text_of(contract.schema()))


@pytest.mark.parametrize(
    ("edit", "says"), [pytest.param(edit, says, id=name) for name, edit, says in EDITS]
)
def test_an_edit_that_would_break_a_consumer_is_refused_by_event_field_and_consumer(
    tmp_path: Path, edit: Callable[[], type[Event]], says: str
) -> None:
    commit(tmp_path)
    found = [one for one in files.problems(tmp_path, [row(edit())]) if "run make" not in one]
    if not says:
        assert found == []
        return
    assert found[0].startswith(says)
    assert found[0].endswith(table.EVENT.how_to_go_on)


def test_an_event_that_is_gone_is_told_with_who_may_still_hear_it(tmp_path: Path) -> None:
    commit(tmp_path)
    said = "Judged: the event is gone, trainer, deployer may still hear it: keep the class"
    assert list(files.problems(tmp_path, [])) == [said]


def test_an_example_that_was_edited_is_told(tmp_path: Path) -> None:
    commit(tmp_path)
    (path,) = (tmp_path / "examples" / "Judged").iterdir()
    path.write_text(path.read_text().replace("20", "21"))
    assert list(files.problems(tmp_path, [row(Judged)])) == [
        f"Judged: example {path.name} was changed: restore it, and add another"
    ]


def test_a_breaking_change_keeps_the_schemas_from_being_written(tmp_path: Path) -> None:
    assert files.write(tmp_path) == ()
    assert list(files.problems(tmp_path)) == []
    path = tmp_path / "ModelRegistered.json"
    committed = json.loads(path.read_text())
    committed["properties"]["colour"] = {"type": "string"}
    path.write_text(json.dumps(committed))
    before = {one: one.read_text() for one in tmp_path.glob("*.json")}
    assert files.write(tmp_path) == (
        "ModelRegistered: colour is gone: breaks trainer, deployer, journal as deployed: "
        + table.EVENT.how_to_go_on,
    )
    assert {one: one.read_text() for one in tmp_path.glob("*.json")} == before


def test_the_command_says_what_is_wrong_and_ends_with_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check"]) == 0
    monkeypatch.setattr(files, "problems", lambda: iter(["Judged: points is gone"]))
    assert main(["check"]) == 1
    assert "Judged: points is gone" in capsys.readouterr().err
    assert main(["teach"]) == 2
