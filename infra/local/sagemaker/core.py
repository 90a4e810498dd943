"""What every part of the engine shares: SageMaker's errors, the outside world, and its names.

The engine is a set of state machines without HTTP. Each part is a class whose public methods are
SageMaker's operations in snake case, ``(request, caller) -> response``, with requests and responses
shaped as boto3 shapes them. Nothing moves by itself: ``tick()`` looks at jobs and endpoints and
walks them on, so that the caller owns the time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
    details : Mapping, optional
        Further members of the error's shape, such as ``OriginalStatusCode``.
    """

    def __init__(
        self, code: str, message: str, status: int = 400, details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.details = dict(details or {})


def invalid(message: str) -> ServiceError:
    """Answer the error for whatever SageMaker refuses as ValidationException."""
    return ServiceError("ValidationException", message)


def not_found(message: str) -> ServiceError:
    """Answer the error of the operations that declare ResourceNotFound."""
    return ServiceError("ResourceNotFound", message)


def conflict(message: str) -> ServiceError:
    """Answer the error of the registry's operations that declare ConflictException."""
    return ServiceError("ConflictException", message)


def in_use(message: str) -> ServiceError:
    """Answer the error of the operations that declare ResourceInUse."""
    return ServiceError("ResourceInUse", message)


class NoSuchBlobError(KeyError):
    """There is no object, or no bucket, at an S3 URI."""


class Blobs(Protocol):
    """S3, as far as the engine needs it. Every URI is ``s3://bucket/key``.

    ``get`` raises NoSuchBlobError where nothing is; ``put`` does where the bucket is missing;
    ``list`` answers the URIs that start with ``prefix``, in order; none is no error.
    """

    def get(self, uri: str) -> bytes: ...
    def put(self, uri: str, body: bytes) -> None: ...
    def list(self, prefix: str) -> Sequence[str]: ...


class Emit(Protocol):
    """Put one AWS event on the default bus; the envelope is made by the receiver."""

    def __call__(
        self, detail_type: str, resources: Sequence[str], detail: Mapping[str, Any]
    ) -> None: ...


def moment(now: datetime, after: datetime | None = None) -> datetime:
    """Answer ``now`` in whole milliseconds, as SageMaker tells times, and later than ``after``.

    The engine's clock may stand still; a changed resource must show another LastModifiedTime all
    the same, because callers use it as a fence.
    """
    rounded = now.replace(microsecond=now.microsecond // 1000 * 1000)
    if after is None or rounded > after:
        return rounded
    return after + timedelta(milliseconds=1)


@dataclass(frozen=True)
class Caller:
    """Who signed a request: shown as ``LastModifiedBy`` and ``CreatedBy``."""

    access_key: str
    name: str

    @classmethod
    def signing_with(cls, access_key: str) -> "Caller":
        """Answer the caller behind an access key id: on one machine the key id itself is the name.

        A person signs as ``operator.<name>``, a service as ``modelcycle-<service>``. A key that
        looks like one of a real account (``AKIA…``, ``ASIA…``) is not shown in full.
        """
        if access_key.startswith(("AKIA", "ASIA")):
            return cls(access_key, f"key-{access_key[-4:]}")
        return cls(access_key, access_key.removeprefix("operator.") or "unknown")

    def arn(self, account: str) -> str:
        """Answer the IAM identity: an assumed role for a service, a user for everybody else."""
        if self.name.startswith("modelcycle-"):
            return f"arn:aws:sts::{account}:assumed-role/{self.name}/{self.name}"
        return f"arn:aws:iam::{account}:user/{self.name}"

    def context(self, account: str) -> Response:
        """Answer the API's UserContext; a person has a profile name, too, as in Studio."""
        shown: Response = {"IamIdentity": {"Arn": self.arn(account), "PrincipalId": self.name}}
        if self.access_key.startswith("operator."):
            shown["UserProfileName"] = self.name
        return shown


@dataclass(frozen=True)
class Surroundings:
    """The world outside the engine's state machines.

    Parameters
    ----------
    now : Callable
        The clock port, in UTC.
    suffix : Callable
        A short new lower-case name part at each call (job and execution ids): the engine's
        only chance.
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
