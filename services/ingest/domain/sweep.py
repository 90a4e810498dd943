"""The sweep: what will not be finished by itself, and what models read and is not online."""

from datetime import datetime, timedelta

from services.ingest.domain import concluding, online
from services.ingest.domain.state import Series
from shared.messaging.decision import Decision


def sweep(series: Series, context: timedelta, now: datetime) -> Decision[Series] | None:
    """Decide again on everything that is seen.

    Parameters
    ----------
    context : timedelta
        How much of the series the models that read it give to one forecast.
    """
    decision = (
        Decision(series, "")
        .and_then(lambda after: concluding.give_up(after, now))
        .and_then(lambda after: online.compare(after, context))
    )
    return None if decision.is_idle else decision
