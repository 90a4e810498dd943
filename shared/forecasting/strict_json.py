"""JSON read strictly: every step says where it stands and what it wants.

Each function takes `where`, the place in the document in the reader's words, and raises
FormatError where the document is not what the function's name asks for.
"""

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn, cast


class FormatError(ValueError):
    """Not what the contract asks for; the text names the field, what it has, and what it wants."""


def parse(text: str | bytes, where: str) -> object:
    """Parse JSON of any kind, without the constants NaN and Infinity, which JSON has not."""
    try:
        parsed: object = json.loads(text, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise FormatError(f"{where} is not UTF-8: {error.reason}") from error
    except FormatError:
        raise
    except json.JSONDecodeError as error:
        raise FormatError(
            f"{where} is not JSON: {error.msg} at character {error.pos + 1}"
        ) from error
    except (ValueError, RecursionError) as error:  # integers of thousands of digits, deep nesting
        raise FormatError(f"{where} is too deep, or has too long a number") from error
    return parsed


def _refuse_constant(constant: str) -> NoReturn:
    raise FormatError(f'{constant} is not JSON: write a missing value as "NaN" or null')


def write(document: Mapping[str, Any] | list[Any]) -> str:
    """Write compact JSON; raises FormatError for a number that is not finite."""
    try:
        return json.dumps(document, allow_nan=False, separators=(",", ":"))
    except ValueError as error:
        raise FormatError("a value is not finite, which only a target may be") from error


def fields(document: object, where: str, known: set[str] | None = None) -> Mapping[str, Any]:
    """Answer the fields of an object, all of them among `known` if that is given."""
    if not isinstance(document, dict):
        raise FormatError(f"{where} is {_kind(document)}; it must be a JSON object")
    if known is not None and (strange := sorted(set(document) - known)):
        raise FormatError(
            f"{where} has an unknown field {strange[0]!r:.50}; known are {', '.join(sorted(known))}"
        )
    return document


def needed(document: Mapping[str, Any], name: str, where: str) -> Any:
    """Answer a field that must be there."""
    if name not in document:
        raise FormatError(f"{where} has no {name}")
    return document[name]


def items(value: object, where: str) -> list[Any]:
    """Answer the items of a list."""
    if not isinstance(value, list):
        raise FormatError(f"{where} is {_kind(value)}; it must be a list")
    return value


def numbers(value: object, where: str, *, missing: bool = False) -> tuple[float, ...]:
    """Answer a list of finite numbers; with `missing`, "NaN" and null become NaN."""
    return tuple(
        math.nan if missing and (one is None or one == "NaN") else number(one, f"{where}[{at}]")
        for at, one in enumerate(items(value, where))
    )


def number(value: object, where: str) -> float:
    """Answer a finite number; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
        raise FormatError(f"{where} is {value!r:.50}; it must be a finite number")
    return float(value)


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer of more digits than a float has room for
        return False


def whole(value: object, where: str, least: int, greatest: int | None = None) -> int:
    """Answer a whole number within bounds, both included."""
    bounds = f"of {least} or more" if greatest is None else f"from {least} to {greatest}"
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or cast(int, value) < least or cast(int, value) > (greatest or cast(int, value)):
        raise FormatError(f"{where} is {value!r:.50}; it must be a whole number {bounds}")
    return cast(int, value)


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return "null" if value is None else names.get(type(value), "a number")
