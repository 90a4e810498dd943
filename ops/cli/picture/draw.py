"""Draw the picture: past, fan, what came true, and the words around them.

Matplotlib is imported where it draws, since most commands never do.
"""

from collections.abc import Sequence
from datetime import datetime
from math import isnan
from pathlib import Path
from typing import Any

from ops.cli.picture import words
from ops.cli.picture.scales import draw_scales
from ops.cli.picture.style import (
    CAME_TRUE,
    FAN,
    INK,
    OBSERVED,
    PALE_INK,
    Forecast,
    Quantiles,
    Series,
)
from ops.cli.picture.words import Caption

WIDTH_PIXELS, HEIGHT_PIXELS, DOTS_AN_INCH = 1_600, 900, 160

PALEST, DEEPEST = 0.20, 0.58
"""How much of the fan's blue is in the widest and in the narrowest band."""

HISTORY_HORIZONS, HISTORY_POINTS_MIN = 4, 60
"""How much of the past is shown; more would press the fan to the edge."""
TITLE_CHARACTERS = 44
"""What fits beside the score; a longer title is written smaller."""


def draw_forecast(
    path: Path,
    caption: Caption,
    history: Series,
    times: Sequence[datetime],
    quantiles: Quantiles,
    truth: Sequence[float] = (),
) -> None:
    """Draw a PNG of 1600 × 900 pixels.

    Parameters
    ----------
    path : Path
        Where to write it; an existing file is replaced.
    caption : Caption
        What stands above and below.
    history : mapping of aware datetime to float
        What was observed before the forecast, in order of time; NaN leaves a gap. The last four
        horizons are shown.
    times : sequence of aware datetime
        What is forecast, in order of time.
    quantiles : mapping of level to sequence of float
        Levels within (0, 1), each with a value for each time. Pairs around the median are bands.
    truth : sequence of float
        What came true, for as many of the first `times` as are known.

    Raises
    ------
    ValueError
        There is no history or no forecast, or lengths do not fit together.
    """
    check(history, times, quantiles, truth)
    # Agg needs no screen; a figure that pyplot does not know is freed like any other object.
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    points = max(HISTORY_POINTS_MIN, HISTORY_HORIZONS * len(times))
    shown = dict(list(history.items())[-points:])
    forecast = Forecast(times, quantiles, truth)
    size_inches = (WIDTH_PIXELS / DOTS_AN_INCH, HEIGHT_PIXELS / DOTS_AN_INCH)
    with rc_context({"font.family": "DejaVu Sans", "font.size": 9}):
        figure = Figure(figsize=size_inches, dpi=DOTS_AN_INCH, facecolor="white")
        axes = figure.add_axes((0.075, 0.125, 0.89, 0.625))
        origin = last_known(shown)
        draw_fan(axes, origin, forecast)
        draw_lines(axes, origin, shown, forecast)
        draw_scales(axes, shown, forecast)
        draw_legend(axes)
        draw_words(figure, caption, origin[0], times)
        FigureCanvasAgg(figure).print_png(path)


def check(
    history: Series, times: Sequence[datetime], quantiles: Quantiles, truth: Sequence[float]
) -> None:
    """Refuse what cannot be drawn."""
    if all(isnan(value) for value in history.values()):
        raise ValueError("no history to draw: give at least one observed value")
    if not times or not quantiles:
        raise ValueError("no forecast to draw: give times and quantiles")
    for level, values in quantiles.items():
        if not 0 < level < 1 or len(values) != len(times):
            raise ValueError(
                f"quantile {level} has {len(values)} values for {len(times)} times: "
                "levels lie within (0, 1), with one value for each time"
            )
    if len(truth) > len(times):
        raise ValueError(f"{len(truth)} true values for {len(times)} times: leave out what is over")


def last_known(history: Series) -> tuple[datetime, float]:
    """Return the last observation that is not missing."""
    return [(time, value) for time, value in history.items() if not isnan(value)][-1]


