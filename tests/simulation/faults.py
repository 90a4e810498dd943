"""What can go wrong: each fault a name, where it strikes, and how often where it is in the mix.

Every schedule draws its own mix. `Mix.without` takes one fault away: so a failure is made smaller.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tests.simulation.chance import Chance

SHARE_ACTIVE = 0.33
"""Of the faults, in the mix of a schedule."""
SHARE_CALM = 0.04
"""Of the schedules, that have no fault at all."""


class Died(BaseException):
    """The process died here; it is made anew."""


# name -> rates, of which the mix has one: by port call, message, occurrence in the cloud, person
AT_A_CALL: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "crash before": (0.004, 0.015, 0.05),
        "crash after": (0.004, 0.015, 0.05),
        "unknown result": (0.004, 0.015, 0.05),
        "throttling": (0.004, 0.015, 0.04),
        "conflict": (0.01, 0.03, 0.08),
        "clock jump": (0.005, 0.03),
    }
)
TO_A_MESSAGE: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "duplicate": (0.03, 0.1, 0.3),
        "reorder": (0.1, 0.3),
        "delay": (0.03, 0.1, 0.25),
        "dead letter": (0.01, 0.04),
        "lost hint": (0.1, 0.3, 1.0),
        "stale hint": (0.1, 0.3),
        "forged hint": (0.05, 0.15),
        "poison": (0.03, 0.1),
        "newer code": (0.1, 0.5),
        "partial publish": (0.05, 0.15),
    }
)
IN_THE_CLOUD: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "job fails": (0.1, 0.3),
        "rollout fails": (0.06, 0.2),
        "rollout goes back": (0.06, 0.2),
        "rollout sticks": (0.03, 0.1),
        "no capacity": (0.1, 0.4),
        "bad candidate": (0.1, 0.4),
        "smoke differs": (0.06, 0.2),
        "artifact tampered": (0.05, 0.2),
        "spec unreadable": (0.03, 0.1),
    }
)
OF_THE_DATA: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "late records": (0.1, 0.3),
        "records twice": (0.2, 0.5),
        "malformed records": (0.1, 0.3),
        "decay": (0.7,),
    }
)
BY_THE_WORLD: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "clock skew": (1.0,),
        "data stream": (0.08,),
        "several models": (0.08,),
        "stored as text": (0.3,),
    }
)
FAULTS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {**AT_A_CALL, **TO_A_MESSAGE, **IN_THE_CLOUD, **OF_THE_DATA, **BY_THE_WORLD}
)


@dataclass(frozen=True)
class Mix:
    """The faults of one schedule, with their rates; what is not in it never happens."""

    rates: Mapping[str, float]

    def rate(self, fault: str) -> float:
        """Answer how often a fault strikes."""
        return self.rates.get(fault, 0.0)

    def without(self, *faults: str) -> "Mix":
        """Answer the mix without some faults."""
        return Mix({name: rate for name, rate in self.rates.items() if name not in faults})

    def only(self, faults: Iterable[str]) -> "Mix":
        """Answer the mix with some faults only."""
        kept = set(faults)
        return Mix({name: rate for name, rate in self.rates.items() if name in kept})


def draw(chance: Chance) -> Mix:
    """Draw the mix of a schedule."""
    stream = chance.of("mix")
    if stream.random() < SHARE_CALM:
        return Mix({})
    rates: dict[str, float] = {}
    for name, choices in FAULTS.items():
        active, rate = stream.random() < SHARE_ACTIVE, stream.choice(choices)
        if active:
            rates[name] = rate
    return Mix(rates)
