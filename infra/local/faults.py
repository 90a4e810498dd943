"""Sudden death on demand: a function's process ends at a chosen point, as by a power cut.

Tests ask for it to prove that nothing is lost or done twice, whatever a process was at. The
services know nothing of it: what they call is wrapped at run time. Points are

- the class name of an action: around its effect, before it is settled;
- ``commit``: around a conditional write of an aggregate;
- ``publish``: around saying the events of a decision;
- the name of any AWS operation: ``PutEvents``, ``UpdateEndpoint``.
"""

import functools
import os
import signal
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import botocore.client

from shared.messaging import worker
from shared.messaging.bus import EventBridgeBus
from shared.messaging.store import DynamoStore


class Fault(NamedTuple):
    """Die right before or after the `nth` passing of a point."""

    when: Literal["before", "after"]
    point: str
    nth: int = 1


class Faults:
    """At most one fault, waiting for its moment.

    Parameters
    ----------
    die : Callable
        Ends the process at once.
    """

    def __init__(self, die: Callable[[], object]) -> None:
        self._die = die
        self._fault: Fault | None = None
        self._left = 0

    def arm(self, fault: Fault) -> None:
        """Wait for the fault's moment; an earlier one is forgotten."""
        self._fault, self._left = fault, fault.nth

    def passing(self, when: str, point: str) -> None:
        """Die if this is the moment."""
        if self._fault is None or (when, point) != (self._fault.when, self._fault.point):
            return
        self._left -= 1
        if self._left == 0:
            self._die()

    def around(
        self, function: Callable[..., Any], point_of: Callable[..., str]
    ) -> Callable[..., Any]:
        """Answer the same function, with a point before and after it."""

        @functools.wraps(function)
        def guarded(*arguments: Any, **named: Any) -> Any:
            point = point_of(*arguments)
            self.passing("before", point)
            answer = function(*arguments, **named)
            self.passing("after", point)
            return answer

        return guarded

    def install(self) -> None:
        """Wrap what services call, in this process, once."""
        for owner, name, point_of in WRAPPED:
            setattr(owner, name, self.around(getattr(owner, name), point_of))


WRAPPED: tuple[tuple[Any, str, Callable[..., str]], ...] = (
    (worker, "attempt", lambda effect, action, ports: type(action).__name__),
    (DynamoStore, "commit", lambda *arguments: "commit"),
    (EventBridgeBus, "publish", lambda *arguments: "publish"),
    (botocore.client.BaseClient, "_make_api_call", lambda client, operation, *rest: operation),
)


def power_cut() -> None:
    """End this process at once: no exit handler runs, nothing is flushed."""
    os.kill(os.getpid(), signal.SIGKILL)
