"""How far something is, and how long it will take: on stderr, for whoever sits in front of it."""

from typing import TYPE_CHECKING

from ops.cli import output

if TYPE_CHECKING:
    from rich.progress import Progress


def progress() -> "Progress":
    """Answer a progress display; silent where nobody looks."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = output.console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
