"""What runs in a local AWS: by default what the tables of `shared.contracts` say."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from infra.local import account, schedules
from infra.local.function_host import Function
from infra.local.provision import Provisioner
from infra.local.schedules import Wake
from shared.contracts import names
from shared.messaging.settings import POLLER

HANDLER = "services.{service}.app.handler"
POLLER_HANDLER = "services.ingest.polling.app.handler"


class Source(NamedTuple):
    """A live source, by its name in `services.ingest.polling.sources`."""

    name: str
    url: str
    """Where it is asked."""
    series: str
    interval_s: float | None = None
    """Between two polls; none: as its row there says."""


class Deployment(Protocol):
    """What is deployed."""

    def functions(self, endpoint_url: str) -> Sequence[Function]:
        """Answer all functions, with the queues that feed them."""
        ...

    def provision(self, endpoint_url: str) -> None:
        """Make everything else; called once, on an empty account."""
        ...

    def wakes(self) -> Sequence[Wake]:
        """Answer what the clock sends to queues."""
        ...


@dataclass(frozen=True)
class OfTables:
    """What the tables say of some services.

    Parameters
    ----------
    handler, root : str and Path
        Where the services' Lambda entries are, and the repository.
    limit_s : float
        The functions' time limit; what they lease outlives it.
    rules_allowed : bool
        Whether a spec may let the rule approve in place of a person.
    source : Source, optional
        What the function polls that brings in live records; none: there is no such function.
    """

    env: str
    services: tuple[str, ...]
    handler: str
    root: Path
    limit_s: float
    rules_allowed: bool
    source: Source | None

    def functions(self, endpoint_url: str) -> Sequence[Function]:
        """Answer one function per service, and the one that polls the source."""
        services = [self._function(service, endpoint_url) for service in self.services]
        poller = self.source and self._poller(self.source, endpoint_url)
        return [*services, poller] if poller else services

    def provision(self, endpoint_url: str) -> None:
        """Make everything else; see `Provisioner.provision`."""
        Provisioner(self.env, endpoint_url, self.root, self.services).provision()

    def wakes(self) -> Sequence[Wake]:
        """Answer the schedules' table."""
        return schedules.of_table(self.env, self.services)

    def _function(self, service: str, endpoint_url: str) -> Function:
        queues = [names.queue(self.env, service)]
        if service == "ingest":
            queues.append(names.records_queue(self.env))
        return Function(
            service=service,
            handler=self.handler.format(service=service),
            queues=tuple(queues),
            environment=self._environment(service, endpoint_url),
            limit_s=self.limit_s,
        )

    def _environment(self, service: str, endpoint_url: str) -> dict[str, str]:
        return account.function_environment(
            self.env, service, endpoint_url, self.limit_s, self.rules_allowed
        )

    def _poller(self, source: Source, endpoint_url: str) -> Function:
        """Answer the function that polls the source; no queue feeds it, it is only invoked."""
        environment = {
            **self._environment(POLLER, endpoint_url),
            "MODELCYCLE_SOURCE": source.name,
            "MODELCYCLE_SOURCE_SERIES": source.series,
            "MODELCYCLE_SOURCE_URL": source.url,
        }
        if source.interval_s is not None:
            environment["MODELCYCLE_SOURCE_INTERVAL_S"] = str(source.interval_s)
        return Function(POLLER, POLLER_HANDLER, (), environment, self.limit_s)
