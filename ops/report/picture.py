"""The report as a picture: the same panels as the page, for READMEs and chats.

Matplotlib is imported where it draws, since most commands never do.
"""

from datetime import UTC
from itertools import groupby
from pathlib import Path
from textwrap import fill
from typing import Any

from ops.cli.picture.style import CAME_TRUE, GRID, INK, OBSERVED, PALE_INK
from ops.cli.picture.words import SIMULATED, number
from ops.report import headline, panels
from ops.report.inputs import Report
from ops.report.kinds import TONES, WEIGHTY, kind_of
from ops.report.picture_lanes import colour, draw_lanes, in_lanes
from ops.report.scales import Span

WIDTH_PIXELS, HEIGHT_PIXELS, DOTS_AN_INCH = 1_600, 1_200, 150
REMARK_LETTERS = 48  # a line
LANE, SERIES, LOSSES, COVERAGE = 0.23, 3.4, 1.8, 1.0
"""Heights of a lane and of the panels, in parts."""


def draw_report(path: Path, report: Report) -> None:
    """Draw a PNG of `WIDTH_PIXELS` × `HEIGHT_PIXELS`; an existing file is replaced."""
    # Agg needs no screen; a figure that pyplot does not know is freed like any other object.
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    span = Span.with_room(report.start, report.end)
    lanes = in_lanes(report, span)
    heights = {"series": SERIES}
    heights |= {"lanes": LANE * (len(lanes) + 1)} if lanes else {}
    heights |= {"losses": LOSSES} if report.measured else {}
    heights |= {"coverage": COVERAGE} if report.coverage else {}
    order = [name for name in ("lanes", "series", "losses", "coverage") if name in heights]
    with rc_context({"font.family": "DejaVu Sans", "font.size": 9}):
        size = (WIDTH_PIXELS / DOTS_AN_INCH, HEIGHT_PIXELS / DOTS_AN_INCH)
        figure = Figure(figsize=size, dpi=DOTS_AN_INCH, facecolor="white")
        ratios = [heights[name] for name in order]
        place = {"left": 0.082, "right": 0.975, "top": 0.888, "bottom": 0.065, "hspace": 0.2}
        grid = figure.add_gridspec(len(order), 1, height_ratios=ratios, **place)
        axes = {name: figure.add_subplot(grid[row]) for row, name in enumerate(order)}
        for name, one in axes.items():
            prepare(one, span, last=name == order[-1])
            draw_moments(one, report, span)
        if lanes:
            draw_lanes(axes["lanes"], report, lanes, span)
        draw_series(axes["series"], report, span)
        if report.measured:
            draw_losses(axes["losses"], report)
        if report.coverage:
            draw_coverage(axes["coverage"], report)
        draw_words(figure, report)
        FigureCanvasAgg(figure).print_png(path)


def prepare(axes: Any, span: Span, *, last: bool) -> None:
    """Give axes the common time, and a quiet look."""
    axes.set_xlim(span.start, span.end)
    ticks = list(span.ticks())
    axes.set_xticks([at for at, _ in ticks], [label for _, label in ticks] if last else [])
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=5, colors=PALE_INK)
    axes.spines[["top", "left", "right", "bottom"]].set_visible(False)
    axes.set_facecolor("#f7f8f9")


def draw_moments(axes: Any, report: Report, span: Span) -> None:
    """Draw where accuracy degraded and recovered through a panel."""
    for event in report.events:
        if event.kind in WEIGHTY and span.holds(event.at) and (kind := kind_of(event)):
            style = {"linestyle": (0, (1.5, 2)), "linewidth": 1.3, "zorder": 1.5}
            axes.axvline(event.at, color=TONES[kind.tone], **style)


