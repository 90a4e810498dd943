"""Transform jobs: a model served for as long as it takes to answer every line of the input."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from infra.local.sagemaker import conversation, job_events, refusals, storage
from infra.local.sagemaker.core import Blobs, Request, Response, invalid
from infra.local.sagemaker.job import Bench, Job, Kind, ServedModel, StoppedError
from infra.local.sagemaker.runner import Container, Running
from infra.local.sagemaker.storage import JobError

MEGABYTE = 1024 * 1024
MAX_PAYLOAD_MB = 6  # SageMaker's own, where the request does not say
INVOCATION_TIMEOUT_S = 600  # the same


def check(request: Request, bench: Bench) -> None:
    """Refuse an unknown model, and inputs that the local AWS cannot split."""
    if bench.model(request["ModelName"]) is None:
        arn = bench.surroundings.arn(f"model/{request['ModelName']}")
        raise invalid(f'Could not find model "{arn}".')
    given = request["TransformInput"]
    refusals.one_instance(request.get("TransformResources", {}))
    refusals.s3_prefix(given["DataSource"]["S3DataSource"])
    refusals.only("SplitType", given.get("SplitType", "None"), ("None", "Line"))
    refusals.only("CompressionType", given.get("CompressionType", "None"), ("None",))
    joined = request.get("DataProcessing", {}).get("JoinSource", "None")
    refusals.only("DataProcessing.JoinSource", joined, ("None",))


def flow(job: Job, bench: Bench) -> Generator[None, None, None]:
    """Start the model's container, converse with it beside the ticks, and stop it."""
    blobs = bench.surroundings.blobs
    model = bench.model(job.request["ModelName"])
    if model is None:
        raise JobError(f"ClientError: model {job.request['ModelName']} was deleted")
    container = _container(job, bench, model)
    yield from bench.done(partial(_prepare, model, container.root, blobs))
    running = bench.start(job, container)
    job.enter("Transforming", "Transforming")
    work = partial(_converse, job.request, bench, container, running)
    answered = bench.executor.submit(work)
    try:
        yield from bench.watched(job, running, answered.done)
    finally:
        running.stop()
    if job.stopping:
        raise StoppedError
    answered.result()


def describe(_job: Job) -> Response:
    """Answer what DescribeTransformJob says beyond what all jobs say: nothing."""
    return {}


def records(body: bytes, request: Request) -> Iterator[bytes]:
    """Iterate over the payloads that an input object is split into.

    Raises
    ------
    JobError
        If one record is larger than MaxPayloadInMB.
    """
    limit = request.get("MaxPayloadInMB", MAX_PAYLOAD_MB) * MEGABYTE or len(body)
    if request["TransformInput"].get("SplitType", "None") == "None":
        lines, single = [body], True
    else:
        lines = [line for line in body.split(b"\n") if line.strip()]
        single = request.get("BatchStrategy", "MultiRecord") == "SingleRecord"
    batch: list[bytes] = []
    for number, line in enumerate(lines, start=1):
        if len(line) > limit:
            raise JobError(f"ClientError: record {number} has {len(line)} bytes, more than {limit}")
        if batch and (single or sum(map(len, batch)) + len(batch) + len(line) > limit):
            yield b"\n".join(batch)
            batch = []
        batch.append(line)
    if batch:
        yield b"\n".join(batch)


def assembled(answers: list[bytes], how: str) -> bytes:
    """Answer the output object: the answers one after another, one a line where so wished."""
    if how == "Line":
        return b"".join(answer.rstrip(b"\n") + b"\n" for answer in answers)
    return b"".join(answers)


def _prepare(model: ServedModel, root: Path, blobs: Blobs) -> None:
    (root / "model").mkdir(parents=True, exist_ok=True)
    if model.model_data_url is not None:
        storage.matches(blobs, model.model_data_url)
        storage.unpack(blobs.get(model.model_data_url), root / "model")


def _container(job: Job, bench: Bench, model: ServedModel) -> Container:
    request = job.request
    return Container(
        kind="serve",
        image=model.image,
        root=bench.sandbox(job),
        log=bench.log(job),
        environment={
            "SAGEMAKER_BATCH": "true",
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(request.get("MaxPayloadInMB", MAX_PAYLOAD_MB)),
            "SAGEMAKER_BATCH_STRATEGY": request.get("BatchStrategy", "MultiRecord"),
            "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": "1",
            **model.environment,
            **request.get("Environment", {}),
        },
    )


def _converse(request: Request, bench: Bench, container: Container, running: Running) -> None:
    blobs, target = bench.surroundings.blobs, request["TransformOutput"]
    inputs = storage.matches(
        blobs, request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
    )
    if running.port is None:
        raise ValueError(f"{container.image} was not started to serve: it has no port")
    conversation.wait_until_ready(container, running, running.port, bench.elapsed_s)
    limits = request.get("ModelClientConfig", {})
    timeout_s = limits.get("InvocationsTimeoutInSeconds", INVOCATION_TIMEOUT_S)
    talk = conversation.Conversation(running.port, _headers(request), timeout_s)
    with closing(talk):
        for uri, name in inputs:
            answers = [talk.ask(payload) for payload in records(blobs.get(uri), request)]
            body = assembled(answers, target.get("AssembleWith", "None"))
            blobs.put(f"{target['S3OutputPath'].rstrip('/')}/{name}.out", body)


def _headers(request: Mapping[str, Any]) -> dict[str, str]:
    content, accept = (
        request["TransformInput"].get("ContentType"),
        request["TransformOutput"].get("Accept"),
    )
    return {
        **({"Content-Type": content} if content else {}),
        **({"Accept": accept} if accept else {}),
    }


KIND = Kind(
    word="Transform",
    resource="transform-job",
    taken="Job name must be unique within an AWS account and region,"
    " and a job with this name already exists ({arn})",
    unknown="Could not find requested job with name: {name}",
    check=check,
    flow=flow,
    describe=describe,
    detail=job_events.transform,
)
