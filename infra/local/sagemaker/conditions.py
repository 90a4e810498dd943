"""The conditions of a Condition step, their values already resolved."""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from infra.local.sagemaker.references import UnresolvedError

COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}


def hold(conditions: Sequence[Mapping[str, Any]]) -> bool:
    """Answer whether all conditions are true.

    Raises
    ------
    UnresolvedError
        If one is of an unknown type, or compares what has no order.
    """
    return all(_is_true(condition) for condition in conditions)


def _is_true(condition: Mapping[str, Any]) -> bool:
    match condition:
        case {"Type": "Not", "Expression": inner}:
            return not _is_true(inner)
        case {"Type": "Or", "Conditions": several}:
            return any(_is_true(each) for each in several)
        case {"Type": "In", "QueryValue": value, "Values": values}:
            return value in values
        case {"Type": kind, "LeftValue": left, "RightValue": right} if kind in COMPARE:
            return _compare(kind, left, right)
    known = ", ".join((*COMPARE, "In", "Not", "Or"))
    raise UnresolvedError(f"{condition!r} is no condition; known types are {known}")


def _compare(kind: str, left: Any, right: Any) -> bool:
    try:
        return COMPARE[kind](left, right)
    except TypeError:
        raise UnresolvedError(f"{kind}: {left!r} and {right!r} cannot be compared") from None
