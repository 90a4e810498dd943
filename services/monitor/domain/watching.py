"""From forecasts that came true to verdicts, and from verdicts in a row to a degradation and back.

==================  ========================  =======================================
verdict             in a row                  what follows
==================  ========================  =======================================
breach              fewer than `consecutive`  the streak grows
breach              `consecutive`             AccuracyDegraded, once until it recovers
within the limit    `consecutive`             AccuracyRecovered, where one is open
neither             any                       both streaks end
==================  ========================  =======================================

Each window is forecast once and a verdict falls due every `monitor.every` of event time, so what is
said does not depend on how many windows are scored at a time.
"""

from collections.abc import Sequence
from functools import partial

from services.monitor.domain import judging
from services.monitor.domain.judging import Verdict
from services.monitor.domain.state import Degradation, Scored, Stay, Streak, Watch
from shared.contracts import limits
from shared.contracts.lifecycle import AccuracyDegraded, AccuracyMeasured, AccuracyRecovered
from shared.contracts.lifecycle.fields import Window
from shared.contracts.names import Stage
from shared.contracts.spec_parts import MonitorSpec
from shared.messaging.decision import Decision

STAGE = Stage.PRODUCTION


def follow(state: Watch, scored: Sequence[Scored], monitor: MonitorSpec) -> Decision[Watch]:
    """Take what was scored, oldest first, and judge whenever it is time."""
    decision = Decision(state, "")
    for window in scored:
        decision = decision.and_then(partial(take, window=window, monitor=monitor))
    return decision


def take(state: Watch, window: Scored, monitor: MonitorSpec) -> Decision[Watch] | None:
    """Keep one scored window, and judge the latest ones if it is time and there are enough."""
    stay = state.stay
    known = stay.known if stay else None
    if stay is None or known is None:
        return None
    points = min(monitor.points, limits.SCORED_WINDOWS_MAX * known.task.horizon)
    scored = (*stay.scored, window)[-limits.SCORED_WINDOWS_MAX :]
    enough = judging.latest(scored, points)
    stay = stay.changed(scored=enough or scored)  # what no verdict will be on is forgotten
    judged_to = stay.streak.judged_to
    is_due = judged_to is None or window.end - judged_to >= monitor.every
    verdict = judging.judge(enough, known, state.threshold) if enough and is_due else None
    if verdict is None:
        return Decision(state.with_stay(stay), "")
    return conclude(state, stay, verdict, monitor)


def conclude(state: Watch, stay: Stay, verdict: Verdict, monitor: MonitorSpec) -> Decision[Watch]:
    """Say the verdict, and what follows from those in a row."""
    streak = after(stay.streak, verdict)
    measured = AccuracyMeasured(
        model=state.model,
        stage=STAGE,
        version=stay.version,
        window=Window(first=verdict.windows[0].start, last=verdict.windows[-1].end),
        points=verdict.points,
        mean_wql=verdict.mean_wql,
        baseline_wql=verdict.baseline_wql,
        limit=verdict.limit,
        breached=verdict.is_breach,
        evidence=verdict.evidence,
    )
    stay = stay.changed(streak=streak)
    decision = Decision(
        state.with_stay(stay), f"v{stay.version}: {verdict.evidence}", events=(measured,)
    )
    if streak.breaches >= monitor.consecutive and not stay.is_degraded:
        return decision.and_then(lambda after: degrade(after, stay, verdict))
    if streak.within >= monitor.consecutive and state.degradation:
        return decision.and_then(lambda after: recover(after, stay, verdict))
    return decision


def after(streak: Streak, verdict: Verdict) -> Streak:
    """Answer the verdicts in a row, with one more."""
    judged_to, first = verdict.windows[-1].end, verdict.windows[0].start
    if verdict.is_breach:
        since = streak.since or first
        return Streak(breaches=streak.breaches + 1, since=since, judged_to=judged_to)
    return Streak(within=streak.within + 1 if verdict.is_within else 0, judged_to=judged_to)


def degrade(state: Watch, stay: Stay, verdict: Verdict) -> Decision[Watch]:
    """The version in production fell short: said once in its stay, until it recovers."""
    streak = stay.streak
    since = streak.since or verdict.windows[0].start
    said = AccuracyDegraded(
        model=state.model,
        stage=STAGE,
        version=stay.version,
        degraded_version=stay.version,
        evidence=f"{streak.breaches} breaches in a row; the latest: {verdict.evidence}",
        since=since,
    )
    degraded = state.changed(
        stay=stay.changed(is_degraded=True),
        degradation=Degradation(version=stay.version, since=since),
    )
    return Decision(degraded, f"v{stay.version} degraded", events=(said,))


def recover(state: Watch, stay: Stay, verdict: Verdict) -> Decision[Watch] | None:
    """The version now in production, the same or another, is within its limit again.

    With it the trip round the loop ends that brought this version here. The same version may
    degrade again: what is said then is a new matter.
    """
    degradation = state.degradation
    if degradation is None:
        return None
    within = f"{stay.streak.within} verdicts in a row within the limit"
    said = AccuracyRecovered(
        model=state.model,
        stage=STAGE,
        version=stay.version,
        degraded_version=degradation.version,
        evidence=f"{within}; the latest: {verdict.evidence}",
        since=degradation.since,
    )
    recovered = state.changed(stay=stay.changed(is_degraded=False), degradation=None)
    correlation_id = stay.correlation_id if stay.version != degradation.version else None
    return Decision(
        recovered,
        f"v{stay.version} has recovered",
        events=(said,),
        correlation_id=correlation_id,
    )
