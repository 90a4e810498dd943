"""News of the data: inspect it, then score what has come true."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from services.monitor.domain import faults, watching
from services.monitor.domain.actions import ScoreOrigins
from services.monitor.domain.faults import News
from services.monitor.domain.outcomes import OriginsScored
from services.monitor.domain.seen import Observed, World
from services.monitor.domain.state import Flow, Stay, Streak, Watch
from shared.contracts import algorithms, limits
from shared.contracts.lifecycle import (
    DataFaultCleared,
    DataFaultDetected,
    ObservationsIngested,
)
from shared.messaging.decision import Decision, Ignored
from shared.messaging.errors import Refused

Answer = Decision[Watch] | Ignored


class Unread(NamedTuple):
    """Windows that have to be looked at, the first and the last of them included."""

    series: str
    first: datetime
    last: datetime
    window_s: int


def unread(state: Watch, said: ObservationsIngested, world: World | None) -> Unread | None:
    """Answer which windows have to be looked at; None: none of them is news.

    All that closed since the last look, even where the news of it has not come yet: news come in
    any order. Of a longer absence only the end.
    """
    if world is None or said.backfill or world.series != said.series:
        return None
    known = state.flow.last if reads(state.flow, world) else None
    begins = known + world.window if known else said.first
    if begins > said.last:
        return None
    return Unread(said.series, max(begins, earliest(said, world)), said.last, world.window_s)


def earliest(said: ObservationsIngested, world: World) -> datetime:
    """Answer the start of the first window that is looked at, however long nothing was heard."""
    return said.last - (limits.INSPECTED_WINDOWS_MAX - 1) * world.window


def hear(
    state: Watch, said: ObservationsIngested, world: World | None, windows: Sequence[Observed]
) -> Answer:
    """Windows were closed."""
    if world is None:
        return Ignored("the model or its series is not declared")
    if world.series != said.series:
        return Ignored(f"the model reads {world.series} now")
    if said.backfill:
        return Ignored("history: no verdict is given on it")
    afresh = turn(state, world)
    before = faults.passed_over(afresh.state.flow, earliest(said, world) - world.window)
    flow, news = faults.inspect(before, windows, world)
    if flow == before and afresh.is_idle:
        return Ignored("these windows were looked at before, or are not online")
    decision = afresh.and_then(lambda after: tell(after.changed(flow=flow), news))
    if any(not one.is_over for one in news):
        decision = decision.and_then(disbelieve)
    return decision.and_then(lambda after: score(after, world))


def reads(flow: Flow, world: World) -> bool:
    """Tell whether what is known of the data is about the series that the model reads now."""
    return flow.series in (None, world.series)


def turn(state: Watch, world: World) -> Decision[Watch]:
    """Begin afresh where the model reads another series: what was wrong with the old one is no
    longer its concern, and what was usual there tells nothing."""
    flow = state.flow
    if reads(flow, world):
        return Decision(state.changed(flow=flow.changed(series=world.series)), "")
    evidence = f"the model reads {world.series} now, not {flow.series}"
    news = [News(kind, True, evidence) for kind in flow.faults]
    decision = tell(state.changed(flow=Flow(series=world.series)), news)
    return decision if news else replace(decision, why=evidence)


def tell(state: Watch, news: Sequence[News]) -> Decision[Watch]:
    """Say what is wrong with the data, and what no longer is."""
    events = tuple(
        (DataFaultCleared if one.is_over else DataFaultDetected)(
            model=state.model, kind=one.kind, evidence=one.evidence
        )
        for one in news
    )
    last = state.flow.last
    seen = f"windows to {last:%Y-%m-%d %H:%M} UTC" if last else "no windows"
    why = "; ".join(
        f"{one.kind} {'is over' if one.is_over else 'at fault'}: {one.evidence}" for one in news
    )
    return Decision(state, why or f"{seen} are as they should be", events=events)


def disbelieve(state: Watch) -> Decision[Watch] | None:
    """Forget forecasts that were scored by observations that turn out to be at fault."""
    stay, spans = state.stay, state.flow.spans
    if stay is None or not spans:
        return None
    first = spans[-1].first
    kept = tuple(window for window in stay.scored if window.end <= first)
    if kept == stay.scored:
        return None
    streak = Streak(judged_to=stay.streak.judged_to)
    forgotten = len(stay.scored) - len(kept)
    return Decision(
        state.with_stay(stay.changed(scored=kept, streak=streak)),
        f"{forgotten} windows are not judged by such data",
    )


def score(state: Watch, world: World) -> Decision[Watch] | None:
    """Have the windows scored that have come true; None: there are none, or it is not the time."""
    stay = state.stay
    if stay is None or stay.is_scoring or state.flow.faults or stay.known is None:
        return None
    task = stay.known.task
    if task.series != world.series or not reads(state.flow, world):
        return None
    number = come_true(state.flow, stay, world)
    if not number or stay.next_origin is None:
        return None
    forgotten = max(0, number - limits.SCORED_WINDOWS_MAX)
    at_once = min(limits.ORIGINS_SCORED_MAX, batch_of(task.algorithm))
    action = ScoreOrigins(
        model=state.model,
        version=stay.version,
        endpoint=stay.endpoint,
        config=stay.config,
        task=task,
        first=stay.next_origin + forgotten * task.span,
        origins=min(number - forgotten, at_once),
        unbelievable=state.flow.spans,
        world=world,
    )
    return Decision(
        state.with_stay(stay.changed(is_scoring=True)),
        f"v{stay.version} is asked for {action.origins} windows from {action.first:%m-%d %H:%M}",
        actions=(action,),
    )


def come_true(flow: Flow, stay: Stay, world: World) -> int:
    """Count the windows, one horizon apart, whose last step is closed."""
    if flow.last is None or stay.known is None or stay.next_origin is None:
        return 0
    closed = flow.last + world.window - stay.next_origin
    return max(0, closed // stay.known.task.span)


def batch_of(algorithm: str) -> int:
    """Answer how many series an endpoint answers well within its time."""
    row = algorithms.ALGORITHMS.get(algorithm)
    return row.instances_per_request if row else 1


def scored(
    state: Watch, action: ScoreOrigins, happened: OriginsScored | Refused, now: datetime
) -> Decision[Watch]:
    """Hear how forecasts did; what was asked of a version that is gone tells nothing."""
    stay = state.stay
    if stay is None or (stay.version, stay.config) != (action.version, action.config):
        return Decision(state, f"v{action.version} is no longer in production")
    stay = stay.changed(is_scoring=False)
    if isinstance(happened, Refused):
        return Decision(state.with_stay(stay), f"v{stay.version} is asked again: {happened}")
    if state.flow.faults or state.flow.spans != action.unbelievable:
        again = Decision(state.with_stay(stay), "the data were at fault: they are asked for again")
        return again.and_then(lambda after: score(after, action.world))
    stay = stay.changed(next_origin=action.first + action.origins * action.task.span)
    decision = watching.follow(state.with_stay(stay), happened.scored, action.world.monitor)
    said = f"scored {len(happened.scored)} of {action.origins} windows"
    return replace(decision, why="; ".join(filter(None, (said, decision.why)))).and_then(
        lambda after: score(after, action.world)
    )
