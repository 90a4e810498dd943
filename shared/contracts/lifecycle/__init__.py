"""Our events, in the order of the loop; each class says its producer and has an example.

`EVENTS` maps every detail-type to its class: the table that the door, the schemas and the tests
read.
"""

from shared.contracts.envelope import Event
from shared.contracts.lifecycle.data import (
    DataFaultCleared,
    DataFaultDetected,
    DataResumed,
    DataStalled,
    ObservationsIngested,
    RecordsQuarantined,
)
from shared.contracts.lifecycle.deployment import (
    ApprovalRevoked,
    DeploymentFailed,
    DeploymentRolledBack,
    DeploymentStarted,
    DeploymentSuperseded,
    EndpointInService,
    ModelApproved,
    ModelDeclined,
    PromotionApproved,
    PromotionDeclined,
    PromotionRequested,
)
from shared.contracts.lifecycle.evaluation import (
    LimitRestored,
    LimitSet,
    LimitTightened,
    ModelEvaluated,
    ModelRefused,
    ModelRegistered,
)
from shared.contracts.lifecycle.monitoring import (
    AccuracyDegraded,
    AccuracyMeasured,
    AccuracyRecovered,
    DecisionRecorded,
)
from shared.contracts.lifecycle.people import (
    DeploymentRequested,
    ModelSpecApplied,
    RetrainRequested,
    RollbackRequested,
)
from shared.contracts.lifecycle.training import (
    TrainingCompleted,
    TrainingFailed,
    TrainingStarted,
    TrainingSuppressed,
)

IN_ORDER: tuple[type[Event], ...] = (
    ObservationsIngested,
    RecordsQuarantined,
    ModelSpecApplied,
    RetrainRequested,
    TrainingStarted,
    TrainingSuppressed,
    TrainingCompleted,
    TrainingFailed,
    ModelEvaluated,
    ModelRefused,
    ModelRegistered,
    LimitSet,
    LimitTightened,
    LimitRestored,
    ModelApproved,
    ModelDeclined,
    ApprovalRevoked,
    DeploymentStarted,
    EndpointInService,
    DeploymentFailed,
    DeploymentRolledBack,
    DeploymentSuperseded,
    PromotionRequested,
    PromotionApproved,
    PromotionDeclined,
    RollbackRequested,
    DeploymentRequested,
    AccuracyMeasured,
    AccuracyDegraded,
    AccuracyRecovered,
    DataFaultDetected,
    DataFaultCleared,
    DataStalled,
    DataResumed,
    DecisionRecorded,
)
EVENTS: dict[str, type[Event]] = {event.detail_type(): event for event in IN_ORDER}

__all__ = [
    "EVENTS",
    "IN_ORDER",
    "AccuracyDegraded",
    "AccuracyMeasured",
    "AccuracyRecovered",
    "ApprovalRevoked",
    "DataFaultCleared",
    "DataFaultDetected",
    "DataResumed",
    "DataStalled",
    "DecisionRecorded",
    "DeploymentFailed",
    "DeploymentRequested",
    "DeploymentRolledBack",
    "DeploymentStarted",
    "DeploymentSuperseded",
    "EndpointInService",
    "LimitRestored",
    "LimitSet",
    "LimitTightened",
    "ModelApproved",
    "ModelDeclined",
    "ModelEvaluated",
    "ModelRefused",
    "ModelRegistered",
    "ModelSpecApplied",
    "ObservationsIngested",
    "PromotionApproved",
    "PromotionDeclined",
    "PromotionRequested",
    "RecordsQuarantined",
    "RetrainRequested",
    "RollbackRequested",
    "TrainingCompleted",
    "TrainingFailed",
    "TrainingStarted",
    "TrainingSuppressed",
]
