"""A series that falls silent: the one matter in which the clock rules, not event time."""

from datetime import datetime, timedelta

from services.monitor.domain.seen import Stream
from services.monitor.domain.state import Silence, Watch
from shared.contracts.lifecycle import DataResumed, DataStalled, ObservationsIngested
from shared.contracts.timing import write_duration
from shared.messaging.decision import Decision, Ignored

Answer = Decision[Watch] | Ignored | None


def hear(state: Watch, said: ObservationsIngested, stream: Stream | None, now: datetime) -> Answer:
    """Windows were closed: the series is heard of."""
    if said.backfill:
        return Ignored("history: the stream was not heard")
    before = state.silence
    last = max(before.last, said.last) if before else said.last
    heard = state.changed(silence=Silence(last=last, heard_at=now))
    if before is None or not before.is_stalled:
        return Decision(heard, f"heard of {state.series}")
    resumed = DataResumed(
        series=state.series, last_seen=last, expected_every_s=stream.expected_s if stream else 1
    )
    return Decision(heard, f"{state.series} flows again", events=(resumed,))


def sweep(state: Watch, stream: Stream | None, now: datetime) -> Answer:
    """Has the series been silent for longer than it should?"""
    silence = state.silence
    if silence is None or stream is None or silence.is_stalled:
        return None
    closed = silence.last + timedelta(seconds=stream.delay_s)
    quiet = now - max(closed, silence.heard_at)
    if quiet <= timedelta(seconds=stream.expected_s):
        return None
    stalled = DataStalled(
        series=state.series, last_seen=silence.last, expected_every_s=stream.expected_s
    )
    passed = write_duration(timedelta(seconds=int(quiet.total_seconds())))
    return Decision(
        state.changed(silence=silence.changed(is_stalled=True)),
        f"nothing came of {state.series} for {passed}",
        events=(stalled,),
    )
