"""The panels of the page as SVG: drawn in percent, so that they fit any width; texts are HTML."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from html import escape
from itertools import groupby
from math import isnan

from ops.cli.picture.words import number
from ops.report.inputs import LiveForecast, Report
from ops.report.kinds import WEIGHTY
from ops.report.scales import Range, Span, value_range

Point = tuple[float, float]
FEW_TICKS, TOP_PERCENT = 2, 2.0
"""How many values are named in a low panel, and how near to the top one may be."""
VERSION_COLOURS = 3
"""Forecasts of one version after another have these colours in turn."""


def colour_class(version: int) -> str:
    """Name the colour of a version."""
    return f"v{(version - 1) % VERSION_COLOURS}"


def line(points: Iterable[Point | None], name: str) -> str:
    """Draw a line in percent of the panel; None lifts the pen."""
    drawn, pen = [], "M"
    for point in points:
        if point is None:
            pen = "M"
            continue
        drawn.append(f"{pen}{point[0]:.3f} {point[1]:.2f}")
        pen = "L"
    return f'<path class="{name}" d="{"".join(drawn)}"/>'


def area(top: Sequence[Point], bottom: Sequence[Point], name: str) -> str:
    """Draw the area between two lines."""
    around = [*top, *reversed(bottom)]
    return f'<path class="{name}" d="M{"L".join(f"{x:.3f} {y:.2f}" for x, y in around)}Z"/>'


def runs(report: Report) -> Iterator[list[LiveForecast]]:
    """Answer forecasts that follow each other without a hole, of one version each."""
    run: list[LiveForecast] = []
    for one in report.forecasts:
        if run:
            end = run[-1].origin + run[-1].steps * report.step
            if one.version != run[-1].version or one.origin > end:
                yield run
                run = []
        run.append(one)
    if run:
        yield run


def points_of(
    run: Sequence[LiveForecast], step: timedelta
) -> Iterator[tuple[datetime, float, float, float]]:
    """Answer time, low, median and high of each step of a run; where forecasts overlap, the
    earlier one counts."""
    until: datetime | None = None
    for one in run:
        low, high = (one.quantiles[level] for level in one.outer)
        for place, middle in enumerate(one.median):
            at = one.origin + place * step
            if until is None or at > until:
                yield at, low[place], middle, high[place]
                until = at


def series_range(report: Report) -> Range:
    """Make the range of the series' panel: medians whole, observations and bands nearly so."""
    steps = [one for run in runs(report) for one in points_of(run, report.step)]
    ends = [value for _, low, _, high in steps for value in (low, high)]
    return value_range([*report.values, *ends])


def series(report: Report, span: Span, scale: Range) -> str:
    """Draw the fan of the live forecasts, and what was observed."""
    parts = []
    for run in runs(report):
        steps = [(span.percent(at), *three) for at, *three in points_of(run, report.step)]
        low, middle, high = (
            [(step[0], scale.percent(step[place])) for step in steps] for place in (1, 2, 3)
        )
        name = colour_class(run[0].version)
        parts += [area(high, low, f"band {name}"), line(middle, f"median {name}")]
    observed = (
        None if isnan(value) else (span.percent(at), scale.percent(value))
        for at, value in zip(report.times, report.values, strict=True)
    )
    return "".join([*parts, line(observed, "observed")])


def losses(report: Report, span: Span, scale: Range) -> str:
    """Draw the verdicts: the measured loss, the baseline's, and the limit in force."""
    parts = []
    for version, stay in groupby(report.measured, key=lambda one: one.version):
        verdicts = list(stay)
        xs = [span.percent(one.window.last) for one in verdicts]

        def drawn(values: Iterable[float], name: str, xs: Sequence[float] = xs) -> str:
            points = zip(xs, map(scale.percent, values), strict=True)
            return line(points, name)

        parts.append(drawn((one.baseline_wql for one in verdicts), "baseline"))
        parts.append(drawn((one.limit for one in verdicts), "limit"))
        parts.append(drawn((one.mean_wql for one in verdicts), f"loss {colour_class(version)}"))
    return "".join(parts)


def loss_range(report: Report) -> Range:
    """Make the range of the losses' panel."""
    values = ((one.mean_wql, one.baseline_wql, one.limit) for one in report.measured)
    return value_range((), [value for three in values for value in three])


def breaches(report: Report, span: Span, scale: Range) -> str:
    """Mark the verdicts that were breaches, round whatever the width: as HTML."""
    return "".join(
        f'<i class="breach" style="left:{span.percent(one.window.last):.3f}%;'
        f'top:{scale.percent(one.mean_wql):.2f}%"></i>'
        for one in report.measured
        if one.breached
    )


def coverage(report: Report, span: Span, scale: Range) -> str:
    """Draw how the band held, against what it should hold."""
    aim = scale.percent(report.band)
    version = {one.origin + one.steps * report.step: one.version for one in report.forecasts}
    parts = [line([(0, aim), (100, aim)], "aim")]
    for number_, stay in groupby(report.coverage, key=lambda one: version.get(one.at, 1)):
        points = [(span.percent(one.at), scale.percent(one.share)) for one in stay]
        parts.append(line(points, f"loss {colour_class(number_)}"))
    return "".join(parts)


def remarks(report: Report, span: Span) -> str:
    """Write what the loop was not told, as HTML: a line and its words."""
    return "".join(
        f'<span class="remark{" late" if span.is_late(at) else ""}" '
        f'style="left:{span.percent(at):.3f}%"><b>{escape(words)}</b></span>'
        for at, words in report.remarks
        if span.holds(at)
    )


def weighty(report: Report, span: Span) -> str:
    """Draw a line through a panel where accuracy degraded, and where it recovered."""
    return "".join(
        line([(span.percent(one.at), 0), (span.percent(one.at), 100)], f"moment {one.kind}")
        for one in report.events
        if one.kind in WEIGHTY and span.holds(one.at)
    )


def panel(name: str, drawing: str, report: Report, span: Span, scale: Range, marks: str) -> str:
    """Put a drawing on its grid, with the labels of its values."""
    ticks = scale.ticks(FEW_TICKS) if name == "coverage" else scale.ticks()
    shown = [value for value in ticks if TOP_PERCENT <= scale.percent(value) <= 100]
    grid = [
        line([(0, scale.percent(value)), (100, scale.percent(value))], "grid") for value in shown
    ]
    grid += [
        line([(span.percent(at), 0), (span.percent(at), 100)], "grid") for at, _ in span.ticks()
    ]
    labels = "".join(
        f'<span class="y" style="top:{scale.percent(value):.2f}%">{label(name, value)}</span>'
        for value in shown
    )
    return (
        f'<div class="panel {name}">{labels}<svg viewBox="0 0 100 100" preserveAspectRatio="none" '
        f'role="img" aria-label="{escape(name)}">{"".join(grid)}{drawing}{weighty(report, span)}'
        f"</svg>{marks}</div>"
    )


def label(name: str, value: float) -> str:
    """Write a value of a panel's scale."""
    return f"{value:.0%}" if name == "coverage" else number(value)
