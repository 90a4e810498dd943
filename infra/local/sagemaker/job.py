"""What processing, training and transform jobs have in common: one record, one way to be walked.

The work of a job is a generator, its *flow*: it yields while it waits and is resumed by each tick,
so that "download, run, upload" reads from top to bottom and no job needs a thread of its own.
"""

import shutil
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from infra.local.sagemaker.core import Caller, Request, Response, Surroundings, moment
from infra.local.sagemaker.runner import Container, Runner, Running, UnknownImageError
from infra.local.sagemaker.storage import JobError

T = TypeVar("T")

DEFAULT_MAX_RUNTIME_S = 86_400  # SageMaker's own
REASON_CHARACTERS = 1024  # of FailureReason and ExitMessage
ENDED = frozenset({"Completed", "Failed", "Stopped"})


class StoppedError(Exception):
    """Somebody asked the job to stop, and it did."""


@dataclass(frozen=True)
class ServedModel:
    """What a transform job needs to know of a model."""

    image: str
    model_data_url: str | None
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Kind:
    """One of SageMaker's three kinds of job: a word that its field names begin with, and its ways.

    Parameters
    ----------
    word : str
        ``Training`` gives TrainingJobName, TrainingStartTime and so on.
    resource : str
        As in its ARN: ``training-job``.
    taken : str
        What SageMaker says of a name that exists.
    unknown : str
        What SageMaker says of a name that does not.
    check : Callable
        Refuses a request that the job could not work with.
    flow : Callable
        Its work; raises JobError or StoppedError, or returns when it is complete.
    describe : Callable
        What its Describe says beyond what all kinds say.
    detail : Callable
        The detail of its event.
    """

    word: str
    resource: str
    taken: str
    unknown: str
    check: Callable[[Request, "Bench"], None]
    flow: Callable[["Job", "Bench"], Generator[None, None, None]]
    describe: Callable[["Job"], Response]
    detail: Callable[["Job"], Response]


class Job:
    """One job: its request, and how far it has come."""

    def __init__(
        self, kind: Kind, request: Request, caller: Caller, surroundings: Surroundings
    ) -> None:
        self.kind = kind
        self.request = request
        self.caller = caller
        self.name: str = request[f"{kind.word}JobName"]
        self.arn = surroundings.arn(f"{kind.resource}/{self.name.lower()}")
        self.status = "InProgress"
        self.secondary = ""
        self.transitions: list[dict[str, Any]] = []
        self.reason: str | None = None
        self.stopping = False
        self.outlived = False  # stopped by its time limit, not by a person
        self.results: dict[str, Any] = {}  # more to describe: artifacts, metrics, exit message
        self.started_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.created_at = self.modified_at = moment(surroundings.now())
        self._surroundings = surroundings
        self.enter("Starting", "Starting the job")

    def enter(self, secondary: str, message: str) -> None:
        """Go into the next secondary status, and tell the bus."""
        now = moment(self._surroundings.now())
        if self.transitions and self.started_at is None and self.status == "InProgress":
            self.started_at = now  # it has left Starting, and not in order to end
        if self.transitions:
            self.transitions[-1]["EndTime"] = now
        self.secondary = secondary
        self.transitions.append({"Status": secondary, "StartTime": now, "StatusMessage": message})
        self._changed(now)

    def ask_to_stop(self, *, outlived: bool = False) -> None:
        """Remember that it is to stop; its flow obeys at the next tick."""
        self.stopping = True
        self.outlived = outlived
        self.status = "Stopping"
        self.enter("Stopping", "Stopping the job")

    def end(self, status: str, reason: str | None = None) -> None:
        """Go into one of the three last statuses."""
        self.status = status
        self.reason = None if reason is None else reason[:REASON_CHARACTERS]
        self.ended_at = moment(self._surroundings.now())
        last = "MaxRuntimeExceeded" if self.outlived else status
        self.enter(last, self.reason or f"Job {status.lower()}")
        self.transitions[-1]["EndTime"] = self.ended_at

    def described(self) -> Response:
        """Answer the job as its Describe operation does."""
        word = self.kind.word
        seen = {
            **{name: value for name, value in self.request.items() if name != "Tags"},
            f"{word}JobArn": self.arn,
            f"{word}JobStatus": self.status,
            "FailureReason": self.reason,
            "CreationTime": self.created_at,
            f"{word}StartTime": self.started_at,
            f"{word}EndTime": self.ended_at,
            **self.kind.describe(self),
            **self.results,
        }
        return {name: value for name, value in seen.items() if value is not None}

    def summary(self) -> Response:
        """Answer the job as List operations do."""
        word = self.kind.word
        seen = {
            f"{word}JobName": self.name,
            f"{word}JobArn": self.arn,
            "CreationTime": self.created_at,
            f"{word}EndTime": self.ended_at,
            "LastModifiedTime": self.modified_at,
            f"{word}JobStatus": self.status,
        }
        return {name: value for name, value in seen.items() if value is not None}

    def _changed(self, now: datetime) -> None:
        self.modified_at = now
        self._surroundings.emit(
            f"SageMaker {self.kind.word} Job State Change", [self.arn], self.kind.detail(self)
        )


@dataclass(frozen=True)
class Bench:
    """Where jobs do their work.

    Parameters
    ----------
    executor : Executor
        For what would block a tick: S3, and the requests of a transform.
    folder : Path
        Holds a sandbox per running job, and ``logs``.
    model : Callable
        Finds a model by its name; None where there is none.
    elapsed_s : Callable
        A clock of seconds for time limits: jobs run on the wall clock even where the engine's
        clock is driven by the data.
    """

    surroundings: Surroundings
    runner: Runner
    executor: Executor
    folder: Path
    model: Callable[[str], ServedModel | None]
    elapsed_s: Callable[[], float]

    def sandbox(self, job: Job) -> Path:
        """Answer the folder that plays ``/opt/ml`` for a job."""
        return self.folder / job.kind.resource / job.name

    def log(self, job: Job) -> Path:
        """Answer the file that a job's container writes to; it is kept."""
        return self.folder / "logs" / f"{job.kind.resource}-{job.name}.log"

    def clear(self, job: Job) -> None:
        """Remove a job's sandbox."""
        shutil.rmtree(self.sandbox(job), ignore_errors=True)

    def done(self, work: Callable[[], T]) -> Generator[None, None, T]:
        """Do ``work`` beside the ticks and answer its result, or raise what it raised."""
        future = self.executor.submit(work)
        while not future.done():
            yield
        return future.result()

    def start(self, job: Job, container: Container) -> Running:
        """Start a job's container, unless the job is to stop.

        Raises
        ------
        JobError
            If there is no such image.
        StoppedError
            If the job is to stop.
        """
        if job.stopping:
            raise StoppedError
        try:
            return self.runner.start(container)
        except UnknownImageError as error:
            raise JobError(f"ClientError: {error}") from error

    def watched(
        self, job: Job, running: Running, ended: Callable[[], bool]
    ) -> Generator[None, None, None]:
        """Wait until ``ended``; end the container when its job is to stop or outlives its limit."""
        limit = job.request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds")
        deadline = self.elapsed_s() + (limit or DEFAULT_MAX_RUNTIME_S)
        asked = False
        try:
            while not ended():
                if not job.stopping and self.elapsed_s() >= deadline:
                    job.ask_to_stop(outlived=True)
                if job.stopping and not asked:
                    running.stop()
                    asked = True
                yield
        finally:  # nobody may walk on: the engine closes
            if not ended():
                running.stop()