def draw_series(axes: Any, report: Report, span: Span) -> None:
    """Draw the fan, and what was observed."""
    scale = panels.series_range(report)
    axes.set_ylim(scale.low, scale.high)
    named: set[int] = set()
    for run in panels.runs(report):
        times, low, middle, high = zip(*panels.points_of(run, report.step), strict=True)
        version = run[0].version
        label = f"v{version}: median, {report.band:.0%} band"
        own = {"color": colour(version), "label": "_" if version in named else label}
        axes.fill_between(times, low, high, color=colour(version), alpha=0.26, linewidth=0)
        axes.plot(times, middle, linewidth=1.5, zorder=3, **own)
        named.add(version)
    axes.plot(
        report.times, report.values, color=OBSERVED, linewidth=0.8, label="observed", zorder=2
    )
    for at, words in report.remarks:
        axes.axvline(at, color=INK, linewidth=1.1, linestyle=(0, (4, 3)))
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.85}
        text = {
            "xycoords": ("data", "axes fraction"),
            "va": "top",
            "color": INK,
            "weight": "bold",
            "zorder": 6,
        }
        side, away = ("right", -5) if span.is_late(at) else ("left", 5)
        text |= {"ha": side, "textcoords": "offset points", "bbox": box}
        axes.annotate(fill(words, REMARK_LETTERS), (at, 0.97), (away, 0), **text)
    finish(axes, report.unit)


def draw_losses(axes: Any, report: Report) -> None:
    """Draw the verdicts, the baseline's losses and the limit in force."""
    scale = panels.loss_range(report)
    axes.set_ylim(scale.low, scale.high)
    for place, (version, stay) in enumerate(groupby(report.measured, lambda one: one.version)):
        verdicts = list(stay)
        times = [one.window.last for one in verdicts]
        limit, naive, ours = zip(
            *((one.limit, one.baseline_wql, one.mean_wql) for one in verdicts), strict=True
        )
        names = ("limit", "baseline") if place == 0 else ("_", "_")
        axes.plot(times, limit, color=TONES["wait"], linewidth=1.4, label=names[0])
        axes.plot(times, naive, "--", color=TONES["quiet"], linewidth=1.2, label=names[1])
        axes.plot(times, ours, color=colour(version), linewidth=1.7, label=f"v{version}")
    bad = [(one.window.last, one.mean_wql) for one in report.measured if one.breached]
    if bad:
        style = {"markersize": 4, "color": CAME_TRUE, "label": "breach", "zorder": 5}
        axes.plot(*zip(*bad, strict=True), "o", **style)
    finish(axes, "mean weighted quantile loss, lower is better")


def draw_coverage(axes: Any, report: Report) -> None:
    """Draw how the band held."""
    axes.set_ylim(0, 1.06)
    axes.axhline(report.band, linestyle="--", color=TONES["quiet"], linewidth=1.2, label="aim")
    version = {one.origin + one.steps * report.step: one.version for one in report.forecasts}
    for number_, stay in groupby(report.coverage, lambda one: version.get(one.at, 1)):
        shares = list(stay)
        times = [one.at for one in shares]
        axes.plot(times, [one.share for one in shares], color=colour(number_), linewidth=1.7)
    axes.set_yticks([0, 0.5, 1], ["0%", "50%", "100%"])
    points = report.coverage[-1].points
    finish(
        axes, f"share of the last {points} points inside the {report.band:.0%} band", ticks=False
    )


def finish(axes: Any, title: str, *, ticks: bool = True) -> None:
    """Name a panel and its lines."""
    if ticks:
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    axes.set_title(title, loc="left", size=9, color=PALE_INK, pad=5)
    style = {"frameon": False, "borderaxespad": 0.3, "handlelength": 1.5, "columnspacing": 1.4}
    legend = axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=8, fontsize=8, **style)
    for text in legend.get_texts():
        text.set_color(INK)


def draw_words(figure: Any, report: Report) -> None:
    """Write title, facts and footer."""
    figure.text(0.03, 0.952, report.title, size=17, weight="bold", color=INK)
    told = [f"{fact.name}: {fact.value}" for fact in headline.facts(report)]
    figure.text(0.03, 0.921, " · ".join(told), size=9.5, color=PALE_INK)
    period = f"{report.start.astimezone(UTC):%-d %b %Y} to {report.end.astimezone(UTC):%-d %b %Y}"
    figure.text(0.03, 0.016, f"model {report.model}, {period}, UTC", size=8, color=PALE_INK)
    if report.simulated:
        style = {"size": 9, "weight": "bold", "color": CAME_TRUE, "ha": "right"}
        figure.text(0.975, 0.016, SIMULATED, **style)
