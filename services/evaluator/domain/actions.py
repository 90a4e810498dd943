"""What the evaluator wants done, in our words."""

from services.evaluator.domain.state import Registered, Stay, Task
from shared.contracts.evaluation import Evaluation
from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle import TrainingCompleted
from shared.messaging.decision import Action


class Champion(Frozen):
    """The version in production, and what is remembered of it."""

    stay: Stay
    registered: Registered | None
    """None: it was registered by others, or long ago."""


class Evaluate(Action):
    """Score what a run forecast, and what the champion forecasts for the same windows."""

    run: TrainingCompleted
    champion: Champion | None
    min_points: int
    """Fewest points that the champion has not seen, for a comparison."""


class Register(Action):
    """Write a version that passed into the registry, with its evidence."""

    run: TrainingCompleted
    task: Task
    evaluation: Evaluation

    def evidence(self) -> bytes:
        """Answer the evidence as it is kept beside the version."""
        return self.evaluation.model_dump_json(indent=1).encode()
