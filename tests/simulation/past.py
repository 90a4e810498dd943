"""What was before a schedule: nothing, or a calm stretch of a model's life, lived once by the same
code and then copied, so that schedules spend their calls on what comes after."""

import io
import pickle
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from itertools import product
from types import FunctionType, MappingProxyType
from typing import TYPE_CHECKING, Any

from services.deployer.domain.seen import Verdict
from shared.contracts.frozen import Frozen
from shared.messaging.decision import Kept
from tests.simulation.chance import Chance
from tests.simulation.faults import Mix
from tests.simulation.violation import expect

if TYPE_CHECKING:
    from tests.simulation.world import World

STRATEGIES = ("all-at-once", "canary")
TIMES_TO_LIVE: Mapping[str, float] = MappingProxyType({"60d": 0.7, "2h": 0.3})
"""Of a version in staging, with their shares."""
STEPS_MAX = 300
NEVER_CHANGES = (Frozen, Kept, FunctionType, bytes)
"""Types whose values are shared by all copies."""


class Past(StrEnum):
    """How far a model has come before a schedule begins."""

    NOTHING = "nothing"
    REGISTERED = "registered"
    """A version waits for its first approval."""
    OFFERED = "offered"
    """A version serves in staging and waits for its second approval."""


SHARES: Mapping[Past, float] = MappingProxyType(
    {Past.NOTHING: 0.28, Past.REGISTERED: 0.5, Past.OFFERED: 0.22}
)
"""Of the schedules; one with several models, or with records, has no past."""


class Writer(pickle.Pickler):
    """Writes a world, but for what never changes."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=5)
        self.shared: list[Any] = []

    def persistent_id(self, value: Any) -> int | None:
        """Answer where what never changes is kept."""
        if not isinstance(value, NEVER_CHANGES):
            return None
        self.shared.append(value)
        return len(self.shared) - 1


class Reader(pickle.Unpickler):
    """Reads a copy of a world."""

    def __init__(self, text: bytes, shared: list[Any]) -> None:
        super().__init__(io.BytesIO(text))
        self.persistent_load = shared.__getitem__  # type: ignore[method-assign]


def draw(chance: Chance) -> Past:
    """Draw what was before a schedule."""
    return chance.of("past").choices(list(SHARES), list(SHARES.values()))[0]


def time_to_live(chance: Chance) -> str:
    """Draw how long a version may stand in staging."""
    stream = chance.of("time to live")
    return stream.choices(list(TIMES_TO_LIVE), list(TIMES_TO_LIVE.values()))[0]


def lived(past: Past, strategy: str, staging_ttl: str) -> "World":
    """Answer a copy of a world with a past."""
    text, shared = written(past, strategy, staging_ttl)
    world: World = Reader(text, shared).load()
    return world


def live() -> None:
    """Live all of them."""
    for told in product((Past.REGISTERED, Past.OFFERED), STRATEGIES, TIMES_TO_LIVE):
        written(*told)


def check(world: "World", past: Past) -> None:
    """Make sure that a world has come so far, and that nothing is left to happen; or Violation."""
    package = world.registry.package(world.arn("fees", 1))
    staged = Verdict.PENDING if past is Past.REGISTERED else Verdict.APPROVED
    offered = None if past is Past.REGISTERED else Verdict.PENDING
    seen = package and (package.approval, package.production)
    expect(seen == (staged, offered), "S0", f"a calm life has not come to {past}: {seen}")
    expect(not world.agenda.entries, "S0", f"a calm life has not come to rest at {past}")


@cache
def written(past: Past, strategy: str, staging_ttl: str) -> tuple[bytes, list[Any]]:
    """Live a calm stretch, and write down the world that it leaves."""
    from tests.simulation.world import World

    world = World(0, Mix({}), {})
    world.people.away_from = past
    declared = {"strategy": strategy, "staging_ttl": staging_ttl}
    world.people.apply("fees", staging="person", production="person", **declared)
    for _ in range(STEPS_MAX):
        if not world.agenda.run_next():
            break
    check(world, past)
    for what in (world.processes, world.trace, world.streams.online):
        what.clear()  # a schedule has its own
    file = io.BytesIO()
    writer = Writer(file)
    writer.dump(world)
    return file.getvalue(), writer.shared
