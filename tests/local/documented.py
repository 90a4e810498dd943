"""AWS's events as documented: hand-written twins, and the guides' own samples where at hand."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.local.world import REPOSITORY

TWINS = REPOSITORY / "tests" / "aws_events"
GUIDES = REPOSITORY / ".." / "shared" / "aws-events"

SLIP = "Timestamp"  # a sample of 2023 has this word where a time belongs


def read(path: Path) -> dict[str, Any]:
    """Read a sample, envelope and all."""
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def samples(pattern: str) -> list[Path]:
    """Answer the twins and the guides' samples of an event."""
    return [*sorted(TWINS.glob(pattern)), *sorted(GUIDES.glob(pattern))]


def kinds(value: Any) -> Any:
    """Answer what a value is made of: keys, and the kind and spelling of each leaf."""
    match value:
        case dict():
            return {key: kinds(member) for key, member in value.items()}
        case list():
            return [kinds(member) for member in value[:1]]
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str() if value.isupper():
            return "CAPITALS"
        case str():
            return "time" if value.endswith("Z") and value[0].isdigit() else "text"
        case _:
            return value


def missing(documented: Any, ours: Any, path: str = "") -> Iterator[str]:
    """Iterate over the documented leaves that ours lacks, or has in another kind or spelling."""
    if isinstance(documented, dict) and isinstance(ours, dict):
        for key, value in documented.items():
            if key not in ours:
                yield f"{path}.{key} is not there"
            elif value != SLIP:
                yield from missing(value, ours[key], f"{path}.{key}")
    elif isinstance(documented, list) and isinstance(ours, list):
        for each, other in zip(documented[:1], ours[:1], strict=False):
            yield from missing(each, other, f"{path}[0]")
    elif kinds(documented) != kinds(ours):
        yield f"{path} is {ours!r}, not like {documented!r}"


def all_keys(value: Any, path: str = "") -> set[str]:
    """Answer every key of a value as a path from its top; list items share one."""
    if isinstance(value, Mapping):
        inner = {key for name, part in value.items() for key in all_keys(part, f"{path}.{name}")}
        return {path} | inner
    if isinstance(value, list | tuple):
        return {path}.union(*(all_keys(part, f"{path}[]") for part in value))
    return {path}


def documented_keys(pattern: str) -> set[str]:
    """Answer every key that any sample of an event has."""
    return keys_of(read(path)["detail"] for path in samples(pattern))


def keys_of(details: Iterable[Mapping[str, Any]]) -> set[str]:
    """Answer every key that any of the details has."""
    return {key for detail in details for key in all_keys(detail)}
