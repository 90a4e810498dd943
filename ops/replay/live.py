"""Recorded events for a running bus: the same ids, so that whoever heard one ignores it, and a mark
by which consumers and the journal know them."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from ops.replay.errors import ReplayError
from ops.replay.recorded import Recorded, Recording
from ops.replay.recording import bounds
from shared.contracts import limits
from shared.contracts.envelope import too_old
from shared.messaging.decision import Entry


class Timed(NamedTuple):
    """An event to send."""

    entry: Entry
    waits: timedelta
    """After the one before, as it was then."""


def to_send(recording: Recording, model: str | None, now: datetime) -> tuple[Timed, ...]:
    """Answer the events to send, in the order of causes: no records of decisions, for whoever
    decides again says so himself.

    Raises
    ------
    ReplayError
        If there is none, or one is older than the inbox remembers: services reject it.
    """
    chosen = [one for one in recording.events if is_wanted(one, recording, model)]
    header = recording.header
    if not chosen:
        where = f" of model '{model}'" if model else ""
        what = f"the recording holds no event{where}{bounds(header.since, header.until)}"
        raise ReplayError(f"{what} but records of decisions", "choose another time or model")
    old = [one for one in chosen if too_old(one.envelope.metadata, now)]
    if old:
        at = old[-1].envelope.metadata.occurred_at
        raise ReplayError(
            f"{len(old)} of {len(chosen)} events are older than the {limits.INBOX_DAYS} days that "
            f"the inbox remembers, the latest of them is of {at:%Y-%m-%d %H:%M} UTC",
            "nothing was sent: choose later ones with --from",
        )
    return tuple(timed(chosen))


def is_wanted(one: Recorded, recording: Recording, model: str | None) -> bool:
    """Tell whether an event is to be sent."""
    metadata = one.envelope.metadata
    is_meant = model in (None, metadata.subject)
    return not one.is_decision and is_meant and recording.header.reports(metadata.occurred_at)


def timed(chosen: list[Recorded]) -> Iterator[Timed]:
    """Mark events as replayed, and say how long each came after the one before."""
    before = chosen[0].envelope.metadata.occurred_at
    for one in chosen:
        at = one.envelope.metadata.occurred_at
        yield Timed(marked(one), max(at - before, timedelta()))
        before = max(at, before)


def marked(one: Recorded) -> Entry:
    """Answer an event as it was said, with the mark of a replay."""
    detail = one.entry.detail
    metadata = {**detail["metadata"], "replayed": True}
    return Entry(
        source=one.entry.source,
        detail_type=one.entry.detail_type,
        detail=json.dumps({**detail, "metadata": metadata}, separators=(",", ":")),
    )
