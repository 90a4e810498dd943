"""What the front tells of itself, and its clock: the pages under ``/_modelcycle/``.

=====================  ============================================================================
``health``             its state, its process, what is under way, how many calls it was asked
``quiet?wait_s=2``     what is still to be done; waits so long for nothing to be left
``clock``              the time; see `infra.local.driven_clock`
``calls``              which calls were made by whom; see `infra.local.recording`
=====================  ============================================================================
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Lock
from time import monotonic, sleep
from typing import Any
from urllib.parse import parse_qs

from infra.local import driven_clock, moto_server
from infra.local.gateway import Reply
from infra.local.recording import Recorder
from infra.local.sagemaker.engine import Engine

PREFIX = "/_modelcycle/"
WAIT_S_MAX = 20.0
LOOK_S = 0.006
UNDER_WAY = ("jobs_running", "executions_running", "endpoints_changing")


class Pages:
    """Answers the front's own pages.

    Parameters
    ----------
    fault : Callable
        Answers what is wrong with the front, or None.
    recorder : Recorder, optional
        Knows which calls were made.
    """

    def __init__(
        self,
        engine: Engine,
        region: str,
        services: tuple[str, ...],
        clock: Callable[[], datetime],
        fault: Callable[[], str | None],
        recorder: Recorder | None = None,
    ) -> None:
        self._engine = engine
        self._region = region
        self._services = services
        self._clock = clock
        self._fault = fault
        self._recorder = recorder
        self._calls: Counter[str] = Counter()
        self._counting = Lock()

    def count(self, service: str) -> None:
        """Note a call of a service."""
        with self._counting:
            self._calls[service or "unsigned"] += 1

    def answer(self, environ: dict[str, Any]) -> Reply:
        """Answer a request whose path starts with `PREFIX`."""
        match environ["PATH_INFO"].removeprefix(PREFIX):
            case "health":
                return said(self.health())
            case "quiet":
                return said(self._quiet(environ.get("QUERY_STRING", "")))
            case "clock":
                return driven_clock.answer(self._clock, environ)
            case "calls" if self._recorder:
                return said({"calls": self._recorder.answer()})
            case page:
                return driven_clock.refusal(404, f"there is no page {page!r}")

    def health(self) -> dict[str, Any]:
        """Answer what a supervisor wants to know."""
        fault = self._fault()
        with self._counting:
            calls = dict(self._calls)
        return {
            "status": "ok" if fault is None else "faulty",
            "fault": fault,
            "pid": os.getpid(),
            "region": self._region,
            "services": list(self._services),
            "calls": calls,
            **self._engine.status(),
        }

    def unfinished(self) -> dict[str, Any]:
        """Answer what is under way, as of one moment.

        The locks make it one: whatever handles a message and would start a job, or say an event,
        waits for one of them, and its own message counts until it is deleted. So nothing moves on
        between two counts unseen.
        """
        with self._engine.lock, moto_server.LOCK:
            status, depths = self._engine.status(), moto_server.queue_depths(self._region)
        return {
            **{kind: status[kind] for kind in UNDER_WAY if status[kind]},
            "messages": {queue: count for queue, count in depths.handled.items() if count},
            "dead_letters": {queue: count for queue, count in depths.others.items() if count},
        }

    def _quiet(self, query: str) -> dict[str, Any]:
        try:
            wait_s = float(parse_qs(query)["wait_s"][0])
        except (KeyError, ValueError):
            wait_s = 0.0
        deadline = monotonic() + min(wait_s, WAIT_S_MAX)
        while not is_quiet(seen := self.unfinished()) and monotonic() < deadline:
            sleep(LOOK_S)
        return {**seen, "quiet": is_quiet(seen)}


def is_quiet(seen: Mapping[str, Any]) -> bool:
    """Tell whether nothing is under way; what was given up lies in queues that nobody polls."""
    return not seen["messages"] and not any(kind in seen for kind in UNDER_WAY)


def said(content: Mapping[str, Any]) -> Reply:
    """Answer a page."""
    return Reply(200, {}, json.dumps(content).encode())
