"""The oldest boto3 that a service without its own may meet in Lambda's runtime.

AWS names no version: Lambda's runtimes are patched one region after another, and a function learns
only when it runs which boto3 it got. So `FLOOR` is what our services need, not what AWS promises:
the oldest botocore whose models hold every operation, parameter and part of an answer that they
use (`boto3_uses`). It was found by halving the versions, each asked with
``python -m infra.aws.boto3_floor <version>``: 1.35.51 lacks ModelLifeCycle, 1.35.52 has all.

`boto3_floor.json` keeps what its models say of the operations in use, so that the test needs no
download. To change the floor, set it here, then ``python -m infra.aws.boto3_floor write``, which
downloads that botocore.

A service that needs more is a row of `bundles.OWN_BOTO3`.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader, create_loader
from botocore.model import OperationNotFoundError, ServiceModel

from infra.aws.boto3_uses import Operation, Uses, uses
from infra.aws.uv import UV
from shared.contracts.subscriptions import SERVICES

FLOOR = "1.35.52"
KEPT = Path(__file__).with_suffix(".json")
AGAIN = "run python -m infra.aws.boto3_floor write"
ENUM_VALUES_MAX = 40


class FloorError(RuntimeError):
    """What is kept of the floor is not of the floor."""


@dataclass(frozen=True)
class Known:
    """What a version's models say of one operation.

    Parameters
    ----------
    parameters : frozenset of str
        Its own, the outermost.
    written, read : frozenset of str
        All names of members in its input, and in its output and errors, however deep.
    values : frozenset of str
        All that an enumeration in them may say.
    paged : bool
        Whether it has a paginator.
    """

    parameters: frozenset[str]
    written: frozenset[str]
    read: frozenset[str]
    values: frozenset[str]
    paged: bool


Models = Mapping[str, Known]


def known(operation: Operation, loader: Loader) -> Known | None:
    """Answer what models say of an operation; None where they do not have it."""
    try:
        model = ServiceModel(loader.load_service_model(operation.service, "service-2"))
        found = model.operation_model(operation.name)
    except (UnknownServiceError, OperationNotFoundError):
        return None
    pages = loader.load_service_model(operation.service, "paginators-1")["pagination"]
    given = shapes([found.input_shape])
    answered = shapes([found.output_shape, *found.error_shapes])
    return Known(
        parameters=members([found.input_shape]),
        written=members(given),
        read=members(answered),
        values=values([*given, *answered]),
        paged=operation.name in pages,
    )


def shapes(roots: Sequence[Any]) -> list[Any]:
    """Answer shapes and all that are in them, each once."""
    found: dict[str, Any] = {}
    waiting = list(roots)
    while waiting:
        shape = waiting.pop()
        if shape is None or shape.name in found:
            continue
        found[shape.name] = shape
        match shape.type_name:
            case "structure":
                waiting += shape.members.values()
            case "list":
                waiting.append(shape.member)
            case "map":
                waiting += shape.key, shape.value
    return list(found.values())


def members(found: Sequence[Any]) -> frozenset[str]:
    """Answer the names of the members of structures."""
    return frozenset(name for shape in found for name in getattr(shape, "members", ()))


def values(found: Sequence[Any]) -> frozenset[str]:
    """Answer what enumerations may say; long ones, of instance types, are no keys of our code."""
    enumerations = [getattr(shape, "enum", ()) for shape in found]
    return frozenset(v for one in enumerations if len(one) <= ENUM_VALUES_MAX for v in one)


def models(loader: Loader) -> Models:
    """Answer what models say of all operations in use."""
    asked = {operation for name in SERVICES for one in uses(name) for operation in one.parameters}
    found = {str(operation): known(operation, loader) for operation in sorted(asked)}
    return {name: one for name, one in found.items() if one}


def installed() -> Models:
    """Answer what the locked botocore's models say."""
    return models(create_loader())


def at_floor() -> Models:
    """Answer what the floor's models say, as kept.

    Raises
    ------
    FloorError
        If another version's are kept.
    """
    kept = json.loads(KEPT.read_text())
    if kept["botocore"] != FLOOR:
        raise FloorError(f"{KEPT.name} is of botocore {kept['botocore']}, not {FLOOR}: {AGAIN}")
    return {
        name: Known(
            parameters=frozenset(one["parameters"]),
            written=frozenset(one["written"]),
            read=frozenset(one["read"]),
            values=frozenset(one["values"]),
            paged=one["paged"],
        )
        for name, one in kept["operations"].items()
    }


def missing(service: str, having: Models) -> Iterator[str]:
    """Say what a service uses that models do not have, each in a line."""
    for one in uses(service):
        yield from missing_of(one, having)


def missing_of(one: Uses, having: Models) -> Iterator[str]:
    """Say what a module uses that models do not have."""
    for operation, given in sorted(one.parameters.items()):
        found = having.get(str(operation))
        if found is None:
            yield f"{one.module}: {operation}"
            continue
        for name in sorted(given - found.parameters):
            yield f"{one.module}: {operation} has no parameter {name}"
        if operation in one.pages and not found.paged:
            yield f"{one.module}: {operation} has no paginator"
    there = [having[str(name)] for name in one.parameters if str(name) in having]
    written = union(found.written for found in there)
    for name in sorted(one.written - written - union(found.values for found in there)):
        yield f"{one.module}: nothing that it calls takes {name}"
    for name in sorted(one.read - written - union(found.read for found in there)):
        yield f"{one.module}: nothing that it calls answers {name}"


def union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    """Put sets together."""
    return frozenset[str]().union(*sets)


def of_version(version: str, folder: Path) -> Models:
    """Download a botocore and answer what its models say."""
    subprocess.run(  # noqa: S603  # our own uv
        [UV, "pip", "install", "--quiet", "--no-deps", "--target", folder, f"botocore=={version}"],
        check=True,
    )
    data = str(folder / "botocore" / "data")
    return models(Loader(extra_search_paths=[data], include_default_search_paths=False))


def write() -> None:
    """Keep what the floor's models say."""
    with tempfile.TemporaryDirectory() as folder:
        found = of_version(FLOOR, Path(folder))
    rows = [f"  {json.dumps(name)}: {json.dumps(plain(one))}" for name, one in found.items()]
    text = ",\n".join(rows)
    KEPT.write_text(f'{{"botocore": "{FLOOR}", "operations": {{\n{text}\n}}}}\n')


def plain(one: Known) -> Mapping[str, Any]:
    """Write what is known of an operation as JSON has it."""
    return {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in asdict(one).items()
    }


def main(arguments: list[str]) -> None:
    """Print what each service misses in a version, or keep the floor's models."""
    if arguments == ["write"]:
        write()
        return
    with tempfile.TemporaryDirectory() as folder:
        found = of_version(arguments[0], Path(folder)) if arguments else at_floor()
        for service in SERVICES:
            click.echo("\n  ".join([f"{service}:", *missing(service, found)]))


if __name__ == "__main__":
    main(sys.argv[1:])
