"""What a pipeline definition says in place of a value: ``Get``, ``Std:Join`` and ``Std:JsonGet``.

``{"Get": "Parameters.Model"}``, ``{"Get": "Execution.PipelineExecutionId"}``,
``{"Get": "Steps.Prepare.ProcessingOutputConfig.Outputs['full'].S3Output.S3Uri"}``,
``{"Std:Join": {"On": "/", "Values": [ … ]}}`` and, for a file that a processing step declared,
``{"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Judge.PropertyFiles.Report"}, "Path": "a.b"}}``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

GET, JOIN, JSON_GET = "Get", "Std:Join", "Std:JsonGet"
PART = re.compile(r"\.?(?P<name>[A-Za-z0-9_:-]+)|\[(?P<index>\d+)\]|\['(?P<key>[^']+)'\]")


class UnresolvedError(Exception):
    """A reference that leads nowhere; the message names it."""


@dataclass(frozen=True)
class Reference:
    """A ``Get``, taken apart.

    Parameters
    ----------
    root : str
        ``Parameters``, ``Execution`` or ``Steps``.
    name : str
        Of the parameter, the variable or the step.
    path : tuple
        What follows a step's name: fields, list positions, names of list items.
    """

    text: str
    root: str
    name: str
    path: tuple[str | int, ...]

    @classmethod
    def parse(cls, text: Any) -> "Reference":
        """Take the text of a ``Get`` apart.

        Raises
        ------
        UnresolvedError
            If it is no such text.
        """
        parts = _parts(text) if isinstance(text, str) else ()
        match parts:
            case (("Parameters" | "Execution") as root, str(name)):
                return cls(text, root, name, ())
            case ("Steps", str(name), first, *rest):
                return cls(text, "Steps", name, (first, *rest))
        raise UnresolvedError(
            f"{text!r} is no reference: Parameters.<name>, Execution.<name> or"
            " Steps.<name>.<field> is expected"
        )


class Look(Protocol):
    """Where references find their values."""

    def parameter(self, name: str) -> Any:
        """Answer a parameter of the execution."""
        ...

    def variable(self, name: str) -> Any:
        """Answer one of the execution's own variables."""
        ...

    def described(self, step: str) -> Mapping[str, Any]:
        """Answer what the step made, as its Describe operation shows it."""
        ...

    def property_file(self, step: str, name: str) -> Any:
        """Answer the JSON that a step wrote to its declared file."""
        ...


def references(value: Any) -> Iterator[Reference]:
    """Iterate over all references inside a value.

    Raises
    ------
    UnresolvedError
        If one has no proper form.
    """
    if isinstance(value, Mapping):
        if set(value) == {GET}:
            yield Reference.parse(value[GET])
            return
        _well_formed(value)
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def resolve(value: Any, look: Look) -> Any:
    """Answer a value with every reference replaced by what it refers to.

    Raises
    ------
    UnresolvedError
        If one leads nowhere.
    """
    if isinstance(value, list):
        return [resolve(part, look) for part in value]
    if not isinstance(value, Mapping):
        return value
    if set(value) == {GET}:
        return _found(Reference.parse(value[GET]), look)
    if set(value) == {JOIN}:
        parts = resolve(value[JOIN]["Values"], look)
        return str(value[JOIN].get("On", "")).join(map(str, parts))
    if set(value) == {JSON_GET}:
        return _read(value[JSON_GET], look)
    return {name: resolve(part, look) for name, part in value.items()}


def follow(value: Any, path: Sequence[str | int], text: str) -> Any:
    """Answer what lies at a path inside a value.

    A name in a list finds the item that has it: ``Outputs['full']`` is the output whose OutputName
    is ``full``.

    Raises
    ------
    UnresolvedError
        If nothing lies there.
    """
    for part in path:
        try:
            value = _named(value, part) if _is_list_of_named(value, part) else value[part]
        except (KeyError, IndexError, TypeError, AttributeError, StopIteration):
            raise UnresolvedError(f"{text} leads nowhere: there is no {part!r}") from None
    return value


def _parts(text: str) -> tuple[str | int, ...]:
    found: list[str | int] = []
    end = 0
    for match in PART.finditer(text):
        if match.start() != end:
            return ()
        end = match.end()
        index = match["index"]
        found.append(int(index) if index is not None else match["name"] or match["key"])
    return tuple(found) if end == len(text) else ()


def _well_formed(value: Mapping[str, Any]) -> None:
    if JOIN in value and not isinstance(value[JOIN].get("Values"), list):
        raise UnresolvedError(f"{JOIN} needs a list of Values, got {value[JOIN]!r}")
    if JSON_GET in value:
        file, path = value[JSON_GET].get("PropertyFile"), value[JSON_GET].get("Path")
        if not isinstance(file, Mapping) or set(file) != {GET} or not isinstance(path, str):
            raise UnresolvedError(
                f"{JSON_GET} needs a PropertyFile that is a {GET}, and a Path, got {value!r}"
            )


def _found(reference: Reference, look: Look) -> Any:
    if reference.root == "Parameters":
        return look.parameter(reference.name)
    if reference.root == "Execution":
        return look.variable(reference.name)
    return follow(look.described(reference.name), reference.path, reference.text)


def _read(wish: Mapping[str, Any], look: Look) -> Any:
    file = Reference.parse(wish["PropertyFile"][GET])
    content = look.property_file(file.name, str(file.path[-1]))
    return follow(content, _parts(wish["Path"]), f"{file.text} at {wish['Path']}")


def _is_list_of_named(value: Any, part: str | int) -> bool:
    return isinstance(value, list) and isinstance(part, str)


def _named(items: Sequence[Mapping[str, Any]], name: str | int) -> Any:
    return next(
        item
        for item in items
        for field, value in item.items()
        if field.endswith("Name") and value == name
    )
