"""A small world for the evaluator: a bucket, a registry, an endpoint, and a run made by hand."""

import hashlib
import json
import math
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from services.evaluator.domain.seen import World
from services.evaluator.domain.state import Evaluations, Registered, Stay, Task
from services.evaluator.effects import EFFECTS
from services.evaluator.handlers import HANDLERS
from services.evaluator.ports import Blobs, Package, Ports, Proposal
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import EndpointInService, TrainingCompleted
from shared.contracts.lifecycle.fields import Blob, Dataset
from shared.contracts.names import ModelParameter
from shared.contracts.specs import Gate
from shared.forecasting import deepar_json
from shared.forecasting.deepar_json import Prediction, Series
from shared.messaging.errors import Refused
from shared.messaging.worker import Service
from tests.fakes.messaging import Bench, MemoryStore

ENV, MODEL = "dev", "fees"
START = datetime(2026, 2, 1, tzinfo=UTC)
FREQUENCY_S, SEASON, HORIZON, STRIDE, ORIGINS, POINTS = 3_600, 12, 4, 2, 8, 80
QUANTILES = (0.1, 0.5, 0.9)
SPREAD = {0.1: -1.0, 0.5: 0.2, 0.9: 1.5}
BUCKET = "s3://bucket/"
TASK = Task(
    series="transactions",
    target="mean",
    frequency_s=FREQUENCY_S,
    horizon=HORIZON,
    quantiles=QUANTILES,
)
WORLD = World(gate=Gate(min_points=8), bake_s=300)

Forecast = dict[float, tuple[float, ...]]
Forecaster = Callable[[Sequence[float], int], Forecast]


