"""Which calls were made by whom, as IAM would be asked about them: for the proof of permissions."""

import io
import json
from collections.abc import Mapping
from threading import Lock
from typing import Any, NamedTuple

from botocore.model import StructureShape
from moto.core.request import Request as HttpRequest
from moto.core.routing import get_service_router

from infra.local import authorization
from infra.local.authorization import Question
from infra.local.gateway import service_of
from infra.local.moto_server import Signature


class Call(NamedTuple):
    """One question, and who asked."""

    caller: str
    """The access key that signed."""
    question: Question


class Recorder:
    """Keeps each different call once."""

    def __init__(self) -> None:
        self._calls: set[Call] = set()
        self._keeping = Lock()

    def note(self, environ: dict[str, Any], signature: Signature) -> None:
        """Keep a request; its body can be read again."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        service = signature.service
        if service == "sagemaker":
            service = service_of(environ["PATH_INFO"])
        operation, params = read(service, {**environ, "wsgi.input": io.BytesIO(body)}, body)
        environ["wsgi.input"] = io.BytesIO(body)
        asked = authorization.questions(service, operation, params)
        with self._keeping:
            self._calls.update(Call(signature.access_key, question) for question in asked)

    def answer(self) -> list[dict[str, Any]]:
        """Answer all calls, sorted."""
        with self._keeping:
            calls = sorted(self._calls)
        return [
            {
                "caller": caller,
                "action": question.action,
                "resource": question.resource,
                "values": dict(question.values),
            }
            for caller, question in calls
        ]


def read(service: str, environ: Mapping[str, Any], body: bytes) -> tuple[str, Mapping[str, Any]]:
    """Answer a request's operation, and its parameters as far as path, headers and JSON body tell
    them."""
    operation, path_arguments = get_service_router(service).match(HttpRequest(dict(environ)))
    shape = operation.input_shape
    speaks_json = "json" in str(operation.service_model.protocol)
    is_json = speaks_json and shape is not None and "payload" not in shape.serialization
    told = {**path_arguments, **(of_headers(shape, environ) if shape else {})}
    return operation.name, {**told, **(json.loads(body or b"{}") if is_json else {})}


def of_headers(shape: StructureShape, environ: Mapping[str, Any]) -> dict[str, str]:
    """Answer the parameters that a request's headers tell."""
    names = {
        name: f"HTTP_{member.serialization['name'].upper().replace('-', '_')}"
        for name, member in shape.members.items()
        if member.serialization.get("location") == "header"
    }
    return {name: environ[header] for name, header in names.items() if header in environ}
