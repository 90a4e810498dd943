"""A small world for the trainer: declarations, pipelines and artifacts in dicts."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from services.trainer.domain.parameters import Site
from services.trainer.domain.seen import Execution, Finished, Job, Progress, World
from services.trainer.domain.state import Trainings
from services.trainer.effects import EFFECTS
from services.trainer.handlers import HANDLERS
from services.trainer.ports import Ports
from shared.contracts.aws import PipelineExecutionChanged
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import ModelSpecApplied, ObservationsIngested, RetrainRequested
from shared.contracts.manifest import Manifest, Origin
from shared.contracts.specs import ModelSpec, SeriesSpec
from shared.contracts.windows import SeriesSummary
from shared.contracts.wishes import SweepRequested
from shared.messaging.errors import Refused
from shared.messaging.worker import Service
from tests.fakes.messaging import START, Bench, MemoryStore

ENV, MODEL = "dev", "fees"
SERIES = SeriesSpec(series="transactions", window=timedelta(minutes=1))
SITE = Site(
    env=ENV,
    bucket="modelcycle-dev",
    role_arn="arn:aws:iam::123456789012:role/modelcycle-dev-execution",
    image_registry="123456789012.dkr.ecr.us-east-1.amazonaws.com",
    image_tag="1",
)
SHA256 = "a" * 64


def spec(**changes: Any) -> ModelSpec:
    """A model like the demo's: 607 points of history, a rest of 6 hours, 4 runs a day."""
    values = {
        "model": MODEL,
        "series": "transactions",
        "target": "mean",
        "frequency": "5m",
        "horizon": 12,
        **changes,
    }
    return ModelSpec.model_validate(values, strict=False)


def summary(windows: int, last: datetime = START - timedelta(days=1)) -> SeriesSummary:
    """As much of the series as there is, long in the offline store."""
    first = last - timedelta(minutes=windows)
    return SeriesSummary(series="transactions", first=first, last=last, windows=windows, revision=1)


PLENTY = summary(20_160)
DECLARED = World(spec=spec(), series=SERIES, summary=PLENTY)


class Aws:
    """All ports of the trainer; `calls` keeps what was started."""

    def __init__(
        self,
        pipelines: tuple[str, ...] = ("mc-dev-lightgbm",),
        now: Callable[[], datetime] = lambda: START,
    ) -> None:
        self.declared = DECLARED
        self.pipelines, self.now = pipelines, now
        self.executions: dict[str, Execution] = {}
        self.runs: dict[tuple[str, str], tuple[datetime, str]] = {}
        self.calls: list[tuple[str, str, dict[str, str]]] = []
        self.refuse: dict[str, Exception] = {}
        self.steps = ("Train", "Refit")
        self.manifest_of = ""

    def world(self, model: str) -> World:
        return self.declared

    def execution(self, arn: str) -> Execution | None:
        return self.executions.get(arn)

    def find(self, pipeline: str, run_id: str, since: datetime) -> str | None:
        begun, arn = self.runs.get((pipeline, run_id), (since, None))
        return arn if begun > since else None

    def start(self, pipeline: str, run_id: str, parameters: Mapping[str, str]) -> str:
        if "start" in self.refuse:
            raise self.refuse["start"]
        if pipeline not in self.pipelines:
            raise refused("ResourceNotFound", f"Pipeline {pipeline} does not exist")
        if (pipeline, run_id) in self.runs:
            return self.runs[pipeline, run_id][1]
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:pipeline/{pipeline}/execution/{run_id}"
        self.calls.append((pipeline, run_id, dict(parameters)))
        self.runs[pipeline, run_id] = self.now(), arn
        self.executions[arn] = Execution(progress=Progress.RUNNING)
        return arn

    def finished(self, arn: str) -> Finished:
        jobs = tuple(
            Job(step=step, artifact_uri=f"s3://b/{step}/model.tar.gz", image="image")
            for step in self.steps
        )
        return Finished(started_at=START, ended_at=START + timedelta(seconds=42), jobs=jobs)

    def offline_store_uri(self) -> str:
        return "s3://modelcycle-dev/features/data"

    def sha256(self, uri: str) -> str:
        if "sha256" in self.refuse:
            raise self.refuse["sha256"]
        return SHA256

    def manifest(self, uri: str) -> tuple[Manifest, str]:
        run_id = self.manifest_of or uri.split("/runs/")[1].split("/")[0]
        return manifest(run_id), SHA256


