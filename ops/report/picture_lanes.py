"""The lanes of the picture: the events of the loop, and which version was live."""

from collections.abc import Mapping
from typing import Any

from ops.report.inputs import Happening, Report
from ops.report.kinds import LANES, TONES, Kind, kind_of
from ops.report.scales import Span

VERSION_COLOURS = ("#0072b2", "#009e73", "#9a5bb5")
MARKERS = {
    "circle": "o",
    "square": "s",
    "diamond": "D",
    "down": "v",
    "up": "^",
    "cross": "X",
    "bar": "_",
    "play": ">",
    "ring": "o",
    "frame": "s",
}
"""The glyphs of the page, as matplotlib names them."""
HOLLOW = frozenset({"ring", "frame"})

Drawn = list[tuple[Happening, Kind]]


def colour(version: int) -> str:
    """Answer the colour of a version."""
    return VERSION_COLOURS[(version - 1) % len(VERSION_COLOURS)]


def in_lanes(report: Report, span: Span) -> Mapping[str, Drawn]:
    """Sort the events that are shown into their lanes."""
    shown = [(one, kind) for one in report.events if (kind := kind_of(one)) and span.holds(one.at)]
    found = {lane: [pair for pair in shown if pair[1].lane == lane] for lane in LANES}
    return {lane: events for lane, events in found.items() if events}


def draw_lanes(axes: Any, report: Report, lanes: Mapping[str, Drawn], span: Span) -> None:
    """Draw the events, and which version was live."""
    names = [*lanes, "Live"]
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), names)
    axes.set_facecolor("white")
    for row, events in enumerate(lanes.values()):
        for event, kind in events:
            tone = TONES[kind.tone]
            inside = "white" if kind.glyph in HOLLOW else tone
            style = {"markersize": 6, "markerfacecolor": inside, "markeredgecolor": tone}
            width = 2.5 if kind.glyph == "bar" else 1.2
            axes.plot(
                event.at, row, MARKERS[kind.glyph], markeredgewidth=width, clip_on=False, **style
            )
    for stay in report.versions:
        if stay.live_since:
            begin = max(stay.live_since, span.start)
            end = min(stay.live_until or span.end, span.end)
            if begin < end:
                bar = {"height": 0.72, "color": colour(stay.version), "edgecolor": "white"}
                axes.barh(len(lanes), end - begin, left=begin, **bar)
                text = {"size": 7.5, "weight": "bold", "color": "white", "va": "center_baseline"}
                axes.annotate(
                    f"v{stay.version}", (begin, len(lanes)), (4, 0), "data", "offset points", **text
                )
