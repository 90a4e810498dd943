"""Event patterns as EventBridge matches them, leaf by leaf, each with its reason.

A pattern matches when each of its leaves does; a leaf, when one of its filters does; a filter, when
one of the field's values does. What AWS does not document, or this does not know, is unknown rather
than guessed.

Source: "Amazon EventBridge event patterns" and "Comparison operators for use in event patterns",
Amazon EventBridge User Guide.
"""

import ipaddress
import json
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from shared.contracts.printable import shortened

Verdict = bool | None
"""Whether it matches; None: unknown."""

EITHER = "$or"
WANTED_CHARACTERS_MAX = 200
SCALARS = (str, int, float, bool, type(None))
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}


@dataclass(frozen=True)
class Leaf:
    """One field of a pattern, and whether an event has what it wants."""

    path: str
    wanted: str
    matches: Verdict
    why: str


@dataclass(frozen=True)
class Judged:
    """A pattern, and whether an event matches it."""

    matches: Verdict
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True)
class Found:
    """What an event has at a path.

    Parameters
    ----------
    values : tuple
        Of a list, each of its items.
    is_list_of_objects : bool
        Whether the path leads through a list, whose items have the field.
    """

    values: tuple[Any, ...]
    is_empty_list: bool = False
    is_object: bool = False
    is_list_of_objects: bool = False


def judge(pattern: Mapping[str, Any], event: Mapping[str, Any], at: str = "") -> Judged:
    """Tell whether an event matches a pattern, and why."""
    verdicts: list[Verdict] = []
    leaves: list[Leaf] = []
    for key, wanted in pattern.items():
        path = f"{at}.{key}" if at else key
        if key == EITHER and isinstance(wanted, list):
            alternatives = [judge(one, event, at) for one in wanted]
            verdicts.append(any_of(one.matches for one in alternatives))
            leaves.extend(leaf for one in alternatives for leaf in one.leaves)
        elif isinstance(wanted, Mapping):
            inside = judge(wanted, event, path)
            verdicts.append(inside.matches)
            leaves.extend(inside.leaves)
        else:
            leaf = judged(path, wanted, found(event, path.split(".")))
            verdicts.append(leaf.matches)
            leaves.append(leaf)
    return Judged(all_of(verdicts), tuple(leaves))


def judged(path: str, wanted: Any, seen: Found) -> Leaf:
    """Judge one leaf: a list of filters."""
    if not isinstance(wanted, list):
        return Leaf(path, as_text(wanted), None, "a leaf of a pattern is a list: unknown")
    shown = enumerated(wanted)
    matches = any_of(filtered(one, seen) for one in wanted)
    if seen.is_list_of_objects and matches:
        return Leaf(path, shown, None, "items of a list have it, and which one is not followed")
    return Leaf(path, shown, matches, reason(wanted, seen, matches))


def reason(wanted: Sequence[Any], seen: Found, matches: Verdict) -> str:
    """Say what was found, and what is not known about it."""
    if seen.is_object:
        return "has fields inside, is no value itself"
    nothing = "an empty list" if seen.is_empty_list else "not there"
    said = enumerated(seen.values) if seen.values else nothing
    if matches is not None:
        return said
    strange = [as_text(one) for one in wanted if filtered(one, seen) is None]
    return f"{said}: unknown, how EventBridge takes {', '.join(strange)}"


def enumerated(values: Sequence[Any]) -> str:
    """Name values, the first of many; one that is too long itself is cut in its middle."""
    texts = [shortened(as_text(one), WANTED_CHARACTERS_MAX) for one in values]
    lengths = accumulate(len(text) + len(", ") for text in texts)
    fitting = sum(length <= WANTED_CHARACTERS_MAX for length in lengths) or len(texts[:1])
    more = f" and {len(texts) - fitting} more" if len(texts) > fitting else ""
    return ", ".join(texts[:fitting]) + more


def found(event: Any, path: Sequence[str]) -> Found:
    """Find the values at a path; a key may have dots itself only if the pattern is flat."""
    inside, through_list = [event], False
    for key in path:
        items = [one for node in inside for one in (node if isinstance(node, list) else [node])]
        through_list = through_list or any(isinstance(node, list) for node in inside)
        inside = [one[key] for one in items if isinstance(one, Mapping) and key in one]
    values = [one for node in inside for one in (node if isinstance(node, list) else [node])]
    scalars = tuple(one for one in values if isinstance(one, SCALARS))
    return Found(
        scalars,
        is_empty_list=bool(inside) and not values,
        is_object=any(isinstance(one, Mapping) for one in values),
        is_list_of_objects=through_list,
    )


def filtered(wanted: Any, seen: Found) -> Verdict:
    """Tell whether one of the values is what a filter wants."""
    if isinstance(wanted, Mapping) and len(wanted) == 1 and "exists" in wanted:
        if seen.is_empty_list or not isinstance(wanted["exists"], bool):
            return None
        return bool(seen.values) == wanted["exists"]
    return any_of(fits(wanted, value) for value in seen.values)


