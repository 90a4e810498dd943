"""Whether a request obeys botocore's model, upper bounds, patterns and enums included.

botocore's own validator knows types, required members and lower bounds only. The services check
the rest as well; so does the local AWS, or what passes here would fail there. Each shape is made
into one function that says yes or no, since bulk writes bring hundreds of values a request; only a
request that is refused is looked at again, slowly, for words.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from botocore.validate import ParamValidator

SHOWN_CHARACTERS = 80  # of a value that is refused

# Java's classes, as near as Python's come. All but ASCII stand inside of brackets in the models.
# \p{S} and \p{P} have no equal.
CLASSES = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\d",
    r"\p{Z}": r" \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
    r"\p{M}": "",
    r"\p{ASCII}": r"[\x00-\x7f]",
}

Check = Callable[[Any], bool]


class Constraints:
    """The input shape of an operation, ready to check requests.

    Parameters
    ----------
    shape : botocore.model.StructureShape
    """

    def __init__(self, shape: Any) -> None:
        self._shape = shape
        self._holds = _check(shape, {})

    def complaint(self, request: dict[str, Any]) -> str | None:
        """Answer what is wrong with a request in the services' words, or None."""
        if self._holds(request):
            return None
        report = ParamValidator().validate(request, self._shape)
        if report.has_errors():
            return str(report.generate_report())
        found = list(_broken(request, self._shape, ""))
        count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: "
        return count + "; ".join(found)


def _check(shape: Any, known: dict[str, Check]) -> Check:
    """Answer a function that says whether a value obeys ``shape``."""
    if shape.name in known:  # shapes may hold themselves
        return lambda value: known[shape.name](value)
    known[shape.name] = lambda value: known[shape.name](value)
    makers = {"structure": _structure, "list": _list, "map": _map, "string": _string}
    known[shape.name] = makers.get(shape.type_name, _scalar)(shape, known)
    return known[shape.name]


def _structure(shape: Any, known: dict[str, Check]) -> Check:
    members = {name: _check(member, known) for name, member in shape.members.items()}
    required = frozenset(shape.required_members)
    is_union = bool(shape.is_tagged_union)

    def holds(value: Any) -> bool:
        if not isinstance(value, dict) or not required <= value.keys():
            return False
        if is_union and len(value) != 1:
            return False
        return all(name in members and members[name](each) for name, each in value.items())

    return holds


def _list(shape: Any, known: dict[str, Check]) -> Check:
    member = _check(shape.member, known)
    fits = _length(shape)
    return lambda value: isinstance(value, list) and fits(value) and all(map(member, value))


def _map(shape: Any, known: dict[str, Check]) -> Check:
    key, member = _check(shape.key, known), _check(shape.value, known)
    fits = _length(shape)
    return lambda value: (
        isinstance(value, dict)
        and fits(value)
        and all(key(name) and member(each) for name, each in value.items())
    )


def _string(shape: Any, _known: dict[str, Check]) -> Check:
    fits, options = _length(shape), frozenset(shape.enum)
    pattern = in_python(shape.metadata["pattern"]) if "pattern" in shape.metadata else None
    matches = (lambda _: True) if pattern is None else pattern.fullmatch

    def holds(value: Any) -> bool:
        if not isinstance(value, str) or (options and value not in options):
            return False
        return fits(value) and matches(value) is not None

    return holds


def _scalar(shape: Any, _known: dict[str, Check]) -> Check:
    def holds(value: Any) -> bool:
        report = ParamValidator().validate(value, shape)
        return not report.has_errors() and _rule_broken(value, shape) is None

    return holds


def _length(shape: Any) -> Check:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", float("inf"))
    return lambda value: least <= len(value) <= most


def _broken(value: Any, shape: Any, path: str) -> Iterator[str]:
    kind = shape.type_name
    if kind == "structure":
        for name, member in value.items():
            yield from _broken(member, shape.members[name], f"{path}.{_lower(name)}".strip("."))
        return
    if kind == "list":
        for place, member in enumerate(value, start=1):
            yield from _broken(member, shape.member, f"{path}.{place}.member")
    elif kind == "map":
        for key, member in value.items():
            yield from _broken(key, shape.key, f"{path}.key")
            yield from _broken(member, shape.value, f"{path}.{key}.value")
    rule = _rule_broken(value, shape)
    if rule is not None:
        shown = str(value)[:SHOWN_CHARACTERS]
        yield f"Value '{shown}' at '{path}' failed to satisfy constraint: {rule}"


def _rule_broken(value: Any, shape: Any) -> str | None:
    limit = shape.metadata.get("max")
    if limit is not None and isinstance(value, int | float) and value > limit:
        return f"Member must have value less than or equal to {limit}"
    if limit is not None and hasattr(value, "__len__") and len(value) > limit:
        return f"Member must have length less than or equal to {limit}"
    if shape.type_name != "string":
        return None
    if shape.enum and value not in shape.enum:
        return f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
    pattern = shape.metadata.get("pattern")
    compiled = None if pattern is None else in_python(pattern)
    if compiled is not None and compiled.fullmatch(value) is None:
        return f"Member must satisfy regular expression pattern: {pattern}"
    return None


@cache
def in_python(pattern: str) -> re.Pattern[str] | None:
    """Answer a model's pattern for Python, or None where Python has no equal."""
    translated = re.sub(r"\$\{\d+,\d+\}$", "", pattern)  # a slip in the model: ${1,256}
    for java, python in CLASSES.items():
        translated = translated.replace(java, python)
    try:
        return re.compile(translated)
    except re.error:
        return None


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]
