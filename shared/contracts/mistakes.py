"""All mistakes of a spec in one go: a wrong key must not hide what the other keys contradict.

Pydantic compares fields with each other only once each of them is right. Here the wrong ones are
replaced by something right, the rest is compared, and what rests on a replacement is not told.
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shared.contracts.complaints import Complaint, explain

RESTS_ON: Mapping[str, frozenset[str]] = {
    "expected_every": frozenset({"expected_every", "window"}),
    "gate.min_points": frozenset({"backtest", "gate", "horizon"}),
    "hyperparameters": frozenset({"algorithm"}),
    "training.min_points": frozenset({"algorithm", "backtest", "horizon", "training"}),
}
"""Other keys that a comparison looks at, by the key that it complains of."""


def mistakes(error: ValidationError, text: str, kind: type[BaseModel]) -> tuple[Complaint, ...]:
    """Answer what is wrong with the JSON of a spec, as far as can be known.

    Parameters
    ----------
    error : ValidationError
        What reading the text as `kind` raised.
    """
    found, details = explain(error, kind), error.errors()
    if not all(detail["loc"] for detail in details):
        return found  # no mapping at all; or every field is right, and all were compared
    document: dict[Any, Any] = json.loads(text)
    for detail in details:
        mend(document, detail, kind)
    try:
        kind.model_validate_json(json.dumps(document))
    except ValidationError as more:
        replaced = {str(detail["loc"][0]) for detail in details}
        told = {complaint.key for complaint in found}
        others = explain(more, kind)
        found += tuple(one for one in others if one.key not in told and not rests(one, replaced))
    return found


def mend(document: dict[Any, Any], detail: ErrorDetails, kind: type[BaseModel]) -> None:
    """Take away what is wrong, as deep inside as it is; of a key that must be, put the example."""
    key, *deeper = detail["loc"]
    inside, field = document, kind.model_fields.get(str(key))
    if not deeper and field and field.is_required() and field.examples:
        document[key] = field.examples[0]
        return
    for part in deeper:
        if not isinstance(inside.get(key), dict):
            break
        key, inside = part, inside[key]
    inside.pop(key, None)


def rests(complaint: Complaint, replaced: set[str]) -> bool:
    """Tell whether a complaint is of something that was replaced, or compares with it."""
    top = complaint.key.partition(".")[0]
    looked_at = RESTS_ON.get(complaint.key) or RESTS_ON.get(top, frozenset())
    return not replaced.isdisjoint(looked_at)
