"""Metrics: what services write is the table, no more and no less, and no model's name is in it."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from services.deployer.metrics import came_out
from services.ingest.domain.batch import BatchAbsorbed, QuarantineFile
from services.ingest.domain.state import Series
from services.ingest.intake import Intake
from services.ingest.metrics import MeasuringIntake, published
from services.monitor.metrics import Gauge, MeasuringBlobs, asking
from services.trainer.domain.state import Run, Trainings
from services.trainer.domain.wanted import Trigger
from services.trainer.metrics import MeasuringStore, failed
from shared.contracts import metrics
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    AccuracyMeasured,
    AccuracyRecovered,
    DataFaultDetected,
    DataStalled,
    DeploymentFailed,
    EndpointInService,
    ModelApproved,
    ObservationsIngested,
    TrainingFailed,
)
from shared.contracts.metrics import METRICS, OF_A_MODEL, Metric
from shared.contracts.scoring import ScoredForecast, ScoredForecasts, scored_key
from shared.contracts.specs import ModelSpec
from shared.messaging.decision import Entry, Kept
from shared.messaging.errors import Retryable
from shared.messaging.measuring import MeasuringBus, Meter
from tests.fakes.messaging import START, DrivenClock, MemoryBus, MemoryStore, envelope

CUSTOM_METRICS_MAX = 20  # each costs money every month
METER = Meter("dev")
Output = pytest.CaptureFixture[str]


class MemoryBlobs:
    def put(self, key: str, body: bytes) -> str:
        return f"s3://bucket/{key}"


class Specs:
    """Parameters of which only the spec of `fees` can be read, or nothing."""

    def __init__(self, own_metrics: bool | None) -> None:
        self.own_metrics = own_metrics

    def model_spec(self, model: str) -> ModelSpec | None:
        if self.own_metrics is None:
            raise Retryable("SSM is throttled")
        given = {"model": "fees", "series": "transactions", "target": "mean", "frequency": "5m"}
        spec = ModelSpec.parse(json.dumps({**given, "horizon": 12}))
        return spec.changed(own_metrics=self.own_metrics)


def gauge(own_metrics: bool | None = False) -> Gauge:
    return Gauge(METER, asking(Specs(own_metrics)))  # type: ignore[arg-type]


def written(output: Output) -> Iterator[tuple[Metric, float, str | None]]:
    """Read the lines: metric, value, and the model among its dimensions."""
    for line in output.readouterr().out.splitlines():
        document = json.loads(line)
        (said,) = document["_aws"]["CloudWatchMetrics"]
        assert said["Namespace"] == "Modelcycle/dev"
        (dimensions,) = said["Dimensions"]
        assert set(dimensions) <= {"service", "stage", "outcome", "model"}
        for one in said["Metrics"]:
            metric = Metric(
                service=document["service"],
                name=one["Name"],
                unit=metrics.Unit(one["Unit"]),
                stage=document.get("stage"),
                outcome=document.get("outcome"),
            )
            (value,) = document[one["Name"]]
            yield metric, value, document.get("model")


def entry(event: Event) -> Entry:
    detail = envelope(event, revision=None).detail()
    source = f"modelcycle.{event.producer}"
    return Entry(source=source, detail_type=event.detail_type(), detail=detail)


SCORED = ScoredForecasts(
    model="fees",
    version=1,
    frequency_s=300,
    forecasts=(
        ScoredForecast(
            start=START,
            truth=(1.0, None, 9.0, 2.0),
            quantiles={"0.1": (0, 0, 0, 0), "0.5": (1, 1, 1, 1), "0.9": (2, 2, 2, 2)},
        ),
    ),
)
MEASURED = AccuracyMeasured.example().changed(model="fees", stage="production", breached=True)


def say_everything() -> None:
    """Have every metric of the table written once, by what a service says, keeps and writes."""
    monitor = gauge()
    for event in (
        MEASURED,
        AccuracyDegraded.example(),
        AccuracyRecovered.example(),
        DataFaultDetected.example(),
        DataStalled.example(),
    ):
        monitor.event(envelope(event))
    body = SCORED.model_dump_json().encode()
    MeasuringBlobs(MemoryBlobs(), monitor).put(scored_key("fees", 1, START), body)
    failed(METER)(envelope(TrainingFailed.example()))
    train()
    for stage in ("staging", "production"):
        for outcome in (EndpointInService, DeploymentFailed):
            came_out(METER)(envelope(outcome.example().changed(stage=stage)))
    published(METER)(envelope(ObservationsIngested.example()))
    absorb()


def train(earlier: int = 0) -> None:
    """Begin a training, look at it ten minutes later."""
    clock = DrivenClock()
    run = Run(
        id="fees-r0123456789ab",
        trigger=Trigger.PERSON,
        correlation_id="c",
        started_at=clock.now(),
        algorithm="lightgbm",
        spec_digest="d",
    )
    began = tuple(clock.now() - timedelta(hours=6 * ago) for ago in range(earlier, 0, -1))
    state = Trainings(env="dev", model="fees", starts=began).starting(run)
    memory = MemoryStore(Trainings, lambda model: Trainings(env="dev", model=model))
    store = MeasuringStore(memory, clock, METER)
    store.commit("fees", Kept(revision=1, state=state), None, clock.now())
    clock.forward(minutes=10)
    store.load("fees", None)


def absorb() -> None:
    """Conclude a batch of ten records, three of them known and one of them bad."""

    class Concluded:
        clock = DrivenClock()

        def handle(self, _: object) -> tuple[str, ...]:
            return ("transactions",)

    absorbed = BatchAbsorbed(
        series="transactions",
        batch_id="b",
        backfill=False,
        records=10,
        duplicates=3,
        quarantined=QuarantineFile(count=1, reasons={"late": 1}, uri="s3://b/q"),
    )
    intake: Intake = MeasuringIntake(None, Concluded(), METER)  # type: ignore[arg-type]
    assert intake.conclude(absorbed) == (Series(series="transactions").series,)


def test_what_services_write_is_the_table(capsys: Output) -> None:
    say_everything()
    found = list(written(capsys))
    assert {metric for metric, _, _ in found} == set(METRICS)
    assert not [model for _, _, model in found if model]


def test_custom_metrics_are_few() -> None:
    assert len({(row.name, *row.dimensions().items()) for row in METRICS}) == len(METRICS)
    assert len(METRICS) <= CUSTOM_METRICS_MAX


def test_values_are_what_was_seen(capsys: Output) -> None:
    say_everything()
    found = {metric: value for metric, value, _ in written(capsys)}
    assert found[metrics.BREACH] == 1
    assert found[metrics.COVERAGE] == pytest.approx(2 / 3)
    assert found[metrics.RUN_AGE] == 600
    assert (found[metrics.RECORDS], found[metrics.DUPLICATES]) == (10, 3)
    assert found[metrics.QUARANTINED] == 1


def test_a_model_that_trains_often_is_seen_among_all(capsys: Output) -> None:
    train(earlier=3)
    found = {metric: value for metric, value, _ in written(capsys)}
    assert found[metrics.RUNS_OF_A_DAY] == 4


def test_only_a_model_that_asks_has_metrics_of_its_own(capsys: Output) -> None:
    asked = gauge(own_metrics=True)
    asked.event(envelope(MEASURED))
    asked.forecasts(SCORED)
    own = {metric for metric, _, model in written(capsys) if model == "fees"}
    assert own == set(OF_A_MODEL)


def test_where_a_spec_cannot_be_read_the_model_does_not_ask(capsys: Output) -> None:
    gauge(own_metrics=None).event(envelope(MEASURED))
    assert not [model for _, _, model in written(capsys) if model]


def test_a_bus_says_first_and_measures_then(capsys: Output) -> None:
    bus = MemoryBus()
    entries = (entry(DataStalled.example()), entry(ModelApproved.example()))
    MeasuringBus(bus, gauge().event).publish(entries)
    assert len(bus.entries) == 2
    assert [metric for metric, _, _ in written(capsys)] == [metrics.STALLED]


def test_a_loss_that_is_no_breach_counts_as_none(capsys: Output) -> None:
    gauge().event(envelope(MEASURED.changed(breached=False)))
    found = {metric: value for metric, value, _ in written(capsys)}
    assert found[metrics.BREACH] == 0
