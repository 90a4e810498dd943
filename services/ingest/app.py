"""Ingest's composition root and Lambda entry."""

from aws_lambda_powertools import Logger

from services.ingest.absorption import Absorption
from services.ingest.aws import DynamoSeries, FeatureStore, S3Summaries, SsmDeclared
from services.ingest.domain.state import Series
from services.ingest.effects import EFFECTS
from services.ingest.handlers import HANDLERS
from services.ingest.intake import NAME, Concerned, IngestDoor
from services.ingest.metrics import MeasuringIntake, published
from services.ingest.ports import Ports
from shared.contracts import names
from shared.messaging import runtime
from shared.messaging.clock import WallClock, clock_of
from shared.messaging.evidence import Evidence
from shared.messaging.lambda_entry import entry
from shared.messaging.measuring import MeasuringBus, Meter
from shared.messaging.settings import Settings
from shared.messaging.worker import Service, Worker


def build() -> IngestDoor:
    """Put ingest together on AWS."""
    settings = Settings.read(NAME)
    meter = Meter(settings.env)
    clock, log, files = clock_of(), Logger(service=NAME), runtime.blobs(settings)
    store = DynamoSeries(
        runtime.client("dynamodb"),
        names.table(settings.env, NAME),
        Series,
        lambda series: Series(series=series),
        wall=WallClock(),
        lease_seconds=settings.lease_seconds,
    )
    declared = SsmDeclared(runtime.parameters(settings))
    ports = Ports(
        store=store,
        declared=declared,
        features=FeatureStore(
            runtime.client("sagemaker-featurestore-runtime"), names.feature_group(settings.env)
        ),
        summaries=S3Summaries(runtime.client("s3"), settings.bucket),
        clock=clock,
    )
    worker = Worker(
        service=Service(name=NAME, handlers=HANDLERS, effects=EFFECTS, look=declared, ports=ports),
        store=store,
        bus=MeasuringBus(runtime.bus(settings), published(meter)),
        clock=clock,
        evidence=Evidence(files.put),
        concerned=Concerned(store),
        log=log,
        code_version=settings.code_version,
    )
    intake = MeasuringIntake(Absorption(store, declared, files, clock), worker, meter)
    dead_letters = runtime.door(NAME, intake, settings).dead_letters
    return IngestDoor(intake, files, names.records_queue(settings.env), dead_letters, log)


handler = entry(build)
