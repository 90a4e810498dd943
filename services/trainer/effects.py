"""One function per action: do it, return what happened. Safe to repeat until the outcome is
stored."""

from datetime import timedelta

from services.trainer.domain import parameters, runs
from services.trainer.domain.actions import CollectRun, StartRun
from services.trainer.domain.outcomes import Collected, RunStarted
from services.trainer.domain.seen import Job
from services.trainer.ports import Ports
from shared.contracts import algorithms, names
from shared.contracts.lifecycle.fields import Blob, Dataset
from shared.contracts.manifest import Manifest
from shared.messaging.decision import Action, Effect
from shared.messaging.errors import Refused, Retryable

# Steps and places that every algorithm's pipeline.json has
JUDGED_STEP, REFIT_STEP = "Train", "Refit"
MANIFEST = "dataset/manifest/manifest.json"
FORECASTS = "forecasts/backtest.jsonl.out"

BUSY = frozenset({"ResourceLimitExceeded", "ConflictException"})
CLOCKS_DIFFER = timedelta(hours=1)  # SageMaker's and ours, at the very most


def start_run(action: StartRun, ports: Ports) -> RunStarted:
    """Start the pipeline, unless it was started for this run: training costs money.

    SageMaker forgets the token of a start after a while, and a todo may lie for days, so the run
    is always looked up by its name first.

    Raises
    ------
    Refused
        If SageMaker does not take it: no such pipeline, parameters that it does not know.
    Retryable
        If it would take it later.
    """
    site = ports.site
    pipeline = names.pipeline(site.env, action.spec.algorithm)
    known = ports.pipelines.find(pipeline, action.run_id, action.asked_at - CLOCKS_DIFFER)
    if known:
        return RunStarted(execution_arn=known)
    wanted = parameters.of_run(
        site,
        action.run_id,
        action.spec,
        action.window_s,
        action.hyperparameters,
        ports.features.offline_store_uri(),
    )
    try:
        return RunStarted(execution_arn=ports.pipelines.start(pipeline, action.run_id, wanted))
    except Refused as refusal:
        if refusal.code in BUSY:
            raise Retryable(str(refusal)) from refusal
        raise


def collect_run(action: CollectRun, ports: Ports) -> Collected:
    """Read what an execution that succeeded has left, with the digests by which it is known.

    Raises
    ------
    Refused
        If something is missing, or not what it should be.
    """
    finished = ports.pipelines.finished(action.execution_arn)
    made = {job.step: job for job in finished.jobs}
    refit = algorithms.find(action.algorithm).refit
    judged = step(made, JUDGED_STEP)
    shipped = step(made, REFIT_STEP) if refit else judged
    above = ports.site.output_uri(action.run_id)
    manifest, sha256 = ports.artifacts.manifest(f"{above}/{MANIFEST}")
    if manifest.run_id != action.run_id:
        raise Refused("AnotherRun", f"{above}/{MANIFEST} is of {manifest.run_id}")
    return Collected(
        dataset=dataset(manifest, f"{above}/{MANIFEST}", sha256, refit),
        artifact=blob(shipped, ports),
        judged_artifact=blob(judged, ports),
        image=shipped.image,
        forecasts_uri=f"{above}/{FORECASTS}",
        duration_s=(finished.ended_at - finished.started_at).total_seconds(),
        world=ports.look.world(manifest.model),
    )


def step(made: dict[str, Job], name: str) -> Job:
    """Answer the training job of a step.

    Raises
    ------
    Refused
        If the execution has no such step.
    """
    if name not in made:
        raise Refused("NoSuchStep", f"the pipeline has no training step {name!r}")
    return made[name]


def blob(job: Job, ports: Ports) -> Blob:
    """Digest a training job's artifact."""
    return Blob(uri=job.artifact_uri, sha256=ports.artifacts.sha256(job.artifact_uri))


def dataset(manifest: Manifest, uri: str, sha256: str, refit: bool) -> Dataset:
    """Say what a version was trained on; without a refit, what ships has not seen the backtest."""
    return Dataset(
        uri=uri,
        sha256=sha256,
        first=manifest.first,
        cutoff=manifest.cutoff if refit else manifest.judged_cutoff,
        judged_cutoff=manifest.judged_cutoff,
        points=manifest.points,
        gaps=manifest.gaps,
    )


EFFECTS: dict[type[Action], Effect] = {
    StartRun: Effect(do=start_run, then=runs.started),
    CollectRun: Effect(do=collect_run, then=runs.collected),
}
