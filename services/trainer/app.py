"""The trainer's composition root and Lambda entry."""

from services.trainer.aws import AwsLook, S3Artifacts, SageMakerFeatures, SageMakerPipelines
from services.trainer.domain.parameters import Site
from services.trainer.domain.state import Trainings
from services.trainer.effects import EFFECTS
from services.trainer.handlers import HANDLERS
from services.trainer.metrics import MeasuringStore, failed
from services.trainer.ports import Ports
from shared.contracts import names
from shared.messaging import runtime
from shared.messaging.lambda_entry import Door, entry
from shared.messaging.measuring import MeasuringBus, Meter
from shared.messaging.settings import Settings
from shared.messaging.worker import Service

NAME = "trainer"


def build() -> Door:
    """Put the trainer together on AWS."""
    settings = Settings.read(NAME)
    pipelines = SageMakerPipelines(runtime.client("sagemaker"))
    blobs = runtime.blobs(settings)
    look = AwsLook(pipelines, runtime.parameters(settings), blobs, settings.offline_lag_seconds)
    ports = Ports(
        site=Site(
            env=settings.env,
            bucket=settings.bucket,
            role_arn=settings.role_arn,
            image_registry=settings.image_registry,
            image_tag=settings.image_tag,
        ),
        look=look,
        pipelines=pipelines,
        features=SageMakerFeatures(runtime.client("sagemaker"), names.feature_group(settings.env)),
        artifacts=S3Artifacts(blobs),
    )
    service: Service[Trainings] = Service(
        name=NAME, handlers=HANDLERS, effects=EFFECTS, look=look, ports=ports
    )
    worker = runtime.worker(
        service, Trainings, lambda model: Trainings(env=settings.env, model=model), settings
    )
    meter = Meter(settings.env)
    worker.store = MeasuringStore(worker.store, worker.clock, meter)
    worker.bus = MeasuringBus(worker.bus, failed(meter))
    return runtime.door(NAME, worker, settings)


handler = entry(build)
