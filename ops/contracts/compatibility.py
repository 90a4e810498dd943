"""Which changes of an event or a document break somebody: a consumer of yesterday, or what was
written yesterday.

Inside a version only one change is allowed: a new field that has a default.

=======================================  ==========================================
change                                   breaks
=======================================  ==========================================
a field is gone, or optional now         consumers as they are deployed: they read it
a required field is new, or required now what was written yesterday: it lacks it
another type, pattern or form            both
a closed list of words lost one          what was written yesterday: it says it
a closed list of words has one more      consumers as they are deployed: they refuse it
a bound is tighter, or new               what was written yesterday: it may lie outside
a bound is looser, or gone               consumers as they are deployed: they refuse more
another default                          the meaning of what leaves it out
another producer                         rules as they are deployed: they match the source
another subject, family or aspect        the order of facts: it is kept under the old words
=======================================  ==========================================

Readers of events ignore fields that they do not know. Where readers of a document refuse them:

=======================================  ==========================================
a field is gone                          what was written yesterday, too: it has it
any field is new                         readers as they are deployed: they refuse it
they were ignored before                 what was written by newer code
=======================================  ==========================================
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Schema = Mapping[str, Any]

LEAST = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems"})
MOST = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems"})
FOR_PEOPLE = frozenset({"title", "description", "examples"})
KIND = frozenset({"type", "anyOf", "properties", "required"})
INSIDE = ("items", "additionalProperties")
PRODUCER, HEARD_BY, READ_BY = "x-producer", "x-heard-by", "x-read-by"
UNKNOWN = "x-unknown-fields"
IN_ORDER_BY = ("x-subject", "x-family", "x-aspect")


class Unknown(StrEnum):
    """What readers do with fields that they do not know."""

    IGNORED = "ignored"
    REFUSED = "refused"


class Breaks(StrEnum):
    """Who cannot go on; what was written is events or documents."""

    CONSUMERS = "as deployed"
    WRITTEN = "on {written} of yesterday"
    BOTH = "as deployed, and on {written} of yesterday"


@dataclass(frozen=True)
class Change:
    """One change that breaks somebody.

    Parameters
    ----------
    what : str
        The field, by its path, and what became of it.
    """

    what: str
    breaks: Breaks

    def __str__(self) -> str:
        return self.what


def breaking(old: Schema, new: Schema) -> tuple[Change, ...]:
    """Say, field by field, what in `new` breaks those who know `old`; empty: nothing."""
    return (*_said_otherwise(old, new), *_fields(old, new, old, new, ""))


def _said_otherwise(old: Schema, new: Schema) -> Iterator[Change]:
    for keyword in (PRODUCER, *IN_ORDER_BY):
        if keyword in old and old[keyword] != new.get(keyword):
            word = keyword.removeprefix("x-")
            what = f"its {word} was {old[keyword]!r}, is {new.get(keyword)!r}"
            yield Change(what, Breaks.CONSUMERS if keyword == PRODUCER else Breaks.BOTH)
    if _refuses_unknown(new) and not _refuses_unknown(old):
        yield Change("fields that are not known are refused now", Breaks.WRITTEN)


def _refuses_unknown(root: Schema) -> bool:
    return bool(root.get(UNKNOWN) == Unknown.REFUSED)


def _fields(
    old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str
) -> Iterator[Change]:
    before, after = old.get("properties", {}), new.get("properties", {})
    required_before, required_after = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(before):
        where = f"{at}.{name}" if at else name
        if name not in after:
            refused = _refuses_unknown(new_root)
            yield Change(f"{where} is gone", Breaks.BOTH if refused else Breaks.CONSUMERS)
            continue
        yield from _field(before[name], after[name], old_root, new_root, where)
        if name in required_before - required_after:
            yield Change(f"{where} is optional now", Breaks.CONSUMERS)
        if name in required_after - required_before:
            yield Change(f"{where} is required now", Breaks.WRITTEN)
    refused = _refuses_unknown(old_root)
    for name in sorted(after.keys() - before.keys()):
        where = f"{at}.{name}" if at else name
        if name in required_after:
            what = f"{where} is new and has no default"
            yield Change(what, Breaks.BOTH if refused else Breaks.WRITTEN)
        elif refused:
            yield Change(f"{where} is new: fields that are not known are refused", Breaks.CONSUMERS)


def _field(
    old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str
) -> Iterator[Change]:
    old_default, new_default = old.get("default"), new.get("default")
    if "default" in old and "default" in new and old_default != new_default:
        what = f"{at}: left out, it meant {old_default!r}, and now {new_default!r}"
        yield Change(what, Breaks.BOTH)
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    was, now = _shown(old, old_root), _shown(new, new_root)
    if was != now:
        yield Change(f"{at} was {was}, is {now}", Breaks.BOTH)
        return
    yield from _fields(old, new, old_root, new_root, at)
    for keyword in sorted((old.keys() | new.keys()) - FOR_PEOPLE - KIND - {*INSIDE, "default"}):
        yield from _keyword(keyword, old.get(keyword), new.get(keyword), at)
    for one, other in _insides(old, new):
        yield from _field(one, other, old_root, new_root, at)


def _keyword(keyword: str, old: Any, new: Any, at: str) -> Iterator[Change]:
    """Compare what a schema says of a value by one keyword."""
    if keyword == "enum" and old is not None and new is not None:
        if lost := [word for word in old if word not in new]:
            yield Change(f"{at} may not be {_words(lost)} any more", Breaks.WRITTEN)
        if more := [word for word in new if word not in old]:
            yield Change(f"{at} may be {_words(more)}, too", Breaks.CONSUMERS)
    elif old != new:
        yield Change(f"{at}: {keyword} was {old!r}, is {new!r}", _whom(keyword, old, new))


def _whom(keyword: str, old: Any, new: Any) -> Breaks:
    """Answer whom another bound, pattern or form breaks."""
    if keyword not in LEAST | MOST:
        return Breaks.BOTH
    if old is None or new is None:
        return Breaks.WRITTEN if old is None else Breaks.CONSUMERS
    return Breaks.WRITTEN if (new > old) == (keyword in LEAST) else Breaks.CONSUMERS


def _insides(old: Schema, new: Schema) -> Iterator[tuple[Schema, Schema]]:
    """Pair the parts of two schemas of the same kind: members of a union, items, values."""
    yield from zip(old.get("anyOf", ()), new.get("anyOf", ()), strict=True)
    for keyword in INSIDE:
        one, other = old.get(keyword), new.get(keyword)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield one, other


def _shown(schema: Schema, root: Schema) -> str:
    """Answer what kind of value a schema means: ``string or null``, ``list of number``."""
    schema = _resolved(schema, root)
    if "anyOf" in schema:
        return " or ".join(_shown(one, root) for one in schema["anyOf"])
    kind = str(schema.get("type", "anything"))
    if isinstance(items := schema.get("items"), Mapping):
        return f"list of {_shown(items, root)}"
    if isinstance(values := schema.get("additionalProperties"), Mapping):
        return f"{kind} of {_shown(values, root)}"
    return kind


def _resolved(schema: Schema, root: Schema) -> Schema:
    """Follow a reference into the definitions, and write the only word that is allowed as a list
    of one; what is said beside them counts, too."""
    said = {key: value for key, value in schema.items() if key not in ("$ref", "const")}
    if "const" in schema:
        said["enum"] = [schema["const"]]
    if "$ref" not in schema:
        return said
    found = root["$defs"][str(schema["$ref"]).rsplit("/", 1)[1]]
    return {**_resolved(found, root), **said}


def _words(values: list[Any]) -> str:
    return " or ".join(repr(value) for value in values)
