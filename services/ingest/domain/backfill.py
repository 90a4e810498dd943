"""History: it bypasses the watermark and replaces whole windows that hold no live records."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.ingest.domain import judging
from services.ingest.domain.batch import Batch, Observation, Quarantined
from services.ingest.domain.plan import Part, Plan
from services.ingest.domain.state import Series
from services.ingest.domain.windows import Window, content_of


def plan(batch: Batch, series: Series, windows: Mapping[int, Window], now: datetime) -> Plan:
    """Decide what imported records do to windows; what is there already changes nothing."""
    size = series.window_length_s
    past, ahead = judging.without_the_future(batch.observations, now)
    quarantined = [*batch.malformed, *ahead]
    parts, duplicates = [], 0
    for start, observations in judging.by_window(past, size).items():
        unique = each_once(observations)
        duplicates += len(observations) - len(unique)
        before = windows.get(start) or Window(start=start, is_live=False, is_open=False)
        if before.is_live:
            quarantined += [Quarantined(one.as_record(), judging.LIVE_WINS) for one in unique]
            continue
        content = content_of(unique)
        if not before.revision or content != before.content:
            parts.append(Part(before.imported(content, now), is_published=True))
    return Plan(tuple(parts), duplicates, tuple(quarantined))


def each_once(observations: Sequence[Observation]) -> list[Observation]:
    """Answer the first observation of each id."""
    unique: dict[str, Observation] = {}
    for one in observations:
        unique.setdefault(one.id, one)
    return list(unique.values())
