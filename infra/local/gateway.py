"""SageMaker's three HTTP APIs before the engine: parsed, checked and answered by botocore's models.

The API and its two runtimes sign alike; which one is meant is read from the path. Requests are
parsed by moto's parsers, which are driven by the same models as boto3's.
"""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import Any

from botocore.utils import parse_timestamp
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request as HttpRequest
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

from infra.local.constraints import Constraints
from infra.local.sagemaker.core import Caller, Request, Response, ServiceError

JSON = "application/x-amz-json-1.1"
TARGET_PREFIX = "SageMaker."

log = logging.getLogger(__name__)

Call = Callable[[str, Request, Caller], Response]


@dataclass(frozen=True)
class Reply:
    """What goes back over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Gateway:
    """Answer HTTP requests that are signed for ``sagemaker``.

    Parameters
    ----------
    call : Callable
        The engine's.
    """

    def __init__(self, call: Call) -> None:
        self._call = call

    def answer(self, environ: dict[str, Any], access_key: str) -> Reply:
        """Answer a WSGI request; refusals are answers, too."""
        http = HttpRequest(environ)
        try:
            operation, request = _parse(http)
            response = self._call(operation.name, request, Caller.signing_with(access_key))
        except ServiceError as error:
            return self.refuse(error)
        except Exception as error:  # a fault of ours, told as AWS tells its own
            log.exception("%s failed", http.headers.get("X-Amz-Target", http.path))
            said = f"the local AWS failed, see its log: {type(error).__name__}: {error}"
            return self.refuse(ServiceError("InternalFailure", said, 500))
        return _reply(operation, response)

    @staticmethod
    def refuse(error: ServiceError) -> Reply:
        """Answer a refusal as SageMaker words it."""
        body = {"__type": error.code, "Message": error.message, **error.details}
        headers = {"Content-Type": JSON, "x-amzn-ErrorType": error.code}
        return Reply(error.status, headers, json.dumps(body).encode())


def service_of(path: str) -> str:
    """Answer which of the three services a path belongs to."""
    if path == "/":
        return "sagemaker"
    runtime = path.startswith("/endpoints/")
    return "sagemaker-runtime" if runtime else "sagemaker-featurestore-runtime"


def _parse(http: HttpRequest) -> tuple[OperationModel, Request]:
    service = service_of(http.path)
    try:
        operation, path_arguments = get_service_router(service).match(http)
    except NotFound:
        target = http.headers.get("X-Amz-Target", "").removeprefix(TARGET_PREFIX)
        asked = target or f"{http.method} {http.path}"
        raise ServiceError(
            "UnknownOperationException", f"{service} has no operation {asked}"
        ) from None
    door = _door(service, operation.name)
    try:
        request = door.read(http, path_arguments)
    except (ValueError, TypeError, AttributeError) as error:
        raise ServiceError("SerializationException", f"cannot read the request: {error}") from error
    if said := door.constraints.complaint(request):
        code = "ValidationException" if service == "sagemaker" else "ValidationError"
        raise ServiceError(code, said)
    return operation, request


class Door:
    """How the requests of one operation are read and checked."""

    def __init__(self, operation: OperationModel) -> None:
        self.constraints = Constraints(operation.input_shape)
        self._plain = _is_plain_json(operation.input_shape, frozenset())
        self._is_json = self._plain or operation.service_model.protocol == "json"
        self._parser = PROTOCOL_PARSERS[str(operation.service_model.protocol)](
            operation, timestamp_parser=_moment
        )

    def read(self, http: HttpRequest, path_arguments: Mapping[str, str]) -> dict[str, Any]:
        """Answer the request by member name, with times as datetimes; absent members are absent."""
        if self._is_json:  # the parser takes a body that is broken for one that is empty
            read: dict[str, Any] = json.loads(http.get_data() or b"{}")
        if not self._plain:  # plain JSON is read already, and bulk writes are in a hurry
            read = self._parser.parse(
                {
                    "body": http.get_data(),
                    "headers": http.headers,
                    "method": http.method,
                    "url_params": path_arguments,
                    "url_path": http.path,
                    "values": http.args,
                }
            )
        # absent lists of a query come as empty ones, which no shape allows
        return {name: value for name, value in read.items() if value not in ([], None)}


@cache
def _door(service: str, operation: str) -> Door:
    return Door(get_service_model(service).operation_model(operation))


def _is_plain_json(shape: Any, above: frozenset[str]) -> bool:
    """Whether JSON is all there is: no times, no bytes, nothing outside of the body."""
    if shape.type_name in ("timestamp", "blob", "float", "double"):
        return False
    if shape.name in above:
        return True
    members: Iterable[Any] = ()
    if shape.type_name == "structure":
        members = shape.members.values()
    elif shape.type_name == "list":
        members = (shape.member,)
    elif shape.type_name == "map":
        members = (shape.key, shape.value)
    return all(
        "location" not in member.serialization
        and "name" not in member.serialization
        and _is_plain_json(member, above | {shape.name})
        for member in members
    )


def _reply(operation: OperationModel, response: Response) -> Reply:
    """Spread a response over headers and body as its shape says."""
    shape = operation.output_shape
    headers = {"Content-Type": JSON}
    if shape is None:
        return Reply(HTTPStatus.OK, headers, b"{}")
    body = dict(response)
    for name, header in _headers(operation).items():
        if name in body:
            headers[header] = str(body.pop(name))
    payload = shape.serialization.get("payload")
    if payload is not None:
        return Reply(HTTPStatus.OK, headers, bytes(body[payload]))
    return Reply(HTTPStatus.OK, headers, json.dumps(body, default=_as_json).encode())


@cache
def _headers(operation: OperationModel) -> dict[str, str]:
    return {
        name: member.serialization["name"]
        for name, member in operation.output_shape.members.items()
        if member.serialization.get("location") == "header"
    }


def _moment(value: Any) -> datetime:
    return parse_timestamp(value).astimezone(UTC)


def _as_json(value: object) -> float:
    """Answer a time as the JSON protocols write it: seconds since 1970, to the millisecond."""
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    raise TypeError(f"{type(value).__name__} has no place in a response")
