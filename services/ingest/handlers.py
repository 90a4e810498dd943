"""One function per message: what absorption tells the worker, and the sweep."""

from datetime import datetime

from services.ingest.domain import concluding, sweep
from services.ingest.domain.batch import BatchAbsorbed
from services.ingest.domain.state import Series
from services.ingest.ports import Look
from shared.contracts.envelope import Envelope, Event
from shared.contracts.wishes import SweepRequested
from shared.messaging.decision import Decision
from shared.messaging.worker import Handler


def batch_absorbed(
    event: Envelope[BatchAbsorbed], state: Series, look: Look, now: datetime
) -> Decision[Series]:
    """A batch's records are in their windows."""
    return concluding.conclude(state, event.data, now)


def sweep_requested(
    wish: Envelope[SweepRequested], state: Series, look: Look, now: datetime
) -> Decision[Series] | None:
    """Find batches that are not coming back, and context that is not online."""
    return sweep.sweep(state, look.context(state.series), now)


HANDLERS: dict[type[Event], Handler] = {
    BatchAbsorbed: batch_absorbed,
    SweepRequested: sweep_requested,
}
