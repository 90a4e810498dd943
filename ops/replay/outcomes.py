"""What came of an action, read from the record of the decision upon it."""

from collections.abc import Sequence
from functools import cache
from inspect import signature
from types import UnionType
from typing import Any, get_args, get_type_hints

from pydantic import ValidationError
from pydantic_core import to_json

from ops.replay.answers import UntoldError
from shared.messaging.decision import Effect
from shared.messaging.errors import Refused

REFUSED = {"refused", "message"}


def outcomes(effect: Effect, outcome: str | None, said: Any) -> Sequence[Any]:
    """Answer what the outcome may have been: one, unless an old record does not name its class
    and several fit.

    Raises
    ------
    UntoldError
        If it is nothing that today's code knows.
    """
    is_refusal = isinstance(said, dict) and said.keys() == REFUSED
    if outcome == Refused.__name__ or (outcome is None and is_refusal):
        return [Refused(said["refused"], said["message"])]
    found, faults = [], []
    for one in classes(effect):
        if outcome not in (None, one.__name__):
            continue
        try:
            # without its name, an outcome is known by its fields
            found.append(
                one.model_validate_json(to_json(said), extra="ignore" if outcome else "forbid")
            )
        except ValidationError as error:
            faults.append(f"{one.__name__}: {error.errors(include_input=False)[0]['msg']}")
    if not found:
        what = f"the outcome {outcome or ''}".strip()
        raise UntoldError("; ".join((f"{what} is nothing that is known now", *faults)))
    return found


@cache
def classes(effect: Effect) -> tuple[Any, ...]:
    """Answer the classes of an effect's outcomes: what `then` says that it hears third."""
    third = list(signature(effect.then).parameters)[2]
    hint = get_type_hints(effect.then)[third]
    either = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    return tuple(one for one in either if one is not Refused)
