"""Pipelines of the simulated cloud: executions take time, and leave documents, or fail."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from services.trainer.domain.seen import Execution, Finished, Job, Progress
from shared.contracts import names
from shared.contracts.algorithms import ALGORITHMS
from shared.messaging.errors import Refused
from tests.simulation import documents
from tests.simulation.clock import HOUR_S, MINUTE_S
from tests.simulation.documents import Quality

if TYPE_CHECKING:
    from tests.simulation.world import World

TOKEN_KNOWN_S = 8 * HOUR_S
STATUS = {
    Progress.RUNNING: "Executing",
    Progress.SUCCEEDED: "Succeeded",
    Progress.FAILED: "Failed",
}
RUNNING = Execution(progress=Progress.RUNNING)
SUCCEEDED = Execution(progress=Progress.SUCCEEDED)


@dataclass
class Run:
    """An execution."""

    arn: str
    run_id: str
    model: str
    began_at: datetime
    began_s: float
    parameters: Mapping[str, str]
    shown: Execution = RUNNING
    ended_at: datetime | None = None
    quality: Quality = Quality.GOOD


class Training:
    """All executions, and what they left."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.runs: dict[str, Run] = {}
        self.blobs: dict[str, bytes] = {}
        self.digests: dict[str, str] = {}
        self.of_run: dict[str, Run] = {}

    def find(self, pipeline: str, run_id: str, since: datetime) -> str | None:
        """Answer the execution with a display name."""
        for run in self.runs.values():
            if run.run_id == run_id and f"/{pipeline}/" in run.arn and run.began_at >= since:
                return run.arn
        return None

    def start(self, pipeline: str, run_id: str, parameters: Mapping[str, str]) -> str:
        """Start an execution; its token is known for a while."""
        known = self.of_run.get(run_id)
        now_s = self.world.agenda.seconds
        if known and now_s - known.began_s < TOKEN_KNOWN_S:
            return known.arn
        if pipeline not in {names.pipeline("dev", name) for name in ALGORITHMS}:
            raise Refused("ResourceNotFound", f"no pipeline {pipeline}")
        if self.world.strikes("no capacity"):
            raise Refused("ResourceLimitExceeded", "too many executions")
        number = len(self.runs) + 1
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:pipeline/{pipeline}/execution/e{number}"
        model = names.model_of_run(run_id) or ""
        run = Run(arn, run_id, model, self.world.agenda.now, now_s, dict(parameters))
        self.world.watch.training_begins(run, self.runs.values())
        self.runs[arn] = self.of_run[run_id] = run
        self.world.count("trainings")
        self.world.note(f"execution of {run_id} begins")
        stream = self.world.chance.of("training")
        takes_s = stream.choice((10 * MINUTE_S, 40 * MINUTE_S, 3 * HOUR_S))
        self.world.agenda.after(takes_s, lambda: self.end(run))
        self.world.people.see_training(model, lambda: self.stop(run))
        self.hint(run)
        return arn

    def end(self, run: Run) -> None:
        """End an execution."""
        if run.shown.progress is not Progress.RUNNING:
            return
        run.ended_at = self.world.agenda.now
        if self.world.strikes("job fails"):
            reason = "CapacityError: no instance is to be had"
            run.shown = Execution(progress=Progress.FAILED, failed_step="Train", reason=reason)
        else:
            run.shown = SUCCEEDED
            bad = self.world.strikes("bad candidate")
            run.quality = Quality.BAD if bad else self.some_quality()
            self.leave(run)
        self.world.note(f"execution of {run.run_id} {run.shown.progress} ({run.quality.value})")
        self.hint(run)

    def stop(self, run: Run) -> None:
        """Somebody stops an execution."""
        if run.shown.progress is Progress.RUNNING:
            run.ended_at = self.world.agenda.now
            run.shown = Execution(progress=Progress.FAILED, reason="somebody stopped the execution")
            self.world.note(f"somebody stops {run.run_id}")
            self.hint(run)

    def some_quality(self) -> Quality:
        """Answer how good a candidate is."""
        return self.world.chance.of("quality").choice((Quality.GOOD, Quality.BETTER))

    def leave(self, run: Run) -> None:
        """Write what the pipeline's steps write."""
        above = run.parameters["OutputUri"]
        left = documents.make(run.run_id, run.model, run.quality, self.world.agenda.now)
        for name, body in left.items():
            self.blobs[f"{above}/{name}"] = body
        for step in ("Train", "Refit"):
            uri = f"{above}/{step}/model.tar.gz"
            self.digests[uri] = documents.sha256(f"{run.run_id}/{step}".encode())

    def finished(self, arn: str) -> Finished:
        """Answer what an execution made."""
        run = self.runs[arn]
        above = run.parameters["OutputUri"]
        jobs = tuple(
            Job(step=step, artifact_uri=f"{above}/{step}/model.tar.gz", image="image:1")
            for step in ("Train", "Refit")
        )
        return Finished(started_at=run.began_at, ended_at=run.ended_at or run.began_at, jobs=jobs)

    def get(self, uri: str) -> bytes:
        """Read an object."""
        if uri not in self.blobs:
            raise Refused("NoSuchKey", uri)
        return self.blobs[uri]

    def digest(self, uri: str) -> str:
        """Answer the digest of an artifact as it is now."""
        if uri not in self.digests:
            raise Refused("NoSuchKey", uri)
        return self.digests[uri]

    def hint(self, run: Run) -> None:
        """Say that an execution changed."""
        self.world.bus.hint(
            "SageMaker Model Building Pipeline Execution Status Change",
            {
                "pipelineExecutionArn": run.arn,
                "pipelineExecutionDisplayName": run.run_id,
                "currentPipelineExecutionStatus": STATUS[run.shown.progress],
            },
        )
