"""The events of the loop in their lanes, above the series; each mark leads to its line in the
list."""

from collections.abc import Sequence
from html import escape

from ops.report.inputs import Happening, Report
from ops.report.kinds import GLYPHS, LANES, Kind, kind_of
from ops.report.panels import colour_class
from ops.report.scales import Span

NEAR_PERCENT = 0.9
"""Marks of a lane that are nearer than this share of the width are drawn as one."""

Drawn = tuple[Happening, Kind]


def glyph(kind: Kind) -> str:
    """Draw the mark of an event."""
    return (
        f'<svg class="glyph {kind.tone}" viewBox="0 0 12 12"><path d="{GLYPHS[kind.glyph]}"/></svg>'
    )


def moment(event: Happening) -> str:
    """Write when it was, to the minute."""
    return f"{event.at:%-d %b %H:%M}"


def lanes(report: Report, span: Span) -> str:
    """Draw a lane for each group of events that has some."""
    drawn = [(one, kind) for one in report.events if (kind := kind_of(one))]
    rows = []
    for name in LANES:
        inside = [one for one in drawn if one[1].lane == name and span.holds(one[0].at)]
        if inside:
            marks = "".join(mark(group, span) for group in together(inside, span))
            rows.append(f'<div class="lane"><b>{name}</b>{marks}</div>')
    return "".join(rows)


def together(events: Sequence[Drawn], span: Span) -> list[list[Drawn]]:
    """Put events that would lie on each other into one group."""
    groups: list[list[Drawn]] = []
    for one in sorted(events, key=lambda pair: pair[0].at):
        place = span.percent(one[0].at)
        if groups and place - span.percent(groups[-1][0][0].at) < NEAR_PERCENT:
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def mark(group: Sequence[Drawn], span: Span) -> str:
    """Draw a group: its weightiest event, and how many there are."""
    told = [f"{moment(one)}  {one.kind}: {one.words}" for one, _ in group]
    event, kind = max(reversed(group), key=lambda pair: weight(pair[1]))
    count = f"<sup>{len(group)}</sup>" if len(group) > 1 else ""
    said = escape("\n".join(told), quote=True)
    return (
        f'<a class="mark" href="#e-{escape(event.event_id, quote=True)}" '
        f'style="left:{span.percent(group[0][0].at):.3f}%" data-kind="{escape(event.kind)}" '
        f'data-told="{said}" aria-label="{said}">{glyph(kind)}{count}</a>'
    )


def weight(kind: Kind) -> int:
    """Tell which of several events is shown: trouble, then what was reached, then people."""
    return ("quiet", "busy", "wait", "person", "good", "bad").index(kind.tone)


def strip(report: Report, span: Span) -> str:
    """Draw which version served production, and when."""
    parts = []
    for row in report.versions:
        if row.live_since is None:
            continue
        left = max(0.0, span.percent(row.live_since))
        right = min(100.0, span.percent(row.live_until) if row.live_until else 100.0)
        if right > left:
            parts.append(
                f'<span class="{colour_class(row.version)}" style="left:{left:.3f}%;'
                f'width:{right - left:.3f}%">v{row.version}</span>'
            )
    return f'<div class="strip"><b>Live</b>{"".join(parts)}</div>' if parts else ""
