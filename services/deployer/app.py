"""The deployer's composition root and Lambda entry."""

from services.deployer.aws.artifacts import S3Artifacts
from services.deployer.aws.endpoints import Premises, SageMakerEndpoints
from services.deployer.aws.look import AwsLook
from services.deployer.aws.registry import SageMakerRegistry
from services.deployer.domain.state import Deployments
from services.deployer.effects import EFFECTS
from services.deployer.handlers import HANDLERS
from services.deployer.metrics import came_out
from services.deployer.ports import Ports
from shared.messaging import runtime
from shared.messaging.lambda_entry import Door, entry
from shared.messaging.measuring import MeasuringBus, Meter
from shared.messaging.settings import Settings
from shared.messaging.worker import Service

NAME = "deployer"


def build() -> Door:
    """Put the deployer together on AWS."""
    settings = Settings.read(NAME)
    registry = SageMakerRegistry(runtime.client("sagemaker"))
    endpoints = SageMakerEndpoints(
        runtime.client("sagemaker"),
        runtime.client("sagemaker-runtime"),
        settings.env,
        settings.role_arn,
        Premises(settings.subnets, settings.security_groups, settings.key),
    )
    look = AwsLook(registry, endpoints, runtime.parameters(settings), settings.rules_allowed)
    ports = Ports(
        env=settings.env,
        look=look,
        registry=registry,
        endpoints=endpoints,
        artifacts=S3Artifacts(runtime.blobs(settings)),
    )
    service: Service[Deployments] = Service(
        name=NAME, handlers=HANDLERS, effects=EFFECTS, look=look, ports=ports
    )
    worker = runtime.worker(
        service, Deployments, lambda model: Deployments(env=settings.env, model=model), settings
    )
    worker.bus = MeasuringBus(worker.bus, came_out(Meter(settings.env)))
    return runtime.door(NAME, worker, settings)


handler = entry(build)
