"""The one port of the local AWS: our SageMaker, and moto's server for everything else.

``python -m infra.local.front --port 4599 --state-dir .local`` runs it as a process that ends
cleanly, with all its children, on SIGTERM and SIGINT. State lives in memory: it begins empty.
"""

import argparse
import logging
import shutil
import signal
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from moto.core.base_backend import BackendDict

from infra.local import driven_clock, moto_server, pages
from infra.local.account import ACCOUNT, REGION
from infra.local.driven_clock import DrivenClock
from infra.local.gateway import Gateway, Reply
from infra.local.http_server import HttpServer
from infra.local.processes import Children
from infra.local.recording import Recorder
from infra.local.sagemaker.blobs import MotoBlobs
from infra.local.sagemaker.core import ServiceError, Surroundings
from infra.local.sagemaker.engine import SERVICES, Engine
from infra.local.sagemaker.runner import SubprocessRunner, algorithm_images

REPOSITORY = Path(__file__).parents[2]
TICK_S = 0.05
OFFLINE_LAG_S = 1.0

log = logging.getLogger(__name__)


def wall_clock() -> datetime:
    """Answer the time of this machine, in UTC."""
    return datetime.now(UTC)


class Front:
    """The local AWS, in this process: a context manager.

    Parameters
    ----------
    port : int
        On 127.0.0.1; 0 lets the system choose.
    state_dir : Path
        For sandboxes and logs of containers, in ``sagemaker``, which is emptied.
    clock : Callable
        The engine's clock, in UTC; moto keeps the wall clock. A `DrivenClock` can be moved over
        HTTP.
    region : str
        The only region that SageMaker is in.
    offline_lag : timedelta
        How long the offline store lags, by ``clock``.
    images : Mapping, optional
        Image repository → Python package; the packages in ``algorithms`` by default.
    recorder : Recorder, optional
        Is told of every call.

    Raises
    ------
    PortTakenError
        If the port cannot be had.
    """

    def __init__(
        self,
        port: int,
        state_dir: Path,
        clock: Callable[[], datetime] = wall_clock,
        *,
        region: str = REGION,
        offline_lag: timedelta = timedelta(seconds=OFFLINE_LAG_S),
        images: Mapping[str, str] | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self.region = region
        self._server = HttpServer(self._answer, port)
        BackendDict.reset()  # what another front in this process may have left
        self._moto = moto_server.application()
        folder = state_dir.absolute() / "sagemaker"
        shutil.rmtree(folder, ignore_errors=True)
        self._children = Children()
        self.engine = Engine(
            self._surroundings(clock),
            SubprocessRunner(
                algorithm_images(REPOSITORY) if images is None else images,
                self._children,
                REPOSITORY,
                self._environment(),
            ),
            folder,
            offline_lag=offline_lag,
        )
        self._gateway = Gateway(self.engine.call)
        self._recorder = recorder
        self._pages = pages.Pages(
            self.engine, region, SERVICES, clock, lambda: self._fault, recorder
        )
        self._ending = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="ticks", daemon=True)
        self._fault: str | None = None

    @property
    def url(self) -> str:
        """The endpoint URL for clients."""
        return self._server.url

    def start(self) -> None:
        """Begin to answer and to tick."""
        self._server.start()
        self._ticker.start()

    def close(self) -> None:
        """End it with all its children."""
        self._ending.set()
        if self._ticker.is_alive():
            self._ticker.join()
        self._children.close()
        self.engine.close()
        self._server.close()

    def __enter__(self) -> "Front":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _answer(self, environ: dict[str, Any], respond: Callable[..., Any]) -> Iterable[bytes]:
        environ["RAW_URI"] = environ["REQUEST_URI"]  # moto reads the path as it was sent from it
        if environ["PATH_INFO"].startswith(pages.PREFIX):
            reply = self._pages.answer(environ)
        else:
            signature = moto_server.signature(environ)
            self._pages.count(signature.service)
            if self._recorder and signature.service:
                self._recorder.note(environ, signature)
            if signature.service != "sagemaker":
                return self._moto(environ, respond)
            reply = self._sagemaker(environ, signature)
        headers = {"Content-Type": "application/json", **reply.headers}
        respond(
            f"{reply.status} {'OK' if reply.status == 200 else 'Refused'}",
            [*headers.items(), ("Content-Length", str(len(reply.body)))],
        )
        return [reply.body]

    def _sagemaker(self, environ: dict[str, Any], signature: moto_server.Signature) -> Reply:
        if signature.region != self.region:
            return Gateway.refuse(
                ServiceError(
                    "InvalidSignatureException",
                    f"Signed for {signature.region}, but this local AWS is in {self.region}: set"
                    " AWS_REGION",
                    403,
                )
            )
        return self._gateway.answer(environ, signature.access_key)

    def _tick(self) -> None:
        while not self._ending.wait(TICK_S):
            try:
                self.engine.tick()
            except Exception as error:  # the next tick may well succeed; health tells of it
                log.exception("the engine's tick failed")
                self._fault = f"{type(error).__name__}: {error}"

    def _surroundings(self, clock: Callable[[], datetime]) -> Surroundings:
        def emit(detail_type: str, resources: Sequence[str], detail: Mapping[str, Any]) -> None:
            put = partial(moto_server.put_aws_event, ACCOUNT, self.region, clock())
            put(detail_type, resources, detail)

        return Surroundings(
            account=ACCOUNT,
            region=self.region,
            now=clock,
            suffix=lambda: uuid.uuid4().hex[:12],
            blobs=MotoBlobs(ACCOUNT, moto_server.LOCK),
            emit=emit,
        )

    def _environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the local AWS until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.front", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="on 127.0.0.1")
    parser.add_argument("--state-dir", type=Path, required=True, help="sandboxes and logs")
    parser.add_argument("--region", default=REGION)
    parser.add_argument("--clock", choices=("wall", "driven"), default="wall")
    parser.add_argument("--start", type=driven_clock.read, help="of a driven clock, ISO 8601")
    parser.add_argument("--offline-lag-s", type=float, default=OFFLINE_LAG_S)
    parser.add_argument("--record-calls", action="store_true", help="see infra.local.recording")
    options = parser.parse_args(arguments)
    if (options.clock == "driven") != (options.start is not None):
        parser.error("--clock driven needs --start, and only that")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    with Front(
        options.port,
        options.state_dir,
        DrivenClock(options.start) if options.start else wall_clock,
        region=options.region,
        offline_lag=timedelta(seconds=options.offline_lag_s),
        recorder=Recorder() if options.record_calls else None,
    ) as front:
        log.info("the local AWS listens on %s", front.url)
        ending.wait()


if __name__ == "__main__":
    main()
