"""One function per action: do it, return what happened. Safe to repeat until that is stored."""

from collections.abc import Iterable
from datetime import timedelta

from services.ingest.domain import concluding, online, runs
from services.ingest.domain.actions import (
    FillOnline,
    OnlineFilled,
    PublishWindows,
    WindowsPublished,
)
from services.ingest.domain.pages import page_start
from services.ingest.domain.windows import Window
from services.ingest.ports import Ports
from shared.messaging.decision import Action, Effect
from shared.messaging.errors import Refused, Retryable


def publish_windows(action: PublishWindows, ports: Ports) -> WindowsPublished:
    """Write windows as they are now: a repeat writes the same, or what replaced it.

    Raises
    ------
    Retryable
        Also where AWS refuses: windows must not be lost, so they stay in the todo until a person
        has put right what is wrong.
    """
    starts = (
        *runs.unpack(action.created, action.window_s),
        *runs.unpack(action.revised, action.window_s),
    )
    try:
        windows = closed(action.series, starts, action.window_s, ports)
        kept = online.needed(ports.declared.context(action.series))
        last = int(action.summary.last.timestamp()) if action.summary else max(starts)
        online_from = max(last, *starts) - int(kept.total_seconds())
        until = online.until(kept, ports.clock.now())
        ports.features.write(action.series, windows, online_from, until)
        if action.summary:
            backfilled_at = ports.clock.now() if action.backfill else None
            ports.summaries.put(action.summary.changed(backfilled_at=backfilled_at))
    except Refused as refusal:
        raise Retryable(f"windows of {action.series} wait: {refusal}") from refusal
    is_all_online = all(window.start >= online_from for window in windows)
    reaches = kept + online.SPARE if is_all_online else kept
    return WindowsPublished(written=len(windows), online_s=int(reaches.total_seconds()))


def fill_online(action: FillOnline, ports: Ports) -> OnlineFilled:
    """Put windows online as they are now: what is there already stays.

    Raises
    ------
    Retryable
        Also where AWS refuses.
    """
    starts = runs.unpack(((action.first, action.windows),), action.window_s)
    until = online.until(timedelta(seconds=action.wanted_s), ports.clock.now())
    try:
        windows = closed(action.series, starts, action.window_s, ports)
        ports.features.write_online(action.series, windows, until)
    except Refused as refusal:
        raise Retryable(f"older windows of {action.series} wait: {refusal}") from refusal
    return OnlineFilled(written=len(windows))


def closed(series: str, starts: Iterable[int], window_s: int, ports: Ports) -> list[Window]:
    """Answer those of the windows that there are and that wait for nothing, by ascending start."""
    wanted = sorted(starts)
    found = ports.store.windows(series, {page_start(start, window_s) for start in wanted})
    return [found[start] for start in wanted if start in found and not found[start].is_open]


EFFECTS: dict[type[Action], Effect] = {
    PublishWindows: Effect(do=publish_windows, then=concluding.windows_published),
    FillOnline: Effect(do=fill_online, then=online.filled),
}
