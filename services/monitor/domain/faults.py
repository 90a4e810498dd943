"""Faults of the data: named, cleared, and no reason to train.

=========  ======================================  ==========================================
fault      a window shows it when                  it is cleared
=========  ======================================  ==========================================
gap        there is a long hole before it          windows in a row have none
unit       values jump by a factor of 50 or more   windows in a row show it no more
constant   the latest 30 values are equal, though  windows in a row show it no more
           the series is known to vary
flood      ten times as many records as usual      windows in a row show it no more
=========  ======================================  ==========================================

And each of them after a day of it, but not before ten windows, or thirty between holes: then it is
the new usual, for the world may have changed, and a fault that stays open keeps a model from being
judged and trained. Holes are usual until thirty windows in a row come without. What is usual is
learned from the windows themselves while no fault is open. Only event time counts.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from services.monitor.domain.seen import Observed, World
from services.monitor.domain.state import Fault, Flow, Level, Point
from shared.contracts.timing import write_duration

GAP, UNIT, CONSTANT, FLOOD = "gap", "unit", "constant", "flood"

GAP_MIN = timedelta(hours=2)  # or what the series says of its silence, where that is longer
RECENT = 30  # windows that make a level, and equal ones that make a constant
SUDDEN = 10  # latest windows that a jump is seen in; one extreme window makes none
CLEAN = 10  # windows in a row without a symptom end a fault
LEVELS, LEVELS_MIN = 48, 3  # a day of minutes; fewer than three levels are no habit
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
UNIT_FACTOR = 50.0  # a market moves by ten, a unit by a hundred: cents, kilos, satoshi
FLOOD_FACTOR = 10.0


class Symptom(NamedTuple):
    """A window shows a fault."""

    since: datetime
    """Start of the first window that does."""
    evidence: str


class News(NamedTuple):
    """A fault was seen for the first time, or is over."""

    kind: str
    is_over: bool
    evidence: str


def inspect(flow: Flow, windows: Sequence[Observed], world: World) -> tuple[Flow, tuple[News, ...]]:
    """Look at windows in their order; those that were looked at before are passed over."""
    news: list[News] = []
    for window in windows:
        if flow.last is None or window.start > flow.last:
            flow, said = step(flow, window, world)
            news += said
    return flow, tuple(news)


def passed_over(flow: Flow, until: datetime) -> Flow:
    """Go on after a window: those up to it will not be looked at, so nobody knows of a hole."""
    return flow.changed(last=max(flow.last, until)) if flow.last else flow


def step(flow: Flow, window: Observed, world: World) -> tuple[Flow, list[News]]:
    """Look at one window more."""
    point = Point(
        start=window.start,
        count=window.count,
        mean=window.mean,
        value=window.value(world.target),
    )
    before = flow.last
    flow = flow.changed(
        last=window.start, recent=(*flow.recent, point)[-RECENT:], fresh=flow.fresh + 1
    )
    shown = {kind: found for kind, look in LOOKS.items() if (found := look(flow))}
    if before is not None and (hole := gap(before, flow, world)):
        shown[GAP] = hole
    flow, news = compare(unlearned(flow, world), shown, world)
    return (flow if flow.faults else learn(flow)), news


def compare(flow: Flow, shown: Mapping[str, Symptom], world: World) -> tuple[Flow, list[News]]:
    """Open what is shown for the first time, close what is shown no more."""
    news: list[News] = []
    for kind, symptom in shown.items():
        if kind not in flow.faults:
            flow = flow.opened(kind, Fault(since=symptom.since))
            news.append(News(kind, False, symptom.evidence))
    for kind, fault in flow.faults.items():
        clean = 0 if kind in shown else fault.clean + 1
        lasted = fault.changed(windows=fault.windows + 1, clean=clean)
        if clean >= CLEAN:
            begins = flow.recent[-min(clean, len(flow.recent))].start
            flow = flow.closed(kind, begins)
            news.append(News(kind, True, f"not seen since {begins:%Y-%m-%d %H:%M} UTC"))
        elif is_usual(kind, lasted, flow.recent[-1].start, world):
            flow = accepted(flow.closed(kind, fault.since), kind)
            said = f"so since {fault.since:%Y-%m-%d %H:%M} UTC: usual from now"
            news.append(News(kind, True, said))
        else:
            flow = flow.changed(faults={**flow.faults, kind: lasted})
    return flow, news


def is_usual(kind: str, fault: Fault, now: datetime, world: World) -> bool:
    """Tell whether a fault has lasted for so long that it is none: for a day of windows; where they
    come with holes, for a day."""
    enough = RECENT if kind == GAP else max(CLEAN, DAY // world.window)
    return fault.windows >= enough and now - fault.since >= DAY


def accepted(flow: Flow, kind: str) -> Flow:
    """Learn afresh what is usual; of holes, those of late are."""
    if kind != GAP:
        return flow.changed(usual=(), fresh=0)
    return flow.changed(usual_step_s=longest_step(flow) // SECOND)


def longest_step(flow: Flow) -> timedelta:
    """Answer how long it took at most from one of the recent windows to the next."""
    starts = [point.start for point in flow.recent]
    return max(after - before for before, after in pairwise(starts))


def unlearned(flow: Flow, world: World) -> Flow:
    """Holes are not usual any more where the recent windows all came without."""
    if not flow.usual_step_s or len(flow.recent) < RECENT:
        return flow
    is_regular = longest_step(flow) - world.window < timedelta(seconds=world.gap_s)
    return flow.changed(usual_step_s=0) if is_regular else flow


def learn(flow: Flow) -> Flow:
    """Take a level after every full run of windows."""
    if flow.fresh < RECENT or len(flow.recent) < RECENT:
        return flow
    level = Level(
        count=median(point.count for point in flow.recent),
        mean=median(abs(point.mean) for point in flow.recent),
        varies=not is_constant(flow.recent),
    )
    return flow.changed(usual=(*flow.usual, level)[-LEVELS:], fresh=0)


def gap(before: datetime, flow: Flow, world: World) -> Symptom | None:
    """Is there a hole before the latest window?"""
    start, begins = flow.recent[-1].start, before + world.window
    hole = start - begins
    is_usual = start - before <= timedelta(seconds=flow.usual_step_s)
    if hole < timedelta(seconds=world.gap_s) or is_usual:
        return None
    said = f"no window for {write_duration(hole)} from {begins:%Y-%m-%d %H:%M} UTC"
    return Symptom(begins, said)


def unit(flow: Flow) -> Symptom | None:
    """Do values lie elsewhere by an order of magnitude, all at once?"""
    sudden = flow.recent[-SUDDEN:]
    usual = median(level.mean for level in flow.usual) if flow.usual else 0.0
    now = median(abs(point.mean) for point in sudden)
    if not knows(flow) or not usual or not now:
        return None
    factor, jump = now / usual, far(flow, UNIT, UNIT_FACTOR)
    if 1 / jump < factor < jump:
        return None
    said = f"values of {now:.4g} where {usual:.4g} is usual: a factor of {factor:.3g}"
    return Symptom(sudden[0].start, said)


def constant(flow: Flow) -> Symptom | None:
    """Does a series that varies stand still?"""
    if len(flow.recent) < RECENT or not is_constant(flow.recent):
        return None
    if not any(level.varies for level in flow.usual):
        return None
    said = f"the latest {RECENT} windows all have the value {flow.recent[-1].value:.6g}"
    return Symptom(flow.recent[0].start, said)


def flood(flow: Flow) -> Symptom | None:
    """Do many times as many records come as usual?"""
    sudden = flow.recent[-SUDDEN:]
    usual = median(level.count for level in flow.usual) if flow.usual else 0.0
    now = median(point.count for point in sudden)
    if not knows(flow) or not usual or now < far(flow, FLOOD, FLOOD_FACTOR) * usual:
        return None
    return Symptom(sudden[0].start, f"{now:.0f} records a window where {usual:.0f} are usual")


def far(flow: Flow, kind: str, factor: float) -> float:
    """Answer how far from the usual a fault is: while it is open less is enough, or the rhythm of
    the series would close and open it again."""
    return math.sqrt(factor) if kind in flow.faults else factor


def knows(flow: Flow) -> bool:
    """Tell whether there is enough to compare, and enough to compare it with."""
    return len(flow.usual) >= LEVELS_MIN and len(flow.recent) >= SUDDEN


def is_constant(points: Sequence[Point]) -> bool:
    """Tell whether all values are equal."""
    return len({point.value for point in points}) == 1


LOOKS: Mapping[str, Callable[[Flow], Symptom | None]] = {
    UNIT: unit,
    CONSTANT: constant,
    FLOOD: flood,
}
