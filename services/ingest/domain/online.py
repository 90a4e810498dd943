"""What of a series is online: as much as one forecast of its models reads, and no more.

Windows go online as they are published, as far back as the models of that moment read. A model that
is applied later may read further back: then the sweep has the older windows put online, the latest
first. They are offline already, and nobody is told: nothing new was observed.
"""

from datetime import datetime, timedelta

from services.ingest.domain.actions import FillOnline, OnlineFilled
from services.ingest.domain.state import Series
from shared.contracts import limits
from shared.contracts.timing import write_duration
from shared.messaging.decision import Decision

SPARE = timedelta(days=limits.ONLINE_SPARE_DAYS)


def needed(context: timedelta) -> timedelta:
    """Answer how much is kept online where models read that much."""
    return max(context, timedelta(days=limits.WINDOW_CONTEXT_DAYS_MIN))


def until(kept: timedelta, now: datetime) -> datetime:
    """Answer how long windows that go online now stay there.

    They outlive the context: a series that falls silent has to keep its last one, and the feature
    store does not prolong what is online already when the context grows.
    """
    return now + kept + SPARE


def compare(series: Series, context: timedelta) -> Decision[Series] | None:
    """Compare what models read with what is online; None: nothing is missing."""
    wanted_s = int(needed(context).total_seconds())
    if series.is_filling or series.online_s is None or wanted_s <= series.online_s:
        return None
    return fill(series, series.online_s, wanted_s)


def fill(series: Series, online_s: int, wanted_s: int) -> Decision[Series] | None:
    """Have a part of the missing windows put online; None while there are no windows.

    The earliest window that is online is written again, for nothing: where `online_s` is 0, it is
    not known to be.
    """
    if series.first is None or series.last is None:
        return None
    size = series.window_length_s
    far, near = min(wanted_s, series.last - series.first) // size, online_s // size
    read = f"models read {write_duration(timedelta(seconds=wanted_s))} of it"
    if near and far <= near:
        return Decision(series.changed(online_s=wanted_s), f"{read}: all of that is online")
    reached = min(far, near + limits.ONLINE_FILL_WINDOWS_MAX)
    action = FillOnline(
        series=series.series,
        window_s=size,
        first=series.last - reached * size,
        windows=reached - near + 1,
        online_s=online_s,
        reaches_s=wanted_s if reached == far else reached * size,
        wanted_s=wanted_s,
    )
    why = f"{read}: up to {action.windows} older windows go online"
    return Decision(series.changed(is_filling=True), why, actions=(action,))


def filled(
    series: Series, action: FillOnline, happened: OnlineFilled, now: datetime
) -> Decision[Series]:
    """Remember what is online now, and go on as long as something is missing.

    Where others have published less meanwhile, the sweep compares again.
    """
    after = series.changed(is_filling=False)
    said = f"{happened.written} older windows are online"
    if series.online_s != action.online_s:
        return Decision(after, said)
    decision = Decision(after.changed(online_s=action.reaches_s), said)
    if action.reaches_s >= action.wanted_s:
        return decision
    return decision.and_then(lambda rest: fill(rest, action.reaches_s, action.wanted_s))
