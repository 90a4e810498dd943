"""Training jobs: channels in, a program run, ``model.tar.gz`` out."""

import math
import re
from collections.abc import Generator, Sequence
from functools import partial
from pathlib import Path

from infra.local.sagemaker import containers, job_events, refusals, storage
from infra.local.sagemaker.core import Blobs, Request, Response, invalid
from infra.local.sagemaker.job import Bench, Job, Kind
from infra.local.sagemaker.runner import Container
from infra.local.sagemaker.storage import JobError


def check(request: Request, _bench: Bench) -> None:
    """Refuse built-in algorithms by name, inputs that are no S3 prefix, several instances."""
    if "TrainingImage" not in request["AlgorithmSpecification"]:
        raise invalid("The local AWS trains by AlgorithmSpecification.TrainingImage only")
    refusals.one_instance(request.get("ResourceConfig", {}))
    channels = [given["ChannelName"] for given in request.get("InputDataConfig", ())]
    if len(set(channels)) < len(channels):
        raise invalid(f"Channel names must be unique, got {', '.join(channels)}")
    for given in request.get("InputDataConfig", ()):
        refusals.s3_prefix(given["DataSource"].get("S3DataSource", {}))


def flow(job: Job, bench: Bench) -> Generator[None, None, None]:
    """Walk a training job through Downloading, Training and Uploading.

    A job that was stopped leaves its model, too: SageMaker lets programs save what they have.
    """
    root, blobs = bench.sandbox(job), bench.surroundings.blobs
    job.enter("Downloading", "Downloading input data")
    yield from bench.done(partial(_prepare, job.request, root, blobs))
    running = bench.start(job, _container(job, bench))
    job.enter("Training", "Training image download completed. Training in progress.")
    yield from bench.watched(job, running, lambda: running.poll() is not None)
    code = running.poll()
    if code != 0 and not job.stopping:
        reason = containers.failure(root / "output" / "failure", running.logs(), code)
        raise JobError(reason)
    if not job.stopping:
        job.enter("Uploading", "Uploading generated training model")
    artifact = yield from bench.done(partial(_upload, job, root, blobs))
    job.results = {
        "ModelArtifacts": {"S3ModelArtifacts": artifact},
        "FinalMetricDataList": _metrics(job, running.logs()),
    }


def describe(job: Job) -> Response:
    """Answer what DescribeTrainingJob says beyond what all jobs say."""
    seen: Response = {
        "LastModifiedTime": job.modified_at,
        "SecondaryStatus": job.secondary,
        "SecondaryStatusTransitions": [dict(transition) for transition in job.transitions],
    }
    if job.started_at is not None and job.ended_at is not None:
        took_s = (job.ended_at - job.started_at).total_seconds()
        seconds = max(1, math.ceil(took_s))  # the API knows no 0, a driven clock does
        seen |= {"TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": seconds}
    return seen


def _prepare(request: Request, root: Path, blobs: Blobs) -> None:
    containers.training_files(request, root)
    for given in request.get("InputDataConfig", ()):
        prefix = given["DataSource"]["S3DataSource"]["S3Uri"]
        storage.fetch(blobs, prefix, containers.channel(root, given["ChannelName"]))


def _container(job: Job, bench: Bench) -> Container:
    specification = job.request["AlgorithmSpecification"]
    return Container(
        kind="train",
        image=specification["TrainingImage"],
        root=bench.sandbox(job),
        log=bench.log(job),
        command=containers.command(specification),
        environment=containers.training_environment(job.name, job.arn, job.request),
    )


def _upload(job: Job, root: Path, blobs: Blobs) -> str:
    place = f"{job.request['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{job.name}/output"
    blobs.put(f"{place}/model.tar.gz", storage.pack(root / "model"))
    if any(storage.files(root / "output" / "data")):
        blobs.put(f"{place}/output.tar.gz", storage.pack(root / "output" / "data"))
    return f"{place}/model.tar.gz"


def _metrics(job: Job, log: str) -> Sequence[Response]:
    found = [
        (definition["Name"], re.findall(definition["Regex"], log))
        for definition in job.request["AlgorithmSpecification"].get("MetricDefinitions", ())
    ]
    return [
        {"MetricName": name, "Value": float(values[-1]), "Timestamp": job.modified_at}
        for name, values in found
        if values
    ]


KIND = Kind(
    word="Training",
    resource="training-job",
    taken="Training job names must be unique within an AWS account and region,"
    " and a training job with this name already exists ({arn})",
    unknown="Requested resource not found.",
    check=check,
    flow=flow,
    describe=describe,
    detail=job_events.training,
)
