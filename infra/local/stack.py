"""The whole local AWS with our services in it, as one object that starts and ends."""

import fcntl
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Any

from infra.local import account, driven_clock, memory
from infra.local.deployment import HANDLER, Deployment, OfTables, Source
from infra.local.driven_clock import FrontClock
from infra.local.front_process import FrontProcess, usable
from infra.local.function_host import Function
from infra.local.http_server import HOST
from infra.local.lambdas import Supervisor
from infra.local.processes import Children
from infra.local.quiet import Watch
from infra.local.schedules import Schedules
from shared.contracts import limits
from shared.contracts.subscriptions import SERVICES
from shared.messaging.clock import CLOCK_URL, Clock, WallClock

REPOSITORY = Path(__file__).parents[2]
LOOK_S = 0.05
SPEED_UP = 60.0  # minutes become seconds


class StackError(RuntimeError):
    """The local AWS cannot start, or not go on.

    ::

        StackError
        ├── StateInUseError   another stack has the folder
        └── NotQuietError     something was still going on when the time was over
    """


class StateInUseError(StackError):
    """Another stack has the state folder."""


class NotQuietError(StackError):
    """Something was still going on; the text says what."""


class LocalStack:
    """The front, the resources, the functions and the schedules: a context manager.

    Parameters
    ----------
    state_dir : Path
        For sandboxes and logs: ``logs/<service>.log`` and ``logs/front.log``. One stack at a time.
    port : int
        Of the front, on 127.0.0.1; 0 lets the system choose.
    services : sequence of str
        Which services run.
    speed_up : float
        By how much the schedules' minutes are divided.
    clock_start : datetime, optional
        Where a clock begins that only moves when it is told to: see `clock` and
        `infra.local.driver`. None: the wall clock rules.
    source : Source, optional
        What the function polls that brings in live records; none: there is no such function.
    function_limit_s : float
        The functions' time limit; what they lease outlives it.
    rules_allowed : bool
        Whether a spec may let the rule approve in place of a person.
    record_calls : bool
        Whether the front keeps who called what: see `infra.local.recording`.
    deployment : Deployment, optional
        What is deployed; none: what the tables say. The services' limit, handlers, source and rules
        are then those of the deployment.
    progress, trouble : Callable
        Told in a sentence what was reached, and what went wrong; from several threads.
    handler, root : str and Path
        Where the services' Lambda entries are, and the repository.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        port: int = 0,
        env: str = "dev",
        services: Sequence[str] = SERVICES,
        speed_up: float = SPEED_UP,
        clock_start: datetime | None = None,
        source: Source | None = None,
        function_limit_s: float = limits.FUNCTION_SECONDS_MAX,
        rules_allowed: bool = False,
        record_calls: bool = False,
        deployment: Deployment | None = None,
        progress: Callable[[str], None] = lambda sentence: None,
        trouble: Callable[[str], None] = lambda sentence: None,
        handler: str = HANDLER,
        root: Path = REPOSITORY,
    ) -> None:
        self.state_dir = state_dir.absolute()
        self.logs = self.state_dir / "logs"
        self.env = env
        self.port = port
        self.services = tuple(services)
        self._speed_up = speed_up
        self._clock_start = clock_start
        self._record_calls = record_calls
        self._deployment = deployment or OfTables(
            env, tuple(services), handler, root, function_limit_s, rules_allowed, source
        )
        self._progress = progress
        self._trouble = trouble
        self._root = root
        self._ending = ExitStack()
        self.supervisor: Supervisor
        self.watch: Watch
        self.schedules: Schedules

    @property
    def endpoint_url(self) -> str:
        """Where boto3 finds it: ``AWS_ENDPOINT_URL``."""
        return f"http://{HOST}:{self.port}"

    @property
    def clock(self) -> FrontClock:
        """The clock of the front, of all services and of the CLI; one that is driven can be
        moved."""
        return FrontClock(self.endpoint_url + driven_clock.PATH)

    def start(self) -> None:
        """Start everything; what was started ends again when something fails.

        Raises
        ------
        PortTakenError, StateInUseError, FrontError, ProvisionError, FunctionBrokenError
            Each says what to do next.
        """
        with ExitStack() as ending:
            self._start(ending)
            self._ending = ending.pop_all()

    def close(self) -> None:
        """End everything; no process is left."""
        self._ending.close()

    def client(self, service: str, access_key: str = "operator") -> Any:
        """Answer a boto3 client of this local AWS, speaking as `access_key`."""
        return account.client(service, self.endpoint_url, access_key)

    def environment(self, access_key: str = "operator") -> dict[str, str]:
        """Answer the variables that point any AWS client here."""
        return {**account.pointing_at(self.endpoint_url, access_key), **self._clock_environment()}

    def wait_until_quiet(self, limit_s: float) -> None:
        """Wait until all queues are empty, no job runs, no endpoint changes and no todo is left.

        Raises
        ------
        NotQuietError
            After ``limit_s`` seconds.
        QueueLostError
            If a queue has lost its poller.
        """
        deadline, before = monotonic() + limit_s, -1
        while True:
            busy = next(self.watch.unfinished(), None)
            batches = self.supervisor.batches()
            if busy is None and batches == before:
                return  # two looks, and nothing was done between them
            before = batches if busy is None else -1
            if monotonic() > deadline:
                unfinished = "; ".join(self.watch.unfinished()) or "work keeps coming"
                raise NotQuietError(f"not quiet within {limit_s:g} s: {unfinished}")
            sleep(LOOK_S)

    def memory_bytes(self) -> int | None:
        """Answer what this process and all of the stack's take (PSS); None where the kernel does
        not tell."""
        return memory.pss_bytes(os.getpid())

    def __enter__(self) -> "LocalStack":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _start(self, ending: ExitStack) -> None:
        self._own_the_folder(ending)
        self.port = usable(self.port)
        children = ending.enter_context(Children())
        front = FrontProcess(
            self.port,
            self.state_dir,
            self._root,
            children,
            self._clock_start,
            self._record_calls,
        )
        self.supervisor = Supervisor(
            self._functions(),
            self.endpoint_url,
            children,
            self._root,
            self.logs,
            self._trouble,
        )
        self._end_in_order(ending, children)
        self.watch = Watch(self.env, self.endpoint_url, self.services)
        self.supervisor.warm_up()
        front.wait(self.watch.health)
        self._progress(f"local AWS at {self.endpoint_url}")
        self._deployment.provision(self.endpoint_url)
        self._progress(f"environment {self.env}: bus, queues, tables, bucket and pipelines")
        self.supervisor.start()
        self._progress(f"services {', '.join(self.services)}")
        self._start_schedules(ending)

    def _end_in_order(self, ending: ExitStack, children: Children) -> None:
        """Take no new work, then end the processes, then the threads that talked to them."""
        ending.callback(self.supervisor.join)
        ending.callback(children.close)
        ending.callback(self.supervisor.stop)

    def _own_the_folder(self, ending: ExitStack) -> None:
        self.state_dir.mkdir(parents=True, exist_ok=True)
        lock = ending.enter_context((self.state_dir / "lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateInUseError(
                f"another local AWS runs in {self.state_dir}: end it, or choose another folder"
            ) from None
        shutil.rmtree(self.logs, ignore_errors=True)

    def _start_schedules(self, ending: ExitStack) -> None:
        if self._clock_start:
            self.schedules = self._timed(speed_up=1, clock=self.clock)
            return  # whoever drives the clock sends what is due
        self.schedules = self._timed(self._speed_up, WallClock())
        self.schedules.start()
        ending.callback(self.schedules.join)
        ending.callback(self.schedules.stop)

    def _timed(self, speed_up: float, clock: Clock) -> Schedules:
        wakes = self._deployment.wakes()
        return Schedules(wakes, self.endpoint_url, speed_up, self._trouble, clock)

    def _clock_environment(self) -> dict[str, str]:
        return {CLOCK_URL: self.clock.url} if self._clock_start else {}

    def _functions(self) -> list[Function]:
        functions = self._deployment.functions(self.endpoint_url)
        driven = self._driven_environment()
        return [replace(one, environment={**one.environment, **driven}) for one in functions]

    def _driven_environment(self) -> dict[str, str]:
        """Answer what functions see besides where the clock is driven."""
        if not self._clock_start:
            return {}
        return {**self._clock_environment(), "MODELCYCLE_OFFLINE_LAG_S": "0"}
