"""The tables of the page: versions with their scores and lives, and the events in their order."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from ops.report.inputs import Happening, Report, VersionRow
from ops.report.kinds import WEIGHTY, kind_of
from ops.report.lanes import glyph
from ops.report.panels import colour_class

NOTHING = "–"
ID_SHOWN = 8
CELLS = ("", "when", "n", "n", "n", "when", "when", "")
"""The classes of a version's cells: a moment is never broken, a number stands on the right."""


def versions(report: Report) -> str:
    """Show each version: how it was judged, when it was live, and why it was replaced."""
    if not report.versions:
        return ""
    scores = (">backtest wQL", ">baseline", ">better by")
    names = ("version", "registered", *scores, "live since", "live until", "why it ended")
    rows = "".join(version_row(row) for row in report.versions)
    return f"<section><h2>Versions</h2>{table(names, rows)}</section>"


def version_row(row: VersionRow) -> str:
    """Show one stay of a version."""
    cells = (
        f'<b class="chip {colour_class(row.version)}">v{row.version}</b>',
        written(row.registered_at),
        loss(row.score),
        loss(row.baseline),
        better(row),
        written(row.live_since),
        "serves" if row.live_since and not row.live_until else written(row.live_until),
        escape(row.ended_because) or NOTHING,
    )
    inside = "".join(
        f'<td class="{name}">{cell}</td>' for name, cell in zip(CELLS, cells, strict=True)
    )
    return f"<tr>{inside}</tr>"


def better(row: VersionRow) -> str:
    """Say by how much the backtest beat the baseline's."""
    if row.score is None or not row.baseline:
        return NOTHING
    return f"{1 - row.score / row.baseline:+.0%}"


def events(report: Report) -> str:
    """List the events of the loop, each with its reason and a way to its cause."""
    listed = [one for one in report.events if kind_of(one)]
    if not listed:
        return ""
    known = {one.event_id for one in listed}
    rows = "".join(event_row(one, known) for one in listed)
    names = ("time (UTC)", "said by", "event", "of", "what, and why", "because of")
    return f'<section class="events"><h2>Events</h2>{table(names, rows)}</section>'


def event_row(event: Happening, known: set[str]) -> str:
    """Show one event."""
    kind = kind_of(event)
    why = f"<br><small>{escape(event.why)}</small>" if event.why else ""
    weighty = ' class="weighty"' if event.kind in WEIGHTY else ""
    return (
        f'<tr id="e-{escape(event.event_id, quote=True)}"{weighty}>'
        f"<td>{written(event.at)}</td><td>{escape(event.said_by)}</td>"
        f"<td class=kind>{glyph(kind) if kind else ''}{escape(event.kind)}</td>"
        f"<td>{escape(event.subject)}</td><td>{escape(event.words)}{why}</td>"
        f"<td>{because(event, known)}</td></tr>"
    )


def because(event: Happening, known: set[str]) -> str:
    """Name the cause; it leads to its line where it has one."""
    if not event.cause_id:
        return NOTHING
    said = escape(event.cause) or "event"
    short = f"<code>{escape(event.cause_id[:ID_SHOWN])}</code>"
    if event.cause_id in known:
        return f'<a href="#e-{escape(event.cause_id, quote=True)}">← {said}</a> {short}'
    return f"← {said} {short}"


def table(names: Sequence[str], rows: str) -> str:
    """Put rows under their names; a name that begins with '>' is of numbers."""
    head = "".join(
        f"<th{' class=n' if name.startswith('>') else ''}>{escape(name.removeprefix('>'))}</th>"
        for name in names
    )
    inside = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f'<div class="wide"><table>{inside}</table></div>'


def written(at: datetime | None) -> str:
    """Write a moment, to the second where it has one."""
    return f"{at:%-d %b %H:%M:%S}".removesuffix(":00") if at else NOTHING


def loss(value: float | None) -> str:
    """Write a mean weighted quantile loss."""
    return NOTHING if value is None else f"{value:.3f}"
