"""Asking a person before something is done."""

import sys

import click

from ops.cli.errors import misused


def confirm(question: str) -> None:
    """Ask whether that is meant; a "no" ends the command.

    Raises
    ------
    CliError
        If nobody is there to answer.
    """
    try:
        click.confirm(question, abort=True, err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        click.echo(err=True)  # behind the question
        raise misused("nobody confirmed it: nothing was done", "answer y, or add --yes") from None
