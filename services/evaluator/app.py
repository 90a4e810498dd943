"""The evaluator's composition root and Lambda entry."""

from services.evaluator.aws import AwsLook, SageMakerRegistry
from services.evaluator.domain.state import Evaluations
from services.evaluator.effects import EFFECTS
from services.evaluator.handlers import HANDLERS
from services.evaluator.ports import Ports
from shared.messaging import runtime
from shared.messaging.lambda_entry import Door, entry
from shared.messaging.serving import SageMakerEndpoints
from shared.messaging.settings import Settings
from shared.messaging.worker import Service

NAME = "evaluator"


def build() -> Door:
    """Put the evaluator together on AWS."""
    settings = Settings.read(NAME)
    sagemaker = runtime.client("sagemaker")
    ports = Ports(
        env=settings.env,
        blobs=runtime.blobs(settings),
        registry=SageMakerRegistry(sagemaker),
        endpoints=SageMakerEndpoints(sagemaker, runtime.client("sagemaker-runtime")),
    )
    service: Service[Evaluations] = Service(
        name=NAME,
        handlers=HANDLERS,
        effects=EFFECTS,
        look=AwsLook(runtime.parameters(settings)),
        ports=ports,
    )
    worker = runtime.worker(
        service, Evaluations, lambda model: Evaluations(env=settings.env, model=model), settings
    )
    return runtime.door(NAME, worker, settings)


handler = entry(build)
