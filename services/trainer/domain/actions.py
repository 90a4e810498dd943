"""What the trainer wants done, in our words."""

from pydantic import AwareDatetime

from shared.contracts.specs import ModelSpec
from shared.messaging.decision import Action


class StartRun(Action):
    """Start the algorithm's pipeline, unless it was started for this run before."""

    run_id: str
    asked_at: AwareDatetime
    spec: ModelSpec
    window_s: int
    """Of the series."""
    hyperparameters: dict[str, str]
    """All that the algorithm has, as SageMaker takes them."""


class CollectRun(Action):
    """Read what an execution that succeeded has left."""

    run_id: str
    execution_arn: str
    algorithm: str
