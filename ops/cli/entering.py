"""Commands entered for a person: what `demo` and `up` type, one can type oneself."""

import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click


def commands(application: click.Group) -> Callable[[list[str]], None]:
    """Answer a function that runs commands of the CLI; their errors come out.

    They run in this process, but for imports: what reading a file takes is given back when a
    process ends.
    """

    def run(arguments: list[str]) -> None:
        if arguments[:2] != ["data", "import"]:
            click.Group.main(application, arguments, "modelcycle", standalone_mode=False)
            return
        done = subprocess.run(  # noqa: S603 - our own program, as an operator would start it
            [sys.executable, "-c", "from ops.cli.main import main; main()", *arguments], check=False
        )
        if done.returncode:
            raise click.exceptions.Exit(done.returncode)

    return run


def quoted(path: Path) -> str:
    """Write a path as one would type it here."""
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))
