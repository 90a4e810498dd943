"""What people declare: specs, thresholds; and how much data there is."""

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from services.evaluator.domain.seen import Declared
from services.trainer.domain.seen import World as TrainerWorld
from shared.contracts.names import ModelParameter
from shared.contracts.specs import ModelSpec, SeriesSpec
from shared.contracts.windows import SeriesSummary
from tests.simulation.clock import START
from tests.simulation.documents import HORIZON, LEVELS, SEASON, SERIES

if TYPE_CHECKING:
    from tests.simulation.world import World

STREAM = SeriesSpec(
    series=SERIES,
    window=timedelta(hours=1),
    lateness=timedelta(hours=1),
    grace=timedelta(hours=12),
    expected_every=timedelta(days=2),
)
PLENTY = SeriesSummary(
    series=SERIES,
    first=START - timedelta(days=60),
    last=START - timedelta(days=1),
    windows=59 * 24,
    revision=1,
)


@lru_cache(maxsize=256)
def spec(
    model: str,
    staging: str = "person",
    production: str = "person",
    strategy: str = "all-at-once",
    staging_ttl: str = "7d",
    boost: int = 50,
    frozen: bool = False,
) -> ModelSpec:
    """A model on hours, with a small backtest."""
    values: dict[str, Any] = {
        "model": model,
        "series": SERIES,
        "target": "mean",
        "frequency": "1h",
        "horizon": HORIZON,
        "quantiles": LEVELS,
        "season": SEASON,
        "hyperparameters": {"num_boost_round": boost},
        "backtest": {"origins": 4, "stride": 2},
        "gate": {"min_points": 4},
        "monitor": {"points": 10, "every": "2h", "consecutive": 2},
        "deployment": {"strategy": strategy, "staging_ttl": staging_ttl},
        "approval": {"staging": staging, "production": production},
        "frozen": frozen,
    }
    return ModelSpec.model_validate(values, strict=False)


class Declarations:
    """All that is declared."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.specs: dict[str, ModelSpec] = {}
        self.thresholds: dict[str, Declared] = {}
        self.authors: dict[str, str] = {}
        self.unreadable: set[str] = set()
        self.summary = PLENTY
        self.of_models: dict[str, TrainerWorld] = {}

    def models(self) -> tuple[str, ...]:
        """Answer all models that have a spec."""
        return tuple(sorted(self.specs))

    def models_of_series(self, series: str) -> tuple[str, ...]:
        """Answer the models that read a series."""
        return self.models()

    def apply(self, spec: ModelSpec) -> None:
        """A person writes a spec."""
        self.specs[spec.model] = spec
        self.of_models.pop(spec.model, None)

    def readable(self, model: str) -> ModelSpec | None:
        """Answer a spec; None where it cannot be read."""
        return None if model in self.unreadable else self.specs.get(model)

    def set_threshold(self, model: str, value: float, who: str) -> None:
        """A person writes a threshold."""
        before = self.thresholds.get(model)
        revision = before.revision + 1 if before else 1
        where = ModelParameter.THRESHOLD
        self.thresholds[model] = Declared(value=value, where=where, revision=revision)
        self.authors[model] = who

    def take_threshold_away(self, model: str) -> None:
        """A person deletes a threshold."""
        self.thresholds.pop(model, None)

    def of_trainer(self, model: str) -> TrainerWorld:
        """Answer what the trainer sees."""
        if model in self.unreadable:
            return TrainerWorld(unreadable="it is no JSON")
        known = self.of_models.get(model)
        if known is None:
            spec = self.specs.get(model)
            series = STREAM if spec else None
            known = TrainerWorld(spec=spec, series=series, summary=self.summary if spec else None)
            self.of_models[model] = known
        return known
