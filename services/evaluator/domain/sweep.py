"""The sweep: did people set a threshold, and has the champion baked?"""

from datetime import datetime

from services.evaluator.domain import limit
from services.evaluator.domain.seen import World
from services.evaluator.domain.state import Evaluations
from shared.messaging.decision import Decision


def sweep(
    state: Evaluations, world: World | None, author: str, now: datetime
) -> Decision[Evaluations] | None:
    """Decide again on everything that is seen.

    Facts of one decision may be heard in either order, so it says one limit at most: a champion
    that has baked when people declare another threshold tightens that one at the next sweep.
    """
    decision = Decision(state, "").and_then(lambda after: limit.hear(after, world, author))
    if not decision.events:
        decision = decision.and_then(lambda after: limit.tighten(after, world, now))
    return None if decision.is_idle else decision
