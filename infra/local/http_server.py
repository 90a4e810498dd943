"""A threaded HTTP server on the loopback address that can be ended from within its process."""

import errno
import logging
import socket
import threading
from typing import Any

from waitress import create_server, wasyncore
from waitress.channel import HTTPChannel

from infra.local.memory import share_arenas

HOST = "127.0.0.1"
THREADS = 48  # each long poll of a queue holds one for up to 20 s
CONNECTIONS_LIMIT = 512
BUFFER_BYTES_MAX = 64 << 20  # of an answer in memory; waitress leaves its temporary files open
LOOP_WAIT_S = 1.0
LONG_POLLS_S = 0.5  # how long the end waits for requests that are being answered


class PortTakenError(RuntimeError):
    """Somebody else listens on the port."""


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection on which a request may say ``Expect: 100-continue`` and have an empty body, as
    boto3's PutObject does: waitress says to continue and then waits for a body for ever."""

    def send_continue(self) -> None:
        """Say 100 Continue where there is a body to come."""
        if self.request.completed:
            self.request.expect_continue = False
        else:
            super().send_continue()


class HttpServer:
    """Serve a WSGI application; the port is taken at once, answers come after `start`.

    Parameters
    ----------
    port : int
        0 lets the system choose: see `port`.

    Raises
    ------
    PortTakenError
        If the port cannot be had.
    """

    def __init__(self, application: Any, port: int) -> None:
        # a warning for every request that waits for a thread, and for long polls at the end
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        share_arenas()
        self._channels: dict[int, Any] = {}
        self._server = create_server(
            application,
            map=self._channels,
            sockets=[bound(port)],
            threads=THREADS,
            connection_limit=CONNECTIONS_LIMIT,
            outbuf_overflow=BUFFER_BYTES_MAX,
            asyncore_use_poll=True,
            clear_untrusted_proxy_headers=False,
            ident="modelcycle",
        )
        self._server.channel_class = Channel
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="http", daemon=True)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.effective_port)

    @property
    def url(self) -> str:
        """Where it can be reached."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Answer nothing more; what is being answered has half a second to end."""
        self._ending.set()
        self._server.pull_trigger()
        if self._thread.is_alive():
            self._thread.join()
        self._server.task_dispatcher.shutdown(timeout=LONG_POLLS_S)
        for channel in list(self._channels.values()):
            # a long poll that ends later still pulls the trigger: its descriptors must stay its own
            if channel is not self._server.trigger:
                channel.close()

    def _loop(self) -> None:
        while not self._ending.is_set():
            wasyncore.loop(timeout=LOOP_WAIT_S, use_poll=True, map=self._channels, count=1)


def bound(port: int) -> socket.socket:
    """Answer a socket that has the port on the loopback address; 0 lets the system choose.

    Raises
    ------
    PortTakenError
        If the port cannot be had.
    """
    taken = socket.socket()
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((HOST, port))
    except OSError as error:
        taken.close()
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise PortTakenError(
            f"port {port} on {HOST} cannot be used ({error.strerror}): end the program that"
            " listens there, or choose another port"
        ) from error
    return taken
