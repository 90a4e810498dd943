"""The catalogue's page: every contract with fields, units and past, and nothing from outside."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ops.contracts.catalogue import page
from ops.contracts.catalogue.entries import Entry, entries, history
from ops.contracts.catalogue.fields import Field, fields, without_unit
from ops.contracts.table import contracts


@pytest.fixture(scope="module")
def found() -> tuple[Entry, ...]:
    return entries()


def field(found: tuple[Entry, ...], name: str, path: str) -> Field:
    """Answer one field of the catalogue."""
    (entry,) = [one for one in found if one.name == name]
    (wanted,) = [one for one in entry.fields if one.path == path]
    return wanted


def test_fields_are_told_with_type_unit_and_meaning(found: tuple[Entry, ...]) -> None:
    assert field(found, "TrainingCompleted", "duration_s").unit == "seconds"
    assert field(found, "ObservationsIngested", "count")[1:4] == (
        "whole number ≥ 0",
        "windows",
        True,
    )
    assert field(found, "RecordsQuarantined", "count").unit == "records"
    mase = field(found, "ModelEvaluated", "metrics.mase")
    assert mase.type == "number ≥ 0 or nothing"
    assert mase.unit == "ratio"
    assert not mase.needed
    assert mase.says == "Mean absolute scaled error; none where the scale is zero."
    assert field(found, "ModelEvaluated", "metrics.wql").type == "mapping to number"
    assert field(found, "Manifest", "origins[].start").type == "moment"
    assert field(found, "ScoredForecasts", "forecasts[].truth").type == (
        "list of number or nothing"
    )


def test_a_number_without_a_unit_is_told() -> None:
    schema = {
        "properties": {
            "speed": {"type": "number"},
            "taken_s": {"type": "integer"},
            "each": {"type": "array", "items": {"$ref": "#/$defs/One"}},
        },
        "$defs": {
            "One": {"properties": {"weights": {"items": {"type": "number"}, "type": "array"}}}
        },
    }
    assert list(without_unit("Contract", schema)) == ["speed", "each[].weights"]
    assert [one.unit for one in fields("Contract", schema)] == ["", "seconds", "", ""]


def test_history_is_what_the_committed_examples_tell(tmp_path: Path) -> None:
    (row,) = [one for one in contracts() if one.name == "RetrainRequested"]
    folder = tmp_path / "examples" / row.name
    folder.mkdir(parents=True)
    example = row.example()
    older = {key: value for key, value in example.items() if key != "note"}
    for number, one in enumerate((example, older)):
        (folder / f"{number}.json").write_text(json.dumps(one))
    assert list(history(row, tmp_path)) == [
        "2 committed examples, all still read",
        "came later: note",
    ]


class Seen(HTMLParser):
    """What a browser would make of the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.articles: dict[str, str] = {}
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.ids += [given["id"]] if "id" in given else []
        self.addresses += [given[name] for name in ("href", "src", "action") if name in given]
        if tag == "article":
            self.articles[given["id"]] = given["data-text"]


def test_every_contract_is_on_the_page_and_found_by_its_fields(found: tuple[Entry, ...]) -> None:
    seen = Seen(page.page(found))
    assert [*seen.articles] == [page.anchor(entry) for entry in found]
    assert len(seen.ids) == len(set(seen.ids))
    for entry in found:
        text = seen.articles[page.anchor(entry)]
        assert all(one.path.lower() in text for one in entry.fields)
        assert all(service in text for service in entry.heard_by)


def test_the_page_asks_nothing_of_the_network(found: tuple[Entry, ...]) -> None:
    text = page.page(found)
    seen = Seen(text)
    within = {f"#{one}" for one in (*seen.ids, "")}
    assert set(seen.addresses) <= within | {"asyncapi.yaml"}
    assert "default-src 'none'" in text
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest", text)


def test_what_is_written_is_shown_and_never_run(found: tuple[Entry, ...]) -> None:
    evil = '"><script>alert(1)</script>'
    entry = Entry(
        name="Evil",
        kind="event",
        says=f"{evil} and `code`",
        said_by=evil,
        heard_by=(evil,),
        version=1,
        fields=(Field(evil, evil, evil, True, evil, None),),
        schema={},
        example={"value": evil},
        history=(evil,),
    )
    text = page.page((*found, entry))
    assert "<script>alert" not in text
    assert "<code>code</code>" in text
