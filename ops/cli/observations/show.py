"""One screen that says what was taken from a file, what was not, and why."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ops.cli.observations.faults import MESSAGES_SHOWN, SAYS, Quarantine, shown
from ops.cli.observations.model import Observations


def summary(observations: Observations) -> RenderableType:
    """Draw counts, notes, the faults with their fixes, and the first bad rows."""
    parts: list[RenderableType] = [headline(observations)]
    parts += [Text(f"  {note}", style="dim") for note in observations.notes]
    if len(observations.quarantine):
        parts += [faults(observations.quarantine), rows(observations.quarantine)]
    return Group(*parts)


def headline(observations: Observations) -> Text:
    """Say how many observations were taken, and from when to when."""
    bad = len(observations.quarantine)
    text = Text.assemble(
        (f"{observations.source}: ", "bold"),
        (f"{len(observations):,} observations", "bold green"),
        f" of {observations.rows:,} rows, "
        f"{observations.first:%Y-%m-%d %H:%M} to {observations.last:%Y-%m-%d %H:%M} UTC",
    )
    if bad:
        text.append(f", {bad:,} to quarantine", style="bold yellow")
    return text


def faults(quarantine: Quarantine) -> Table:
    """Draw how many rows each fault has, and what to do about it."""
    table = Table(box=None, padding=(0, 2), header_style="bold")
    table.add_column("rows", justify="right")
    table.add_column("what is wrong", style="yellow")
    table.add_column("what to do")
    for fault, number in quarantine.counts.items():
        table.add_row(f"{number:,}", fault.value, SAYS[fault][1])
    return table


def rows(quarantine: Quarantine) -> RenderableType:
    """Draw the first bad rows, a line each."""
    table = Table(box=None, padding=(0, 2), header_style="bold")
    table.add_column(quarantine.place, justify="right")
    table.add_column("column")
    table.add_column("value", overflow="ellipsis", no_wrap=True)
    table.add_column("", overflow="ellipsis", no_wrap=True, style="yellow")
    for row in quarantine.first():
        table.add_row(str(row.position), Text(row.column), Text(shown(row.value)), row.reason)
    if (more := len(quarantine) - MESSAGES_SHOWN) > 0:
        return Group(table, Text(f"  … and {more:,} more", style="dim"))
    return table
