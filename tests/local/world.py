"""The engine's surroundings for tests: everything in memory, nothing by chance."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from infra.local.processes import Children
from infra.local.sagemaker.core import NoSuchBlobError, Surroundings
from infra.local.sagemaker.runner import SubprocessRunner

REPOSITORY = Path(__file__).parents[2]
ACCOUNT, REGION = "123456789012", "eu-central-1"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/modelcycle/mean:1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/modelcycle-jobs"
START = datetime(2026, 1, 31, 12, tzinfo=UTC)
PATIENCE_S = 30.0


class Objects:
    """S3 as a dictionary."""

    def __init__(self, content: Mapping[str, bytes]) -> None:
        self.content = dict(content)

    def get(self, uri: str) -> bytes:
        if uri not in self.content:
            raise NoSuchBlobError(uri)
        return self.content[uri]

    def put(self, uri: str, body: bytes) -> None:
        if uri.startswith("s3://no-bucket/"):
            raise NoSuchBlobError(f"there is no bucket for {uri}")
        self.content[uri] = body

    def list(self, prefix: str) -> Sequence[str]:
        return sorted(uri for uri in self.content if uri.startswith(prefix))


@dataclass
class World:
    """Surroundings, and what was done to them."""

    objects: Objects = field(default_factory=lambda: Objects({}))
    events: list[tuple[str, Sequence[str], Mapping[str, Any]]] = field(default_factory=list)
    now: datetime = START
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def surroundings(self) -> Surroundings:
        return Surroundings(
            ACCOUNT,
            REGION,
            now=lambda: self.now,
            suffix=lambda: f"{next(self.numbers):012}",
            blobs=self.objects,
            emit=self.emit,
        )

    def emit(self, detail_type: str, resources: Sequence[str], detail: Mapping[str, Any]) -> None:
        self.events.append((detail_type, resources, detail))

    def details(self, detail_type: str) -> list[Mapping[str, Any]]:
        return [detail for said, _, detail in self.events if said == detail_type]

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def fixture_runner(children: Children) -> SubprocessRunner:
    """Answer a real runner whose only image is the fixture algorithm."""
    images = {"modelcycle/mean": "tests.local.fixture_algorithms.mean"}
    return SubprocessRunner(images, children, REPOSITORY, {"AWS_REGION": REGION})


def until(done: Callable[[], object], tick: Callable[[], None]) -> None:
    """Tick until it is done; programs are real, so real time passes."""
    deadline = monotonic() + PATIENCE_S
    while not done():
        assert monotonic() < deadline, "it did not happen"
        tick()
        sleep(0.005)
