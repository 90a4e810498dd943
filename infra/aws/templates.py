"""CloudFormation templates with their intrinsic functions worked out, without CloudFormation.

What a `Ref` or a `Fn::GetAtt` stands for follows from the name that the template itself gives to a
resource. Whatever is not understood is an error: nothing is guessed.

::

    TemplateError
    ├── UnresolvedError   a value holds what cannot be worked out
    └── CircularError     resources need one another
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

from infra.aws.identities import IDENTITIES, Identity

Template = Mapping[str, Any]
Trail = tuple[str, ...]
"""Where a value is: stack, resource, property, …"""

NO_VALUE = object()
PLACE = re.compile(r"\$\{(?P<literal>!?)(?P<what>[^}]+)\}")
DYNAMIC = "{{resolve:"
URL_SUFFIX = "amazonaws.com"


class TemplateError(ValueError):
    """The templates cannot be replayed; the text names stack, resource and property."""


class UnresolvedError(TemplateError):
    """A value holds something that cannot be worked out here."""

    def __init__(self, where: Trail, why: str) -> None:
        super().__init__(f"{'.'.join(where)}: {why}")


class CircularError(TemplateError):
    """Resources of a stack need one another in a circle."""


class Where(NamedTuple):
    """In which account and region templates are replayed."""

    account: str
    region: str
    partition: str = "aws"


@dataclass(frozen=True)
class Resource:
    """One resource, all values worked out."""

    stack: str
    logical_id: str
    kind: str
    """``AWS::SQS::Queue``."""
    properties: Mapping[str, Any]

    @property
    def place(self) -> str:
        """Answer how messages call it."""
        return f"{self.stack}.{self.logical_id} ({self.kind})"


def resolve(templates: Mapping[str, Template], where: Where) -> tuple[Resource, ...]:
    """Work out all values of all stacks.

    Parameters
    ----------
    templates : mapping
        Stack by stack, in the order in which they are deployed.

    Returns
    -------
    tuple of Resource
        Stack by stack, each resource after all that it needs.

    Raises
    ------
    UnresolvedError
        If a value cannot be worked out.
    CircularError
        If resources of a stack need one another.
    """
    return tuple(
        resource
        for stack, template in templates.items()
        for resource in Resolver(stack, template, where).resources()
    )


class Resolver:
    """Works out the values of one stack."""

    def __init__(self, stack: str, template: Template, where: Where) -> None:
        self._stack = stack
        self._resources: Mapping[str, Any] = template["Resources"]
        self._parameters: Mapping[str, Any] = template.get("Parameters", {})
        self._found: dict[str, Resource] = {}
        self._words = where._asdict()
        self._pseudo = {
            "AWS::AccountId": where.account,
            "AWS::Region": where.region,
            "AWS::Partition": where.partition,
            "AWS::URLSuffix": URL_SUFFIX,
            "AWS::StackName": stack,
            "AWS::NoValue": NO_VALUE,
        }
        self._functions: Mapping[str, Callable[[Any, Trail], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._attribute,
            "Fn::Join": self._join,
            "Fn::Sub": self._sub,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
        }

    def resources(self) -> Iterator[Resource]:
        """Answer each resource after all that it needs."""
        for logical_id in self._order():
            written = self._resources[logical_id]
            where = (self._stack, logical_id)
            if "Condition" in written:
                raise UnresolvedError(where, "conditions are not understood: decide in Python")
            properties = self._value(written.get("Properties", {}), where)
            found = Resource(self._stack, logical_id, written["Type"], properties)
            self._found[logical_id] = found
            yield found

    def _order(self) -> tuple[str, ...]:
        graph = {
            logical_id: {
                *_needs(written.get("Properties", {})),
                *_listed(written.get("DependsOn", ())),
            }
            & self._resources.keys()
            for logical_id, written in self._resources.items()
        }
        try:
            return tuple(TopologicalSorter(graph).static_order())
        except CycleError as error:
            circle = " → ".join(error.args[1])
            raise CircularError(f"{self._stack}: {circle} need one another") from error

    def _value(self, value: Any, where: Trail) -> Any:
        if isinstance(value, Mapping):
            if (function := _intrinsic(value)) is not None:
                return self._call(function, value[function], where)
            members = {key: self._value(one, (*where, key)) for key, one in value.items()}
            return {key: one for key, one in members.items() if one is not NO_VALUE}
        if isinstance(value, list):
            items = [self._value(one, (*where, str(at))) for at, one in enumerate(value)]
            return [one for one in items if one is not NO_VALUE]
        if isinstance(value, str) and DYNAMIC in value:
            raise UnresolvedError(where, f"{value!r} is known to AWS only")
        return value

    def _call(self, function: str, given: Any, where: Trail) -> Any:
        if function == "Fn::ImportValue":
            raise UnresolvedError(
                where, f"imports {given!r}: stacks export nothing, build the ARN from its name"
            )
        if function not in self._functions:
            raise UnresolvedError(where, f"{function} is not understood: {given!r}")
        return self._functions[function](given, where)

    def _ref(self, name: str, where: Trail) -> Any:
        if name in self._pseudo:
            return self._pseudo[name]
        if name in self._parameters:
            return self._parameter(name, where)
        return self._identity(name, where).ref.format_map(self._named(name, where))

    def _parameter(self, name: str, where: Trail) -> Any:
        written = self._parameters[name]
        if "Default" not in written or written["Type"].startswith("AWS::SSM::"):
            raise UnresolvedError(where, f"the value of parameter {name} is known to AWS only")
        return written["Default"]

    def _attribute(self, given: Any, where: Trail) -> str:
        name, attribute = given.split(".", 1) if isinstance(given, str) else given
        identity = self._identity(name, where)
        if attribute not in identity.attributes:
            kind = self._found[name].kind
            raise UnresolvedError(where, f"{attribute} of {name}, an {kind}, is not in IDENTITIES")
        return identity.attributes[attribute].format_map(self._named(name, where))

    def _identity(self, name: str, where: Trail) -> Identity:
        if name not in self._found:
            raise UnresolvedError(where, f"the stack has no resource and no parameter {name}")
        kind = self._found[name].kind
        if kind not in IDENTITIES:
            raise UnresolvedError(where, f"what {name} stands for, an {kind}, is not in IDENTITIES")
        return IDENTITIES[kind]

    def _named(self, name: str, where: Trail) -> Mapping[str, str]:
        given = self._found[name].properties.get(self._identity(name, where).name)
        return {**self._words, "name": given or f"{self._stack}-{name}"}

    def _join(self, given: Any, where: Trail) -> str:
        between, parts = given
        return str(between).join(map(str, self._value(parts, where)))

    def _sub(self, given: Any, where: Trail) -> str:
        text, own = (given, {}) if isinstance(given, str) else given
        values = self._value(own, where)

        def put(found: re.Match[str]) -> str:
            what = found["what"]
            if found["literal"]:
                return f"${{{what}}}"
            if what in values:
                return str(values[what])
            return str(self._attribute(what, where) if "." in what else self._ref(what, where))

        return PLACE.sub(put, text)

    def _select(self, given: Any, where: Trail) -> Any:
        at, items = given
        return self._value(items, where)[int(at)]

    def _split(self, given: Any, where: Trail) -> list[str]:
        between, text = given
        return str(self._value(text, where)).split(between)


def _intrinsic(value: Mapping[str, Any]) -> str | None:
    """Answer which function a value calls, if any: a mapping with that one key."""
    if len(value) != 1:
        return None
    (key,) = value
    return key if key == "Ref" or key.startswith("Fn::") else None


def _needs(value: Any) -> Iterator[str]:
    """Answer the names that a value refers to."""
    if isinstance(value, list):
        for one in value:
            yield from _needs(one)
    if not isinstance(value, Mapping):
        return
    for key, given in value.items():
        if key == "Ref":
            yield str(given)
        elif key == "Fn::GetAtt":
            yield given.partition(".")[0] if isinstance(given, str) else str(given[0])
        elif key == "Fn::Sub":
            text = given if isinstance(given, str) else given[0]
            yield from (found["what"].partition(".")[0] for found in PLACE.finditer(text))
        yield from _needs(given)


def _listed(depends_on: Any) -> Iterator[str]:
    yield from (depends_on,) if isinstance(depends_on, str) else depends_on
