"""The limit that versions are held to: who set it, when and why."""

from pydantic import AwareDatetime

from services.journal.questions.facts import Fact, Facts
from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle import LimitRestored, LimitSet, LimitTightened


class Limit(Frozen):
    """An absolute limit, as a mean weighted quantile loss; or that there is none."""

    value: float | None
    """None: the limit is a multiple of the baseline, as the spec says."""
    since: AwareDatetime
    who: str
    why: str
    event_id: str


def in_force(limits: Facts) -> Limit | None:
    """Answer the limit in force; None: people never set one, it is relative."""
    fact = limits.latest()
    return limit(fact) if fact else None


def limit(fact: Fact) -> Limit:
    """Answer the limit that a fact put in force."""
    value, why = told(fact.said)
    return Limit(value=value, since=fact.at, who=fact.said.actor, why=why, event_id=fact.event_id)


def told(event: LimitSet | LimitTightened | LimitRestored) -> tuple[float | None, str]:
    """Answer the value, and why it is in force."""
    match event:
        case LimitSet(relative=True):
            return None, "the threshold was taken away"
        case LimitSet():
            return event.new, "it was set"
        case LimitTightened():
            return event.new, f"it followed v{event.version}, which scored {event.score:.4g}"
        case LimitRestored():
            return event.new, f"it went back, as v{event.version} left production: {event.reason}"
