"""One schedule: a seed, what goes wrong in it, and what came of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.simulation import faults, liveness
from tests.simulation.chance import Chance
from tests.simulation.clock import DAY_S, HOUR_S
from tests.simulation.faults import Mix
from tests.simulation.people import ACTS
from tests.simulation.violation import Violation
from tests.simulation.world import World

MODELS = ("fees", "fees-staging")  # the name of one is the name of an endpoint of the other
STEPS_MAX = 3_000
ROUNDS_MAX, ROUNDS_MIN = 24, 2


@dataclass(frozen=True)
class Plan:
    """What a schedule is made of: the same plan gives the same trace, byte for byte."""

    seed: int
    mix: Mix
    acts: Mapping[str, float] = field(default_factory=lambda: ACTS)

    @classmethod
    def of(cls, seed: int) -> "Plan":
        """Draw the plan of a seed."""
        return cls(seed, faults.draw(Chance(seed)))


@dataclass(frozen=True)
class Outcome:
    """What came of a schedule."""

    plan: Plan
    violation: tuple[str, str] | None
    counters: Counter[str]
    calls: int
    """Of ports; those of the worker, of table and bus, are not counted."""
    models: int
    trace: tuple[tuple[int, int, str], ...]


def run(plan: Plan) -> Outcome:
    """Run a schedule to its end, or to the first violation."""
    world = World(plan.seed, plan.mix, plan.acts)
    models = MODELS if world.strikes("several models") else MODELS[:1]
    violation = None
    try:
        for model in models:
            world.people.begin(model)
        if world.has_data:
            world.streams.begin()
        troubled(world)
        quiet(world)
        liveness.check(world)
    except Violation as found:
        violation = (found.invariant, found.text)
        world.note(str(found))
    return Outcome(
        plan,
        violation,
        world.counters,
        world.calls - world.calls_of_workers,
        len(models),
        tuple(world.trace),
    )


def troubled(world: World) -> None:
    """Let things happen while everything may go wrong."""
    if not drained(world):
        world.count("cut short")


def drained(world: World) -> bool:
    """Let everything happen that is on the agenda; False where that takes too long."""
    return any(not world.agenda.run_next() for _ in range(STEPS_MAX))


def quiet(world: World) -> None:
    """Let faults stop and time pass, until nothing changes any more."""
    world.is_quiet = True
    world.note("faults stop")
    world.streams.send_what_is_left()
    unchanged = 0
    for _ in range(ROUNDS_MAX):
        for dead in list(world.network.dead):
            world.network.redrive(dead)
        drained(world)
        before = (world.watch.commits, len(world.network.dead))
        for service in world.services:
            world.network.sweep(service)
        drained(world)
        unchanged = unchanged + 1 if before == (world.watch.commits, len(world.network.dead)) else 0
        if unchanged >= ROUNDS_MIN:
            return
        world.agenda.ms += 1_000 * (4 * DAY_S if unchanged == 1 else 7 * HOUR_S)
