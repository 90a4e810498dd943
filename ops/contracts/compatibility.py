"""Which changes of an event break somebody: a consumer of yesterday, or an event of yesterday.

Inside a version only one change is allowed: a new field that has a default.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
FOR_PEOPLE = frozenset({"title", "description", "examples", "default"})


def breaking(old: Schema, new: Schema) -> tuple[str, ...]:
    """Say, field by field, what in `new` breaks those who know `old`; empty: nothing."""
    return tuple(_compare(old, new, old, new, ""))


def _compare(
    old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str
) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    required_before, required_after = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(before):
        where = f"{at}.{name}" if at else name
        if name not in after:
            yield f"{where} is gone"
            continue
        yield from _compare_field(before[name], after[name], old_root, new_root, where)
        if (name in required_before) != (name in required_after):
            yield f"{where} is {'required' if name in required_after else 'optional'} now"
    for name in sorted((after.keys() - before.keys()) & required_after):
        yield f"{at + '.' if at else ''}{name} is new and has no default"


def _compare_field(
    old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str
) -> Iterator[str]:
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    if "properties" in old and "properties" in new:
        yield from _compare(old, new, old_root, new_root, at)
        return
    for keyword in sorted((old.keys() | new.keys()) - FOR_PEOPLE):
        if keyword in ("anyOf", "items", "additionalProperties"):
            yield from _compare_parts(old, new, old_root, new_root, at, keyword)
        elif old.get(keyword) != new.get(keyword):
            yield f"{at}: {keyword} was {old.get(keyword)!r}, is {new.get(keyword)!r}"


def _compare_parts(
    old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str, keyword: str
) -> Iterator[str]:
    before, after = _parts(old.get(keyword)), _parts(new.get(keyword))
    if len(before) != len(after):
        yield f"{at}: {keyword} was {old.get(keyword)!r}, is {new.get(keyword)!r}"
        return
    for one, other in zip(before, after, strict=True):
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _compare_field(one, other, old_root, new_root, at)
        elif one != other:
            yield f"{at}: {keyword} was {one!r}, is {other!r}"


def _parts(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _resolved(schema: Schema, root: Schema) -> Schema:
    """Follow a reference into the definitions, and see through a union with one member."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Schema = root["$defs"][str(reference).rsplit("/", 1)[1]]
    return found