def bands(quantiles: Quantiles) -> list[tuple[float, float]]:
    """Pair the levels around the median, the widest pair first; one without partner is left out."""
    known = {round(level, 6): level for level in quantiles}
    below = sorted(level for level in known if level < 0.5)
    return [(known[low], known[round(1 - low, 6)]) for low in below if round(1 - low, 6) in known]


def tint(share: float) -> tuple[float, float, float]:
    """Mix the fan's blue with white: opaque tints look in the legend as they look in the fan."""
    blue = [int(FAN[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red_part, green_part, blue_part = (1 - share * (1 - part) for part in blue)
    return red_part, green_part, blue_part


def draw_fan(axes: Any, origin: tuple[datetime, float], forecast: Forecast) -> None:
    """Draw the bands, the widest palest, and the median; they open at the last observation."""
    time, value = origin
    times = [time, *forecast.times]
    pairs = bands(forecast.quantiles)
    for index, (low, high) in enumerate(pairs):
        share = PALEST + (DEEPEST - PALEST) * index / max(1, len(pairs) - 1)
        named = index in (0, len(pairs) - 1)
        axes.fill_between(
            times,
            [value, *forecast.quantiles[low]],
            [value, *forecast.quantiles[high]],
            color=tint(share),
            linewidth=0,
            label=f"{high - low:.0%} band" if named else "_",
            zorder=2,
        )
    if 0.5 in forecast.quantiles:
        median = [value, *forecast.quantiles[0.5]]
        axes.plot(times, median, color=FAN, linewidth=2, label="Median", zorder=4)


def draw_lines(
    axes: Any, origin: tuple[datetime, float], history: Series, forecast: Forecast
) -> None:
    """Draw what was observed, what came true, and the moment from which is forecast."""
    begins = forecast.times[0]
    style = {"linewidth": 1.4, "solid_joinstyle": "round"}
    values = list(history.values())
    axes.plot(list(history), values, color=OBSERVED, label="Observed", zorder=3, **style)
    axes.axvline(begins, color=PALE_INK, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    axes.annotate(
        words.begins(forecast.times),
        (begins, 0),
        xycoords=("data", "axes fraction"),
        xytext=(-5, 4),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=8,
        color=PALE_INK,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.85},
        zorder=6,
    )
    if forecast.truth:
        axes.plot(
            [origin[0], *forecast.times[: len(forecast.truth)]],
            [origin[1], *forecast.truth],
            color=CAME_TRUE,
            marker="o",
            markersize=3.2,
            label="What came true",
            zorder=5,
            **style,
        )


def draw_legend(axes: Any) -> None:
    """Draw the legend above the right end of the axes."""
    legend = axes.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=5,
        frameon=False,
        borderaxespad=0.6,
        handlelength=1.6,
        columnspacing=1.6,
    )
    for text in legend.get_texts():
        text.set_color(INK)


def draw_words(figure: Any, caption: Caption, origin: datetime, times: Sequence[datetime]) -> None:
    """Write title, evidence, unit and footer."""
    title = words.title(caption, origin, times)
    size = 17 * min(1, TITLE_CHARACTERS / len(title))
    figure.text(0.03, 0.925, title, size=size, weight="bold", color=INK)
    figure.text(0.03, 0.875, words.subtitle(caption), size=10, color=PALE_INK)
    verdict, evidence = words.score(caption)
    colour = INK if words.is_worse(caption) else FAN
    figure.text(0.965, 0.925, verdict, size=14, weight="bold", color=colour, ha="right")
    figure.text(0.965, 0.875, evidence, size=10, color=PALE_INK, ha="right")
    figure.text(0.03, 0.781, caption.unit, size=9, color=PALE_INK)
    figure.text(0.03, 0.03, words.footer(origin), size=8, color=PALE_INK)
    if caption.simulated:
        style = {"size": 9, "weight": "bold", "color": CAME_TRUE, "ha": "right"}
        figure.text(0.965, 0.03, words.SIMULATED, **style)
