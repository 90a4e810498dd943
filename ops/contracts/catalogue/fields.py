"""The fields of a contract in words, read from its JSON Schema."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Schema = Mapping[str, Any]

PLAIN = {
    "boolean": "yes or no",
    "integer": "whole number",
    "null": "nothing",
    "number": "number",
}
NUMBERS = frozenset({"integer", "number"})
SUFFIXES: Mapping[str, str] = {"_s": "seconds", "_usd": "US dollars", "_bytes": "bytes"}
NAMES: Mapping[str, str] = {
    **dict.fromkeys(("ModelPackageVersion", "back_to", "degraded_version", "version"), "version"),
    **dict.fromkeys(("evaluation_version", "manifest_version", "schema_version"), "format"),
    **dict.fromkeys(
        ("baseline_wql", "candidate_wql", "difference_high", "difference_low", "limit", "mase")
        + ("mean_wql", "new", "old", "score", "wql"),
        "ratio",
    ),
    **dict.fromkeys(("coverage", "quantiles"), "share, 0 to 1"),
    **dict.fromkeys(
        ("baseline_loss", "loss", "rmse", "scatter", "truth", "weight"), "unit of the series"
    ),
    **dict.fromkeys(
        ("context_points", "filled", "horizon", "min_points", "points", "season"), "points"
    ),
    **dict.fromkeys(("revised", "windows"), "windows"),
    **dict.fromkeys(("count", "late", "reasons"), "records"),
    **dict.fromkeys(("index", "number", "revision"), "place in an order"),
    "gaps": "gaps",
    "origins": "origins",
}
"""The unit of a number by the name of its field; a row for each, or a suffix that tells it."""
ELSEWHERE: Mapping[str, str] = {
    "ObservationsIngested.count": "windows",
    "ScoredForecasts.forecasts[].quantiles.*[]": "unit of the series",
}
"""Where a name means something else."""


class Field(NamedTuple):
    """One field of a contract."""

    path: str
    """With dots; ``[]`` for the items of a list, ``.*`` for the values of a mapping."""
    type: str
    unit: str
    """Of a number; empty: it is none, or none is known."""
    needed: bool
    says: str
    example: Any


def fields(contract: str, schema: Schema) -> tuple[Field, ...]:
    """Answer all fields, those inside others right behind them."""
    return tuple(inside(contract, "", schema, schema))


def inside(contract: str, above: str, schema: Schema, root: Schema) -> Iterator[Field]:
    """Answer the fields of a value that has some."""
    required = frozenset(schema.get("required", ()))
    for name, said in schema.get("properties", {}).items():
        path = f"{above}.{name}" if above else name
        parts = tuple(kinds(said, root))
        yield Field(
            path,
            any_in_words(said, root),
            unit_of(contract, path, parts, root),
            name in required,
            description(said, parts, root),
            next(iter(said.get("examples", ())), None),
        )
        for part in parts:
            yield from below(contract, path, part, root)


def below(contract: str, path: str, part: Schema, root: Schema) -> Iterator[Field]:
    """Answer the fields inside a value, of a list's items, or of a mapping's values."""
    if "properties" in part:
        yield from inside(contract, path, part, root)
    for keyword, sign in (("items", "[]"), ("additionalProperties", ".*")):
        if isinstance(part.get(keyword), Mapping):
            for one in kinds(part[keyword], root):
                yield from below(contract, path + sign, one, root)


def kinds(schema: Schema, root: Schema) -> Iterator[Schema]:
    """Answer what a value may be, references followed."""
    if "anyOf" in schema:
        for part in schema["anyOf"]:
            yield from kinds(part, root)
    elif "$ref" in schema:
        yield root["$defs"][str(schema["$ref"]).rsplit("/", 1)[1]]
    else:
        yield schema


def in_words(schema: Schema, root: Schema) -> str:
    """Say what a value is: ``list of text``, ``mapping to number``."""
    match schema.get("type"):
        case "array":
            return f"list of {any_in_words(schema['items'], root)}"
        case "object" if isinstance(schema.get("additionalProperties"), Mapping):
            return f"mapping to {any_in_words(schema['additionalProperties'], root)}"
        case "object":
            return str(schema.get("title", "object"))
        case "string":
            return text_in_words(schema)
        case "integer" | "number" as kind:
            return PLAIN[kind] + bounds(schema)
        case kind:
            return PLAIN.get(str(kind), "anything")


def any_in_words(schema: Schema, root: Schema) -> str:
    """Say what a value may be."""
    return " or ".join(dict.fromkeys(in_words(one, root) for one in kinds(schema, root)))


def text_in_words(schema: Schema) -> str:
    """Say what kind of text a value is."""
    if "enum" in schema:
        return " or ".join(map(repr, schema["enum"]))
    return "moment" if schema.get("format") == "date-time" else "text"


def bounds(schema: Schema) -> str:
    """Say within what a number must be."""
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    said = [f"{sign} {schema[keyword]:,}" for keyword, sign in signs.items() if keyword in schema]
    return f" {' and '.join(said)}" if said else ""


def description(said: Schema, parts: tuple[Schema, ...], root: Schema) -> str:
    """Answer what is written about a field, or else about what it holds."""
    found = said.get("description") or next(
        (part["description"] for part in parts if "description" in part), ""
    )
    return " ".join(str(found).split())


def unit_of(contract: str, path: str, parts: tuple[Schema, ...], root: Schema) -> str:
    """Answer the unit of a field that holds numbers, itself or in a list or mapping."""
    for part in parts:
        sign, deeper = "", part
        while isinstance(below_it := one_below(deeper), Mapping):
            sign += "[]" if "items" in deeper else ".*"
            deeper = next(kinds(below_it, root))
        if deeper.get("type") in NUMBERS:
            return unit(contract, path + sign)
    return ""


def one_below(schema: Schema) -> Any:
    """Answer what a list or a mapping holds."""
    return schema.get("items") or schema.get("additionalProperties")


def unit(contract: str, path: str) -> str:
    """Answer the unit of a number by its name; empty: there is no row for it."""
    if told := ELSEWHERE.get(f"{contract}.{path}"):
        return told
    name = path.replace("[]", "").replace(".*", "").rpartition(".")[2]
    by_suffix = (told for suffix, told in SUFFIXES.items() if name.endswith(suffix))
    return NAMES.get(name) or next(by_suffix, "")


def without_unit(contract: str, schema: Schema) -> Iterator[str]:
    """Answer the paths of numbers whose unit nobody told."""
    for field in fields(contract, schema):
        if "number" in field.type and not field.unit:
            yield field.path