class Objects:
    """A bucket as a dictionary."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}

    def get(self, uri: str) -> bytes:
        if uri not in self.content:
            raise Refused("NoSuchKey", uri)
        return self.content[uri]

    def put(self, key: str, body: bytes) -> str:
        self.content[BUCKET + key] = body
        return BUCKET + key


def series() -> list[float]:
    """A rhythm of half a day, and noise."""
    chance = random.Random(7)  # noqa: S311
    return [
        round(20 + 5 * math.sin(at * math.tau / SEASON) + chance.gauss(0, 1), 3)
        for at in range(POINTS)
    ]


def knowing(spread: dict[float, float]) -> Forecaster:
    """Forecast the truth, and as much beside it as `spread` says."""

    def forecast(target: Sequence[float], index: int) -> Forecast:
        truth = target[index : index + HORIZON]
        return {level: tuple(value + off for value in truth) for level, off in spread.items()}

    return forecast


USUAL = knowing(SPREAD)


def origins() -> list[int]:
    """Positions of the first forecast steps; the last ends the series."""
    first = POINTS - HORIZON - STRIDE * (ORIGINS - 1)
    return [first + STRIDE * at for at in range(ORIGINS)]


def time(position: int) -> datetime:
    return START + timedelta(seconds=FREQUENCY_S * position)


def line(target: Sequence[float], first: int = 0) -> str:
    return deepar_json.write_series(Series(time(first).replace(tzinfo=None), tuple(target)))


def predictions(target: Sequence[float], forecaster: Forecaster) -> list[Prediction]:
    return [Prediction(quantiles=forecaster(target, index)) for index in origins()]


def run_left(
    objects: Blobs,
    number: int = 1,
    forecaster: Forecaster = USUAL,
    target: Sequence[float] | None = None,
    **manifest: Any,
) -> TrainingCompleted:
    """Write what a run leaves in S3; answer what the trainer says of it."""
    run_id, target = f"fees-r{number:012x}", series() if target is None else target
    above = f"runs/{run_id}/dataset/"
    known = [line(target[index - 24 : index], index - 24) + "\n" for index in origins()]
    files = {"full/train.json": line(target) + "\n", "backtest/backtest.jsonl": "".join(known)}
    for name, text in files.items():
        objects.put(above + name, text.encode())
    body = json.dumps(
        {
            "manifest_version": 1,
            "run_id": run_id,
            "model": MODEL,
            **TASK.model_dump(mode="json"),
            "season": SEASON,
            "first": time(0).isoformat(),
            "cutoff": time(POINTS - 1).isoformat(),
            "judged_cutoff": time(origins()[0] - 1).isoformat(),
            "points": POINTS,
            "gaps": 0,
            "filled": 0,
            "origins": [{"index": at, "start": time(at).isoformat()} for at in origins()],
            "context_points": 24,
            "files": {name: sha256(text.encode()) for name, text in files.items()},
            **manifest,
        }
    ).encode()
    forecasts = "\n".join(map(deepar_json.write_prediction, predictions(target, forecaster)))
    return TrainingCompleted.example().changed(
        run_id=run_id,
        dataset=Dataset(
            uri=objects.put(f"{above}manifest/manifest.json", body),
            sha256=sha256(body),
            first=time(0),
            cutoff=time(POINTS - 1),
            judged_cutoff=time(origins()[0] - 1),
            points=POINTS,
            gaps=0,
        ),
        artifact=Blob(uri=f"{BUCKET}runs/{run_id}/shipped/model.tar.gz", sha256="a" * 64),
        forecasts_uri=objects.put(
            f"runs/{run_id}/forecasts/backtest.jsonl.out", forecasts.encode()
        ),
    )


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def arn(version: int, group: str = "mc-dev-fees") -> str:
    return f"arn:aws:sagemaker:us-east-1:123456789012:model-package/{group}/{version}"


def stay(version: int = 1, cutoff: datetime = START, **changes: Any) -> Stay:
    """A champion that was trained on nothing but the first point, unless said otherwise."""
    return Stay(
        version=version,
        endpoint="mc-dev-fees-production",
        config=f"mc-dev-fees-production-v{version}-00000000",
        cutoff=cutoff,
        since=START,
        may_tighten=True,
        correlation_id=f"trip-{version}",
    ).changed(**changes)


def known(score: float = 0.3, number: int = 1, **changes: Any) -> Registered:
    """What is remembered of a version."""
    return Registered(
        run_id=f"fees-r{number:012x}",
        package_arn=arn(number),
        algorithm="lightgbm",
        task=TASK,
        score=score,
    ).changed(**changes)


class SageMaker:
    """Registry and hosting."""

    def __init__(self) -> None:
        self.groups: list[str] = []
        self.proposals: list[Proposal] = []
        self.refuse: dict[str, Refused] = {}
        self.asked: list[int] = []
        self.configs: list[str | None] = []
        self.champion: Forecaster = USUAL
        self.target = series()

    def ensure_group(self, group: str) -> None:
        if group not in self.groups:
            self.groups.append(group)

    def find(self, group: str, run_id: str) -> Package | None:
        return next(
            (
                self.package(one)
                for one in self.proposals
                if (one.group, one.registration.run_id) == (group, run_id)
            ),
            None,
        )

    def register(self, proposal: Proposal) -> Package:
        self.refused("register")
        if proposal.group not in self.groups:
            raise Refused("ValidationException", f"{proposal.group} does not exist")
        before = next((one for one in self.proposals if one.token == proposal.token), None)
        if before not in (None, proposal):
            raise Refused("ConflictException", "the token means something else")
        if before is None:
            self.proposals.append(proposal)
        return self.package(proposal)

    def package(self, proposal: Proposal) -> Package:
        """Answer a version: they are counted by group."""
        of_group = [one for one in self.proposals if one.group == proposal.group]
        version = of_group.index(proposal) + 1
        return Package(arn=arn(version, proposal.group), version=version)

    def config(self, endpoint: str) -> str | None:
        return self.configs.pop(0) if self.configs else "mc-dev-fees-production-v1-00000000"

    def forecast(
        self, endpoint: str, instances: Sequence[Series], quantiles: Sequence[float]
    ) -> tuple[Prediction, ...]:
        self.refused("forecast")
        self.asked.append(len(instances))
        ends = [one.start.replace(tzinfo=UTC) for one in instances]
        at = [int((end - START).total_seconds()) // FREQUENCY_S + 24 for end in ends]
        return tuple(Prediction(quantiles=self.champion(self.target, index)) for index in at)

    def refused(self, call: str) -> None:
        if call in self.refuse:
            raise self.refuse[call]


class Declarations:
    """What people wrote down."""

    def __init__(self) -> None:
        self.seen: World | None = WORLD

    def world(self, model: str) -> World | None:
        return self.seen

    def author(self, model: str, parameter: ModelParameter) -> str:
        return f"alice ({parameter})"


class Loop:
    """The evaluator's worker with its small world."""

    def __init__(self) -> None:
        self.objects, self.aws, self.people = Objects(), SageMaker(), Declarations()
        self.ports = Ports(env=ENV, blobs=self.objects, registry=self.aws, endpoints=self.aws)
        service: Service[Evaluations] = Service(
            name="evaluator", handlers=HANDLERS, effects=EFFECTS, look=self.people, ports=self.ports
        )
        store = MemoryStore(Evaluations, lambda key: Evaluations(env=ENV, model=key))
        self.bench = Bench(service, store, concerned=lambda envelope: (MODEL,))
        self.heard = 0

    def hear(self, event: Event, **metadata: Any) -> None:
        self.heard += 1
        self.bench.handle(event, **{"event_id": f"event-{self.heard}", **metadata})

    def in_production(self, version: int, reason: str = "roll-out") -> None:
        self.hear(
            EndpointInService.example().changed(
                stage="production",
                version=version,
                endpoint="mc-dev-fees-production",
                endpoint_config=f"mc-dev-fees-production-v{version}-00000000",
                cutoff=START,
                reason=reason,
            ),
            occurred_at=self.bench.clock.now(),
            correlation_id=f"trip-{version}",
        )

    @property
    def state(self) -> Evaluations:
        return self.bench.store.load(MODEL, None).state

    def said(self) -> list[str]:
        return self.bench.bus.said()

    def last(self, event: type[Event]) -> Any:
        return [e.data for e in self.bench.bus.events() if isinstance(e.data, event)][-1]
