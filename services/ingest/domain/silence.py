"""A stream that fell silent: its last windows must not wait for ever.

The watermark moves with records only. When none came for longer than the series expects, the clock
stands in for them once: windows that ended a lateness ago by the clock are closed. Should their
records come after all, they revise them, as long as the grace lasts.
"""

from datetime import datetime

from services.ingest.domain.judging import Watermark
from services.ingest.domain.plan import Plan
from services.ingest.domain.seen import Seen
from services.ingest.domain.state import Series
from services.ingest.domain.streaming import closing, watermark
from shared.contracts.records import microseconds
from shared.contracts.specs import SeriesSpec


def standing_in(series: Series, spec: SeriesSpec, now: datetime) -> Watermark | None:
    """Answer the clock's watermark while the stream is silent; None while it is not."""
    if series.heard_at is None or now - series.heard_at <= spec.expected_interval:
        return None
    return watermark(microseconds(now), series, spec)


def due(series: Series, spec: SeriesSpec, now: datetime) -> tuple[int, ...]:
    """Answer the starts of the open windows that silence closes."""
    mark = standing_in(series, spec, now)
    if mark is None:
        return ()
    size = series.window_length_s
    return tuple(start for start in series.open_starts() if mark.has_passed(start + size))


def plan(series: Series, seen: Seen, spec: SeriesSpec, now: datetime) -> Plan:
    """Decide what silence does to windows."""
    mark = standing_in(series, spec, now)
    return Plan(tuple(closing(seen.windows.values(), mark, series, now)))
