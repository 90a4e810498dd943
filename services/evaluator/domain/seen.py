"""What the evaluator sees of a model's declarations, in our words."""

from typing import Any

from pydantic import Field

from shared.contracts.frozen import Frozen
from shared.contracts.names import ModelParameter
from shared.contracts.specs import Gate, ModelSpec


class Declared(Frozen):
    """An absolute threshold, as somebody wrote it down."""

    value: float = Field(gt=0)
    """Mean wQL."""
    where: ModelParameter
    """The parameter that holds it: the spec, or the one that people set at run time."""
    revision: int = Field(default=0, ge=0)
    """Of the run-time parameter: the same number written again is news. Of a spec, 0."""


class World(Frozen):
    """What a decision on one model looks at."""

    gate: Gate
    """From the spec."""
    at_run_time: Declared | None = None
    """The threshold that people set beside the spec; it outranks the spec's."""
    bake_s: int = Field(ge=0)
    """Seconds that a version is in production before its score may tighten the limit."""
    fault: str = ""
    """Why the run-time threshold cannot be used."""

    def under(self, spec: ModelSpec) -> "World":
        """Answer what would be seen, were this the spec."""
        return self.changed(**of_spec(spec))

    @property
    def declared(self) -> Declared | None:
        """The absolute threshold as it is declared; none: the limit is relative."""
        if self.at_run_time or self.gate.threshold is None:
            return self.at_run_time
        return Declared(value=self.gate.threshold, where=ModelParameter.SPEC)

    @property
    def ratio(self) -> float:
        """The relative limit, as a multiple of the baseline; 1.0 where the spec has a threshold."""
        return self.gate.limit_ratio or 1.0


def of_spec(spec: ModelSpec) -> dict[str, Any]:
    """Answer what a `World` has from the spec."""
    return {"gate": spec.gate, "bake_s": int(spec.deployment.bake.total_seconds())}
