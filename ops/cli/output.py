"""How answers look: tables for people, JSON for programs; both on stdout, notes on stderr."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from shared.contracts.printable import printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

    from ops.cli.fitting import Fitted

F = TypeVar("F", bound=Callable[..., Any])

WIDTH_PIPED = 4_000  # characters of a line, where nobody's window limits it: a row stays a line
NOTHING = "–"
UNITS_S = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def reads(command: F) -> F:
    """Give a command that only reads the option --json."""
    option = click.option("--json", "as_json", is_flag=True, help="Answer with JSON on stdout.")
    return option(command)


def console(stderr: bool = False) -> "Console":
    """Answer a console that does not break lines where output is piped."""
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            """Leave it to the program, which ends quietly; rich would end with exit code 1."""
            self.quiet = True
            raise BrokenPipeError

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else WIDTH_PIPED
    return Plain(stderr=stderr, highlight=False, width=width)


def show(what: "RenderableType") -> None:
    """Show an answer to people, on stdout; where it is piped, no line ends in blanks."""
    screen = console()
    if screen.is_terminal:
        return screen.print(what)
    with screen.capture() as drawn:
        screen.print(what)
    return click.echo(
        "".join(f"{line.rstrip(' ')}\n" for line in drawn.get().splitlines()), nl=False
    )


def document(content: dict[str, Any]) -> None:
    """Give an answer to programs: one JSON document on stdout."""
    click.echo(as_json(content, indent=2))


def as_json(content: Any, indent: int | None = None) -> str:
    """Write JSON in which people can read all letters; what cannot be printed is escaped."""
    text = json.dumps(content, indent=indent, ensure_ascii=False, allow_nan=False)
    return "".join(
        sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1] for sign in text
    )


def note(text: str) -> None:
    """Say something beside the answer, on stderr."""
    click.echo(click.style(printable(text), dim=True), err=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Show a table; a column whose name begins with '>' is of numbers. Without names: no header."""
    show(drawn(columns, rows))


def drawn(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> "Fitted":
    """Draw a table, without showing it."""
    from ops.cli.fitting import Fitted

    return Fitted(columns, [[_text(cell) for cell in row] for row in rows])


def _text(cell: Any) -> "Text":
    from rich.text import Text

    if isinstance(cell, Text):
        return cell
    return Text(NOTHING if cell in (None, "") else plain(str(cell)))


def plain(text: str) -> str:
    """Answer a text without what is an order to a terminal; its lines stay lines."""
    return "\n".join(map(printable, text.split("\n")))


def styled(text: str, style: str) -> Any:
    """Answer a cell in colour."""
    from rich.text import Text

    return Text(plain(text), style=style)


def iso(moment: datetime | None) -> str | None:
    """Write a moment for programs: ``2026-03-01T12:00:00Z``."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def ago(moment: datetime | None, now: datetime) -> str:
    """Write how long ago something was: ``3 min ago``."""
    if moment is None:
        return NOTHING
    passed = now - moment
    return "now" if passed < timedelta(seconds=1) else f"{span(passed)} ago"


def span(duration: timedelta) -> str:
    """Write a duration in its largest unit, rounded down: ``3 min``."""
    seconds = int(duration.total_seconds())
    for unit, unit_s in UNITS_S:
        if seconds >= unit_s:
            return f"{seconds // unit_s} {unit}"
    return "0 s"


def loss(value: float | None) -> str:
    """Write a mean weighted quantile loss."""
    return NOTHING if value is None else f"{value:.3f}"
