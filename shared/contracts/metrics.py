"""ONE TABLE of the metrics that services write: dashboards and alarms read it, a test counts it.

CloudWatch charges for each name with its dimensions' values, every month. So a metric never has a
model among its dimensions, but for models whose spec asks for that (`own_metrics`). What AWS
measures by itself, of queues, functions, rules and pipelines, costs nothing and is not repeated
here.
"""

from enum import StrEnum
from typing import NamedTuple

from shared.contracts.names import Stage, check_environment


class Unit(StrEnum):
    """What a metric counts; in CloudWatch's words."""

    COUNT = "Count"
    SECONDS = "Seconds"
    NONE = "None"


class Metric(NamedTuple):
    """One row: what `service` writes."""

    service: str
    name: str
    unit: Unit = Unit.COUNT
    stage: str | None = None
    outcome: str | None = None

    def dimensions(self) -> dict[str, str]:
        """Answer the dimensions' names and values."""
        given = {"service": self.service, "stage": self.stage, "outcome": self.outcome}
        return {name: value for name, value in given.items() if value is not None}


class Loss(NamedTuple):
    """What one verdict tells, by the names of its metrics."""

    mean_wql: Metric
    baseline_wql: Metric
    limit: Metric


MODEL = "model"
"""The dimension that only metrics of models that ask for them have."""
EVENTS = "Events"
PRODUCTION, STAGING = Stage.PRODUCTION.value, Stage.STAGING.value

RECORDS = Metric("ingest", "Records")
DUPLICATES = Metric("ingest", "Duplicates")
LATE = Metric("ingest", "Late")
QUARANTINED = Metric("ingest", "Quarantined")
WINDOW_LAG = Metric("ingest", "WindowLag", Unit.SECONDS)
"""From the start of the latest window to the moment that it is said."""

RUN_AGE = Metric("trainer", "RunAge", Unit.SECONDS)
"""Of a training in flight."""
RUNS_OF_A_DAY = Metric("trainer", "RunsOfADay")
"""Trainings of one model that began within 24 hours, at the beginning of the latest: its maximum
tells of one model that trains too often, however many models there are."""
TRAINING_FAILED = Metric("trainer", EVENTS, outcome="failed")

IN_PRODUCTION = Metric("deployer", EVENTS, stage=PRODUCTION, outcome="in-service")
FAILED_IN_PRODUCTION = Metric("deployer", EVENTS, stage=PRODUCTION, outcome="failed")
FAILED_IN_STAGING = Metric("deployer", EVENTS, stage=STAGING, outcome="failed")

LOSS = Loss(
    mean_wql=Metric("monitor", "MeanWql", Unit.NONE, PRODUCTION),
    baseline_wql=Metric("monitor", "BaselineWql", Unit.NONE, PRODUCTION),
    limit=Metric("monitor", "Limit", Unit.NONE, PRODUCTION),
)
COVERAGE = Metric("monitor", "Coverage", Unit.NONE, PRODUCTION)
"""Share of what came true that was between a forecast's outermost quantiles."""
BREACH = Metric("monitor", EVENTS, stage=PRODUCTION, outcome="breach")
DEGRADED = Metric("monitor", EVENTS, stage=PRODUCTION, outcome="degraded")
RECOVERED = Metric("monitor", EVENTS, stage=PRODUCTION, outcome="recovered")
DATA_FAULT = Metric("monitor", EVENTS, outcome="fault")
STALLED = Metric("monitor", EVENTS, outcome="stalled")

METRICS: tuple[Metric, ...] = (
    *(RECORDS, DUPLICATES, LATE, QUARANTINED, WINDOW_LAG),
    *(RUN_AGE, RUNS_OF_A_DAY, TRAINING_FAILED),
    *(IN_PRODUCTION, FAILED_IN_PRODUCTION, FAILED_IN_STAGING),
    *LOSS,
    *(COVERAGE, BREACH, DEGRADED, RECOVERED, DATA_FAULT, STALLED),
)
OF_A_MODEL: tuple[Metric, ...] = (*LOSS, COVERAGE)
"""Those that a model that asks has once more, with its name as a dimension."""


def namespace(env: str) -> str:
    """Name what holds an environment's metrics, so that two in one account do not mix."""
    return f"Modelcycle/{check_environment(env)}"
