"""Frozen, the one value type: events, state, actions and specs, all of them stored as JSON."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value that never changes, refuses what it does not know, and survives JSON unchanged.

    Validation is strict: ``"5"`` is no integer, ``1`` is no boolean, a list is no tuple, NaN and
    infinity are no numbers. JSON has fewer types than Python, so `model_validate_json` is the door
    for text: there strings become times, durations and enums, and lists become tuples.
    ``X.model_validate_json(x.model_dump_json()) == x`` holds for every subclass X.

    Sequences are tuples, never lists. A reader that must be tolerant (events from outside)
    overrides ``model_config`` with ``extra="ignore"``, and ``strict=False`` where spellings vary.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        ser_json_timedelta="iso8601",
        ser_json_bytes="base64",
        val_json_bytes="base64",
        use_attribute_docstrings=True,
    )

    def changed(self, **changes: Any) -> Self:
        """Return a copy with the named fields replaced, validated like a new value.

        Raises
        ------
        pydantic.ValidationError
            If a field is unknown or a value does not fit; `model_copy` would let both pass.
        """
        return type(self).model_validate(vars(self) | changes)
