"""What every part of the engine shares: SageMaker's errors, the outside world, and its names.

The engine is a set of state machines without HTTP. Each part is a class whose public methods are SageMaker's operations in
snake case, ``(request, caller) -> response``, with requests and responses shaped as boto3 shapes them. Nothing moves by
itself: ``tick()`` looks at jobs and endpoints and walks them on, so that the caller owns the time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

Request = Mapping[str, Any]
Response = dict[str, Any]


class ServiceError(Exception):
    """A refusal in SageMaker's own words.

    Parameters
    ----------
    code : str
        The error code as boto3 shows it in ``error.response["Error"]["Code"]``.
    message : str
        What SageMaker would say.
    status : int
        The HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def invalid(message: str) -> ServiceError:
    """Answer the error for whatever SageMaker refuses as ValidationException."""
    return ServiceError("ValidationException", message)


def not_found(message: str) -> ServiceError:
    """Answer the error of the operations that declare ResourceNotFound."""
    return ServiceError("ResourceNotFound", message)


def in_use(message: str) -> ServiceError:
    """Answer the error of the operations that declare ResourceInUse."""
    return ServiceError("ResourceInUse", message)


class Blobs(Protocol):
    """S3, as far as the engine needs it. Every URI is ``s3://bucket/key``."""

    def get(self, uri: str) -> bytes: ...
    def put(self, uri: str, body: bytes) -> None: ...
    def list(self, prefix: str) -> Sequence[str]: ...


class Emit(Protocol):
    """Put one AWS event on the default bus; the envelope is made by the receiver."""

    def __call__(self, detail_type: str, resources: Sequence[str], detail: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True)
class Caller:
    """Who signed a request: shown as ``LastModifiedBy`` and ``CreatedBy``."""

    access_key: str
    name: str


@dataclass(frozen=True)
class Surroundings:
    """The world outside the engine's state machines.

    Parameters
    ----------
    now : Callable
        The clock port, in UTC.
    suffix : Callable
        A short new lower-case name part at each call (job and execution ids): the engine's only chance.
    """

    account: str
    region: str
    now: Callable[[], datetime]
    suffix: Callable[[], str]
    blobs: Blobs
    emit: Emit

    def arn(self, resource: str) -> str:
        """Answer the SageMaker ARN of ``resource``, such as ``endpoint/fees-staging``."""
        return f"arn:aws:sagemaker:{self.region}:{self.account}:{resource}"
