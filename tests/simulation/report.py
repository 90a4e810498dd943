"""What is told of schedules: the figures last, and of one that fails a page that explains it."""

from tests.simulation.campaign import SHARES, Figures
from tests.simulation.faults import FAULTS
from tests.simulation.people import ACTS
from tests.simulation.schedule import Outcome

PAGE_LINES = 60
DAY_MS = 86_400_000


def trace(outcome: Outcome) -> str:
    """Write a whole trace: the same plan gives the same bytes."""
    return "\n".join(
        f"{ms / DAY_MS:9.4f} d {'· ' * depth}{text}" for ms, depth, text in outcome.trace
    )


def failure(outcome: Outcome) -> str:
    """Write a failing schedule on a page: its seed, its faults, and the end of its trace."""
    lines = trace(outcome).splitlines()
    left_out = len(lines) - PAGE_LINES
    shown = [*lines[:5], f"    … {left_out} lines …", *lines[5 - PAGE_LINES :]]
    faults = ", ".join(f"{name} {rate}" for name, rate in outcome.plan.mix.rates.items())
    invariant, text = outcome.violation or ("none", "")
    return "\n".join(
        (
            f"seed {outcome.plan.seed} breaks {invariant}: {text}",
            f"  faults: {faults or 'none'}",
            f"  people: {', '.join(outcome.plan.acts) or 'only approve'}",
            *(shown if left_out > 0 else lines),
        )
    )


def figures(found: Figures, seconds: float) -> str:
    """Write the figures of a campaign."""
    a_minute = 60 * found.schedules / seconds if seconds else 0.0
    of_one = found.calls_of_one_model / max(1, found.schedules_of_one_model)
    several = found.schedules - found.schedules_of_one_model
    of_several = (found.calls - found.calls_of_one_model) / max(1, several)
    never = [name for name in (*FAULTS, *ACTS) if not found.reached[name]]
    return "\n".join(
        (
            "faults and acts, by share of the schedules in which they happened:",
            *(f"  {found.share(name):7.2%}  {name}" for name in (*FAULTS, *ACTS)),
            f"never happened: {', '.join(never) or 'none'}",
            "reached:",
            *(
                f"  {found.share(name):7.2%}  {name} (at least {least:.0%})"
                for name, least in SHARES.items()
            ),
            f"port calls a schedule: {of_one:.0f} for one model, {of_several:.0f} for several",
            f"schedules: {found.schedules}, {a_minute:,.0f} a minute",
            f"violations: {len(found.violations)}",
        )
    )
