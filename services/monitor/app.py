"""The monitor's composition root and Lambda entry."""

from services.monitor.aws import AwsLook, OnlineWindows
from services.monitor.domain.state import Watch
from services.monitor.effects import EFFECTS
from services.monitor.handlers import HANDLERS
from services.monitor.metrics import Gauge, MeasuringBlobs, asking
from services.monitor.ports import Ports
from shared.contracts import names
from shared.messaging import runtime
from shared.messaging.lambda_entry import Door, entry
from shared.messaging.measuring import MeasuringBus, Meter
from shared.messaging.serving import SageMakerEndpoints
from shared.messaging.settings import Settings
from shared.messaging.worker import Service

NAME = "monitor"


def build() -> Door:
    """Put the monitor together on AWS."""
    settings = Settings.read(NAME)
    sagemaker, blobs = runtime.client("sagemaker"), runtime.blobs(settings)
    online = OnlineWindows(
        runtime.client("sagemaker-featurestore-runtime"), names.feature_group(settings.env)
    )
    parameters = runtime.parameters(settings)
    gauge = Gauge(Meter(settings.env), asking(parameters))
    look = AwsLook(settings.env, parameters, sagemaker, blobs, online)
    ports = Ports(
        windows=online,
        endpoints=SageMakerEndpoints(sagemaker, runtime.client("sagemaker-runtime")),
        blobs=MeasuringBlobs(blobs, gauge),
    )
    service: Service[Watch] = Service(
        name=NAME, handlers=HANDLERS, effects=EFFECTS, look=look, ports=ports
    )
    worker = runtime.worker(service, Watch, lambda key: Watch(env=settings.env, key=key), settings)
    worker.bus = MeasuringBus(worker.bus, gauge.event)
    return runtime.door(NAME, worker, settings)


handler = entry(build)
