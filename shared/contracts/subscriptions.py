"""ONE TABLE: which service hears what, and what runs on a schedule.

A row is a service's name and a class; no service is imported, so that the Lambda entry, CDK, the
local provisioner and the simulator all read the same table. The handler is the event's name in
snake case. `about` says which aggregates concern an event: see `About`.
"""

from enum import StrEnum
from typing import NamedTuple

from shared.contracts import aws
from shared.contracts.aws import Hint
from shared.contracts.envelope import ANY_SERVICE, SOURCE, Event, Wish
from shared.contracts.lifecycle import (
    EVENTS,
    AccuracyDegraded,
    AccuracyRecovered,
    ApprovalRevoked,
    DataFaultCleared,
    DataFaultDetected,
    DeploymentFailed,
    DeploymentRequested,
    DeploymentRolledBack,
    DeploymentSuperseded,
    EndpointInService,
    LimitRestored,
    LimitSet,
    LimitTightened,
    ModelApproved,
    ModelDeclined,
    ModelRefused,
    ModelRegistered,
    ModelSpecApplied,
    ObservationsIngested,
    PromotionApproved,
    PromotionDeclined,
    RetrainRequested,
    RollbackRequested,
    TrainingCompleted,
)
from shared.contracts.wishes import SweepRequested


class About(StrEnum):
    """How to find the aggregates that an event concerns."""

    ITS_SUBJECT = "the model or series that the event names"
    MODELS_OF_SERIES = "the models that read the event's series"
    SERIES_AND_ITS_MODELS = "the event's series, under its own key, and the models that read it"
    MODEL_OF_ENDPOINT = "the model whose endpoint it is"
    MODEL_OF_PACKAGE = "the model whose package group it is"
    MODEL_OF_RUN = "the model whose run the execution is"
    ALL = "every aggregate of the service, and every model that has a spec"


SERIES_KEY = "series:"  # no model's name has a colon, so a series' key is none of theirs


class Subscription(NamedTuple):
    """One row: `service` hears `event`."""

    service: str
    event: type[Event]
    about: About

    @property
    def handler(self) -> str:
        """Answer the name of the function in the service's handlers.py."""
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in self.event.__name__)[1:]


class Schedule(NamedTuple):
    """One row: `service` is woken every so many minutes."""

    service: str
    minutes: int
    wish: type[Wish]


def hears(service: str, event: type[Event], about: About = About.ITS_SUBJECT) -> Subscription:
    """Write one row of the table."""
    return Subscription(service, event, about)


def every(service: str, minutes: int, wish: type[Wish]) -> Schedule:
    """Write one row of the schedules."""
    return Schedule(service, minutes, wish)


SUBSCRIPTIONS: tuple[Subscription, ...] = (
    hears("trainer", ObservationsIngested, about=About.MODELS_OF_SERIES),
    hears("trainer", ModelSpecApplied),
    hears("trainer", RetrainRequested),
    hears("trainer", aws.PipelineExecutionChanged, about=About.MODEL_OF_RUN),
    hears("trainer", ModelRefused),
    hears("trainer", ModelRegistered),
    hears("trainer", ModelApproved),
    hears("trainer", ModelDeclined),
    hears("trainer", ApprovalRevoked),
    hears("trainer", PromotionApproved),
    hears("trainer", PromotionDeclined),
    hears("trainer", EndpointInService),
    hears("trainer", DeploymentFailed),
    hears("trainer", DeploymentRolledBack),
    hears("trainer", DeploymentSuperseded),
    hears("trainer", AccuracyDegraded),
    hears("trainer", AccuracyRecovered),
    hears("trainer", DataFaultDetected),
    hears("trainer", DataFaultCleared),
    hears("evaluator", TrainingCompleted),
    hears("evaluator", EndpointInService),
    hears("evaluator", DeploymentFailed),
    hears("evaluator", DeploymentRolledBack),
    hears("evaluator", DeploymentSuperseded),
    hears("evaluator", AccuracyDegraded),
    hears("evaluator", AccuracyRecovered),
    hears("deployer", ModelRegistered),
    hears("deployer", aws.ModelPackageChanged, about=About.MODEL_OF_PACKAGE),
    hears("deployer", aws.EndpointChanged, about=About.MODEL_OF_ENDPOINT),
    hears("deployer", RollbackRequested),
    hears("deployer", DeploymentRequested),
    hears("monitor", ObservationsIngested, about=About.SERIES_AND_ITS_MODELS),
    hears("monitor", EndpointInService),
    hears("monitor", DeploymentFailed),
    hears("monitor", DeploymentRolledBack),
    hears("monitor", LimitSet),
    hears("monitor", LimitTightened),
    hears("monitor", LimitRestored),
    *(hears("journal", event) for event in EVENTS.values()),
)

SCHEDULES: tuple[Schedule, ...] = (
    every("ingest", minutes=1, wish=SweepRequested),
    every("trainer", minutes=5, wish=SweepRequested),
    every("evaluator", minutes=5, wish=SweepRequested),
    every("deployer", minutes=5, wish=SweepRequested),
    every("monitor", minutes=15, wish=SweepRequested),
)

SERVICES: tuple[str, ...] = ("ingest", "trainer", "evaluator", "deployer", "monitor", "journal")


class Pattern(NamedTuple):
    """What an EventBridge rule matches: only sources and exact detail-types."""

    sources: tuple[str, ...]
    detail_types: tuple[str, ...]

    def as_dict(self) -> dict[str, list[str]]:
        """Answer the rule's EventPattern."""
        return {"source": list(self.sources), "detail-type": list(self.detail_types)}


def subscriptions_of(service: str) -> tuple[Subscription, ...]:
    """Answer the rows of one service."""
    return tuple(row for row in SUBSCRIPTIONS if row.service == service)


def our_pattern(service: str) -> Pattern | None:
    """Answer what the service's rule on our bus matches; None when it hears none of our events."""
    events = [row.event for row in subscriptions_of(service) if not issubclass(row.event, Hint)]
    if not events:
        return None
    said_by = {event.producer for event in events}
    sources = {SOURCE + name for name in (SERVICES if ANY_SERVICE in said_by else ())}
    sources |= {SOURCE + name for name in said_by - {ANY_SERVICE}}
    return Pattern(tuple(sorted(sources)), tuple(event.detail_type() for event in events))


def aws_pattern(service: str) -> Pattern | None:
    """Answer what the service's rule on the default bus matches; None when it hears no AWS
    event."""
    hints = [row.event for row in subscriptions_of(service) if issubclass(row.event, Hint)]
    return Pattern((aws.SOURCE,), tuple(hint.aws_name for hint in hints)) if hints else None
