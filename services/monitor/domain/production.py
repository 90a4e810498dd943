"""Who is watched, and by which limit: what the deployer and the evaluator say."""

from functools import partial

from services.monitor.domain import observing
from services.monitor.domain.seen import Known, World
from services.monitor.domain.state import Stay, Watch
from shared.contracts.lifecycle import (
    DeploymentFailed,
    DeploymentRolledBack,
    EndpointInService,
    LimitRestored,
    LimitSet,
    LimitTightened,
)
from shared.contracts.names import Stage
from shared.messaging.decision import Decision, Ignored

Answer = Decision[Watch] | Ignored | None


def begin(
    state: Watch,
    said: EndpointInService,
    known: Known | None,
    world: World | None,
    correlation_id: str,
) -> Answer:
    """A version serves; in production its stay begins, and what is open of the one before stays
    open.

    A version that was rolled out is asked for every window since its cutoff. One that came back was
    asked for the earlier ones already, or another was: it is asked for those to come.
    """
    if said.stage != Stage.PRODUCTION:
        return None
    stay = Stay(
        version=said.version,
        endpoint=said.endpoint,
        config=said.endpoint_config,
        cutoff=said.cutoff,
        correlation_id=correlation_id,
        begins=state.flow.last if said.came_back else None,
    )
    watched = state.with_stay(learned(stay, known))
    later = "" if known else "; its registration cannot be read yet"
    decision = Decision(watched, f"v{said.version} is watched: {said.reason}{later}")
    return decision.and_then(lambda after: observing.score(after, world) if world else None)


def learned(stay: Stay, known: Known | None) -> Stay:
    """Answer a stay with what is known of its version: whole horizons are counted from its
    cutoff."""
    if known is None:
        return stay
    task = known.task
    begins, first = stay.begins, stay.cutoff + task.frequency
    passed = -(-(begins - first) // task.span) if begins and begins > first else 0
    return stay.changed(known=known, next_origin=first + passed * task.span)


def end(state: Watch, said: DeploymentFailed | DeploymentRolledBack) -> Answer:
    """A version was taken from production, or nothing serves there any more; the version that
    follows is said apart."""
    if said.stage != Stage.PRODUCTION:
        return None
    stay = state.stay
    if stay is None:
        return Ignored("no version is watched")
    is_taken_away = isinstance(said, DeploymentRolledBack) and said.version == stay.version
    if said.back_to is not None and not is_taken_away:
        return Ignored(f"v{stay.version} serves on, and is watched")
    return Decision(state.changed(stay=None), f"v{stay.version} left production: {said.reason}")


def limit(state: Watch, said: LimitSet | LimitTightened | LimitRestored) -> Decision[Watch]:
    """An absolute limit is in force, or no longer."""
    if isinstance(said, LimitSet) and said.relative:
        return Decision(state.changed(threshold=None), "the limit is each version's own band")
    return Decision(state.changed(threshold=said.new), f"the limit is {said.new:.4g}")


def sweep(state: Watch, known: Known | None, world: World | None) -> Answer:
    """Make good what could not be read, and what could not be asked."""
    if world is None:
        return None
    decision = observing.turn(state, world)
    if state.stay and state.stay.known is None and known is not None:
        decision = decision.and_then(partial(learn, known=known))
    decision = decision.and_then(lambda after: observing.score(after, world))
    return unwatched(state) if decision.is_idle else decision


def unwatched(state: Watch) -> Ignored | None:
    """Say, sweep for sweep, of which version in production nothing can be known."""
    if (version := unknown(state)) is None:
        return None
    missing = "its registration, manifest or evaluation cannot be read"
    return Ignored(f"v{version} serves and is not watched: {missing}")


def learn(state: Watch, known: Known) -> Decision[Watch] | None:
    """Hear what the version in production forecasts."""
    stay = state.stay
    if stay is None:
        return None
    why = f"what v{stay.version} forecasts is known now"
    return Decision(state.with_stay(learned(stay, known)), why)


def unknown(state: Watch) -> int | None:
    """Answer the version whose registration has to be looked for; None: it is known."""
    stay = state.stay
    return stay.version if stay and stay.known is None else None
