"""The sweep: did people set a threshold, and has the champion baked?"""

from datetime import datetime

from services.evaluator.domain import limit
from services.evaluator.domain.seen import World
from services.evaluator.domain.state import Evaluations
from shared.messaging.decision import Decision


def sweep(
    state: Evaluations, world: World | None, author: str, now: datetime
) -> Decision[Evaluations] | None:
    """Decide again on everything that is seen."""
    decision = (
        Decision(state, "")
        .and_then(lambda after: limit.hear(after, world, author))
        .and_then(lambda after: limit.tighten(after, world, now))
    )
    return None if decision.is_idle else decision
