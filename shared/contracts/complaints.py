"""How a spec is refused: one line for each mistake, with the key, what is wrong, and what to do."""

import difflib
import math
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from shared.contracts import timing
from shared.contracts.printable import printable, shortened

VALUE_CHARACTERS_MAX = 60  # of a wrong value, as shown to its author
LINE_CHARACTERS_MAX = 500  # of a mistake with its key

TYPES = {
    "bool_type": "true or false",
    "dict_type": "a mapping of keys to values",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "model_type": "a mapping of keys to values",
    "string_type": "text",
    "tuple_type": "a list",
}
BOUNDS = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}
SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}  # as pydantic keeps a field's bounds


class Complaint(NamedTuple):
    """One mistake in a spec."""

    key: str
    """Path of the key, with dots: ``gate.limit_ratio``; empty where the whole is wrong."""
    problem: str
    """What is wrong, what was found, and what to do."""

    def __str__(self) -> str:
        """Key and problem as one line, whatever its author wrote."""
        line = f"{self.key}: {self.problem}" if self.key else self.problem
        return shortened(printable(line), LINE_CHARACTERS_MAX)


class SpecError(ValueError):
    """A spec that cannot be accepted: all of its mistakes at once, each with its key."""

    def __init__(self, *complaints: Complaint) -> None:
        super().__init__("\n".join(str(complaint) for complaint in complaints))
        self.complaints = complaints


def explain(error: ValidationError, model: type[BaseModel]) -> tuple[Complaint, ...]:
    """Say in the words of the spec's author what pydantic found wrong with a `model`."""
    return tuple(complaint for detail in error.errors() for complaint in _complaints(detail, model))


def shown(value: object) -> str:
    """Show a value as its author would recognise it, at most 60 characters of it."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "infinity" if value > 0 else "-infinity"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    text = timing.write_duration(value) if isinstance(value, timedelta) else repr(value)
    return text if len(text) <= VALUE_CHARACTERS_MAX else f"{text[:VALUE_CHARACTERS_MAX]}…"


def suggestion(given: str, known: Iterable[str]) -> str:
    """Point from an unknown name to the nearest known one, or to all where none is near.

    Returns
    -------
    str
        ``did you mean 'horizon'?`` or ``known: 'count', 'mean', 'sum'``.
    """
    names = sorted(known)
    near = difflib.get_close_matches(given, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known: {', '.join(repr(name) for name in names)}" if names else "there is none yet"


def _complaints(detail: ErrorDetails, model: type[BaseModel]) -> tuple[Complaint, ...]:
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, SpecError):
        return cause.complaints
    location = tuple(str(part) for part in detail["loc"])
    return (Complaint(".".join(location), _problem(detail, location, model)),)


def _problem(detail: ErrorDetails, location: tuple[str, ...], model: type[BaseModel]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    got = f"got {shown(detail['input'])}"
    if kind == "missing":
        return f"is missing: add it{_example(location, model)}"
    if kind == "extra_forbidden":
        return f"unknown key; {suggestion(location[-1], _owner(location, model).model_fields)}"
    if kind in TYPES:
        return f"must be {TYPES[kind]}{_bounds(location, model)}, {got}"
    if kind in BOUNDS:
        return f"must be{_bounds(location, model)}, {got}"
    if kind == "enum":
        return f"must be {context['expected']}, {got}"
    if kind == "too_long":
        return f"must have at most {context['max_length']} items, has {context['actual_length']}"
    if kind == "value_error":
        return str(context["error"])
    return f"{detail['msg'][:1].lower()}{detail['msg'][1:]}, {got}"


def _owner(location: tuple[str, ...], model: type[BaseModel]) -> type[BaseModel]:
    """Find the nested model whose key is the last part of `location`."""
    for part in location[:-1]:
        field = model.model_fields.get(part)
        if field and isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            model = field.annotation
    return model


def _field(location: tuple[str, ...], model: type[BaseModel]) -> FieldInfo | None:
    return _owner(location, model).model_fields.get(location[-1]) if location else None


def _bounds(location: tuple[str, ...], model: type[BaseModel]) -> str:
    field = _field(location, model)
    texts = [
        f" {sign} {timing.write_duration(limit) if isinstance(limit, timedelta) else limit}"
        for bound in (field.metadata if field else ())
        for name, sign in SIGNS.items()
        if (limit := getattr(bound, name, None)) is not None
    ]
    return " and".join(texts)


def _example(location: tuple[str, ...], model: type[BaseModel]) -> str:
    field = _field(location, model)
    examples = field.examples if field else None
    return f", for example '{location[-1]}: {examples[0]}'" if examples else ""