class Loop:
    """The trainer's worker with its small world, and what people and the others say."""

    def __init__(self) -> None:
        self.aws = Aws()
        ports = Ports(
            site=SITE,
            look=self.aws,
            pipelines=self.aws,
            features=self.aws,
            artifacts=self.aws,
        )
        service: Service[Trainings] = Service(
            name="trainer", handlers=HANDLERS, effects=EFFECTS, look=self.aws, ports=ports
        )
        store = MemoryStore(Trainings, lambda key: Trainings(env=ENV, model=key))
        self.bench = Bench(service, store, concerned=lambda envelope: (MODEL,))
        self.heard = 0

    def hear(self, event: Event, event_id: str = "", **metadata: Any) -> None:
        self.heard += 1
        self.bench.handle(event, event_id or f"event-{self.heard}", **metadata)

    def apply(self, **changes: Any) -> None:
        """A person applies a spec."""
        self.aws.declared = self.aws.declared.changed(spec=spec(**changes))
        self.hear(ModelSpecApplied.example(), correlation_id=f"spec-{self.heard}")

    def import_windows(self, windows: int) -> None:
        """Ingest has taken a backfill."""
        self.aws.declared = self.aws.declared.changed(summary=summary(windows))
        self.hear(ObservationsIngested.example().changed(backfill=True))

    def retrain(self) -> None:
        """A person wants a training."""
        self.hear(RetrainRequested.example(), actor="alice", correlation_id="by-hand")

    def sweep(self) -> None:
        """The schedule wakes the trainer."""
        self.hear(SweepRequested())

    def end(self, progress: Progress = Progress.SUCCEEDED, step: str = "", why: str = "") -> None:
        """The execution in flight ends, and AWS hints at it."""
        arn = self.running
        self.aws.executions[arn] = Execution(progress=progress, failed_step=step, reason=why)
        self.hint(arn)

    def hint(self, arn: str) -> None:
        """AWS says that an execution changed."""
        self.hear(PipelineExecutionChanged(execution_arn=arn))

    def train(self) -> str:
        """A person asks for a run, and it ends well."""
        self.retrain()
        run_id = self.run_id
        self.end()
        return run_id

    @property
    def state(self) -> Trainings:
        return self.bench.store.load(MODEL, None).state

    @property
    def run_id(self) -> str:
        assert self.state.run is not None
        return self.state.run.id

    @property
    def running(self) -> str:
        assert self.state.run is not None
        return self.state.run.execution_arn

    def said(self) -> list[str]:
        return self.bench.bus.said()

    def whys(self) -> list[str]:
        """The reasons of all decisions, in order."""
        records = [e for e in self.bench.bus.entries if e.detail_type == "DecisionRecorded"]
        return [json.loads(entry.detail)["data"]["why"] for entry in records]

    def last(self, event: type[Event]) -> Any:
        return [e.data for e in self.bench.bus.events() if isinstance(e.data, event)][-1]

    def trip(self, event: type[Event]) -> str:
        """The correlation id of the latest event of a kind."""
        said = [e for e in self.bench.bus.events() if isinstance(e.data, event)]
        return said[-1].metadata.correlation_id


def manifest(run_id: str) -> Manifest:
    """What the prepare step would write."""
    return Manifest(
        manifest_version=1,
        run_id=run_id,
        model=MODEL,
        series="transactions",
        target="mean",
        frequency_s=300,
        horizon=12,
        quantiles=(0.1, 0.5, 0.9),
        season=288,
        first=START - timedelta(days=14),
        cutoff=START,
        judged_cutoff=START - timedelta(hours=3),
        points=4032,
        gaps=0,
        filled=0,
        origins=(Origin(index=4000, start=START - timedelta(hours=2)),),
        context_points=576,
        files={},
    )


def refused(code: str, message: str) -> Refused:
    """AWS says no."""
    return Refused(code, message)
