"""What the monitor's handlers look at (`Look`), and what its effects act on (`Ports`)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.monitor.domain.seen import Known, Observed, Stream, World
from shared.messaging.serving import Endpoints


class Windows(Protocol):
    """The online store."""

    def windows(
        self, series: str, first: datetime, last: datetime, window_s: int
    ) -> tuple[Observed, ...]:
        """Answer the windows of a series from `first` to `last`, by ascending start; those that are
        not there are left out."""
        ...


class Look(Windows, Protocol):
    """Questions only: a handler cannot act."""

    def world(self, model: str) -> World | None:
        """Answer what is declared of a model; None when it or its series is not declared."""
        ...

    def stream(self, series: str) -> Stream | None:
        """Answer how a series should flow; None when it is not declared."""
        ...

    def version(self, model: str, version: int) -> Known | None:
        """Answer what is known of a version; None when that cannot be read."""
        ...


class Blobs(Protocol):
    """The environment's bucket."""

    def put(self, key: str, body: bytes) -> str:
        """Write an object and answer its URI."""
        ...


@dataclass(frozen=True)
class Ports:
    """All that effects act on."""

    windows: Windows
    endpoints: Endpoints
    blobs: Blobs
