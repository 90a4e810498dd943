"""The sweep: ask about what is in flight, and what time or a lost event may have changed."""

from datetime import datetime

from services.trainer.domain import candidates, runs, schedule, wishes
from services.trainer.domain.seen import Execution, World
from services.trainer.domain.state import Trainings
from services.trainer.domain.wanted import Trigger, Wish
from shared.contracts.envelope import Metadata
from shared.messaging.decision import Decision


def sweep(
    state: Trainings,
    execution: Execution | None,
    metadata: Metadata,
    world: World,
    now: datetime,
) -> Decision[Trainings] | None:
    """Decide again on everything that is seen.

    Parameters
    ----------
    execution : Execution or None
        Of the run in flight; None also where there is no run.
    metadata : Metadata
        Of the sweep: the cause of the wishes that it finds.
    """
    decision = (
        Decision(state, "")
        .and_then(lambda after: runs.hear_execution(after, execution, world, now))
        .and_then(lambda after: wishes.compare_spec(after, metadata, world, now))
        .and_then(lambda after: hear_schedule(after, metadata, world, now))
        .and_then(lambda after: candidates.let_go(after, world, now))
        .and_then(lambda after: wishes.consider_again(after, world, now))
    )
    return None if decision.is_idle else decision


def hear_schedule(
    state: Trainings, metadata: Metadata, world: World, now: datetime
) -> Decision[Trainings] | None:
    """Make a wish when the schedule was due after the spec, the latest run and the latest firing;
    of several that were missed, one."""
    when = world.spec.training.schedule if world.spec else None
    if when is None or state.spec is None:
        return None
    since = max(filter(None, (state.spec.since, *state.starts[-1:], state.fired_at)))
    due = schedule.latest_firing(when, since, now)
    if due is None:
        return None
    wish = Wish.of(metadata, Trigger.SCHEDULE, f"{when} was due at {due:%Y-%m-%d %H:%M} UTC")
    return wishes.consider(state.changed(fired_at=due), wish, world, now)
