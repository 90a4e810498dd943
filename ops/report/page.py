"""The page: self-contained HTML that opens offline, in light and dark, and prints."""

import json
from collections import Counter
from html import escape
from math import isnan
from pathlib import Path
from typing import Any

from ops.cli.picture.words import SIMULATED, number
from ops.report import headline, lanes, panels, tables
from ops.report.inputs import Report
from ops.report.kinds import COUNTED
from ops.report.scales import Range, Span, above

HERE = Path(__file__).parent
NOTHING_FROM_OUTSIDE = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
FULL = 1.06  # the top of the coverage's panel: a band that held everything is still seen
EDGE_PERCENT = 2.0  # so near to the edge no time is named
DIGITS = 6  # significant ones of the numbers under the pointer


def write_page(path: Path, report: Report) -> None:
    """Write the page; an existing file is replaced."""
    path.write_text(page(report), encoding="utf-8")


def page(report: Report) -> str:
    """Answer the whole page."""
    style = (HERE / "page.css").read_text(encoding="utf-8")
    script = (HERE / "page.js").read_text(encoding="utf-8")
    simulated = f'<em class="simulated">{SIMULATED}</em>' if report.simulated else ""
    period = f"{report.start:%-d %b %Y %H:%M} to {report.end:%-d %b %Y %H:%M} UTC"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{NOTHING_FROM_OUTSIDE}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(report.title)}</title><style>{style}</style></head><body>"
        f"<header><h1>{escape(report.title)}{simulated}</h1>"
        f"<p>model <b>{escape(report.model)}</b> · {escape(report.unit)} · {period}</p></header>"
        f"<main>{tiles(report)}{chart(report)}{tables.versions(report)}{tables.events(report)}</main>"
        f"<footer>{footer(report)}</footer>"
        f'<script type="application/json" id="numbers">{numbers(report)}</script>'
        f"<script>{script}</script></body></html>\n"
    )


def tiles(report: Report) -> str:
    """Show the facts at a glance."""
    shown = "".join(
        f'<div class="{fact.tone}"><dt>{escape(fact.name)}</dt><dd>{escape(fact.value)}</dd>'
        f"<small>{escape(fact.evidence)}</small></div>"
        for fact in headline.facts(report)
    )
    return f'<dl class="tiles">{shown}</dl>'


def chart(report: Report) -> str:
    """Show events, series, losses and coverage over the same time."""
    span = Span.with_room(report.start, report.end)
    scale = panels.series_range(report)
    parts = [
        lanes.lanes(report, span),
        lanes.strip(report, span),
        heading("Series and live forecast", series_key(report), cut_off(report, scale)),
        panels.panel(
            "series",
            panels.series(report, span, scale),
            report,
            span,
            scale,
            panels.remarks(report, span),
        ),
    ]
    if report.measured:
        losses = panels.loss_range(report)
        drawing = panels.losses(report, span, losses)
        marks = panels.breaches(report, span, losses)
        parts += [
            heading("Measured loss", LOSS_KEY, "mean weighted quantile loss, lower is better"),
            panels.panel("losses", drawing, report, span, losses, marks),
        ]
    if report.coverage:
        whole = Range(0.0, FULL)
        note = f"share of the last {report.coverage[-1].points} points"
        aim = f'<i class="aim"></i>aim {report.band:.0%}'
        parts += [
            heading(
                "Inside the band",
                f'<span><i class="loss v0"></i>measured</span><span>{aim}</span>',
                note,
            ),
            panels.panel("coverage", panels.coverage(report, span, whole), report, span, whole, ""),
        ]
    ticks = "".join(
        f'<span style="left:{span.percent(at):.3f}%">{label}</span>'
        for at, label in span.ticks()
        if EDGE_PERCENT <= span.percent(at) <= 100 - EDGE_PERCENT
    )
    return (
        f'<section class="chart" data-start="{span.start.timestamp():.0f}" '
        f'data-end="{span.end.timestamp():.0f}">{"".join(parts)}'
        f'<div class="times">{ticks}<b>UTC</b></div><div class="crosshair"></div></section>'
        '<div class="tip" role="status"></div>'
    )


LOSS_KEY = (
    '<span><i class="loss v0"></i>version in production</span>'
    '<span><i class="baseline"></i>baseline</span><span><i class="limit"></i>limit</span>'
    '<span><i class="dot"></i>breach</span>'
)


def heading(name: str, key: str, note: str) -> str:
    """Name a panel, its lines and its unit."""
    return f'<h2>{escape(name)}<span class="key">{key}</span><small>{escape(note)}</small></h2>'


def series_key(report: Report) -> str:
    """Name the lines of the series' panel."""
    versions = sorted({one.version for one in report.forecasts})
    fans = "".join(
        f'<span><i class="fan {panels.colour_class(version)}"></i>'
        f"v{version}: median, {report.band:.0%} band</span>"
        for version in versions
    )
    return f'<span><i class="observed"></i>observed</span>{fans}'


def cut_off(report: Report, scale: Range) -> str:
    """Say the unit, and what the scale does not show."""
    count, highest = above(report.times, report.values, scale.high)
    if highest is None:
        return report.unit
    value, at = number(report.values[highest]), report.times[highest]
    points = "1 point" if count == 1 else f"{count} points"
    return f"{report.unit}; {points} above the scale, up to {value} ({at:%-d %b %H:%M})"


def numbers(report: Report) -> str:
    """Answer what the pointer shows, as JSON that cannot end the script it stands in."""
    forecasts = [
        [at.timestamp(), *map(rounded, three), run[0].version]
        for run in panels.runs(report)
        for at, *three in panels.points_of(run, report.step)
    ]
    document: dict[str, Any] = {
        "step": report.step.total_seconds(),
        "band": f"{report.band:.0%}",
        "series": [
            [at.timestamp(), None if isnan(value) else rounded(value)]
            for at, value in zip(report.times, report.values, strict=True)
        ],
        "forecasts": forecasts,
        "measured": [
            [
                one.window.last.timestamp(),
                *map(rounded, (one.mean_wql, one.baseline_wql, one.limit)),
            ]
            for one in report.measured
        ],
        "coverage": [[one.at.timestamp(), rounded(one.share)] for one in report.coverage],
    }
    return json.dumps(document, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def rounded(value: float) -> float:
    """Keep as many digits as people read."""
    return float(f"{value:.{DIGITS}g}")


def footer(report: Report) -> str:
    """Say what the lines are, and what was only counted."""
    counts = Counter(one.kind for one in report.events if one.kind in COUNTED)
    counted = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    listed = f" Counted, not listed: {counted}." if counted else ""
    fan = (
        "The fan is made of forecasts one horizon apart: every step was forecast once, by the "
        "version that then served production. "
    )
    return (
        f"{fan if report.forecasts else ''}A breach is a verdict above the limit and no better "
        f"than the baseline on the same points.{escape(listed)} All times are UTC. "
        "Made by Modelcycle."
    )
