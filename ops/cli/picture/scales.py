"""The scales of the picture: what is shown of the past, and what a spike may not do to it."""

from datetime import UTC, datetime, timedelta
from itertools import groupby
from math import isnan
from typing import Any

from ops.cli.picture import words
from ops.cli.picture.style import GRID, OBSERVED, PALE_INK, Forecast, Series

PAST_SHOWN = 0.95
"""The share of the past that the scale is made for."""
SPIKE_TOLERATED = 1.0
"""A spike that would lengthen the scale by more than this share is cut off and named."""
SPIKES_NAMED, SPIKES_APART = 3, 0.1
"""How many are named, and how far apart, as a share of the width, lest names lie on each other."""


def draw_scales(axes: Any, history: Series, forecast: Forecast) -> None:
    """Draw scales and grid, and name the spikes that the scale cuts off."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    bottom, top = value_range(history, forecast)
    start, end = next(iter(history)), forecast.times[-1]
    axes.set_ylim(bottom, top)
    axes.set_xlim(start, end + (end - start) * 0.012)
    locator = AutoDateLocator(tz=UTC, minticks=5, maxticks=11)
    axes.xaxis.set_major_locator(locator)
    # without the formatter's own date in the corner: title, label and footer say dates in words
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=UTC, show_offset=False))
    axes.yaxis.set_major_locator(MaxNLocator(7))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=6, colors=PALE_INK)
    axes.spines[["top", "left", "right"]].set_visible(False)
    axes.spines["bottom"].set_color("#b8c0c7")
    for time, value in spikes(history, top, SPIKES_APART * (end - start)):
        axes.annotate(
            f"▲ {words.number(value)}",
            (time, top),
            xytext=(-7 if time > start + 0.6 * (end - start) else 7, -3),
            textcoords="offset points",
            ha="right" if time > start + 0.6 * (end - start) else "left",
            va="top",
            fontsize=8,
            color=OBSERVED,
        )


def value_range(history: Series, forecast: Forecast) -> tuple[float, float]:
    """Return bottom and top of the scale.

    A single spike of the past must not press the forecast flat: the forecast and what came true
    are shown whole, the past nearly so.
    """
    past = sorted(value for value in history.values() if not isnan(value))
    ahead = [value for values in forecast.quantiles.values() for value in values]
    ahead += forecast.truth
    bottom = min(past[0], *ahead)
    top = max(past[int(PAST_SHOWN * (len(past) - 1))], *ahead)
    if past[-1] <= top + SPIKE_TOLERATED * (top - bottom):
        top = max(top, past[-1])
    margin = 0.09 * (top - bottom) or 1.0
    return (0.0 if 0 <= bottom < top / 2 else bottom - margin), top + margin


def spikes(history: Series, top: float, apart: timedelta) -> list[tuple[datetime, float]]:
    """Return the highest moments above the scale, one a stretch, not too near each other."""
    stretches = groupby(history.items(), key=lambda item: item[1] > top)
    peaks = [max(items, key=lambda item: item[1]) for above, items in stretches if above]
    named: list[tuple[datetime, float]] = []
    for time, value in sorted(peaks, key=lambda item: item[1], reverse=True):
        if all(abs(time - other) >= apart for other, _ in named):
            named.append((time, value))
    return named[:SPIKES_NAMED]
