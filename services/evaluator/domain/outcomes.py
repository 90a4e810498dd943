"""What came of the evaluator's actions."""

from services.evaluator.domain.state import Task
from shared.contracts.evaluation import WindowLoss
from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle.evaluation import ChampionSeen
from shared.contracts.lifecycle.fields import Blob, Metrics

DIGEST_DIFFERS = "DigestDiffers"
NOT_JUDGEABLE = "NotJudgeable"


class Evaluated(Frozen):
    """The numbers of a backtest."""

    task: Task
    metrics: Metrics
    baseline: Metrics
    baseline_name: str
    champion: ChampionSeen
    points: int
    windows: tuple[WindowLoss, ...]


class VersionRegistered(Frozen):
    """The registry holds the version."""

    version: int
    package_arn: str
    evaluation: Blob
