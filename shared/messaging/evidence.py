"""Keeping what a decision saw, so that it can be explained, and decided again from the record."""

import hashlib
from collections.abc import Callable
from typing import Any

from pydantic_core import to_json

from shared.contracts import limits
from shared.contracts.lifecycle.monitoring import Seen


class Recording:
    """A proxy around `Look` that notes every question and its answer."""

    def __init__(self, target: Any, notes: list[Any], path: str = "") -> None:
        self._target = target
        self._notes = notes
        self._path = path

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        path = self._path + name
        if not callable(found):
            return Recording(found, self._notes, path + ".")

        def asked(*arguments: Any) -> Any:
            answer = found(*arguments)
            self._notes.append((path, arguments, answer))
            return answer

        return asked


class Evidence:
    """Keeps what was seen inline while it is small, else in S3 with its digest.

    Parameters
    ----------
    put : Callable
        ``(key, body) -> s3 uri``; the key names its content, so writing twice is writing once.
    """

    def __init__(self, put: Callable[[str, bytes], str]) -> None:
        self.put = put

    def keep(self, notes: list[Any]) -> Seen:
        """Answer where the notes are kept."""
        body = to_json(notes)
        if len(body) <= limits.SEEN_BYTES_MAX:
            return Seen(inline=body.decode())
        sha256 = hashlib.sha256(body).hexdigest()
        return Seen(uri=self.put(f"seen/{sha256}.json", body), sha256=sha256)
