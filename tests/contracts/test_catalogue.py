"""The catalogue's files are as the code says, and its document is AsyncAPI 3.0."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ops.contracts import __main__ as command
from ops.contracts.catalogue import asyncapi, files
from ops.contracts.catalogue.entries import DECIDING, Entry, entries
from shared.contracts import aws
from shared.contracts.envelope import ANY_SERVICE
from shared.contracts.lifecycle import EVENTS
from shared.contracts.subscriptions import SCHEDULES, SERVICES, SUBSCRIPTIONS
from tests.contracts.asyncapi import DOCUMENT

Json = dict[str, Any]


@pytest.fixture(scope="module")
def found() -> tuple[Entry, ...]:
    return entries()


@pytest.fixture(scope="module")
def document(found: tuple[Entry, ...]) -> Json:
    """The AsyncAPI document as a reader of its YAML sees it."""
    read: Json = yaml.safe_load(asyncapi.text(found))
    return read


def faults(document: Json) -> list[str]:
    """Answer what is not AsyncAPI 3.0."""
    return [one.message for one in jsonschema.Draft202012Validator(DOCUMENT).iter_errors(document)]


def test_the_committed_files_are_as_the_code_says() -> None:
    assert list(files.problems()) == []


def test_a_file_that_drifted_or_is_missing_is_told(tmp_path: Path) -> None:
    files.write(tmp_path)
    assert list(files.problems(tmp_path)) == []
    (tmp_path / "index.html").write_text("by hand")
    (tmp_path / "asyncapi.yaml").unlink()
    assert [line.partition("/")[2] for line in files.problems(tmp_path)] == [
        "asyncapi.yaml: not what the code says: run make catalogue",
        "index.html: not what the code says: run make catalogue",
    ]


def test_the_check_of_the_contracts_looks_at_the_catalogue(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(files, "problems", lambda: iter(["docs/index.html: drifted"]))
    assert command.main(["check"]) == 1
    assert capsys.readouterr().err == "docs/index.html: drifted\n"


def test_the_document_is_asyncapi_3(document: Json) -> None:
    assert faults(document) == []


def without(*path: str) -> Callable[[Json], None]:
    """Take a key out."""

    def change(document: Json) -> None:
        inside(document, path[:-1]).pop(path[-1])

    return change


def put(value: Any, *path: str) -> Callable[[Json], None]:
    """Put a value in."""

    def change(document: Json) -> None:
        inside(document, path[:-1])[path[-1]] = value

    return change


def inside(document: Json, path: tuple[str, ...]) -> Any:
    """Answer what is at a path."""
    found: Any = document
    for part in path:
        found = found[part]
    return found


@pytest.mark.parametrize(
    "change",
    [
        without("info", "title"),
        without("channels", "bus", "address"),
        put("2.6.0", "asyncapi"),
        put("publish", "operations", "trainerSends", "action"),
        put({}, "operations", "trainerSends", "bindings"),
        put({"$ref": "channels/bus"}, "operations", "trainerSends", "channel"),
        put({"$ref": "#/components/schemas/A"}, "channels", "bus", "messages", "A"),
        put({"type": "object"}, "components", "messages", "with a blank"),
        without("components", "messages", "RetrainRequested", "payload"),
    ],
)
def test_what_is_not_asyncapi_3_is_found(document: Json, change: Callable[[Json], None]) -> None:
    wrong = deepcopy(document)
    change(wrong)
    assert faults(wrong) != []


def references(inside: Any) -> Iterator[str]:
    """Answer all references."""
    if isinstance(inside, dict):
        if isinstance(inside.get("$ref"), str):
            yield inside["$ref"]
        for value in inside.values():
            yield from references(value)
    elif isinstance(inside, list):
        for value in inside:
            yield from references(value)


def test_every_reference_leads_somewhere(document: Json) -> None:
    asked = set(references(document))
    assert len(asked) > len(EVENTS)
    for one in asked:
        assert inside(document, tuple(one.removeprefix("#/").split("/"))), one


def judged(document: Json, message: str) -> jsonschema.protocols.Validator:
    """Answer what judges a message by its payload's schema."""
    payload = document["components"]["messages"][message]["payload"]
    return jsonschema.Draft202012Validator({**payload, "components": document["components"]})


def test_every_example_is_what_its_schema_says_and_a_wrong_one_is_not(document: Json) -> None:
    for name, message in document["components"]["messages"].items():
        (example,) = message["examples"]
        judge = judged(document, name)
        assert list(judge.iter_errors(example["payload"])) == [], name
        wrong = {**example["payload"], "source": "acme.shop"}
        assert not judge.is_valid(wrong), name


def test_a_wrong_value_deep_inside_is_found(document: Json) -> None:
    message = document["components"]["messages"]["ModelEvaluated"]
    wrong = deepcopy(message["examples"][0]["payload"])
    wrong["detail"]["data"]["champion"]["version"] = 0
    assert not judged(document, "ModelEvaluated").is_valid(wrong)


def names(document: Json, operation: str) -> set[str]:
    """Answer the messages of an operation, as they are named on the bus."""
    asked = document["operations"].get(operation, {"messages": []})["messages"]
    keys = {one["$ref"].rsplit("/", 1)[1] for one in asked}
    return {document["components"]["messages"][key]["name"] for key in keys}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_receives_what_the_table_says_and_sends_what_it_produces(
    document: Json, service: str
) -> None:
    heard = {
        row.event.aws_name if issubclass(row.event, aws.Hint) else row.event.detail_type()
        for row in SUBSCRIPTIONS
        if row.service == service
    }
    woken = {row.wish.detail_type() for row in SCHEDULES if row.service == service}
    assert names(document, f"{service}Receives") == heard | woken
    assert names(document, f"scheduleWakes{service.capitalize()}") == woken
    producers = {service, ANY_SERVICE} if service in DECIDING else {service}
    said = {name for name, event in EVENTS.items() if event.producer in producers}
    assert names(document, f"{service}Sends") == said


def test_people_and_sagemaker_send_what_is_theirs(document: Json) -> None:
    people = {name for name, event in EVENTS.items() if event.producer == "operator"}
    assert names(document, "operatorSends") == people
    assert names(document, "sagemakerSends") == set(aws.HINTS)


def test_two_schemas_of_one_name_are_told() -> None:
    def entry(name: str, inner: Json) -> Any:
        schema = {"$defs": {"Inner": inner}, "properties": {}}
        return Entry(name, "document", "", "", (), 1, (), schema, {}, ())

    same, other = {"type": "object"}, {"type": "string"}
    assert asyncapi.schemas([entry("A", same), entry("B", same)]).keys() == {"A", "B", "Inner"}
    with pytest.raises(ValueError, match="two schemas are named Inner"):
        asyncapi.schemas([entry("A", same), entry("B", other)])
