"""Processing, training and transform jobs: SageMaker's operations on them."""

from collections.abc import Callable, Generator
from concurrent.futures import Executor, ThreadPoolExecutor
from inspect import GEN_CREATED, getgeneratorstate
from pathlib import Path
from time import monotonic

from infra.local.sagemaker import processing, training, transform
from infra.local.sagemaker.core import (
    Caller,
    NoSuchBlobError,
    Request,
    Response,
    Surroundings,
    in_use,
    invalid,
)
from infra.local.sagemaker.job import ENDED, Bench, Job, Kind, ServedModel, StoppedError
from infra.local.sagemaker.listing import listing
from infra.local.sagemaker.runner import Runner
from infra.local.sagemaker.storage import JobError

CONTAINERS = 2  # at the same time; further jobs wait in Starting, as for SageMaker's capacity


class Jobs:
    """All jobs of one account and region.

    Not safe for threads: the engine calls every method, `tick` included, under its one lock. What
    would hold the lock too long (S3, the requests of a transform) runs in ``executor``.

    Parameters
    ----------
    folder : Path
        For sandboxes, which go with their job, and logs, which stay.
    model : Callable
        Finds a model by its name; None where there is none.
    executor : Executor, optional
        Threads of its own by default; a simulator hands in one that works at once.
    elapsed_s : Callable
        Seconds for MaxRuntimeInSeconds.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        runner: Runner,
        folder: Path,
        model: Callable[[str], ServedModel | None],
        *,
        executor: Executor | None = None,
        elapsed_s: Callable[[], float] = monotonic,
    ) -> None:
        threads = executor or ThreadPoolExecutor(2 * CONTAINERS, thread_name_prefix="jobs")
        self._bench = Bench(surroundings, runner, threads, folder, model, elapsed_s)
        self._jobs: dict[tuple[str, str], Job] = {}
        self._live: dict[Job, Generator[None, None, None]] = {}  # oldest first → its flow

    def tick(self) -> None:
        """Walk every job on as far as it can go without waiting; the oldest have the containers."""
        for place, (job, flow) in enumerate(list(self._live.items())):
            if job.stopping and getgeneratorstate(flow) == GEN_CREATED:
                self._end(job, "Stopped")
            elif place < CONTAINERS:
                self._step(job, flow)

    def running(self) -> int:
        """Answer how many jobs have not ended."""
        return len(self._live)

    def close(self) -> None:
        """End all jobs where they stand, and start nothing more."""
        for flow in self._live.values():
            flow.close()
        self._live.clear()
        self._bench.executor.shutdown(cancel_futures=True)

    def create_training_job(self, request: Request, caller: Caller) -> Response:
        """Begin a training job."""
        return self._create(training.KIND, request, caller)

    def create_processing_job(self, request: Request, caller: Caller) -> Response:
        """Begin a processing job."""
        return self._create(processing.KIND, request, caller)

    def create_transform_job(self, request: Request, caller: Caller) -> Response:
        """Begin a transform job."""
        return self._create(transform.KIND, request, caller)

    def describe_training_job(self, request: Request, _caller: Caller) -> Response:
        """Answer a training job."""
        return self._find(training.KIND, request).described()

    def describe_processing_job(self, request: Request, _caller: Caller) -> Response:
        """Answer a processing job."""
        return self._find(processing.KIND, request).described()

    def describe_transform_job(self, request: Request, _caller: Caller) -> Response:
        """Answer a transform job."""
        return self._find(transform.KIND, request).described()

    def stop_training_job(self, request: Request, _caller: Caller) -> Response:
        """Ask a training job to stop."""
        return self._stop(training.KIND, request)

    def stop_processing_job(self, request: Request, _caller: Caller) -> Response:
        """Ask a processing job to stop."""
        return self._stop(processing.KIND, request)

    def stop_transform_job(self, request: Request, _caller: Caller) -> Response:
        """Ask a transform job to stop."""
        return self._stop(transform.KIND, request)

    def list_training_jobs(self, request: Request, _caller: Caller) -> Response:
        """Answer a page of training jobs."""
        return self._list(training.KIND, request)

    def list_processing_jobs(self, request: Request, _caller: Caller) -> Response:
        """Answer a page of processing jobs."""
        return self._list(processing.KIND, request)

    def list_transform_jobs(self, request: Request, _caller: Caller) -> Response:
        """Answer a page of transform jobs."""
        return self._list(transform.KIND, request)

    def _create(self, kind: Kind, request: Request, caller: Caller) -> Response:
        name = request[f"{kind.word}JobName"]
        known = self._jobs.get((kind.word, name.lower()))
        if known is not None:
            raise in_use(kind.taken.format(arn=known.arn))
        kind.check(request, self._bench)
        job = Job(kind, request, caller, self._bench.surroundings)
        self._jobs[kind.word, name.lower()] = job
        self._live[job] = kind.flow(job, self._bench)
        return {f"{kind.word}JobArn": job.arn}

    def _find(self, kind: Kind, request: Request) -> Job:
        name = request[f"{kind.word}JobName"]
        try:
            return self._jobs[kind.word, name.lower()]  # an ARN has it in lower case
        except KeyError:
            raise invalid(kind.unknown.format(name=name)) from None

    def _stop(self, kind: Kind, request: Request) -> Response:
        job = self._find(kind, request)
        if job.status in ENDED:
            raise invalid(f"The request was rejected because the job is in status {job.status}.")
        if not job.stopping:
            job.ask_to_stop()
        return {}

    def _list(self, kind: Kind, request: Request) -> Response:
        rows = [job.summary() for (word, _), job in self._jobs.items() if word == kind.word]
        return listing(
            request,
            rows,
            into=f"{kind.word}JobSummaries",
            name=f"{kind.word}JobName",
            order="Ascending" if kind is training.KIND else "Descending",
            equals={"StatusEquals": f"{kind.word}JobStatus"},
        )

    def _step(self, job: Job, flow: Generator[None, None, None]) -> None:
        try:
            next(flow)
        except (StopIteration, StoppedError):
            self._end(job, "Stopped" if job.stopping else "Completed")
        except JobError as error:
            self._end(job, "Stopped" if job.stopping else "Failed", str(error))
        except NoSuchBlobError as error:
            self._end(job, "Failed", f"ClientError: {error.args[0]}")
        except Exception as error:  # a fault of ours ends this job, not the tick of all others
            self._end(job, "Failed", f"InternalServerError: {type(error).__name__}: {error}")

    def _end(self, job: Job, status: str, reason: str | None = None) -> None:
        del self._live[job]
        self._bench.clear(job)
        job.end(status, reason if status == "Failed" else None)
