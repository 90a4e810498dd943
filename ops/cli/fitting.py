"""Tables as wide as the window. No word of a heading is broken: where the window is too narrow for
that, rows stand below each other, a line for each of their cells.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from ops.cli.output import NOTHING

GAP = 2  # blanks behind each column
WORD_MAX = 12  # characters of a word that is not broken: a date, a state; an ARN may be


class Column(NamedTuple):
    """A column, and how much room it takes."""

    name: str
    is_of_numbers: bool
    least: int
    """Characters of its longest word."""
    most: int
    """Characters of its longest line."""


class Fitted:
    """A table that is drawn as the window wants it.

    Parameters
    ----------
    names : sequence of str
        Of the columns; one that begins with '>' is of numbers. All empty: there is no header.
    rows : sequence of sequences of Text
        Their cells.
    """

    def __init__(self, names: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
        self.rows = rows
        self.columns = [measured(name, rows, place) for place, name in enumerate(names)]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it."""
        room = options.max_width - GAP * len(self.columns)
        is_headed = any(column.name for column in self.columns)
        if not is_headed or sum(column.most for column in self.columns) <= room:
            yield self.table([None] * len(self.columns), is_headed)
        elif sum(column.least for column in self.columns) <= room:
            yield self.table(shared(self.columns, room), is_headed)
        else:
            yield from self.stacked()

    def table(self, widths: Sequence[int | None], is_headed: bool) -> Table:
        """Draw rows as lines."""
        made = Table(box=None, padding=(0, GAP, 0, 0), header_style="bold", show_header=is_headed)
        for column, width in zip(self.columns, widths, strict=True):
            justify = "right" if column.is_of_numbers else "left"
            made.add_column(column.name, justify=justify, overflow="fold", width=width)  # type: ignore[arg-type]
        for row in self.rows:
            made.add_row(*row)
        return made

    def stacked(self) -> Iterator[RenderableType]:
        """Draw each row as lines, without what it lacks."""
        longest = max(len(column.name) for column in self.columns)
        for place, row in enumerate(self.rows):
            if place:
                yield Text("")
            made = Table(box=None, padding=(0, GAP, 0, 0), show_header=False)
            made.add_column(min_width=longest)
            made.add_column(overflow="fold")
            for column, cell in zip(self.columns, row, strict=True):
                if cell.plain.strip() not in ("", NOTHING):
                    made.add_row(Text(column.name, style="bold"), cell)
            yield made


def measured(name: str, rows: Sequence[Sequence[Text]], place: int) -> Column:
    """Measure a column."""
    shown = name.removeprefix(">")
    cells = [row[place].plain for row in rows]
    words = [cell_len(word) for cell in cells for word in cell.split()]
    lines = [cell_len(line) for cell in (shown, *cells) for line in cell.splitlines()]
    heading = max((cell_len(word) for word in shown.split()), default=0)
    most = max(lines, default=0)
    least = max(heading, min(max(words, default=0), WORD_MAX))
    return Column(shown, shown != name, least, most)


def shared(columns: Sequence[Column], room: int) -> list[int]:
    """Share the room among columns: each has what its words need, who lacks little gets it, and the
    others get as much as each other."""
    widths = [column.least for column in columns]
    left = room - sum(widths)
    lacking = sorted(range(len(columns)), key=lambda one: columns[one].most - columns[one].least)
    for done, one in enumerate(lacking):
        given = min(columns[one].most - columns[one].least, left // (len(lacking) - done))
        widths[one] += given
        left -= given
    return widths
