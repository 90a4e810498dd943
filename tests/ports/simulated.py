"""The simulator's cloud without faults, people and judges: its ports are fakes like the others."""

from typing import Any

from tests.fakes.messaging import DrivenClock
from tests.simulation.clock import Agenda
from tests.simulation.faults import Mix
from tests.simulation.gate import Gate
from tests.simulation.world import World


class Nobody:
    """Watches nothing, and does nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **named: None


def quiet_world() -> World:
    """Make a world in which only the ports of one service are used."""
    world = World(seed=1, mix=Mix({}), acts={})
    world.is_quiet = True
    nobody: Any = Nobody()
    world.watch = world.people = world.network = nobody
    return world


def gate(world: World, service: str = "deployer") -> Gate:
    """Make the way of a process to the world."""
    return Gate(world, service)


class AgendaClock(DrivenClock):
    """The simulator's time, moved by a test; a port call takes none of it."""

    def __init__(self, agenda: Agenda) -> None:
        super().__init__()
        self.agenda = agenda
        agenda.tick = lambda: None  # type: ignore[method-assign]

    def forward(self, **duration: float) -> None:
        super().forward(**duration)
        self.agenda.ms = int(1_000 * (self.now() - DrivenClock().now()).total_seconds())


def let_everything_end(world: World) -> None:
    """Let all that is under way in the cloud take its time."""
    while world.agenda.run_next():
        pass
