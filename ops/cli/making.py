"""Making an event by hand, of what a person gave and, for tests, of its example."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from shared.contracts.complaints import Complaint, SpecError, explain, suggestion
from shared.contracts.envelope import Event

E = TypeVar("E", bound=Event)
Schema = Mapping[str, Any]
DIGITS_MAX = 9  # of the number of an item: Python reads no number of thousands


class Change(NamedTuple):
    """A value for one field."""

    path: str
    """With dots; an item of a list by its number: ``reasons.0``."""
    text: str
    """As it was typed: a text, or JSON where the field is none."""


def changed(text: str) -> Change:
    """Read ``a.b=value``.

    Raises
    ------
    ValueError
        If it is none.
    """
    path, equals, value = text.partition("=")
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ValueError(f"{text!r} holds half of a character: write it in UTF-8")
    if not path or not equals:
        raise ValueError(f"{text!r} is no PATH=VALUE, such as version=3 or dataset.points=500")
    return Change(path, value)


def make(kind: type[E], changes: Iterable[Change], begun: Mapping[str, Any] | None = None) -> E:
    """Make an event.

    Parameters
    ----------
    begun : Mapping, optional
        The fields as they are where nothing is changed; the example's by default.

    Raises
    ------
    SpecError
        With a complaint for each mistake: the path, and what is expected there.
    """
    document = dict(kind.example().model_dump(mode="json") if begun is None else begun)
    schema = kind.model_json_schema()
    complaints = [one for change in changes if (one := put(document, schema, change))]
    if complaints:
        raise SpecError(*complaints)
    try:
        return kind.model_validate_json(json.dumps(document))
    except ValidationError as error:
        raise SpecError(*explain(error, kind)) from error


def put(document: dict[str, Any], root: Schema, change: Change) -> Complaint | None:
    """Put a value into a document; answer what is wrong with its path."""
    inside: Any = document
    parts, schema = change.path.split("."), root
    while parts:
        schema = of_kind(schema, root)
        where = change.path.removesuffix(".".join(parts)).rstrip(".")
        key, rest = parts[0], parts[1:]
        if not is_open(inside, schema):
            return Complaint(change.path, f"{where} is a value, nothing is inside")
        if "properties" in schema:
            fields = schema["properties"]
            if key not in fields:
                return Complaint(
                    change.path, f"there is no field {key!r}; {suggestion(key, fields)}"
                )
            below = fields[key]
        elif "items" in schema:
            if not key.isdecimal() or len(key) > DIGITS_MAX or int(key) > len(inside):
                return Complaint(change.path, f"{where} is a list: write {where}.0, or its JSON")
            below = schema["items"]
        else:
            key, rest = ".".join(parts), []  # a key of ours has dots itself: a quantile
            below = schema["additionalProperties"]
        if rest:
            inside = opened(inside, key, of_kind(below, root))
        else:
            set_at(inside, key, value(change.text, below, root))
        parts, schema = rest, below
    return None


def is_open(inside: Any, schema: Schema) -> bool:
    """Tell whether something may be inside, by the contract and by what is there: a change before
    may have put anything there."""
    if "items" in schema:
        return isinstance(inside, list)
    return isinstance(inside, dict) and bool(
        schema.get("properties") or schema.get("additionalProperties")
    )


def opened(inside: Any, key: str, schema: Schema) -> Any:
    """Answer what is inside at a key; where there is nothing yet, an empty one."""
    at = int(key) if isinstance(inside, list) else key
    found = inside[at] if isinstance(inside, dict) and at in inside else None
    if isinstance(inside, list) and int(key) < len(inside):
        found = inside[int(key)]
    if found is None:
        set_at(inside, key, [] if "items" in schema else {})
        return inside[at]
    return found


def set_at(inside: Any, key: str, given: Any) -> None:
    """Set a field, or an item of a list; one behind the last is new."""
    if not isinstance(inside, list):
        inside[key] = given
    elif int(key) == len(inside):
        inside.append(given)
    else:
        inside[int(key)] = given


def value(text: str, schema: Schema, root: Schema) -> Any:
    """Read a value as its field wants it; what is none stays a text, for the contract to judge."""
    types = {one.get("type") for one in kinds(schema, root)}
    if text == "null" and "null" in types:
        return None
    if "string" in types:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def kinds(schema: Schema, root: Schema) -> list[Schema]:
    """Answer the kinds of value that a schema allows."""
    schema = resolved(schema, root)
    return [resolved(one, root) for one in schema.get("anyOf", [schema])]


def of_kind(schema: Schema, root: Schema) -> Schema:
    """Answer what a schema says of a value that has something inside; else of any."""
    allowed = kinds(schema, root)
    insides = ("properties", "items", "additionalProperties")
    return next((one for one in allowed if any(one.get(key) for key in insides)), allowed[0])


def resolved(schema: Schema, root: Schema) -> Schema:
    """Follow a reference into the definitions."""
    found = schema
    while "$ref" in found:
        found = root["$defs"][str(found["$ref"]).rsplit("/", 1)[1]]
    return found
