"""Where a model stands: its data, its run, its versions, and what serves it."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import ClientError
from pydantic import ValidationError

from ops.cli.connection import Connection
from ops.cli.endpoints import ABSENT, Serving, serving
from ops.cli.past import Live, Past, Undone, past
from ops.cli.registry import Described, Registry, Verdict, Version
from ops.cli.sending import summary
from shared.contracts import names
from shared.contracts.evaluation import Evaluation
from shared.contracts.lifecycle import ModelEvaluated
from shared.contracts.names import Stage
from shared.contracts.specs import ModelSpec, SeriesSpec
from shared.contracts.windows import SeriesSummary
from shared.messaging.aws_errors import code_of

RUNS_LOOKED_AT = 100  # the latest executions of a pipeline: those in flight are among them
LOOKS_AT_ONCE = 8
IN_FLIGHT = frozenset({"Executing", "Stopping"})


@dataclass(frozen=True)
class Run:
    """A training in flight."""

    run_id: str
    status: str
    started_at: datetime
    execution_arn: str


@dataclass(frozen=True)
class Judged:
    """A version, and the evidence it was judged by."""

    described: Described
    evaluated: ModelEvaluated | None
    """None where the evidence cannot be read."""
    undone: Undone | None = None
    """What took it away, or kept it from where it was to go; None: nothing that is known."""
    is_revoked: bool = False
    """Whether its approval was taken back."""

    @property
    def version(self) -> Version:
        """The version."""
        return self.described.version

    @property
    def score(self) -> float | None:
        """Mean wQL of its backtest."""
        return self.evaluated.metrics.mean_wql if self.evaluated else None

    @property
    def baseline(self) -> float | None:
        """Mean wQL of the naive forecast on the same windows."""
        return self.evaluated.baseline.mean_wql if self.evaluated else None

    @property
    def champion(self) -> float | None:
        """Mean wQL of the version in production then, on the windows that both were asked for."""
        return self.evaluated.champion.mean_wql if self.evaluated else None

    @property
    def limit(self) -> float | None:
        """What it had to stay within."""
        return self.evaluated.gate.limit if self.evaluated else None


@dataclass(frozen=True)
class Standing:
    """Where a model stands."""

    spec: ModelSpec
    data: SeriesSummary | None
    run: Run | None
    stages: Mapping[Stage, Serving | None]
    versions: tuple[Judged, ...]
    """The latest first; only so many."""
    live: Live | None
    """The latest verdict on what serves production; None: there is none yet."""
    aged_out: Undone | None = None
    """What left staging because its time was over."""

    def version(self, number: int | None) -> Judged | None:
        """Answer a version, if it is among those described."""
        return next((one for one in self.versions if one.version.number == number), None)

    def points(self, series: SeriesSpec) -> int:
        """Answer how many points of history the windows make."""
        windows = self.data.windows if self.data else 0
        return windows * series.window // self.spec.frequency

    def next_steps(self) -> tuple[str, ...]:
        """Say what the model waits for, as commands that answer it, the latest version first."""
        model = self.spec.model
        answers = [(answer(one.version), one.version.number) for one in self.versions]
        if waiting := tuple(f"modelcycle {verb} {model} {v}" for verb, v in answers if verb):
            return waiting
        if self.spec.frozen:
            return (f"modelcycle models unfreeze {model}",)
        if self.data is None:
            return (f"modelcycle data import FILE --series {self.spec.series}",)
        return ()


def answer(version: Version) -> str | None:
    """Answer the verb that a version waits for; None where it waits for nobody."""
    if version.approval is Verdict.WAITING:
        return "approve"
    if version.approval is Verdict.APPROVED and version.production is Verdict.WAITING:
        return "promote"
    return None


def look(connection: Connection, specs: Iterable[ModelSpec], count: int) -> tuple[Standing, ...]:
    """Look at many models at once.

    Parameters
    ----------
    count : int
        How many versions of each are described, beside those that serve.
    """
    specs = tuple(specs)
    in_flight: dict[str, Run] = {}
    for algorithm in sorted({spec.algorithm for spec in specs}):
        in_flight |= runs(connection, algorithm)
    with ThreadPoolExecutor(LOOKS_AT_ONCE) as looking:
        return tuple(
            looking.map(
                lambda spec: look_at(connection, spec, in_flight.get(spec.model), count), specs
            )
        )


def look_at(connection: Connection, spec: ModelSpec, run: Run | None, count: int) -> Standing:
    """Look at one model."""
    registry = Registry(connection)
    stages = {stage: serving(connection, spec.model, stage) for stage in Stage}
    live = {one.version for one in stages.values() if one}
    versions = registry.versions(spec.model)
    chosen = [one for place, one in enumerate(versions) if place < count or one.number in live]
    known, production = past(connection, spec.model), stages[Stage.PRODUCTION]
    return Standing(
        spec=spec,
        data=summary(connection, spec.series),
        run=run,
        stages=stages,
        versions=tuple(judged(connection, registry.describe(one), known) for one in chosen),
        live=known.live.get(production.version or 0) if production else None,
        aged_out=known.aged_out,
    )


def runs(connection: Connection, algorithm: str) -> dict[str, Run]:
    """Answer the trainings in flight with one algorithm, by model."""
    try:
        answer = connection.client("sagemaker").list_pipeline_executions(
            PipelineName=names.pipeline(connection.env, algorithm),
            SortBy="CreationTime",
            SortOrder="Descending",
            MaxResults=RUNS_LOOKED_AT,
        )
    except ClientError as error:
        if code_of(error) in ABSENT:
            return {}
        raise
    found: dict[str, Run] = {}
    for one in answer["PipelineExecutionSummaries"]:
        run_id = one.get("PipelineExecutionDisplayName", "")
        model, status = names.model_of_run(run_id), one["PipelineExecutionStatus"]
        if model and status in IN_FLIGHT:
            run = Run(run_id, status, one["StartTime"], one["PipelineExecutionArn"])
            found.setdefault(model, run)
    return found


def judged(connection: Connection, described: Described, known: Past) -> Judged:
    """Read the evidence of a version, where there is some that can be read."""
    version = described.version
    was_offered = version.production is not None  # and only what is approved is offered
    return Judged(
        described,
        evidence(connection, described.evaluation_uri),
        known.undone.get(version.number),
        version.approval is Verdict.DECLINED and (was_offered or version.number in known.revoked),
    )


def evidence(connection: Connection, uri: str | None) -> ModelEvaluated | None:
    """Read an evaluation; None where there is none that can be read."""
    if not uri:
        return None
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        found = connection.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        # a later evaluator may say more than this reader knows
        return Evaluation.model_validate_json(found, extra="ignore").evaluated
    except (ClientError, ValidationError):
        return None
