"""Containers without Docker: a program under SageMaker's container contract is a child process.

An image URI names a Python package by its repository, and ``/opt/ml`` is a folder (the sandbox)
that the program finds in ``MODELCYCLE_ML_ROOT``.
"""

import os
import re
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from infra.local.account import plain_environment
from infra.local.processes import Child, Children

ML_ROOT = "/opt/ml"
PYTHONS = frozenset({"python", "python3"})

# A path under /opt/ml wherever it stands in an argument or variable, as in `--input=/opt/ml/x`.
ML_PATH = re.compile(r"(?<![\w/.-])/opt/ml(?=/|\b)")


class UnknownImageError(LookupError):
    """An image that this machine has no program for."""


@dataclass(frozen=True)
class Container:
    """What is to run.

    Parameters
    ----------
    kind : {"train", "serve", "process"}
        Which program of the image, unless ``command`` names another.
    image : str
        The image's URI.
    root : Path
        The sandbox that plays ``/opt/ml``.
    log : Path
        Its standard output and error.
    command : tuple of str
        Entry point and arguments; empty: what the image does for this kind.
    environment : mapping
        Its variables, besides the few that every container gets.
    """

    kind: Literal["train", "serve", "process"]
    image: str
    root: Path
    log: Path
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


class Running(Protocol):
    """A container that was started."""

    @property
    def port(self) -> int | None:
        """The loopback port that a serving container was told to listen on."""
        ...

    def poll(self) -> int | None:
        """Answer the exit code, or None while it runs."""
        ...

    def stop(self) -> None:
        """Ask it to end, and return at once; it is killed if it does not."""
        ...

    def logs(self) -> str:
        """Answer the end of its log."""
        ...


class Runner(Protocol):
    """Where containers run."""

    def start(self, container: Container) -> Running:
        """Start a container.

        Raises
        ------
        UnknownImageError
            If there is no such image here.
        """
        ...


@dataclass(frozen=True)
class RunningProcess:
    """A container that is a child process."""

    child: Child
    port: int | None

    def poll(self) -> int | None:
        """Answer the exit code, or None while it runs."""
        return self.child.poll()

    def stop(self) -> None:
        """Ask it to end, and return at once; it is killed if it does not."""
        self.child.stop()

    def logs(self) -> str:
        """Answer the end of its log."""
        return self.child.logs()


class SubprocessRunner:
    """Run containers as child processes of this one.

    Parameters
    ----------
    images : mapping
        Image repository (``modelcycle/lightgbm``) → Python package (``algorithms.lightgbm``) with
        the modules ``train`` and ``serve``; a package that only processes needs neither.
    children : Children
        The family that they belong to, and end with.
    folder : Path
        The working directory, from which the packages can be imported.
    environment : mapping
        Given to every container: the endpoint and region of the local AWS.
    """

    def __init__(
        self,
        images: Mapping[str, str],
        children: Children,
        folder: Path,
        environment: Mapping[str, str],
    ) -> None:
        self._images = dict(images)
        self._children = children
        self._folder = folder
        self._environment = dict(environment)

    def start(self, container: Container) -> RunningProcess:
        """Start the container's program in its sandbox; see `Runner`."""
        command = _command(container, self._package(container.image))
        port = free_port() if container.kind == "serve" else None
        child = self._children.start(
            [inside(container.root, part) for part in command],
            environment=self._variables(container, port),
            folder=self._folder,
            log=container.log,
        )
        return RunningProcess(child, port)

    def _package(self, image: str) -> str:
        try:
            return self._images[repository(image)]
        except KeyError:
            here = ", ".join(sorted(self._images)) or "none"
            raise UnknownImageError(
                f"Cannot pull algorithm container. Either the image {image} does not exist or its"
                f" permissions are incorrect. Repositories on this machine: {here}"
            ) from None

    def _variables(self, container: Container, port: int | None) -> dict[str, str]:
        given = {
            name: inside(container.root, value) for name, value in container.environment.items()
        }
        return {
            **plain_environment(),
            "AWS_CONFIG_FILE": os.devnull,  # whoever runs this has a real account: not for programs
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "OMP_NUM_THREADS": "1",  # as fast alone, and immune to whatever else the machine does
            **self._environment,
            **given,
            **({} if port is None else {"SAGEMAKER_BIND_TO_PORT": str(port)}),
            "MODELCYCLE_ML_ROOT": str(container.root),
        }


def algorithm_images(folder: Path) -> dict[str, str]:
    """Answer the image repositories that the packages in ``algorithms`` stand for."""
    return {
        f"modelcycle/{program.parent.name}": f"algorithms.{program.parent.name}"
        for program in sorted(folder.glob("algorithms/*/__init__.py"))
    }


def repository(image: str) -> str:
    """Answer the repository that an image URI names, without registry, tag and digest."""
    return image.partition("/")[2].partition("@")[0].partition(":")[0]


def inside(root: Path, text: str) -> str:
    """Answer ``text`` with every path under ``/opt/ml`` moved into the sandbox."""
    return ML_PATH.sub(lambda _: str(root), text)


def free_port() -> int:
    """Answer a loopback port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _command(container: Container, package: str) -> tuple[str, ...]:
    if not container.command:
        return (sys.executable, "-m", f"{package}.{container.kind}")
    program, *arguments = container.command
    return (sys.executable if program in PYTHONS else program, *arguments)
