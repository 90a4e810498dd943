"""Faults of the data are named, cleared, and nothing is judged by them; silence is a stall."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from services.monitor.domain import faults
from services.monitor.domain.seen import Observed
from services.monitor.domain.state import Fault, Flow, Span
from shared.contracts.lifecycle import (
    AccuracyMeasured,
    DataFaultCleared,
    DataFaultDetected,
    DataResumed,
    DataStalled,
)
from shared.contracts.spec_parts import Target
from tests.services.monitor.world import CUTOFF, SPAN, TASK, WINDOW, WORLD, Loop, known

HOUR = timedelta(hours=1)


@pytest.fixture
def loop() -> Loop:
    """A model in production, whose usual data are known."""
    loop = Loop()
    loop.in_production()
    loop.pass_(12)
    return loop


def cause(loop: Loop, kind: str) -> None:
    """Something is wrong with the data, for two hours."""
    match kind:
        case "gap":
            loop.skip(2 * HOUR)
            return
        case "unit":
            loop.level = 100.0
        case "constant":
            loop.constant = True
        case "flood":
            loop.count = 100
    loop.pass_(6)
    loop.level, loop.constant, loop.count = 1.0, False, 5


@pytest.mark.parametrize("kind", ["gap", "unit", "constant", "flood"])
def test_each_fault_is_named_once_cleared_once_and_asks_for_no_training(
    loop: Loop, kind: str
) -> None:
    cause(loop, kind)
    loop.pass_(12)
    (detected,), (cleared,) = loop.all(DataFaultDetected), loop.all(DataFaultCleared)
    assert (detected.kind, cleared.kind) == (kind, kind)
    assert loop.said("AccuracyMeasured") == ["DataFaultDetected", "DataFaultCleared"]
    assert not any(verdict.breached for verdict in loop.all(AccuracyMeasured))


EVIDENCE = [
    ("gap", "no window for 2h from 2026-03-01 16:05 UTC"),
    ("unit", "a factor of"),
    ("constant", "the latest 30 windows all have the value 100"),
    ("flood", "records a window where 5 are usual"),
]


@pytest.mark.parametrize(("kind", "words"), EVIDENCE)
def test_the_evidence_tells_a_person_what_is_wrong(loop: Loop, kind: str, words: str) -> None:
    cause(loop, kind)
    loop.pass_(1)
    (detected,) = loop.all(DataFaultDetected)
    assert words in detected.evidence


def test_while_a_fault_is_open_nothing_is_asked_and_then_what_is_not_in_it(loop: Loop) -> None:
    before = len(loop.aws.asked)
    cause(loop, "unit")
    assert len(loop.aws.asked) == before
    loop.pass_(6)
    assert len(loop.aws.asked) > before
    assert max(max(context) for context in loop.aws.contexts) < 1_000


def test_a_level_that_triples_or_a_busy_hour_is_no_fault(loop: Loop) -> None:
    loop.level, loop.count = 3.0, 15
    loop.pass_(6)
    assert loop.all(DataFaultDetected) == []


def test_a_series_that_never_varied_may_stay_as_it_is() -> None:
    loop = Loop()
    loop.constant = True
    loop.pass_(20)
    assert loop.all(DataFaultDetected) == []


def flowing(kind: str | None, first: int, number: int, every: int = 1) -> list[Observed]:
    """Windows as they come by the minute, or with one fault for ever; they vary a little."""
    value = {"unit": 10_000.0, "constant": 100.0}.get(kind or "", 100.0)
    count = 100 if kind == "flood" else 5
    return [
        Observed(
            start=CUTOFF + minute * WINDOW,
            count=count,
            total=count * value * (1 if kind == "constant" else 1 + minute % 7 / 100),
        )
        for minute in range(first, first + number * every, every)
    ]


@pytest.mark.parametrize("kind", ["gap", "unit", "constant", "flood"])
def test_what_lasts_for_a_day_is_the_new_usual_and_its_like_is_found_again(kind: str) -> None:
    flow, _ = faults.inspect(Flow(), flowing(None, 0, 600), WORLD)
    every = 180 if kind == "gap" else 1
    odd = flowing(kind, 600 + every, 60 if kind == "gap" else 2_000, every)
    flow, news = faults.inspect(flow, odd, WORLD)
    assert [(one.kind, one.is_over) for one in news] == [(kind, False), (kind, True)]
    assert "usual from now" in news[1].evidence
    lasted = flow.spans[-1]
    assert lasted.first == lasted.until
    after = 600 + every * (len(odd) + 2)
    flow, _ = faults.inspect(flow, flowing(None, after, 3_000), WORLD)
    assert flow.faults == {}
    longer = 2 * every
    again = flowing(kind, after + 3_000 + longer, 40, longer)
    _, news = faults.inspect(flow, again, WORLD)
    assert news[0][:2] == (kind, False)


def test_holes_that_were_usual_are_so_no_more_once_windows_come_without() -> None:
    flow, _ = faults.inspect(Flow(), flowing(None, 0, 600), WORLD)
    flow, news = faults.inspect(flow, flowing("gap", 780, 60, every=180), WORLD)
    assert [(one.kind, one.is_over) for one in news] == [("gap", False), ("gap", True)]
    assert flow.usual_step_s == 180 * 60
    regular = 780 + 60 * 180
    almost, _ = faults.inspect(flow, flowing(None, regular, faults.RECENT - 1), WORLD)
    assert almost.usual_step_s == 180 * 60
    flow, _ = faults.inspect(flow, flowing(None, regular, 3_000), WORLD)
    _, news = faults.inspect(flow, flowing(None, regular + 3_000 + 175, 1), WORLD)
    assert [(one.kind, one.evidence[:22]) for one in news] == [("gap", "no window for 175m fro")]


A_DAY = [("unit", 60, 1_440), ("flood", 300, 288), ("constant", 3_600, 24), ("unit", 86_400, 10)]


@pytest.mark.parametrize(("kind", "window", "windows"), [*A_DAY, ("gap", 60, 30)])
def test_a_day_is_a_day_whatever_the_window(kind: str, window: int, windows: int) -> None:
    world = WORLD.changed(window_s=window)
    since = CUTOFF - 2 * timedelta(days=1)
    almost = Fault(since=since, windows=windows - 1)
    assert not faults.is_usual(kind, almost, CUTOFF, world)
    assert faults.is_usual(kind, almost.changed(windows=windows), CUTOFF, world)
    assert not faults.is_usual(kind, almost.changed(windows=windows, since=CUTOFF), CUTOFF, world)


def test_two_faults_at_a_time_are_told_apart_and_believed_after_the_last(loop: Loop) -> None:
    loop.count, loop.level = 100, 100.0
    loop.pass_(3)
    loop.count = 5
    loop.pass_(2)
    assert set(loop.state.flow.faults) == {"unit"}
    assert loop.state.flow.spans[-1].until is None
    loop.level = 1.0
    loop.pass_(2)
    assert loop.state.flow.faults == {}
    assert loop.state.flow.spans[-1].until is not None


def news_of_a_day_and_more(loop: Loop) -> None:
    loop.observe_until(loop.at + 30 * HOUR)


def a_backfill_that_healed_an_outage(loop: Loop) -> None:
    loop.observe_until(loop.at + 30 * HOUR, backfill=True)
    loop.pass_(1)


@pytest.mark.parametrize("come", [news_of_a_day_and_more, a_backfill_that_healed_an_outage])
def test_windows_that_were_never_looked_at_are_no_gap(
    loop: Loop, come: Callable[[Loop], None]
) -> None:
    come(loop)
    assert loop.all(DataFaultDetected) == []


def test_a_gap_longer_than_what_is_looked_at_is_named_from_there_on(loop: Loop) -> None:
    loop.skip(30 * HOUR)
    loop.pass_(1)
    (detected,) = loop.all(DataFaultDetected)
    assert (detected.kind, detected.evidence[:19]) == ("gap", "no window for 1420m")


def test_a_second_fault_that_began_earlier_widens_what_is_not_believed() -> None:
    flow = (
        Flow().opened("flood", Fault(since=CUTOFF + HOUR)).opened("constant", Fault(since=CUTOFF))
    )
    assert flow.spans == (Span(first=CUTOFF),)
    later = flow.opened("unit", Fault(since=CUTOFF + HOUR))
    assert later.spans == flow.spans
    ended = later.changed(faults={"unit": Fault(since=CUTOFF)}).closed("unit", CUTOFF + HOUR)
    again = ended.opened("gap", Fault(since=CUTOFF + 2 * HOUR))
    assert [span.first for span in again.spans] == [CUTOFF, CUTOFF + 2 * HOUR]


def another_series(loop: Loop) -> None:
    """The model reads another series from now on, whose values are a thousand times as high."""
    loop.aws.declared = WORLD.changed(series="blocks")
    loop.level, loop.series = 1_000.0, "blocks"


def test_a_model_that_reads_another_series_finds_no_fault_in_its_values(loop: Loop) -> None:
    another_series(loop)
    loop.pass_(6)
    assert loop.all(DataFaultDetected) == []


@pytest.mark.parametrize("hear", [Loop.sweep, lambda loop: loop.pass_(1)], ids=["sweep", "news"])
def test_what_was_wrong_with_the_series_before_is_over(
    loop: Loop, hear: Callable[[Loop], None]
) -> None:
    cause(loop, "flood")
    another_series(loop)
    hear(loop)
    (cleared,) = loop.all(DataFaultCleared)
    assert cleared.kind == "flood"
    assert cleared.evidence == "the model reads blocks now, not transactions"
    loop.sweep()
    loop.pass_(6)
    assert loop.said("AccuracyMeasured") == ["DataFaultDetected", "DataFaultCleared"]


def test_a_version_of_another_series_is_asked_when_that_was_looked_at(loop: Loop) -> None:
    loop.aws.versions[2] = known(task=TASK.changed(series="blocks"))
    loop.aws.declared = WORLD.changed(series="blocks")
    loop.series = "blocks"
    asked = len(loop.aws.asked)
    loop.in_production(2, cutoff=loop.at - 3 * SPAN)
    assert len(loop.aws.asked) == asked
    loop.pass_(1)
    assert len(loop.aws.asked) > asked


TARGETS = [(Target.COUNT, 4.0), (Target.SUM, 20.0), (Target.MEAN, 5.0)]


@pytest.mark.parametrize(("target", "value"), TARGETS)
def test_a_window_is_seen_as_the_model_sees_it(target: Target, value: float) -> None:
    loop = Loop()
    window = Observed(start=loop.at, count=4, total=20.0)
    flow, _ = faults.inspect(Flow(), [window, window], WORLD.changed(target=target))
    assert [point.value for point in flow.recent] == [value]


def test_silence_is_a_stall_by_the_clock_said_once_and_its_end_too(loop: Loop) -> None:
    loop.sweep()
    assert loop.all(DataStalled) == []
    loop.bench.clock.forward(minutes=6)
    loop.sweep()
    loop.sweep()
    (stalled,) = loop.all(DataStalled)
    assert (stalled.series, stalled.expected_every_s) == ("transactions", 300)
    loop.observe_until(loop.at + SPAN)
    (resumed,) = loop.all(DataResumed)
    assert resumed.last_seen > stalled.last_seen


def test_a_stall_is_about_the_series_and_no_model_hears_of_it_twice(loop: Loop) -> None:
    loop.bench.clock.forward(hours=1)
    loop.sweep()
    subjects = [
        e.metadata.subject for e in loop.bench.bus.events() if e.data == loop.all(DataStalled)[0]
    ]
    assert subjects == ["transactions"]


def test_a_series_nobody_declared_or_nobody_heard_of_does_not_stall() -> None:
    loop = Loop()
    loop.bench.clock.forward(hours=9)
    loop.sweep()
    loop.pass_(1)
    loop.aws.flowing = None
    loop.bench.clock.forward(hours=9)
    loop.sweep()
    assert loop.all(DataStalled) == []
