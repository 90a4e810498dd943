"""The engine: all parts of the local SageMaker, one lock, one clock.

It knows no HTTP. `call` answers an operation by its name; `tick` walks on whatever is under way.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from pathlib import Path
from threading import RLock
from time import monotonic

from botocore import xform_name
from botocore.session import get_session

from infra.local.sagemaker.core import Caller, Request, Response, ServiceError, Surroundings
from infra.local.sagemaker.endpoint_configs import EndpointConfigs
from infra.local.sagemaker.endpoints import Endpoints
from infra.local.sagemaker.features import FeatureGroups
from infra.local.sagemaker.job import Bench
from infra.local.sagemaker.jobs import Jobs
from infra.local.sagemaker.models import Models
from infra.local.sagemaker.package_groups import PackageGroups
from infra.local.sagemaker.pipelines import Pipelines
from infra.local.sagemaker.records import Records
from infra.local.sagemaker.registry import Registry
from infra.local.sagemaker.runner import Runner
from infra.local.sagemaker.tags import Tags

THREADS = 8  # for what would hold up a tick: S3, pings, the requests of transform jobs
SERVICES = ("sagemaker", "sagemaker-runtime", "sagemaker-featurestore-runtime")
OWN_LOCKING = frozenset({"InvokeEndpoint"})  # waits for a container, up to a minute

Operation = Callable[[Request, Caller], Response]


class Engine:
    """SageMaker on one machine.

    Safe for threads: every operation and every tick runs under `lock`, but InvokeEndpoint, which
    takes it only to choose a container.

    Parameters
    ----------
    folder : Path
        For sandboxes and logs of containers.
    offline_lag : timedelta
        How long after their arrival records reach the offline store, by the surroundings' clock.
    executor : Executor, optional
        Threads of its own by default; a simulator hands in one that works at once.
    elapsed_s : Callable
        A clock of seconds for limits of containers and pauses before retries, which run on the
        wall clock.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        runner: Runner,
        folder: Path,
        *,
        offline_lag: timedelta = timedelta(seconds=1),
        executor: Executor | None = None,
        elapsed_s: Callable[[], float] = monotonic,
    ) -> None:
        self.lock = RLock()
        self._executor = executor or ThreadPoolExecutor(THREADS, thread_name_prefix="engine")
        self.tags = Tags()
        self.package_groups = PackageGroups(surroundings, self.tags)
        self.registry = Registry(surroundings, self.tags, self.package_groups)
        self.models = Models(surroundings, self.tags, self.registry.package)
        self.endpoint_configs = EndpointConfigs(surroundings, self.tags, self.models.served)
        bench = Bench(surroundings, runner, self._executor, folder, self.models.find, elapsed_s)
        self.endpoints = Endpoints(surroundings, bench, self.endpoint_configs, self.tags, self.lock)
        self.jobs = Jobs(
            surroundings,
            runner,
            folder,
            self.models.find,
            executor=self._executor,
            elapsed_s=elapsed_s,
        )
        self.pipelines = Pipelines(surroundings, self.call, elapsed_s=elapsed_s)
        self.feature_groups = FeatureGroups(surroundings, self.tags, offline_lag)
        self.records = Records(surroundings, self.feature_groups)
        self._operations = operations_of(
            self.tags,
            self.package_groups,
            self.registry,
            self.models,
            self.endpoint_configs,
            self.endpoints,
            self.jobs,
            self.pipelines,
            self.feature_groups,
            self.records,
        )

    def call(self, operation: str, request: Request, caller: Caller) -> Response:
        """Answer an operation, named as in the API: ``CreateEndpoint``.

        Raises
        ------
        ServiceError
            What SageMaker would answer; UnknownOperationException for what is not built here.
        """
        method = self._operations.get(operation)
        if method is None:
            raise ServiceError(
                "UnknownOperationException",
                f"The local AWS has no {operation}. It has: {', '.join(sorted(self._operations))}",
            )
        if operation in OWN_LOCKING:
            return method(request, caller)
        with self.lock:
            return method(request, caller)

    def tick(self) -> None:
        """Walk on everything that can be walked on now."""
        with self.lock:
            self.jobs.tick()
            self.pipelines.tick()
            self.endpoints.tick()
            self.feature_groups.tick()

    def flush(self) -> None:
        """Write every record to the offline store now, without waiting for the lag."""
        with self.lock:
            self.feature_groups.flush()

    def status(self) -> Mapping[str, int]:
        """Answer how much is under way."""
        with self.lock:
            return {
                "jobs_running": self.jobs.running(),
                "executions_running": self.pipelines.running(),
                "endpoints": len(self.endpoints),
                "endpoints_changing": self.endpoints.changing(),
            }

    def close(self) -> None:
        """End every container; nothing starts any more."""
        with self.lock:
            self.endpoints.close()
            self.jobs.close()
            self._executor.shutdown(cancel_futures=True)


def operations_of(*parts: object) -> dict[str, Operation]:
    """Answer the parts' methods that are named after an operation of the three services."""
    return {
        operation: getattr(part, method)
        for operation, method in _names()
        for part in parts
        if hasattr(part, method)
    }


@cache
def _names() -> tuple[tuple[str, str], ...]:
    session = get_session()
    return tuple(
        (operation, xform_name(operation))
        for service in SERVICES
        for operation in session.get_service_model(service).operation_names
    )
