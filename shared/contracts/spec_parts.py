"""The parts of a ModelSpec, each a small table of its own with its defaults and bounds."""

import math
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from shared.contracts import limits
from shared.contracts.algorithms import Setting
from shared.contracts.complaints import Complaint, SpecError, shown
from shared.contracts.frozen import Frozen
from shared.contracts.timing import Duration, check_schedule

ZERO = timedelta(0)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LONGEST = timedelta(days=limits.DURATION_DAYS_MAX)


class Target(StrEnum):
    """What a model forecasts of the observations in a span of time."""

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"


class Approver(StrEnum):
    """Who may approve a version for a stage."""

    PERSON = "person"
    RULE = "rule"


class Strategy(StrEnum):
    """How traffic moves to a new version."""

    ALL_AT_ONCE = "all-at-once"
    CANARY = "canary"
    LINEAR = "linear"


class Backtest(Frozen):
    """The rolling origins at which a candidate is judged."""

    origins: int = Field(default=20, ge=limits.ORIGINS_MIN, le=limits.ORIGINS_MAX)
    stride: int | None = Field(default=None, ge=1, le=limits.HORIZON_POINTS_MAX)
    """Points from one origin to the next; a tenth of the horizon where nothing is said."""


class Gate(Frozen):
    """What a candidate must reach. One of `limit_ratio` and `threshold` is set, never both."""

    limit_ratio: float | None = Field(default=None, gt=0, le=100)
    """Limit as a multiple of the baseline's mean wQL; 1.0 where no threshold is set."""
    threshold: float | None = Field(default=None, gt=0, le=1_000)
    """Limit as a mean wQL; it tightens as versions get better."""
    min_points: int = Field(default=50, ge=1, le=1_000_000)
    """Fewest forecast points (origins times horizon) that make a verdict."""
    update_rate: float = Field(default=0.5, ge=0, le=1)
    """How far a threshold moves towards a better score at once: 0 never, 1 all the way."""
    headroom: float = Field(default=0.1, ge=0, le=10)
    """Room left above a score when a threshold tightens, as a part of the score."""

    @model_validator(mode="before")
    @classmethod
    def _has_one_limit(cls, given: Any) -> Any:
        """Make 1.0 the ratio where neither limit is given, so that readers see the one in force."""
        if not isinstance(given, dict):
            return given
        if given.get("limit_ratio") is None and given.get("threshold") is None:
            return {**given, "limit_ratio": 1.0}
        return given

    @model_validator(mode="after")
    def _has_no_two_limits(self) -> Self:
        if self.limit_ratio is not None and self.threshold is not None:
            problem = "limit_ratio and threshold exclude each other: remove one"
            raise SpecError(Complaint("gate", problem))
        return self


class MonitorSpec(Frozen):
    """When live accuracy is judged, and when it counts as degraded."""

    points: int = Field(default=50, ge=10, le=10_000)
    """Fewest points in a verdict: with five, a perfect forecaster is retrained every other day."""
    every: Duration = Field(default=timedelta(hours=1), ge=SECOND, le=LONGEST)
    """Event time between two verdicts."""
    consecutive: int = Field(default=3, ge=1, le=100)
    """Breaches in a row that make a degradation, and verdicts within the limit that end it."""


class Training(Frozen):
    """What holds the trainer back, and what wakes it."""

    cool_down: Duration = Field(default=timedelta(hours=6), ge=ZERO, le=LONGEST)
    """Rest after a training before the next."""
    daily_cap: int = Field(default=4, ge=1, le=limits.DAILY_CAP_MAX)
    """Most trainings in any 24 hours."""
    min_points: int | None = Field(default=None, ge=1, le=10_000_000)
    """Fewest points of history, the backtest included; derived where nothing is said."""
    schedule: Annotated[str, AfterValidator(check_schedule)] | None = Field(
        default=None, max_length=256
    )
    """When to train anyway, as EventBridge writes it, in UTC: ``cron(0 3 ? * MON *)``."""


class Approval(Frozen):
    """Who approves a version, and how long one waits for it."""

    staging: Approver = Approver.PERSON
    production: Approver = Approver.PERSON
    expires_after: Duration = Field(default=timedelta(hours=72), ge=MINUTE, le=LONGEST)
    """A version that waited this long is declined."""


class Deployment(Frozen):
    """How a version reaches an endpoint, and how long it stands in staging."""

    strategy: Strategy = Strategy.ALL_AT_ONCE
    """In production. Canary and linear need instances, two of them, day and night, and an endpoint
    stays on them until a person deletes it; all else is serverless, and so is staging always."""
    bake: Duration = Field(
        default=timedelta(minutes=5), ge=ZERO, le=timedelta(seconds=limits.BAKE_SECONDS_MAX)
    )
    """How long alarms are watched in production before the old version goes."""
    staging_ttl: Duration = Field(default=timedelta(days=7), ge=HOUR, le=LONGEST)
    """Time to live of a version in staging: then its endpoint is deleted, unless it still waits for
    production."""


def _check_quantiles(given: tuple[float, ...]) -> tuple[float, ...]:
    outside = [quantile for quantile in given if not 0 < quantile < 1]
    if outside:
        raise ValueError(f"must be between 0 and 1, both excluded, got {outside[0]}")
    if list(given) != sorted(set(given)):
        raise ValueError(f"must ascend, each once: write {sorted(set(given))}")
    fine = [quantile for quantile in given if round(quantile, 3) != quantile]
    if fine:
        raise ValueError(f"must have at most three decimals, got {fine[0]}")
    if 0.5 not in given:
        raise ValueError("must contain 0.5: the median is the point forecast")
    return given


def _check_setting(given: object) -> object:
    """Let numbers and texts pass; which of them fit is the algorithm's business."""
    number = type(given) is int or (isinstance(given, float) and math.isfinite(given))
    if not number and not isinstance(given, str):
        raise ValueError(f"must be a finite number or a text, got {shown(given)}")
    return given


Quantiles = Annotated[tuple[float, ...], AfterValidator(_check_quantiles)]
Settings = dict[str, Annotated[Setting, BeforeValidator(_check_setting)]]
