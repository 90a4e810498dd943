"""The steps that create something by SageMaker's own API: one row per type."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from botocore.model import ServiceModel
from botocore.session import get_session
from botocore.validate import ParamValidator

from infra.local.sagemaker.core import Caller, Request, Response, ServiceError, invalid

Perform = Callable[[str, Request, Caller], Response]

ENDED = {"Completed": "Succeeded", "Failed": "Failed", "Stopped": "Stopped"}  # job → step


@dataclass(frozen=True)
class Resource:
    """How a step's resource is created, looked at and stopped.

    Parameters
    ----------
    noun : str
        As in ``Create…`` and ``Describe…``, in its ARN's field, and in the step's metadata.
    name : str or None
        The request's field for the name that the pipeline makes up; None where AWS makes it.
    key : str
        The field by which Describe finds it.
    is_job : bool
        Whether it takes time, has a status and can be stopped.
    shown : str
        Its key in the step's metadata.
    """

    noun: str
    name: str | None
    key: str
    is_job: bool
    shown: str

    @property
    def arn(self) -> str:
        """The field of the answers that holds its ARN."""
        return f"{self.noun}Arn"

    @property
    def status(self) -> str:
        """The field of Describe that holds its status."""
        return f"{self.noun}Status"


def _job(word: str) -> Resource:
    noun = f"{word}Job"
    return Resource(noun, f"{noun}Name", f"{noun}Name", is_job=True, shown=noun)


RESOURCES: Mapping[str, Resource] = {
    "Processing": _job("Processing"),
    "Training": _job("Training"),
    "Transform": _job("Transform"),
    "Model": Resource("Model", "ModelName", "ModelName", is_job=False, shown="Model"),
    "RegisterModel": Resource(
        "ModelPackage", None, "ModelPackageName", is_job=False, shown="RegisterModel"
    ),
}


class StepError(Exception):
    """Why a step failed: its FailureReason.

    Parameters
    ----------
    refusal : ServiceError
        What the step's call was answered.
    """

    def __init__(self, reason: str, refusal: ServiceError) -> None:
        super().__init__(reason)
        self.refusal = refusal


def create(
    resource: Resource, arguments: Request, name: str, perform: Perform, caller: Caller
) -> tuple[str, str]:
    """Create a step's resource and answer its ARN, and what Describe finds it by.

    Raises
    ------
    StepError
        In the words of a pipeline whose call was refused.
    """
    operation = f"Create{resource.noun}"
    request = dict(arguments) if resource.name is None else {**arguments, resource.name: name}
    try:
        check_shape(operation, request)
        arn: str = perform(operation, request, caller)[resource.arn]
    except ServiceError as error:
        raise StepError(
            f"ClientError: Failed to invoke sagemaker:{operation}. Error Details: {error.message}",
            error,
        ) from error
    return arn, arn if resource.name is None else name


def check_shape(operation: str, request: Request) -> None:
    """Refuse a request that is not shaped as the API says: HTTP callers are checked by the front.

    Raises
    ------
    ServiceError
        ValidationException naming every member that is missing, unknown or of another type.
    """
    shape = _api().operation_model(operation).input_shape
    if shape is None:
        return
    report = ParamValidator().validate(request, shape)
    if report.has_errors():
        raise invalid(report.generate_report())


@lru_cache(maxsize=1)
def _api() -> ServiceModel:
    return get_session().get_service_model("sagemaker")
