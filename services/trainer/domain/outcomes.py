"""What came of the trainer's actions."""

from services.trainer.domain.seen import World
from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle.fields import Blob, Dataset


class RunStarted(Frozen):
    """SageMaker runs the pipeline."""

    execution_arn: str


class Collected(Frozen):
    """What a run made."""

    dataset: Dataset
    artifact: Blob
    judged_artifact: Blob
    image: str
    forecasts_uri: str
    duration_s: float
    world: World
