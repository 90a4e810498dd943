"""Many schedules on several cores, and the figures of all of them."""

import gc
import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.simulation import schedule
from tests.simulation.schedule import Plan

CHUNK = 50  # schedules after which garbage is collected, and progress told
SHARES_FROM = 300  # schedules; of fewer a share tells nothing
SHARES: dict[str, float] = {
    "in staging": 0.50,
    "in production": 0.25,
    "DeploymentRolledBack": 0.05,
    "ApprovalRevoked": 0.05,
    "expired": 0.05,
    "aged out": 0.05,
    "redriven after a week": 0.05,
}
"""Least share of the schedules in which something happens."""


@dataclass
class Figures:
    """What came of many schedules."""

    schedules: int = 0
    calls: int = 0
    calls_of_one_model: int = 0
    schedules_of_one_model: int = 0
    reached: Counter[str] = field(default_factory=Counter)
    """In how many schedules something happened."""
    violations: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, other: "Figures") -> None:
        """Take the figures of more schedules."""
        self.schedules += other.schedules
        self.calls += other.calls
        self.calls_of_one_model += other.calls_of_one_model
        self.schedules_of_one_model += other.schedules_of_one_model
        self.reached.update(other.reached)
        self.violations += other.violations

    def share(self, what: str) -> float:
        """Answer in which share of the schedules something happened."""
        return self.reached[what] / self.schedules if self.schedules else 0.0

    def missed(self) -> tuple[str, ...]:
        """Answer what did not happen often enough."""
        return tuple(what for what, least in SHARES.items() if self.share(what) < least)


def of_seeds(seeds: Sequence[int]) -> Figures:
    """Run the schedules of some seeds."""
    gc.freeze()  # what is there stays, and need not be looked at
    gc.disable()  # a schedule makes no cycles worth looking for while it runs
    figures = Figures()
    for seed in seeds:
        outcome = schedule.run(Plan.of(seed))
        figures.schedules += 1
        figures.calls += outcome.calls
        if outcome.models == 1:
            figures.schedules_of_one_model += 1
            figures.calls_of_one_model += outcome.calls
        figures.reached.update(outcome.counters.keys())
        if outcome.violation:
            figures.violations.append((seed, *outcome.violation))
    gc.enable()
    gc.collect()
    gc.unfreeze()
    return figures


def chunks(seeds: Sequence[int]) -> list[Sequence[int]]:
    """Cut seeds into what one process does at a time."""
    return [seeds[at : at + CHUNK] for at in range(0, len(seeds), CHUNK)]


def run(seeds: Sequence[int], jobs: int, told: Callable[[Figures], None]) -> Figures:
    """Run the schedules of all seeds, and tell how far it is."""
    figures = Figures()
    for more in answers(chunks(seeds), jobs):
        figures.add(more)
        told(figures)
    return figures


def answers(parts: list[Sequence[int]], jobs: int) -> Iterator[Figures]:
    """Yield the figures of each part, in whatever order they come."""
    if jobs == 1:
        yield from map(of_seeds, parts)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(of_seeds, parts)
