"""A pipeline's definition (SageMaker's JSON, version 2020-12-01), read and checked when given.

What is wrong with a definition is said at CreatePipeline, not in the middle of an execution.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from infra.local.sagemaker import retries
from infra.local.sagemaker.core import ServiceError, invalid
from infra.local.sagemaker.references import Reference, UnresolvedError, references
from infra.local.sagemaker.retries import Policy, PolicyError

VERSION = "2020-12-01"
STEP_TYPES = ("Processing", "Training", "Model", "Transform", "RegisterModel", "Condition", "Fail")
VARIABLES = (
    "PipelineName",
    "PipelineArn",
    "PipelineExecutionId",
    "PipelineExecutionArn",
    "StartDateTime",
    "CurrentDateTime",
)
STEP_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
BRANCHES = (("IfSteps", True), ("ElseSteps", False))

CONVERT: Mapping[str, Callable[[str], Any]] = {
    "String": str,
    "Integer": int,
    "Float": float,
    "Boolean": {"true": True, "false": False}.__getitem__,
}


@dataclass(frozen=True)
class Parameter:
    """What an execution may be given."""

    name: str
    kind: str
    default: Any
    choices: tuple[Any, ...]

    def read(self, text: str) -> Any:
        """Answer a given text as a value of the parameter's type.

        Raises
        ------
        ServiceError
            ValidationException if it is none, or not among the choices.
        """
        try:
            value = CONVERT[self.kind](text.lower() if self.kind == "Boolean" else text)
        except (ValueError, KeyError):
            raise invalid(f"Parameter {self.name} is of type {self.kind}, got '{text}'") from None
        if self.choices and value not in self.choices:
            known = ", ".join(map(str, self.choices))
            raise invalid(f"Parameter {self.name} must be one of {known}, got '{text}'")
        return value


@dataclass(frozen=True)
class Branch:
    """The side of a condition that a step belongs to."""

    condition: str
    outcome: bool


@dataclass(frozen=True)
class Step:
    """One step, with everything that must have succeeded before it begins."""

    name: str
    kind: str
    arguments: Mapping[str, Any]
    needs: frozenset[str]
    branch: Branch | None
    property_files: Mapping[str, Mapping[str, str]]
    retries: tuple[Policy, ...]
    display_name: str | None
    description: str | None


@dataclass(frozen=True)
class Definition:
    """A definition that was found in order; ``steps`` stand in an order in which they can run."""

    text: str
    parameters: Mapping[str, Parameter]
    steps: Mapping[str, Step]


def parse(text: str) -> Definition:
    """Read a definition.

    Raises
    ------
    ServiceError
        ValidationException for anything that could not be executed: no JSON, another version,
        unknown step types, names used twice, references to nothing, circles.
    """
    try:
        return _read(json.loads(text), text)
    except json.JSONDecodeError as error:
        raise wrong(f"it is no JSON: {error}") from None
    except UnresolvedError as error:
        raise wrong(str(error)) from None
    except CycleError as error:
        raise wrong(f"steps wait for each other: {' → '.join(error.args[1])}") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise wrong(f"a part is missing or of another type: {error}") from None


def wrong(message: str) -> ServiceError:
    """Answer the refusal of a definition."""
    return invalid(f"Unable to parse pipeline definition: {message}")


def _read(given: Any, text: str) -> Definition:
    if not isinstance(given, dict):
        raise wrong("a JSON object is expected")
    if given.get("Version") != VERSION:
        raise wrong(f"Version must be '{VERSION}', got {given.get('Version')!r}")
    parameters = [_parameter(each) for each in given.get("Parameters", ())]
    steps = list(_steps(given["Steps"], None))
    if not steps:
        raise wrong("it has no steps")
    _unique("parameter", [each.name for each in parameters])
    _unique("step", [each.name for each in steps])
    by_name = {each.name: each for each in steps}
    parameter_names = {each.name for each in parameters}
    for step in steps:
        _known(step, set(by_name), parameter_names)
    graph = {each.name: sorted(each.needs) for each in steps}
    order = TopologicalSorter(graph).static_order()
    return Definition(
        text, {each.name: each for each in parameters}, {name: by_name[name] for name in order}
    )


def _parameter(given: Mapping[str, Any]) -> Parameter:
    name, kind = given["Name"], given["Type"]
    if kind not in CONVERT:
        raise wrong(f"parameter {name} has type {kind!r}, known are {', '.join(CONVERT)}")
    return Parameter(name, kind, given.get("DefaultValue"), tuple(given.get("EnumValues", ())))


def _steps(given: Sequence[Mapping[str, Any]], branch: Branch | None) -> Iterator[Step]:
    for each in given:
        arguments = dict(each["Arguments"])
        inner = [(arguments.pop(side, ()), outcome) for side, outcome in BRANCHES]
        yield _step(each, arguments, branch)
        for steps, outcome in inner:
            yield from _steps(steps, Branch(each["Name"], outcome))


def _step(given: Mapping[str, Any], arguments: dict[str, Any], branch: Branch | None) -> Step:
    name, kind = given["Name"], given["Type"]
    if not STEP_NAME.fullmatch(name):
        raise wrong(f"step name {name!r} must be 1 to 64 letters, digits, '-' and '_'")
    if kind not in STEP_TYPES:
        raise wrong(f"step {name} has type {kind!r}; the local AWS has {', '.join(STEP_TYPES)}")
    if given.get("CacheConfig", {}).get("Enabled"):
        raise wrong(f"step {name}: the local AWS has no step caching, leave CacheConfig out")
    if kind == "Condition" and not isinstance(arguments.get("Conditions"), list):
        raise wrong(f"step {name} needs a list of Conditions")
    used = {each.name for each in references(arguments) if each.root == "Steps"}
    files = {each["PropertyFileName"]: each for each in given.get("PropertyFiles", ())}
    return Step(
        name,
        kind,
        arguments,
        frozenset({*used, *given.get("DependsOn", ()), *([branch.condition] if branch else ())}),
        branch,
        files,
        tuple(_policy(name, kind, each) for each in given.get("RetryPolicies", ())),
        given.get("DisplayName"),
        given.get("Description"),
    )


def _policy(step: str, kind: str, given: Mapping[str, Any]) -> Policy:
    try:
        return retries.read(kind, given)
    except PolicyError as error:
        raise wrong(f"step {step}: {error}") from None


def _unique(what: str, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise wrong(f"{what} names must be unique, used twice: {', '.join(twice)}")


def _known(step: Step, steps: set[str], parameters: set[str]) -> None:
    strangers = sorted(step.needs - steps)
    if strangers:
        raise wrong(f"step {step.name} refers to unknown step {', '.join(strangers)}")
    for each in references(step.arguments):
        _known_reference(step, each, parameters)


def _known_reference(step: Step, reference: Reference, parameters: set[str]) -> None:
    if reference.root == "Parameters" and reference.name not in parameters:
        raise wrong(f"step {step.name} refers to undefined parameter {reference.name}")
    if reference.root == "Execution" and reference.name not in VARIABLES:
        known = ", ".join(VARIABLES)
        raise wrong(f"step {step.name} refers to {reference.text}, known are {known}")
