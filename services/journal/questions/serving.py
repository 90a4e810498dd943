"""What served in a stage, and what is on its way there.

A stay begins with EndpointInService; it ends when the next one begins, and with what leaves the
stage empty: a failure or a roll-back that names nothing to go back to.
"""

from pydantic import AwareDatetime

from services.journal.questions.facts import Fact, Facts
from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle import (
    DeploymentFailed,
    DeploymentRolledBack,
    DeploymentStarted,
    EndpointInService,
)


class Stay(Frozen):
    """A version served a stage, from one moment until another."""

    stage: str
    version: int
    endpoint: str
    endpoint_config: str
    since: AwareDatetime
    until: AwareDatetime | None = None
    """None: it serves."""
    came_back: bool = False
    """Whether it came by a roll-back."""
    ended: str = ""
    """How it ended, in words."""
    event_id: str
    """What said that it serves."""
    ended_by: str | None = None
    """The event that ended it."""


class Coming(Frozen):
    """A roll-out that SageMaker has accepted, and that has not ended."""

    stage: str
    version: int
    endpoint_config: str
    strategy: str
    since: AwareDatetime
    event_id: str


def stays(facts: Facts) -> tuple[Stay, ...]:
    """Answer who served a stage, the latest last."""
    told: list[Stay] = []
    reason = ""
    for fact in facts:
        open_stay = told[-1] if told and told[-1].until is None else None
        match fact.said:
            case EndpointInService() as event:
                if open_stay:
                    replaced = reason or f"v{event.version} took its place"
                    told[-1] = ended(open_stay, fact, replaced)
                told.append(begun(fact, event))
                reason = ""
            case DeploymentRolledBack(back_to=None) | DeploymentFailed(back_to=None) as event:
                if open_stay:
                    told[-1] = ended(open_stay, fact, event.reason)
            case DeploymentRolledBack() as event:
                reason = event.reason
    return tuple(told)


def begun(fact: Fact, event: EndpointInService) -> Stay:
    """Begin a stay."""
    return Stay(
        stage=event.stage,
        version=event.version,
        endpoint=event.endpoint,
        endpoint_config=event.endpoint_config,
        since=fact.at,
        came_back=event.came_back,
        event_id=fact.event_id,
    )


def ended(stay: Stay, fact: Fact, how: str) -> Stay:
    """End a stay."""
    return stay.changed(until=fact.at, ended=how, ended_by=fact.event_id)


def present(facts: Facts) -> Stay | None:
    """Answer what serves a stage; None: nothing."""
    told = stays(facts)
    return told[-1] if told and told[-1].until is None else None


def coming(facts: Facts) -> Coming | None:
    """Answer the roll-out under way; None: there is none.

    A failure of another version, of its smoke test say, does not end it.
    """
    fact = facts.latest(DeploymentStarted)
    if fact is None:
        return None
    started: DeploymentStarted = fact.said
    for later in facts.since(fact.order):
        match later.said:
            case EndpointInService(endpoint_config=config) if config == started.endpoint_config:
                return None
            case DeploymentFailed(version=version) if version == started.version:
                return None
    return Coming(
        stage=started.stage,
        version=started.version,
        endpoint_config=started.endpoint_config,
        strategy=started.strategy,
        since=fact.at,
        event_id=fact.event_id,
    )
