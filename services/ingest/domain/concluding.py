"""What is said and done once a batch's records are in their windows."""

from datetime import datetime, timedelta

from services.ingest.domain import runs
from services.ingest.domain.actions import PublishWindows, WindowsPublished
from services.ingest.domain.batch import BatchAbsorbed
from services.ingest.domain.state import Series, Tally
from services.ingest.domain.windows import at
from shared.contracts import limits
from shared.contracts.lifecycle import ObservationsIngested, RecordsQuarantined
from shared.contracts.windows import SeriesSummary
from shared.messaging.decision import Action, Decision


def conclude(series: Series, absorbed: BatchAbsorbed, now: datetime) -> Decision[Series]:
    """Have the windows of a batch published, and say which records could not be used."""
    tally = series.pending.get(absorbed.batch_id) or Tally(since=now, backfill=absorbed.backfill)
    state = series.concluding(absorbed.batch_id, tally).hearing(absorbed, now)
    bad = absorbed.quarantined
    quarantined = (
        (
            RecordsQuarantined(
                series=series.series, count=bad.count, reasons=bad.reasons, uri=bad.uri
            ),
        )
        if bad
        else ()
    )
    why = (
        f"{absorbed.records} records: {published(tally)}, {bad.count if bad else 0} quarantined, "
        f"{absorbed.duplicates} duplicates"
    )
    return Decision(state, why, actions=publishing(state, tally), events=quarantined)


def give_up(series: Series, now: datetime) -> Decision[Series] | None:
    """Say what a batch did to windows that was never finished: the windows are as they are.

    Should the batch come back from the dead-letter queue, its other records begin a new tally.
    """
    patience = timedelta(seconds=limits.UNFINISHED_SECONDS_MAX)
    for batch_id, tally in series.pending.items():
        if now - tally.since > patience:
            state = series.concluding(batch_id, tally)
            why = f"batch {batch_id} was never finished: {published(tally)}"
            return Decision(state, why, actions=publishing(state, tally))
    return None


def published(tally: Tally) -> str:
    """Say in a few words what a batch did to windows."""
    return f"{runs.number(tally.created)} windows new, {runs.number(tally.revised)} revised"


def publishing(state: Series, tally: Tally) -> tuple[Action, ...]:
    """Answer the action that publishes a batch's windows; none if no content changed."""
    if not tally.created and not tally.revised:
        return ()
    action = PublishWindows(
        series=state.series,
        window_s=state.window_length_s,
        created=tally.created,
        revised=tally.revised,
        late=tally.late,
        backfill=tally.backfill,
        summary=summary_of(state),
    )
    return (action,)


def summary_of(state: Series) -> SeriesSummary | None:
    """Answer how much of a series there is."""
    if state.first is None or state.last is None:
        return None
    return SeriesSummary(
        series=state.series,
        first=at(state.first),
        last=at(state.last),
        windows=state.windows,
        revision=state.conclusions,
    )


def windows_published(
    series: Series, action: PublishWindows, happened: WindowsPublished, now: datetime
) -> Decision[Series]:
    """Say that windows are in the feature store."""
    starts = runs.unpack(action.created, action.window_s)
    starts += runs.unpack(action.revised, action.window_s)
    said = ObservationsIngested(
        series=action.series,
        first=at(min(starts)),
        last=at(max(starts)),
        count=runs.number(action.created),
        revised=runs.number(action.revised),
        late=action.late,
        backfill=action.backfill,
    )
    return Decision(
        series.publishing(happened.online_s),
        f"{happened.written} windows are in the feature store",
        events=(said,),
    )
