"""Widgets of a CloudWatch dashboard, as JSON: rows of three on a grid of 24."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from infra.aws.alarm_table import Measure, Statistic

COLUMNS, WIDTH, HEIGHT, TEXT_HEIGHT = 24, 8, 6, 2
PERIOD_S = 300

Json = dict[str, Any]


class Line(NamedTuple):
    """One line of a graph."""

    measure: Measure
    label: str
    statistic: Statistic = Statistic.SUM
    axis: str = "left"


class Search(NamedTuple):
    """As many lines as CloudWatch finds metrics."""

    expression: str
    label: str = ""


class Graph(NamedTuple):
    """A widget of lines over time."""

    title: str
    lines: Sequence[Line | Search]
    unit: str = ""
    above: float | None = None
    """Where an alarm rings."""
    period_s: int = PERIOD_S


class Text(NamedTuple):
    """A line of explanation, over the whole width."""

    markdown: str


class Ringing(NamedTuple):
    """Those of some alarms that ring, over the whole width."""

    title: str
    alarms: Sequence[str]
    """Their ARNs."""


Widget = Graph | Text | Ringing


def body(widgets: Sequence[Widget], region: str) -> Json:
    """Write a dashboard's body: graphs from left to right, all else begins a row."""
    return {"widgets": list(_placed(widgets, region)), "periodOverride": "inherit"}


def _placed(widgets: Sequence[Widget], region: str) -> Iterator[Json]:
    x = y = 0
    for widget in widgets:
        if not isinstance(widget, Graph):
            y, x = y + (HEIGHT if x else 0), 0
            yield {"x": 0, "y": y, "width": COLUMNS, "height": TEXT_HEIGHT, **_wide(widget)}
            y += TEXT_HEIGHT
            continue
        if x == COLUMNS:
            x, y = 0, y + HEIGHT
        place = {"x": x, "y": y, "width": WIDTH, "height": HEIGHT}
        yield {"type": "metric", **place, "properties": _graph(widget, region)}
        x += WIDTH


def _wide(widget: Text | Ringing) -> Json:
    if isinstance(widget, Text):
        return {"type": "text", "properties": {"markdown": widget.markdown}}
    shown = {"title": widget.title, "alarms": list(widget.alarms), "states": ["ALARM"]}
    return {"type": "alarm", "properties": shown}


def _graph(graph: Graph, region: str) -> Json:
    properties: Json = {
        "title": graph.title,
        "region": region,
        "view": "timeSeries",
        "stacked": False,
        "period": graph.period_s,
        "metrics": [_line(line) for line in graph.lines],
        "yAxis": {"left": {"min": 0, "label": graph.unit, "showUnits": False}},
    }
    if graph.above is not None:
        alarm = {"label": "alarm", "value": graph.above}
        properties["annotations"] = {"horizontal": [alarm]}
    return properties


def _line(line: Line | Search) -> list[Any]:
    if isinstance(line, Search):
        return [{"expression": line.expression, "label": line.label}]
    flat = [word for pair in line.measure.dimensions for word in pair]
    options = {"label": line.label, "stat": line.statistic.value, "yAxis": line.axis}
    return [line.measure.namespace, line.measure.name, *flat, options]
