"""Processing jobs: inputs copied from S3, the given command run, outputs copied to S3."""

from collections.abc import Generator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from infra.local.sagemaker import containers, job_events, refusals, storage
from infra.local.sagemaker.core import Blobs, Request, Response, invalid
from infra.local.sagemaker.job import REASON_CHARACTERS, Bench, Job, Kind
from infra.local.sagemaker.runner import ML_ROOT, Container
from infra.local.sagemaker.storage import JobError


def check(request: Request, _bench: Bench) -> None:
    """Refuse inputs and outputs other than S3, programs of an image's own, several instances."""
    refusals.one_instance(request.get("ProcessingResources", {}).get("ClusterConfig", {}))
    if not containers.command(request["AppSpecification"]):
        raise invalid("AppSpecification: the local AWS needs a ContainerEntrypoint to run")
    for given in request.get("ProcessingInputs", ()):
        refusals.s3_prefix(given.get("S3Input", {}))
        refusals.processing_path("ProcessingInputs", given["S3Input"].get("LocalPath", ""))
    for result in _outputs(request):
        if "S3Output" not in result:
            raise invalid(f"{result['OutputName']}: the local AWS writes outputs to S3 only")
        refusals.processing_path("Outputs", result["S3Output"].get("LocalPath", ""))


def flow(job: Job, bench: Bench) -> Generator[None, None, None]:
    """Walk a processing job from its inputs to its outputs."""
    root, blobs = bench.sandbox(job), bench.surroundings.blobs
    yield from bench.done(partial(_prepare, job.request, root, blobs))
    running = bench.start(job, _container(job, bench))
    job.enter("Processing", "Processing")
    yield from bench.watched(job, running, lambda: running.poll() is not None)
    code, message = running.poll(), root / "output" / "message"
    if message.exists():
        job.results = {"ExitMessage": message.read_text(errors="replace")[:REASON_CHARACTERS]}
    if code != 0 and not job.stopping:
        raise JobError(containers.failure(message, running.logs(), code))
    yield from bench.done(partial(_upload, job.request, root, blobs))


def describe(job: Job) -> Response:
    """Answer what DescribeProcessingJob says beyond what all jobs say."""
    return {"LastModifiedTime": job.modified_at}


def _prepare(request: Request, root: Path, blobs: Blobs) -> None:
    containers.processing_files(request, root)
    for given in request.get("ProcessingInputs", ()):
        source = given["S3Input"]
        storage.fetch(blobs, source["S3Uri"], _local(root, source["LocalPath"]))
    for result in _outputs(request):
        _local(root, result["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)


def _container(job: Job, bench: Bench) -> Container:
    specification = job.request["AppSpecification"]
    return Container(
        kind="process",
        image=specification["ImageUri"],
        root=bench.sandbox(job),
        log=bench.log(job),
        command=containers.command(specification),
        environment=containers.processing_environment(job.name, job.arn, job.request),
    )


def _upload(request: Request, root: Path, blobs: Blobs) -> None:
    for result in _outputs(request):
        target = result["S3Output"]
        storage.send(blobs, _local(root, target["LocalPath"]), target["S3Uri"])


def _outputs(request: Request) -> list[dict[str, Any]]:
    return list(request.get("ProcessingOutputConfig", {}).get("Outputs", ()))


def _local(root: Path, path: str) -> Path:
    return storage.within(root, PurePosixPath(path).relative_to(ML_ROOT).as_posix())


KIND = Kind(
    word="Processing",
    resource="processing-job",
    taken="Job name must be unique within an AWS account and region,"
    " and a job with this name already exists ({arn})",
    unknown="Could not find requested job with name: {name}",
    check=check,
    flow=flow,
    describe=describe,
    detail=job_events.processing,
)
