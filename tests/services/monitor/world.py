"""A small world for the monitor: windows in a dict, an endpoint that forecasts as it is told."""

import json
import math
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from services.monitor.domain.seen import Known, Observed, Stream, Task, World
from services.monitor.domain.state import Stay, Watch
from services.monitor.effects import EFFECTS
from services.monitor.handlers import HANDLERS
from services.monitor.ports import Ports
from shared.contracts.envelope import Envelope, Event
from shared.contracts.evaluation import WindowLoss
from shared.contracts.lifecycle import EndpointInService, ObservationsIngested
from shared.contracts.spec_parts import MonitorSpec, Target
from shared.contracts.subscriptions import SERIES_KEY
from shared.contracts.wishes import SweepRequested
from shared.forecasting.deepar_json import Prediction, Series
from shared.messaging.errors import Refused
from shared.messaging.worker import Service
from tests.fakes.messaging import START, Bench, MemoryStore

ENV, MODEL, SERIES = "dev", "fees", "transactions"
ENDPOINT = "mc-dev-fees-production"
WINDOW, FREQUENCY, HORIZON, SEASON = timedelta(minutes=1), timedelta(minutes=5), 4, 12
SPAN = HORIZON * FREQUENCY
LEVELS = (0.1, 0.5, 0.9)
BELLS = {0.1: -1.2816, 0.5: 0.0, 0.9: 1.2816}
LOG_SD = 0.3
CUTOFF = START
TASK = Task(
    algorithm="lightgbm",
    series=SERIES,
    target=Target.MEAN,
    frequency_s=300,
    horizon=HORIZON,
    quantiles=LEVELS,
    season=SEASON,
    context_points=30,
)
MONITOR = MonitorSpec(points=20, every=timedelta(minutes=20), consecutive=3)
WORLD = World(series=SERIES, target=Target.MEAN, monitor=MONITOR, window_s=60, gap_s=7_200)


def rhythm(position: int) -> float:
    """What the model knows: the middle of a point, by its number since the cutoff."""
    return 100 * math.exp(0.8 * math.sin(position * math.tau / SEASON))


def backtest(loss: float = 0.15, scatter: float = 0.17) -> tuple[WindowLoss, ...]:
    """Ten windows, a horizon apart, that lose about as much as those that will come."""
    return tuple(
        WindowLoss(
            start=CUTOFF - (10 - at) * SPAN,
            points=HORIZON,
            weight=400.0,
            loss=400 * loss * (1 + 0.4 * (at % 3 - 1)),
            baseline_loss=400 * 0.3,
            scatter=400 * scatter,
        )
        for at in range(10)
    )


def known(**changes: Any) -> Known:
    """What is known of a version."""
    return Known(run_id="fees-r000000000001", task=TASK, windows=backtest()).changed(**changes)


def config(version: int) -> str:
    return f"{ENDPOINT}-v{version}-00000000"


def stay(version: int = 1, **changes: Any) -> Stay:
    """A version in production."""
    return Stay(
        version=version,
        endpoint=ENDPOINT,
        config=config(version),
        cutoff=CUTOFF,
        correlation_id=f"trip-{version}",
        known=known(),
        next_origin=CUTOFF + FREQUENCY,
    ).changed(**changes)


def watch(**changes: Any) -> Watch:
    return Watch(env=ENV, key=MODEL, **changes)


class Aws:
    """All ports of the monitor; `asked` keeps the starts of what was forecast."""

    def __init__(self) -> None:
        self.online: dict[datetime, Observed] = {}
        self.declared: World | None = WORLD
        self.flowing: Stream | None = Stream(expected_s=300, delay_s=180)
        self.versions: dict[int, Known] = {1: known(), 2: known(run_id="fees-r000000000002")}
        self.serving: list[str | None] = []
        self.config_now: str | None = config(1)
        self.asked: list[datetime] = []
        self.requests: list[int] = []
        self.contexts: list[tuple[float, ...]] = []
        self.refuse: dict[str, Exception] = {}
        self.written: dict[str, bytes] = {}
        self.forecaster: Callable[[int], float] = rhythm

    def windows(
        self, series: str, first: datetime, last: datetime, window_s: int
    ) -> tuple[Observed, ...]:
        starts = sorted(start for start in self.online if first <= start <= last)
        return tuple(self.online[start] for start in starts)

    def world(self, model: str) -> World | None:
        return self.declared

    def stream(self, series: str) -> Stream | None:
        return self.flowing

    def version(self, model: str, version: int) -> Known | None:
        return self.versions.get(version)

    def config(self, endpoint: str) -> str | None:
        return self.serving.pop(0) if self.serving else self.config_now

    def forecast(
        self, endpoint: str, instances: Sequence[Series], quantiles: Sequence[float]
    ) -> tuple[Prediction, ...]:
        if "forecast" in self.refuse:
            raise self.refuse["forecast"]
        self.requests.append(len(instances))
        return tuple(self.predict(one, quantiles) for one in instances)

    def predict(self, instance: Series, levels: Sequence[float]) -> Prediction:
        self.contexts.append(instance.target)
        start = instance.start.replace(tzinfo=UTC) + len(instance.target) * FREQUENCY
        self.asked.append(start)
        at = (start - CUTOFF) // FREQUENCY
        return Prediction(
            quantiles={
                level: tuple(
                    self.forecaster(at + step) * math.exp(LOG_SD * BELLS[level])
                    for step in range(HORIZON)
                )
                for level in levels
            }
        )

    def put(self, key: str, body: bytes) -> str:
        self.written[key] = body
        return f"s3://bucket/{key}"


