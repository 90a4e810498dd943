"""Hunting planted bugs: the first seed that shows each."""

from pathlib import Path

from tests.simulation import schedule
from tests.simulation.mutants import MUTANTS
from tests.simulation.schedule import Outcome, Plan

SEEDS_MAX = 2_000
RECORDED = Path(__file__).parent / "seeds" / "mutants.txt"


def caught(name: str, seed: int) -> Outcome | None:
    """Run a schedule with a bug; None where it does not show."""
    mutant = MUTANTS[name]
    with mutant.planted():
        outcome = schedule.run(Plan.of(seed))
    broken = outcome.violation
    return outcome if broken and broken[0] == mutant.breaks else None


def first_seed(name: str) -> int | None:
    """Answer the first seed that shows a bug; None: it got away."""
    return next((seed for seed in range(SEEDS_MAX) if caught(name, seed)), None)


def recorded() -> dict[str, int]:
    """Read the seeds by which the bugs were caught."""
    lines = RECORDED.read_text().splitlines()
    rows = (line.split(" ", 1) for line in lines if line and not line.startswith("#"))
    return {name: int(seed) for seed, name in rows}


def record(found: dict[str, int]) -> None:
    """Write them down."""
    head = "# the first seed that shows each planted bug: python -m tests.simulation --hunt\n"
    RECORDED.write_text(head + "".join(f"{seed} {name}\n" for name, seed in found.items()))
