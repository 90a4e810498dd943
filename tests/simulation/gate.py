"""The gate: every call of a port passes here, and here it is that calls go wrong."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

from shared.messaging.errors import Conflict, Retryable
from tests.simulation.clock import WorkerClock
from tests.simulation.faults import AT_A_CALL, Died

if TYPE_CHECKING:
    from tests.simulation.world import World

P = ParamSpec("P")
R = TypeVar("R")
BURST_CALLS_MAX = 6
JUMP_S = 300.0


class HasGate(Protocol):
    """A port."""

    gate: "Gate"


T = TypeVar("T", bound=HasGate)


def crossing(method: Callable[Concatenate[T, P], R]) -> Callable[Concatenate[T, P], R]:
    """Let the calls of a port's method pass the gate."""
    name = method.__name__

    @wraps(method)
    def call(self: T, *arguments: P.args, **named: P.kwargs) -> R:
        return self.gate.cross(name, method, self, *arguments, **named)

    return cast(Callable[Concatenate[T, P], R], call)


class Gate:
    """The way of one process to the world."""

    def __init__(self, world: "World", service: str) -> None:
        self.world = world
        self.service = service
        stream = world.chance.of("skews")
        skew_s = stream.uniform(-JUMP_S, JUMP_S) if world.strikes("clock skew") else 0.0
        self.clock = WorkerClock(world.agenda, round(skew_s, 1))
        self.throttled = 0
        self.rates = tuple(
            (fault, world.chance.of(fault).random, world.mix.rate(fault))
            for fault in AT_A_CALL
            if world.mix.rate(fault)
        )

    def now(self) -> datetime:
        """Answer what the process believes the time to be."""
        return self.clock.now()

    def cross(self, name: str, does: Callable[..., R], *arguments: Any, **named: Any) -> R:
        """Do a call, unless it goes wrong."""
        world = self.world
        world.calls += 1
        world.agenda.tick()
        if world.is_quiet:
            return does(*arguments, **named)
        if self.throttled:
            self.throttled -= 1
            raise Retryable(f"{name}: throttled")
        struck = [fault for fault, draw, rate in self.rates if draw() < rate]
        if not struck:
            return does(*arguments, **named)
        return self.strike(struck, name, lambda: does(*arguments, **named))

    def strike(self, struck: list[str], name: str, does: Callable[[], R]) -> R:
        """Do a call with which something goes wrong."""
        world = self.world
        for fault in struck:
            world.count(fault)
            world.note(f"{fault}: {self.service} {name}")
        if "clock jump" in struck:
            jump = world.chance.of("clock jump").uniform(-JUMP_S, JUMP_S)
            self.clock = WorkerClock(world.agenda, round(jump, 1))
        if "conflict" in struck:
            world.network.meanwhile(self.service)
        if "crash before" in struck:
            raise Died(name)
        if "throttling" in struck:
            self.throttled = world.chance.of("throttling").randrange(BURST_CALLS_MAX)
            raise Retryable(f"{name}: throttled")
        answer = does()
        if "crash after" in struck:
            raise Died(name)
        if "unknown result" in struck:
            # where the client itself asks again, its own write is the one it loses to
            lost_to_itself = name == "commit" and world.chance.of("unknown result").random() < 0.5
            raise Conflict(name) if lost_to_itself else Retryable(f"{name}: the answer was lost")
        return answer
