"""One function per action: do it, return what happened. Safe to repeat until that is stored."""

from datetime import timedelta

from services.ingest.domain import concluding, runs
from services.ingest.domain.actions import PublishWindows, WindowsPublished
from services.ingest.domain.pages import page_start
from services.ingest.ports import Ports
from shared.contracts import limits
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
        pages = {page_start(start, action.window_s) for start in starts}
        found = ports.store.windows(action.series, pages)
        windows = [found[start] for start in sorted(starts) if not found[start].is_open]
        context = ports.declared.context(action.series)
        context = max(context, timedelta(days=limits.WINDOW_CONTEXT_DAYS_MIN))
        last = int(action.summary.last.timestamp()) if action.summary else max(starts)
        ports.features.write(
            action.series,
            windows,
            online_from=max(last, *starts) - int(context.total_seconds()),
            ttl_h=-(-context // timedelta(hours=1)) + 1,
        )
        if action.summary:
            ports.summaries.put(action.summary)
    except Refused as refusal:
        raise Retryable(f"windows of {action.series} wait: {refusal}") from refusal
    return WindowsPublished(written=len(windows))


EFFECTS: dict[type[Action], Effect] = {
    PublishWindows: Effect(do=publish_windows, then=concluding.windows_published),
}
