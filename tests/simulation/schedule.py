"""One schedule: a seed, what goes wrong in it, and what came of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.simulation import faults, liveness, past
from tests.simulation.chance import Chance
from tests.simulation.clock import DAY_S, HOUR_S
from tests.simulation.faults import Mix
from tests.simulation.past import STRATEGIES, Past
from tests.simulation.people import ACTS
from tests.simulation.violation import Violation
from tests.simulation.world import World

MODELS = ("fees", "fees-staging")  # the name of one is the name of an endpoint of the other
STEPS_MAX = 3_000
ROUNDS_MAX = 24


@dataclass(frozen=True)
class Plan:
    """What a schedule is made of: the same plan gives the same trace, byte for byte."""

    seed: int
    mix: Mix
    acts: Mapping[str, float] = field(default_factory=lambda: ACTS)
    past: Past = Past.NOTHING

    @classmethod
    def of(cls, seed: int) -> "Plan":
        """Draw the plan of a seed."""
        chance = Chance(seed)
        return cls(seed, faults.draw(chance), past=past.draw(chance))


@dataclass(frozen=True)
class Outcome:
    """What came of a schedule."""

    plan: Plan
    violation: tuple[str, str] | None
    counters: Counter[str]
    calls: int
    """Of ports."""
    models: int
    trace: tuple[tuple[int, int, str], ...]


def run(plan: Plan) -> Outcome:
    """Run a schedule to its end, or to the first violation."""
    world = World(plan.seed, plan.mix, plan.acts)
    violation = None
    try:
        world = begun(world, plan)
        troubled(world)
        quiet(world)
        liveness.check(world)
    except Violation as found:
        violation = (found.invariant, found.text)
        world.note(str(found))
    outcome = Outcome(
        plan,
        violation,
        world.counters,
        world.calls - world.calls_before,
        len(world.declared.specs),
        tuple(world.trace),
    )
    vars(world).clear()  # its parts know it: this frees them at once, and no collector has to look
    return outcome


def begun(world: World, plan: Plan) -> World:
    """Answer the world in which a schedule begins: the new one, or one with a past."""
    models = MODELS if world.strikes("several models") else MODELS[:1]
    if plan.past is Past.NOTHING or world.has_data or len(models) > 1:
        for model in models:
            world.people.begin(model)
        if world.has_data:
            world.streams.begin()
        return world
    strategy = world.chance.of("specs").choice(STRATEGIES)
    world = past.lived(plan.past, strategy, past.time_to_live(world.chance))
    world.begin(plan.seed, plan.mix, plan.acts)
    world.note(f"v1 is {plan.past}")
    world.people.come_back(models[0], plan.past)
    return world


def troubled(world: World) -> None:
    """Let things happen while everything may go wrong."""
    if not drained(world):
        world.count("cut short")


def drained(world: World) -> bool:
    """Let everything happen that is on the agenda; False where that takes too long."""
    return any(not world.agenda.run_next() for _ in range(STEPS_MAX))


def quiet(world: World) -> None:
    """Let faults stop and time pass, until nothing changes in a round after a long wait."""
    world.is_quiet = True
    world.note("faults stop")
    world.streams.send_what_is_left()
    revived(world)
    waits_long = True
    for number in range(ROUNDS_MAX):
        world.agenda.ms += 1_000 * (4 * DAY_S if waits_long else 7 * HOUR_S)
        before = (world.watch.commits, len(world.network.dead))
        revived(world)
        for service in world.services:
            world.network.sweep(service)
        drained(world)
        is_changed = before != (world.watch.commits, len(world.network.dead))
        if waits_long and not is_changed:
            return
        waits_long = number == 0 or not is_changed


def revived(world: World) -> None:
    """Let everything be redriven that lies in a dead-letter queue."""
    for dead in list(world.network.dead):
        world.network.redrive(dead)
    drained(world)
