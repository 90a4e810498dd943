"""The page: one file that holds everything, and says what happened."""

import json
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ops.report import Report, lanes, panels, write_page
from ops.report.inputs import Happening
from ops.report.kinds import COUNTED, GLYPHS, KINDS, LANES, TONES, kind_of
from ops.report.page import page
from ops.report.picture_lanes import MARKERS
from ops.report.scales import Range, Span, value_range
from shared.contracts.lifecycle import EVENTS
from tests.report import world

VOID = {"meta", "br", "path", "input", "link", "img", "hr"}
LOADING = {"src", "srcset", "data", "action", "formaction", "poster", "xlink:href"}


class Read(HTMLParser):
    """Reads a page: every element with its attributes, and the text of the visible ones."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        assert self.open == [], "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.text.append(data)

    def by_class(self, name: str) -> list[dict[str, str]]:
        return [one for _, one in self.elements if name in one.get("class", "").split()]


@pytest.fixture(scope="module")
def text() -> str:
    return page(world.report())


@pytest.fixture(scope="module")
def read(text: str) -> Read:
    return Read(text)


def test_the_page_loads_nothing_from_anywhere(text: str, read: Read) -> None:
    assert "http:" not in text
    assert "https:" not in text
    assert "//" not in "".join(value for _, one in read.elements for value in one.values())
    assert "@import" not in text
    assert "url(" not in text
    for tag, attributes in read.elements:
        assert not LOADING & attributes.keys(), tag
        assert attributes.get("href", "#").startswith("#")
    (policy,) = [one for _, one in read.elements if "http-equiv" in one]
    assert policy["content"].startswith("default-src 'none'")


def test_every_mark_leads_to_the_line_of_its_event_and_says_it(read: Read) -> None:
    lines = {one["id"] for tag, one in read.elements if tag == "tr" and "id" in one}
    marks = read.by_class("mark")
    assert {one["href"].removeprefix("#") for one in marks} <= lines
    told = "\n".join(one["data-told"] for one in marks)
    for kind in ("AccuracyDegraded", "AccuracyRecovered", "TrainingSuppressed", "ModelRefused"):
        assert kind in told
    assert "v2 sent to production by jane: <b>go</b> & see" in told
    assert len(lines) == sum(kind_of(one) is not None for one in world.report().events)


def test_causes_lead_to_their_lines(read: Read) -> None:
    lines = {"#" + one["id"] for tag, one in read.elements if tag == "tr" and "id" in one}
    links = [one["href"] for tag, one in read.elements if tag == "a" and "class" not in one]
    assert links
    assert set(links) <= lines


def test_the_panels_show_series_fan_verdicts_and_coverage(read: Read) -> None:
    assert len(read.by_class("panel")) == 3
    assert len(read.by_class("observed")) == 2  # the line, and its key
    assert {one["class"] for one in read.by_class("band")} == {"band v0", "band v1"}
    breached = [one for one in world.report().measured if one.breached]
    assert breached
    assert len(read.by_class("breach")) == len(breached)
    assert len(read.by_class("moment")) == 2 * 3
    assert read.by_class("remark")


def test_words_of_people_cannot_become_markup(text: str) -> None:
    assert "<b>go</b>" not in text
    hostile = replace(world.report(), title="</script><script>alert(1)</script>", unit="<i>")
    assert "<script>alert" not in page(hostile)


def test_simulated_data_are_labelled(read: Read, text: str) -> None:
    assert read.by_class("simulated")
    assert "simulated data" in read.text
    assert "simulated data" not in page(world.report(simulated=False))


def test_the_tables_tell_the_lives_of_versions_and_the_events(read: Read) -> None:
    said = " ".join(read.text)
    assert "v2 replaced it: its accuracy had degraded" in said
    assert "0.246" in said
    assert "84 points since the first breach, 480 are needed" in said
    assert "Loop closed in" in said


def test_the_numbers_under_the_pointer_are_those_that_are_drawn(text: str) -> None:
    start = text.index('id="numbers">') + len('id="numbers">')
    numbers: dict[str, Any] = json.loads(text[start : text.index("</script>", start)])
    report = world.report()
    assert len(numbers["series"]) == len(report.times)
    assert len(numbers["forecasts"]) == 12 * len(report.forecasts)
    assert len(numbers["measured"]) == len(report.measured)
    assert numbers["series"][0][1] == pytest.approx(report.values[0], rel=1e-5)


BARE: list[tuple[str, dict[str, Any]]] = [
    ("no events", {"entries": ()}),
    ("no forecasts", {"forecasts": ()}),
    ("nothing but a series", {"forecasts": (), "entries": ()}),
    ("one point", {"times": [world.START], "values": [1.0], "forecasts": (), "entries": ()}),
    ("all zero", {"times": [world.START], "values": [0.0], "forecasts": (), "entries": ()}),
    ("nothing known", {"times": [world.START], "values": [float("nan")], "forecasts": ()}),
]


@pytest.mark.parametrize(("_name", "changes"), BARE, ids=[name for name, _ in BARE])
def test_whatever_is_missing_there_is_a_page(
    tmp_path: Path, _name: str, changes: dict[str, Any]
) -> None:
    write_page(tmp_path / "report.html", world.report(**changes))
    found = Read((tmp_path / "report.html").read_text())
    assert len(found.by_class("panel")) >= 1


def test_a_hole_in_the_series_lifts_the_pen_and_one_between_forecasts_parts_the_fan() -> None:
    report = world.report()
    assert len(list(panels.runs(report))) == 2  # one run a version
    holed = replace(report, forecasts=[*report.forecasts[:3], *report.forecasts[5:]])
    assert len(list(panels.runs(holed))) == 3
    assert panels.line([(0, 1), None, (2, 3), (4, 5)], "x").count("M") == 2


def test_overlapping_forecasts_are_one_line_without_steps_back() -> None:
    report = world.report()
    first = report.forecasts[0]
    overlapping = replace(first, origin=first.origin + 3 * world.STEP)
    times = [at for at, *_ in panels.points_of([first, overlapping], world.STEP)]
    assert times == [first.origin + step * world.STEP for step in range(15)]


def test_events_that_would_lie_on_each_other_are_one_mark_the_weightiest_shown() -> None:
    span = Span(world.START, world.END)

    def happening(kind: str, minute: int) -> Happening:
        at = world.START + timedelta(minutes=minute)
        return Happening(at, kind, "trainer", "fees", "words", f"{kind}-{minute}")

    events = [happening("TrainingStarted", 0), happening("TrainingFailed", 1)]
    events.append(happening("TrainingStarted", 600))
    drawn = [(one, KINDS[one.kind]) for one in events]
    first, second = lanes.together(drawn, span)
    assert (len(first), len(second)) == (2, 1)
    assert 'data-kind="TrainingFailed"' in lanes.mark(first, span)


def test_every_event_of_the_loop_is_drawn_or_counted_and_none_that_does_not_exist() -> None:
    assert KINDS.keys() | set(COUNTED) | {"DecisionRecorded"} == EVENTS.keys()
    for kind in KINDS.values():
        assert kind.lane in LANES
        assert kind.tone in TONES
        assert kind.glyph in GLYPHS
    assert MARKERS.keys() == GLYPHS.keys()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 10.0], Range(0.0, 10.6)),
        ([100.0, 110.0], Range(99.4, 110.6)),
        ([5.0], Range(4.7, 5.3)),
        ([], Range(0.0, 1.06)),
        ([0.0], Range(0.0, 0.06)),
    ],
)
def test_a_scale_begins_at_zero_where_that_is_near(values: list[float], expected: Range) -> None:
    found = value_range(values)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_a_few_spikes_do_not_press_the_series_flat() -> None:
    assert value_range([*range(1_000), 1e9]).high < 1_100
    report: Report = world.report()
    assert panels.series_range(report).high < max(report.values)
    assert "points above the scale, up to" in page(report)
