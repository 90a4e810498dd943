"""What the poller works on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class UnreachableError(OSError):
    """There was no answer, or only a part of one; the text says why."""


@dataclass(frozen=True)
class Answer:
    """What a source answered over HTTP."""

    status: int
    headers: Mapping[str, str]
    """By their names in small letters."""
    body: bytes


class Web(Protocol):
    """HTTP, one request at a time."""

    def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Ask, and answer whatever status comes.

        Raises
        ------
        UnreachableError
            If no whole answer comes within the limits.
        """
        ...


class Outbox(Protocol):
    """The way to ingest."""

    def send(self, batch_id: str, series: str, lines: list[bytes]) -> None:
        """Send records, each as JSON, as one batch.

        Raises
        ------
        Retryable, Refused
            If they cannot be sent.
        """
        ...
