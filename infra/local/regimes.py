"""What may become of a simulated market, by name.

Our own algorithm looks at levels only relative to the latest ones: it follows a new level by itself
within hours, and is rightly not found wanting. Hence the change of a demo adds a rhythm that no
model can know before it has seen it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from infra.local.simulation import Change

USUAL = "regime"
"""The change that a demo shows unless another one is asked for."""


class Regime(NamedTuple):
    """What becomes of a market, in words and as factors of `Change`."""

    words: str
    makes_a_model_fall_short: bool
    """Whether a model has to be trained again, and can learn it."""
    factors: Mapping[str, float]

    def begins(self, at: datetime) -> "Change":
        """Answer the change at a moment."""
        from infra.local.simulation import Change  # numpy: not for those who only read names

        return Change(at, **self.factors)


REGIMES: Mapping[str, Regime] = {
    USUAL: Regime(
        "fees become three times as high, and begin to rise and fall every two hours",
        True,
        {"level": 3.0, "pulse": 1.5},
    ),
    "pulse": Regime("fees begin to rise and fall every two hours", True, {"pulse": 1.5}),
    "level": Regime("the level of fees becomes three times as high", False, {"level": 3.0}),
    "noise": Regime("fees become three times as noisy, for every model", False, {"noise": 3.0}),
    "rhythm": Regime("the daily rhythm goes away", False, {"rhythm": 0.0}),
    "none": Regime("nothing changes", False, {}),
}