def concerned(envelope: Envelope[Event]) -> tuple[str, ...]:
    """Answer whom an event is about: data and the sweep are the series' business, too."""
    about_series = isinstance(envelope.data, ObservationsIngested | SweepRequested)
    return (SERIES_KEY + SERIES, MODEL) if about_series else (MODEL,)


class Loop:
    """The monitor's worker with its small world, and what is said around it."""

    def __init__(self) -> None:
        self.aws = Aws()
        ports = Ports(windows=self.aws, endpoints=self.aws, blobs=self.aws)
        service: Service[Watch] = Service(
            name="monitor", handlers=HANDLERS, effects=EFFECTS, look=self.aws, ports=ports
        )
        store = MemoryStore(Watch, lambda key: Watch(env=ENV, key=key))
        self.bench = Bench(service, store, concerned=concerned)
        self.heard = 0
        self.latest: tuple[Event, dict[str, Any]] | None = None
        self.series = SERIES
        self.at = CUTOFF - 40 * FREQUENCY
        """Start of the next window that comes."""
        self.level, self.noise, self.count, self.constant = 1.0, LOG_SD, 5, False
        self.observe_until(CUTOFF + FREQUENCY, backfill=True)

    def observe_until(self, end: datetime, backfill: bool = False) -> None:
        """Windows come in, and ingest says so once."""
        first = self.at
        while self.at < end:
            self.aws.online[self.at] = self.window(self.at)
            self.at += WINDOW
        said = ObservationsIngested.example().changed(
            series=self.series, first=first, last=self.at - WINDOW, backfill=backfill
        )
        self.bench.clock.at = max(self.bench.clock.at, self.at + timedelta(minutes=3))
        self.hear(said)

    def window(self, start: datetime) -> Observed:
        """Make a window: all five of a point are alike, so that its noise is the point's."""
        position = (start - CUTOFF) // FREQUENCY
        noise = 0.0 if self.constant else random.Random(position).gauss(0, self.noise)  # noqa: S311
        middle = 100.0 if self.constant else rhythm(position)
        mean = self.level * middle * math.exp(noise)
        wobble = 1.0 if self.constant else 1 + (start.minute % 5 - 2) / 1_000
        return Observed(start=start, count=self.count, total=mean * wobble * self.count)

    def pass_(self, spans: float) -> None:
        """So many horizons pass, with one event each."""
        for _ in range(int(spans)):
            self.observe_until(self.at + SPAN)

    def skip(self, duration: timedelta) -> None:
        """Nothing comes."""
        self.at += duration

    def hear(self, event: Event, **metadata: Any) -> None:
        self.heard += 1
        self.latest = (event, {"event_id": f"event-{self.heard}", **metadata})
        self.hear_again()

    def hear_again(self) -> None:
        """The queue delivers the latest message, perhaps once more."""
        assert self.latest is not None
        event, metadata = self.latest
        self.bench.handle(event, **metadata)

    def in_production(
        self, version: int = 1, reason: str = "roll-out", cutoff: datetime | None = None
    ) -> None:
        self.aws.config_now = config(version)
        learned = CUTOFF if version == 1 else self.at - FREQUENCY  # the next one has learned
        self.hear(
            EndpointInService.example().changed(
                stage="production",
                version=version,
                endpoint=ENDPOINT,
                endpoint_config=config(version),
                cutoff=cutoff or learned,
                reason=reason,
            ),
            correlation_id=f"trip-{version}",
        )

    def sweep(self) -> None:
        self.hear(SweepRequested())

    @property
    def state(self) -> Watch:
        return self.bench.store.load(MODEL, None).state

    def said(self, *leaving_out: str) -> list[str]:
        return [name for name in self.bench.bus.said() if name not in leaving_out]

    def reasons(self) -> list[str]:
        """Why the monitor did what it did, or nothing."""
        records = [e for e in self.bench.bus.entries if e.detail_type == "DecisionRecorded"]
        return [json.loads(record.detail)["data"]["why"] for record in records]

    def all(self, event: type[Event]) -> list[Any]:
        return [e.data for e in self.bench.bus.events() if isinstance(e.data, event)]

    def refuse(self, code: str) -> None:
        self.aws.refuse["forecast"] = Refused(code, "no")
