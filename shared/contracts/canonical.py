"""One spelling for one value: what is stored of a spec, its digest, and what changed in it."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from shared.contracts.frozen import Frozen


def compact(value: Frozen) -> str:
    """Write what differs from the defaults as JSON: sorted keys, no spaces, nothing that is null.

    Two values that are equal have the same text, however they were written; parsing the text gives
    the value back as long as null is the default of every optional field.
    """
    return json.dumps(
        _differences(value),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )


def digest(value: Frozen) -> str:
    """Give the sha256 of the compact text, 64 hexadecimal digits."""
    return hashlib.sha256(compact(value).encode()).hexdigest()


def changed_fields(old: Frozen | None, new: Frozen) -> tuple[str, ...]:
    """Name what differs between two values, sorted, as paths with dots: ``gate.limit_ratio``.

    Where there is no `old`, all that `new` sets beyond its defaults has changed.
    """
    if old is None:
        return tuple(sorted(_leaves(_differences(new))))
    before, after = (_leaves(value.model_dump(mode="json")) for value in (old, new))
    return tuple(
        sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    )


def _differences(value: Frozen) -> dict[str, Any]:
    return value.model_dump(mode="json", exclude_defaults=True, exclude_none=True)


def _leaves(value: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Flatten nested mappings to paths with dots; an empty mapping has no leaves."""
    leaves: dict[str, Any] = {}
    for key, part in value.items():
        if isinstance(part, Mapping):
            leaves.update(_leaves(part, f"{above}{key}."))
        else:
            leaves[f"{above}{key}"] = part
    return leaves
