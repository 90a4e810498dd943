"""Serve: the program that SageMaker runs as ``serve``, for endpoints and batch transforms.

``GET /ping`` says that the model is loaded; ``POST /invocations`` takes DeepAR's request in real
time (``application/json``) or bare instances, one a line (``application/jsonlines``), which are
configured by DEEPAR_INFERENCE_CONFIG; ``GET /execution-parameters`` tells a transform how to ask.
What is wrong with a request is told as ``{"error": …}`` with a 4xx status.
"""

import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import waitress

from algorithms import container
from algorithms.lightgbm import answer, artifact
from algorithms.lightgbm.answer import UnknownQuantileError
from algorithms.lightgbm.model import Model
from algorithms.lightgbm.points import UnusableSeriesError
from shared.forecasting import deepar_json
from shared.forecasting.deepar_json import Configuration, FormatError

PORT_VARIABLE = "SAGEMAKER_BIND_TO_PORT"
BODY_BYTES_MAX = 6 * 1024 * 1024  # SageMaker's limit of a request in real time
THREADS = 4
CONTENT_TYPE_CHARACTERS_SHOWN = 100
JSON, JSON_LINES = "application/json", "application/jsonlines"

Environ = dict[str, Any]
Start = Callable[[str, list[tuple[str, str]]], object]

log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """What is sent back."""

    status: str
    text: str
    content_type: str = JSON


class Service:
    """The model as a WSGI application.

    Parameters
    ----------
    batch : Configuration
        What bare instances are told.
    """

    def __init__(self, model: Model, batch: Configuration) -> None:
        self._model = model
        self._batch = batch
        self._routes: dict[tuple[str, str], Callable[[Environ], Answer]] = {
            ("GET", "/ping"): self._ping,
            ("GET", "/execution-parameters"): self._execution_parameters,
            ("POST", "/invocations"): self._invocations,
        }

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        """Answer one request."""
        route = (environ["REQUEST_METHOD"], environ["PATH_INFO"])
        found = self._routes.get(route)
        answered = (
            found(environ) if found else _error("404 Not Found", f"no {' '.join(route)} here")
        )
        body = answered.text.encode()
        headers = [("Content-Type", answered.content_type), ("Content-Length", str(len(body)))]
        start_response(answered.status, headers)
        return [body]

    def _ping(self, _environ: Environ) -> Answer:
        return Answer("200 OK", "{}")

    def _execution_parameters(self, _environ: Environ) -> Answer:
        parameters = {
            "MaxConcurrentTransforms": THREADS,
            "BatchStrategy": "SINGLE_RECORD",
            "MaxPayloadInMB": BODY_BYTES_MAX // 1024**2,
        }
        return Answer("200 OK", json.dumps(parameters))

    def _invocations(self, environ: Environ) -> Answer:
        content_type = (environ.get("CONTENT_TYPE") or JSON).partition(";")[0].strip().lower()
        body = environ["wsgi.input"].read()
        try:
            match content_type:
                case "application/json":
                    return Answer("200 OK", self._in_real_time(body))
                case "application/jsonlines":
                    return Answer("200 OK", self._in_batch(body), JSON_LINES)
        except (FormatError, UnusableSeriesError, UnknownQuantileError) as error:
            return _error("400 Bad Request", str(error))
        except UnicodeDecodeError:
            return _error("400 Bad Request", "the body is not UTF-8")
        shown = content_type[:CONTENT_TYPE_CHARACTERS_SHOWN]
        return _error("415 Unsupported Media Type", f"{shown} is neither {JSON} nor {JSON_LINES}")

    def _in_real_time(self, body: bytes) -> str:
        request = deepar_json.read_request(body)
        predictions = answer.predict(self._model, request.instances, request.configuration)
        return deepar_json.write_response(predictions)

    def _in_batch(self, body: bytes) -> str:
        series = [deepar_json.read_series(line) for line in body.splitlines() if line.strip()]
        if not series:
            raise FormatError("the body is empty: send one instance a line")
        predictions = answer.predict(self._model, series, self._batch)
        return "".join(f"{deepar_json.write_prediction(one)}\n" for one in predictions)


def main() -> None:
    """Load the model and serve it until SIGTERM.

    A model or configuration that cannot be used ends the program with one sentence in the log.
    """
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    configured = os.environ.get(deepar_json.CONFIGURATION_VARIABLE, "{}")
    try:
        model = artifact.load(container.root() / "model")
        service = Service(model, deepar_json.read_configuration(configured))
    except (artifact.BrokenArtifactError, FormatError) as error:
        log.error("%s", error)  # noqa: TRY400 (the sentence is for people)
        sys.exit(1)
    # As the first process of a container, SIGTERM would otherwise be ignored
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(0))
    port = int(os.environ.get(PORT_VARIABLE, "8080"))
    log.info("Serving on port %d a model trained up to %s.", port, model.trained_to.isoformat())
    waitress.serve(
        service,
        host=host(),
        port=port,
        threads=THREADS,
        max_request_body_size=BODY_BYTES_MAX,
        ident=None,
    )


def host() -> str:
    """Answer the address to listen on: all in a container, loopback alone in a local sandbox."""
    return "127.0.0.1" if container.ROOT_VARIABLE in os.environ else "0.0.0.0"  # noqa: S104


def _error(status: str, text: str) -> Answer:
    return Answer(status, json.dumps({"error": text}))


if __name__ == "__main__":
    main()
