"""The governor: small rules, asked in this order; the first no counts.

==================  ================================================  ==========  =================
rule                says no                                           a person    turned by
==================  ================================================  ==========  =================
no_spec             while model or series is not declared             no          ModelSpecApplied
frozen              while the spec says so                            no          ModelSpecApplied
settings            while a hyperparameter set at run time is wrong   no          whoever set it
run_in_flight       while a run has not ended                         no          the run's end
enough_history      while the series is too short                     no          data
backfill_settles    while a backfill is on its way offline,           no          time
                    for an hour at most
data_fault          while the data are at fault                       overrides   DataFaultCleared
enough_new_points   while a degradation has brought too few points    no          data
candidate_waiting   while a version is judged, approved, rolled out   overrides   its end
useless_runs        after three runs in a row for nothing             overrides   a person
daily_cap           after so many runs in 24 hours                    overrides   time
cool_down           for a while after a run has begun                 overrides   time
==================  ================================================  ==========  =================
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from services.trainer.domain import parameters
from services.trainer.domain.seen import World
from services.trainer.domain.state import DAY, Trainings
from services.trainer.domain.wanted import Refusal, Trigger, Wish
from shared.contracts import limits
from shared.contracts.complaints import SpecError
from shared.contracts.timing import write_duration

NEW_POINTS_FACTOR = 2
"""New points that a degradation needs, as a multiple of what the backtest holds out."""


class Rule(NamedTuple):
    """One rule of the governor."""

    says: Callable[[Trainings, Wish, World, datetime], Refusal | None]
    a_person_overrides: bool = False


def no_spec(state: Trainings, wish: Wish, world: World, now: datetime) -> Refusal | None:
    """Nobody said what to train."""
    if world.unreadable:
        what = f"what is declared of {state.model} cannot be read: {world.unreadable}"
    elif world.spec is None:
        what = f"model {state.model} has no spec"
    elif world.series is None:
        what = f"series {world.spec.series} is not declared"
    else:
        return None
    return Refusal(rule="no_spec", reason=f"{what}: apply it")


def frozen(state: Trainings, wish: Wish, world: World, now: datetime) -> Refusal | None:
    """A person froze the model."""
    if not world.task.frozen:
        return None
    return Refusal(rule="frozen", reason=f"model {state.model} is frozen: unfreeze it to train")


def settings(state: Trainings, wish: Wish, world: World, now: datetime) -> Refusal | None:
    """What the algorithm cannot take would only fail later."""
    if world.settings_fault:
        return Refusal(rule="settings", reason=world.settings_fault)
    try:
        parameters.hyperparameters(world.task, world.hyperparameters)
    except SpecError as error:
        return Refusal(rule="settings", reason="; ".join(map(str, error.complaints)))
    return None


def run_in_flight(state: Trainings, wish: Wish, world: World, now: datetime) -> Refusal | None:
    """One run at a time."""
    if state.run is None:
        return None
    return Refusal(rule="run_in_flight", reason=f"{state.run.id} has not ended")


def enough_history(state: Trainings, wish: Wish, world: World, now: datetime) -> Refusal | None:
    """Too little data makes a run that fails, or a model that knows nothing."""
    points, needed = world.points(now), world.task.history_points
    if points >= needed:
        return None
    frequency = write_duration(world.task.frequency)
    reason = f"series {world.task.series} has {points} of the {needed} points of {frequency} needed"
    return Refusal(rule="enough_history", reason=reason)


def backfill_settles(state: Trainings, wish: Wish, world: World, now: datetime) -> Refusal | None:
    """History that was written a moment ago may be there in part only.

    The no before it counts from the first backfill: where one follows the other for ever, the wish
    does not wait for ever.
    """
    settled, before = world.settles_at, wish.refusal
    if settled is None or now >= settled:
        return None
    if before and before.rule == "backfill_settles" and before.until:
        patience = timedelta(seconds=limits.BACKFILL_WAIT_SECONDS_MAX)
        if now >= before.until + patience:
            return None
    reason = f"a backfill of series {world.task.series} is on its way to the offline store"
    return Refusal(rule="backfill_settles", reason=reason, until=settled)


def data_fault(state: Trainings, wish: Wish, world: World, now: datetime) -> Refusal | None:
    """What is wrong would be learned."""
    if not state.faults:
        return None
    kinds = ", ".join(state.faults)
    return Refusal(
        rule="data_fault", reason=f"the data of series {world.task.series} are at fault: {kinds}"
    )


def enough_new_points(state: Trainings, wish: Wish, world: World, now: datetime) -> Refusal | None:
    """Twice what the backtest holds out, else the candidate has not seen the new regime."""
    degradation = state.degradation
    if wish.trigger is not Trigger.DEGRADATION or degradation is None:
        return None
    since, needed = degradation.since, NEW_POINTS_FACTOR * world.task.held_out_points
    points = world.points_since(since, now)
    if points >= needed:
        return None
    until = since + needed * world.task.frequency + timedelta(seconds=world.offline_lag_s)
    return Refusal(
        rule="enough_new_points",
        reason=f"{points} of the {needed} points needed since the first breach, "
        f"{since:%Y-%m-%d %H:%M} UTC",
        until=until if until > now else None,
    )


def candidate_waiting(state: Trainings, wish: Wish, world: World, now: datetime) -> Refusal | None:
    """People look at one candidate at a time."""
    if not state.candidates:
        return None
    return Refusal(rule="candidate_waiting", reason=str(state.candidates[-1]))


def useless_runs(state: Trainings, wish: Wish, world: World, now: datetime) -> Refusal | None:
    """What failed three times will fail again: a person has to look."""
    if state.useless < limits.USELESS_RUNS_MAX:
        return None
    reason = (
        f"{state.useless} runs in a row brought no version into production: "
        "find out why, then request a training by hand"
    )
    return Refusal(rule="useless_runs", reason=reason)


def daily_cap(state: Trainings, wish: Wish, world: World, now: datetime) -> Refusal | None:
    """Training costs money."""
    starts, cap = state.starts_of_a_day(now), world.task.training.daily_cap
    if len(starts) < cap:
        return None
    reason = f"{len(starts)} runs in 24 hours, the spec's daily cap is {cap}"
    return Refusal(rule="daily_cap", reason=reason, until=starts[-cap] + DAY)


def cool_down(state: Trainings, wish: Wish, world: World, now: datetime) -> Refusal | None:
    """What was trained a moment ago would not learn anything new."""
    rest = world.task.training.cool_down
    if not state.starts or now - state.starts[-1] >= rest:
        return None
    began = f"{state.starts[-1]:%Y-%m-%d %H:%M} UTC"
    reason = f"the latest run began at {began}, the spec wants a rest of {write_duration(rest)}"
    return Refusal(rule="cool_down", reason=reason, until=state.starts[-1] + rest)


GOVERNOR: tuple[Rule, ...] = (
    Rule(no_spec),
    Rule(frozen),
    Rule(settings),
    Rule(run_in_flight),
    Rule(enough_history),
    Rule(backfill_settles),
    Rule(data_fault, a_person_overrides=True),
    Rule(enough_new_points),
    Rule(candidate_waiting, a_person_overrides=True),
    Rule(useless_runs, a_person_overrides=True),
    Rule(daily_cap, a_person_overrides=True),
    Rule(cool_down, a_person_overrides=True),
)


def refusal(state: Trainings, wish: Wish, world: World, now: datetime) -> Refusal | None:
    """Answer the first no to a wish; None: it may be trained."""
    asked = (rule for rule in GOVERNOR if not overrides(wish, rule))
    return next((no for rule in asked if (no := rule.says(state, wish, world, now))), None)


def overridden(state: Trainings, wish: Wish, world: World, now: datetime) -> tuple[Refusal, ...]:
    """Answer every no that the wish overrides."""
    asked = (rule for rule in GOVERNOR if overrides(wish, rule))
    return tuple(no for rule in asked if (no := rule.says(state, wish, world, now)))


def overrides(wish: Wish, rule: Rule) -> bool:
    """Tell whether a wish begins whatever a rule says."""
    return rule.a_person_overrides and wish.trigger is Trigger.PERSON