def fits(wanted: Any, value: Any) -> Verdict:
    """Tell whether a value is what a filter wants."""
    if not isinstance(wanted, Mapping):
        return equals(wanted, value)
    if len(wanted) != 1:
        return None
    ((name, given),) = wanted.items()
    if name == "anything-but":
        return anything_but(given, value)
    how = OPERATORS.get(name)
    return how(given, value) if how else None


def equals(wanted: Any, value: Any) -> Verdict:
    """Compare exactly: by letter, and a number as it is written."""
    if not isinstance(wanted, SCALARS):
        return None
    if is_number(wanted) and is_number(value) and wanted == value:
        return True if as_text(wanted) == as_text(value) else None
    return type(wanted) is type(value) and bool(wanted == value)


def anything_but(given: Any, value: Any) -> Verdict:
    """Tell whether a value is none of what is given."""
    if isinstance(given, Mapping):
        if len(given) != 1 or next(iter(given)) not in TEXTS:
            return None
        ((name, texts),) = given.items()
        listed = texts if isinstance(texts, list) else [texts]
        return negated(any_of(OPERATORS[name](text, value) for text in listed))
    listed = given if isinstance(given, list) else [given]
    if not all(isinstance(one, str) or is_number(one) for one in listed):
        return None
    return negated(any_of(equals(one, value) for one in listed))


def begins(given: Any, value: Any) -> Verdict:
    """Tell whether a text begins so."""
    return of_text(given, value, str.startswith)


def ends(given: Any, value: Any) -> Verdict:
    """Tell whether a text ends so."""
    return of_text(given, value, str.endswith)


def of_text(given: Any, value: Any, test: Callable[[str, str], bool]) -> Verdict:
    """Compare texts; ``{"equals-ignore-case": …}`` inside means: whatever the case."""
    if isinstance(given, Mapping):
        if list(given) != ["equals-ignore-case"] or not isinstance(
            given["equals-ignore-case"], str
        ):
            return None
        wanted = given["equals-ignore-case"]
        return isinstance(value, str) and test(value.lower(), wanted.lower())
    if not isinstance(given, str):
        return None
    return isinstance(value, str) and test(value, given)


def equals_in_any_case(given: Any, value: Any) -> Verdict:
    """Compare texts whatever the case."""
    if not isinstance(given, str):
        return None
    return isinstance(value, str) and value.lower() == given.lower()


def numeric(given: Any, value: Any) -> Verdict:
    """Compare a number: ``[">", 0, "<=", 5]``."""
    is_known = (
        isinstance(given, list)
        and len(given) in (2, 4)
        and all(one in COMPARISONS for one in given[::2])
        and all(is_number(one) for one in given[1::2])
    )
    if not is_known:
        return None
    pairs = zip(given[::2], given[1::2], strict=True)
    return is_number(value) and all(COMPARISONS[sign](value, bound) for sign, bound in pairs)


def cidr(given: Any, value: Any) -> Verdict:
    """Tell whether an address lies in a network."""
    try:
        network = ipaddress.ip_network(given)
    except ValueError:
        return None
    try:
        return isinstance(value, str) and ipaddress.ip_address(value) in network
    except ValueError:
        return False


def wildcard(given: Any, value: Any) -> Verdict:
    """Compare a text with ``*`` for anything; ``\\*`` and ``\\\\`` mean the signs themselves."""
    if not isinstance(given, str):
        return None
    parts = re.findall(r"\\[*\\]|\*|[^*]", given, re.DOTALL)
    pattern = "".join(".*" if one == "*" else re.escape(one[-1]) for one in parts)
    return isinstance(value, str) and re.fullmatch(pattern, value, re.DOTALL) is not None


OPERATORS: Mapping[str, Callable[[Any, Any], Verdict]] = {
    "prefix": begins,
    "suffix": ends,
    "equals-ignore-case": equals_in_any_case,
    "wildcard": wildcard,
    "numeric": numeric,
    "cidr": cidr,
}
TEXTS = ("prefix", "suffix", "equals-ignore-case", "wildcard")
"""What `anything-but` may hold."""


def any_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Answer yes if one is yes, no if all are no."""
    listed = list(verdicts)
    return True if True in listed else None if None in listed else False


def all_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Answer no if one is no, yes if all are yes."""
    listed = list(verdicts)
    return False if False in listed else None if None in listed else True


def negated(verdict: Verdict) -> Verdict:
    """Answer the contrary."""
    return None if verdict is None else not verdict


def is_number(value: Any) -> bool:
    """Tell whether a JSON value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_text(value: Any) -> str:
    """Write a JSON value; a text without its quotes."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
