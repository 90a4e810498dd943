"""Making a failing schedule smaller: without the faults and the acts that it does not need."""

from dataclasses import replace

from tests.simulation import schedule
from tests.simulation.schedule import Outcome, Plan


def shrunk(outcome: Outcome) -> Outcome:
    """Answer the smallest schedule found that still breaks the same invariant."""
    if outcome.violation is None:
        return outcome
    best, is_smaller = outcome, True
    while is_smaller:
        is_smaller = False
        for plan in smaller(best.plan):
            tried = schedule.run(plan)
            if tried.violation and tried.violation[0] == outcome.violation[0]:
                best, is_smaller = tried, True
                break
    return best


def smaller(plan: Plan) -> list[Plan]:
    """Answer the plan without each of its faults, and of its people's acts."""
    fewer_faults = [replace(plan, mix=plan.mix.without(fault)) for fault in plan.mix.rates]
    fewer_acts = [
        replace(plan, acts={name: rate for name, rate in plan.acts.items() if name != act})
        for act in plan.acts
    ]
    return fewer_faults + fewer_acts
