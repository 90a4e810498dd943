"""A stream that fell silent: its last windows must not wait for ever.

The watermark moves with records only. When none came for longer than the series expects, the clock
stands in for them once: windows that ended a lateness ago by the clock are closed. Should their
records come after all, they revise them, as long as the grace lasts.
"""

from collections.abc import Iterator
from datetime import datetime

from services.ingest.domain import streaming
from services.ingest.domain.judging import Watermark
from services.ingest.domain.plan import Part
from services.ingest.domain.seen import Seen
from services.ingest.domain.state import Series
from shared.contracts.records import microseconds
from shared.contracts.specs import SeriesSpec


def standing_in(series: Series, spec: SeriesSpec, now: datetime) -> Watermark | None:
    """Answer the clock's watermark while the stream is silent; None while it is not."""
    if series.heard_at is None or now - series.heard_at <= spec.expected_interval:
        return None
    return streaming.watermark(microseconds(now), series, spec)


def due(series: Series, spec: SeriesSpec, now: datetime) -> tuple[int, ...]:
    """Answer the starts of the open windows that silence closes."""
    mark = standing_in(series, spec, now)
    if mark is None:
        return ()
    size = series.window_length_s
    return tuple(start for start in series.open_starts() if mark.has_passed(start + size))


def closing(series: Series, seen: Seen, spec: SeriesSpec, now: datetime) -> Iterator[Part]:
    """Close the windows that silence closes."""
    return streaming.closing(seen.windows.values(), standing_in(series, spec, now), series, now)
