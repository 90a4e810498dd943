"""What goes wrong, as people are told: one line what, one line what to do, and an exit code."""

from enum import IntEnum

import click

from shared.contracts.printable import printable, shortened

LINE_CHARACTERS_MAX = 2_000  # paths are long


class ExitCode(IntEnum):
    """How the program ends; `modelcycle --help` and the README list the same."""

    OK = 0
    FAILED = 1
    """It did not work, or a check found a difference or a problem."""
    USAGE = 2
    """Wrong use, or bad input: nothing was written."""
    NOT_FOUND = 3
    """No such model, version, series, event or environment."""
    STATE = 4
    """Refused because of how things stand: approved already, declined, nothing waits."""
    AWS = 5
    """AWS cannot be reached, or does not permit it."""
    INTERRUPTED = 130


class CliError(Exception):
    """The end of a command that cannot do what it was asked.

    Parameters
    ----------
    what : str
        What is wrong: a line, or a line for each mistake.
    fix : str
        One line that says what to do next.
    """

    def __init__(self, code: ExitCode, what: str, fix: str) -> None:
        super().__init__(f"{what}\n{fix}")
        self.code = code
        self.what = what
        self.fix = fix

    def show(self) -> None:
        """Write both to stderr."""
        for line in self.what.splitlines():
            click.echo(f"{click.style('Error:', fg='red', bold=True)} {shown(line)}", err=True)
        click.echo(f"{click.style('Try:', fg='cyan', bold=True)} {shown(self.fix)}", err=True)


def shown(line: str) -> str:
    """Answer a line as it may be shown, whatever was given to the program."""
    return shortened(printable(line), LINE_CHARACTERS_MAX)


def failed(what: str, fix: str) -> CliError:
    """Say that it did not work."""
    return CliError(ExitCode.FAILED, what, fix)


def misused(what: str, fix: str) -> CliError:
    """Say that it was asked in a way that cannot be answered."""
    return CliError(ExitCode.USAGE, what, fix)


def not_found(what: str, fix: str) -> CliError:
    """Say that there is nothing of that name."""
    return CliError(ExitCode.NOT_FOUND, what, fix)


def refused(what: str, fix: str) -> CliError:
    """Say that things stand in a way that forbids it."""
    return CliError(ExitCode.STATE, what, fix)


def no_aws(what: str, fix: str) -> CliError:
    """Say that AWS cannot be reached, or does not permit it."""
    return CliError(ExitCode.AWS, what, fix)
