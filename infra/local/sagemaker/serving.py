"""Serving containers: started, asked for their health, spoken to, and retired."""

import http.client
import shutil
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from infra.local.sagemaker.core import Blobs, NoSuchBlobError, Response, ServiceError
from infra.local.sagemaker.job import Bench, ServedModel
from infra.local.sagemaker.runner import Container, Running, UnknownImageError
from infra.local.sagemaker.storage import JobError, unpack

HOST = "127.0.0.1"
PING_LIMIT_S = 2.0  # SageMaker's own limit for an answer to /ping
INVOCATION_LIMIT_S = 60.0
LOG_LINES = 3  # of a container that did not come up, shown in FailureReason


class StartError(Exception):
    """Why serving containers did not come up: an endpoint's FailureReason."""


@dataclass(frozen=True)
class Variant:
    """One production variant: what serves it, and its share of the traffic."""

    name: str
    model: ServedModel
    weight: float
    instances: int
    serverless: Mapping[str, int] | None
    startup_limit_s: float

    def shown(self) -> Response:
        """Answer it as DescribeEndpoint shows it; a serverless one has no instances."""
        summary: Response = {
            "VariantName": self.name,
            "DeployedImages": [{"SpecifiedImage": self.model.image}],
            "CurrentWeight": self.weight,
            "DesiredWeight": self.weight,
            "CurrentInstanceCount": self.instances,
            "DesiredInstanceCount": self.instances,
        }
        if self.serverless is not None:
            summary["CurrentServerlessConfig"] = dict(self.serverless)
        return summary


@dataclass
class Server:
    """A running serving container.

    Parameters
    ----------
    in_flight : int
        Requests that wait for its answer; it is not ended before they are done.
    credit : float
        Its claim to the next request: grows with the variant's weight until it is chosen.
    """

    variant: Variant
    running: Running
    root: Path
    in_flight: int = 0
    credit: float = 0.0

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self.running.poll() is None

    def end(self) -> None:
        """Stop it and remove its sandbox."""
        self.running.stop()
        shutil.rmtree(self.root, ignore_errors=True)


@dataclass(frozen=True)
class Answer:
    """What a container said to an invocation."""

    status: int
    content_type: str
    body: bytes
    custom_attributes: str | None


def start(
    bench: Bench, name: str, variants: Sequence[Variant]
) -> Generator[None, None, list[Server]]:
    """Start one container a variant and wait until all are healthy; yields while it waits.

    Raises
    ------
    StartError
        If one does not come up; none of them is left running then.
    """
    servers: list[Server] = []
    try:
        for variant in variants:
            servers.append((yield from _started(bench, name, variant)))
        for server in servers:
            yield from _until_healthy(bench, server)
    except BaseException:  # GeneratorExit, too: an endpoint may be deleted while it starts
        for server in servers:
            server.end()
        raise
    return servers


def choose(servers: Sequence[Server]) -> Server:
    """Take the server that is next by smooth weighted round robin: exact shares without chance."""
    for server in servers:
        server.credit += server.variant.weight
    chosen = max(servers, key=lambda server: server.credit)
    chosen.credit -= sum(server.variant.weight for server in servers)
    return chosen


def ping(port: int) -> bool:
    """Whether the container on ``port`` says that it is healthy."""
    connection = http.client.HTTPConnection(HOST, port, timeout=PING_LIMIT_S)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def post(port: int, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send an invocation to the container on ``port``.

    Raises
    ------
    ServiceError
        ModelError if it does not answer: its process is gone, or it takes longer than 60 s.
    """
    connection = http.client.HTTPConnection(HOST, port, timeout=INVOCATION_LIMIT_S)
    try:
        connection.request("POST", "/invocations", body, dict(headers))
        response = connection.getresponse()
        return Answer(
            response.status,
            response.getheader("Content-Type", "application/octet-stream"),
            response.read(),
            response.getheader("X-Amzn-SageMaker-Custom-Attributes"),
        )
    except TimeoutError:
        raise model_error(0, "Your invocation timed out while waiting for a response") from None
    except (OSError, http.client.HTTPException) as error:
        raise model_error(503, f"the container does not answer: {error}") from error
    finally:
        connection.close()


def model_error(status: int, message: str) -> ServiceError:
    """Answer the error of an invocation that the container did not answer with success."""
    side = "client" if 400 <= status < 500 else "server"
    return ServiceError(
        "ModelError",
        f'Received {side} error ({status}) from primary with message "{message}".',
        424,
        {"OriginalStatusCode": status, "OriginalMessage": message},
    )


def _started(bench: Bench, name: str, variant: Variant) -> Generator[None, None, Server]:
    unique = f"{name}-{variant.name}-{bench.surroundings.suffix()}"
    root = bench.folder / "endpoints" / unique
    try:
        yield from bench.done(partial(_install, bench.surroundings.blobs, variant.model, root))
        container = Container(
            kind="serve",
            image=variant.model.image,
            root=root,
            log=bench.folder / "logs" / f"endpoint-{unique}.log",
            environment=variant.model.environment,
        )
        return Server(variant, bench.runner.start(container), root)
    except (JobError, UnknownImageError) as error:
        shutil.rmtree(root, ignore_errors=True)
        raise StartError(str(error)) from error


def _install(blobs: Blobs, model: ServedModel, root: Path) -> None:
    folder = root / "model"
    folder.mkdir(parents=True)
    if model.model_data_url is None:
        return
    try:
        body = blobs.get(model.model_data_url)
    except NoSuchBlobError:
        raise JobError(f"Could not find model data at {model.model_data_url}") from None
    unpack(body, folder)


def _until_healthy(bench: Bench, server: Server) -> Generator[None, None, None]:
    deadline = bench.elapsed_s() + server.variant.startup_limit_s
    port = server.running.port
    while port is not None and server.alive and bench.elapsed_s() < deadline:
        if (yield from bench.done(partial(ping, port))):
            return
        yield
    last_words = " | ".join(server.running.logs().strip().splitlines()[-LOG_LINES:])
    raise StartError(
        f"The primary container for production variant {server.variant.name} did not pass the"
        f" ping health check. Its log ends with: {last_words or 'nothing'}"
    )
