"""What a user declares: SeriesSpec, a stream of observations, and ModelSpec, a forecasting task."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Annotated, Self, TypeVar

from pydantic import AfterValidator, Field, ValidationError, model_validator

from shared.contracts import algorithms, canonical, limits, names
from shared.contracts.canonical import changed_fields
from shared.contracts.complaints import Complaint, SpecError
from shared.contracts.frozen import Frozen
from shared.contracts.mistakes import mistakes
from shared.contracts.spec_parts import (
    DAY,
    LONGEST,
    MINUTE,
    SECOND,
    ZERO,
    Approval,
    Approver,
    Backtest,
    Deployment,
    Gate,
    MonitorSpec,
    Quantiles,
    Settings,
    Strategy,
    Target,
    Training,
)
from shared.contracts.timing import Duration, write_duration

__all__ = [
    "Approval",
    "Approver",
    "Backtest",
    "Deployment",
    "Gate",
    "ModelSpec",
    "MonitorSpec",
    "SeriesSpec",
    "SpecError",
    "Strategy",
    "Target",
    "Training",
    "changed_fields",
]

S = TypeVar("S", bound=Frozen)
ModelName = Annotated[str, AfterValidator(names.check_model)]
SeriesName = Annotated[str, AfterValidator(names.check_series)]


class SeriesSpec(Frozen):
    """A named stream of observations, and how it is cut into windows of event time."""

    series: SeriesName = Field(examples=["transactions"])
    window: Duration = Field(
        default=timedelta(minutes=1), ge=SECOND, le=timedelta(seconds=limits.WINDOW_SECONDS_MAX)
    )
    """Length of a window; a whole number of them makes a day."""
    lateness: Duration = Field(
        default=timedelta(minutes=2), ge=ZERO, le=timedelta(days=limits.LATENESS_DAYS_MAX)
    )
    """How long a window stays open for records that come late."""
    grace: Duration = Field(
        default=timedelta(hours=1), ge=ZERO, le=timedelta(days=limits.LATENESS_DAYS_MAX)
    )
    """How long after closing a window is still revised; later records are quarantined."""
    expected_every: Duration | None = Field(default=None, ge=SECOND, le=LONGEST)
    """A silence longer than this is a stall; five windows where nothing is said."""
    unit: str = Field(default="", max_length=32)
    """Unit of an observation's value, for people: ``satoshi``."""

    @property
    def expected_interval(self) -> timedelta:
        """The silence beyond which the series has stalled."""
        return self.expected_every or 5 * self.window

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        return _agreed(self, _series_contradictions)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the JSON of a series; raise SpecError with every mistake in it."""
        return _parse(cls, text)

    def compact(self) -> str:
        """Write what is stored in SSM."""
        return canonical.compact(self)

    def digest(self) -> str:
        """Give the sha256 of the compact text."""
        return canonical.digest(self)


class ModelSpec(Frozen):
    """A forecasting task: what to forecast, how to train and judge it, who approves it."""

    model: ModelName = Field(examples=["fees"])
    series: SeriesName = Field(examples=["transactions"])
    target: Target = Field(examples=["mean"])
    frequency: Duration = Field(
        ge=timedelta(seconds=limits.FREQUENCY_SECONDS_MIN),
        le=timedelta(seconds=limits.FREQUENCY_SECONDS_MAX),
        examples=["5m"],
    )
    """Time from one point to the next: a multiple of the series' window, a divisor of a day."""
    horizon: int = Field(ge=1, le=limits.HORIZON_POINTS_MAX, examples=[12])
    """Points that one forecast looks ahead."""
    quantiles: Quantiles = Field(
        default=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9), max_length=limits.QUANTILES_MAX
    )
    season: int | None = Field(default=None, ge=1, le=limits.SEASON_POINTS_MAX)
    """Points after which the rhythm repeats; a day of them, or 7 days, where nothing is said."""
    algorithm: str = "lightgbm"
    hyperparameters: Settings = Field(default_factory=dict)
    backtest: Backtest = Backtest()
    gate: Gate = Gate()
    monitor: MonitorSpec = MonitorSpec()
    training: Training = Training()
    approval: Approval = Approval()
    deployment: Deployment = Deployment()
    frozen: bool = False
    """A frozen model is neither trained nor deployed."""
    own_metrics: bool = False
    """Whether CloudWatch has the model's losses under its name, too: four custom metrics more."""

    @property
    def season_points(self) -> int:
        """Points after which the rhythm repeats."""
        return self.season or (7 if self.frequency == DAY else DAY // self.frequency)

    @property
    def stride_points(self) -> int:
        """Points from one origin of the backtest to the next."""
        return self.backtest.stride or max(1, self.horizon // 10)

    @property
    def held_out_points(self) -> int:
        """Points that the backtest keeps from the training, from the first origin on."""
        return (self.backtest.origins - 1) * self.stride_points + self.horizon

    @property
    def history_points(self) -> int:
        """Fewest points of history that a training begins with, the backtest included."""
        enough = max(algorithms.find(self.algorithm).min_points, 2 * self.season_points)
        return self.training.min_points or enough + self.held_out_points

    @property
    def context_points(self) -> int:
        """Points before an origin that a forecast is given."""
        return algorithms.find(self.algorithm).context_points(self.season_points)

    @property
    def context(self) -> timedelta:
        """How far back a forecast reads the series: a bucket more than its points, because the
        latest may be unfinished."""
        return (self.context_points + 1) * self.frequency

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        return _agreed(self, _model_contradictions)

    def check_against(self, series: SeriesSpec) -> None:
        """Raise SpecError unless the model can be built from the windows of `series`."""
        if self.series != series.series:
            problem = f"the model reads {self.series!r}, the series is {series.series!r}"
            raise SpecError(Complaint("series", problem))
        if self.frequency % series.window:
            raise SpecError(
                Complaint(
                    "frequency",
                    f"must be a multiple of the window of series {series.series!r} "
                    f"({write_duration(series.window)}), got {write_duration(self.frequency)}",
                )
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the JSON of a model; raise SpecError with every mistake in it."""
        return _parse(cls, text)

    def compact(self) -> str:
        """Write what is stored in SSM, at most SPEC_BYTES_MAX bytes."""
        return canonical.compact(self)

    def digest(self) -> str:
        """Give the sha256 of the compact text: equal specs have equal digests."""
        return canonical.digest(self)


def _parse(kind: type[S], text: str) -> S:
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise SpecError(*mistakes(error, text, kind)) from error


def _agreed(spec: S, contradictions: Callable[[S], Iterator[Complaint]]) -> S:
    found = tuple(contradictions(spec))
    if found:
        raise SpecError(*found)
    size_bytes = len(canonical.compact(spec).encode())
    if size_bytes > limits.SPEC_BYTES_MAX:
        problem = f"has {size_bytes} bytes as compact JSON: at most {limits.SPEC_BYTES_MAX}"
        raise SpecError(Complaint("", problem))
    return spec


def _series_contradictions(spec: SeriesSpec) -> Iterator[Complaint]:
    if DAY % spec.window:
        yield Complaint("window", f"must divide a day evenly, got {write_duration(spec.window)}")
    if spec.expected_interval < spec.window:
        yield Complaint(
            "expected_every",
            f"must be at least the window ({write_duration(spec.window)}), "
            f"got {write_duration(spec.expected_interval)}",
        )


def _model_contradictions(spec: ModelSpec) -> Iterator[Complaint]:
    if DAY % spec.frequency or spec.frequency % MINUTE:
        got = write_duration(spec.frequency)
        yield Complaint("frequency", f"must be whole minutes that divide a day evenly, got {got}")
    judged = spec.backtest.origins * spec.horizon
    if judged < spec.gate.min_points:
        origins = -(-spec.gate.min_points // spec.horizon)
        yield Complaint(
            "gate.min_points",
            f"the backtest has {judged} points (origins x horizon), the gate wants "
            f"{spec.gate.min_points}: set backtest.origins to at least {origins}, or lower this",
        )
    try:
        algorithm = algorithms.find(spec.algorithm)
        yield from _history_contradictions(spec, algorithm)
        algorithms.check(algorithm, spec.hyperparameters)
    except SpecError as error:
        yield from error.complaints


def _history_contradictions(
    spec: ModelSpec, algorithm: algorithms.Algorithm
) -> Iterator[Complaint]:
    least = algorithm.min_points + spec.held_out_points
    if spec.training.min_points is not None and spec.training.min_points < least:
        yield Complaint(
            "training.min_points",
            f"must be >= {least} ({algorithm.min_points} to train {algorithm.name}, "
            f"{spec.held_out_points} held out for the backtest), got {spec.training.min_points}",
        )
