"""The processes of a service: the production door, worker, handlers and effects, put together on
the simulated ports as app.py does on AWS."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from services.deployer import effects as deployer_effects
from services.deployer import handlers as deployer_handlers
from services.deployer.domain.state import Deployments
from services.deployer.ports import Ports as DeployerAll
from services.evaluator import effects as evaluator_effects
from services.evaluator import handlers as evaluator_handlers
from services.evaluator.domain.state import Evaluations
from services.evaluator.ports import Ports as EvaluatorAll
from services.ingest import effects as ingest_effects
from services.ingest import handlers as ingest_handlers
from services.ingest.absorption import Absorption
from services.ingest.domain.state import Series
from services.ingest.intake import Concerned as SeriesConcerned
from services.ingest.intake import IngestDoor, Intake
from services.ingest.ports import Ports as IngestAll
from services.monitor import effects as monitor_effects
from services.monitor import handlers as monitor_handlers
from services.monitor.domain.state import Watch
from services.monitor.ports import Ports as MonitorAll
from services.trainer import effects as trainer_effects
from services.trainer import handlers as trainer_handlers
from services.trainer.domain.parameters import Site
from services.trainer.domain.state import Trainings
from services.trainer.ports import Ports as TrainerAll
from shared.contracts.envelope import Envelope, Event
from shared.messaging.concerned import Concerned
from shared.messaging.decision import Kept, Todo
from shared.messaging.evidence import Evidence
from shared.messaging.lambda_entry import Door, entry
from shared.messaging.worker import Service, Worker
from tests.simulation.data_ports import (
    Files,
    IngestPorts,
    MonitorPorts,
    SeriesStore,
    SeriesTable,
    Summaries,
)
from tests.simulation.gate import Gate
from tests.simulation.network import RECORDS
from tests.simulation.ports import (
    ENV,
    Bus,
    DeadLetters,
    DeployerPorts,
    EvaluatorPorts,
    TrainerPorts,
)
from tests.simulation.store import Store, Table

if TYPE_CHECKING:
    from tests.simulation.network import Message
    from tests.simulation.world import World

SITE = Site(env=ENV, bucket="bucket", role_arn="role", image_registry="registry", image_tag="1")
TABLES: Mapping[str, tuple[type[Any], Callable[[str], Any]]] = {
    "trainer": (Trainings, lambda key: Trainings(env=ENV, model=key)),
    "evaluator": (Evaluations, lambda key: Evaluations(env=ENV, model=key)),
    "deployer": (Deployments, lambda key: Deployments(env=ENV, model=key)),
}
DATA_TABLES: Mapping[str, tuple[type[Any], Callable[[str], Any]]] = {
    "ingest": (Series, lambda key: Series(series=key)),
    "monitor": (Watch, lambda key: Watch(env=ENV, key=key)),
}


def trainer(world: "World", gate: Gate, store: Any) -> Service[Any]:
    """Put the trainer together."""
    ports = TrainerPorts(world, gate)
    return Service(
        name="trainer",
        handlers=trainer_handlers.HANDLERS,
        effects=trainer_effects.EFFECTS,
        look=ports,
        ports=TrainerAll(SITE, ports, ports, ports, ports),
    )


def evaluator(world: "World", gate: Gate, store: Any) -> Service[Any]:
    """Put the evaluator together."""
    ports = EvaluatorPorts(world, gate)
    return Service(
        name="evaluator",
        handlers=evaluator_handlers.HANDLERS,
        effects=evaluator_effects.EFFECTS,
        look=ports,
        ports=EvaluatorAll(ENV, ports, ports, ports),
    )


def deployer(world: "World", gate: Gate, store: Any) -> Service[Any]:
    """Put the deployer together."""
    ports = DeployerPorts(world, gate)
    return Service(
        name="deployer",
        handlers=deployer_handlers.HANDLERS,
        effects=deployer_effects.EFFECTS,
        look=ports,
        ports=DeployerAll(ENV, ports, ports, ports, ports),
    )


def ingest(world: "World", gate: Gate, store: Any) -> Service[Any]:
    """Put ingest together."""
    ports = IngestPorts(world, gate)
    return Service(
        name="ingest",
        handlers=ingest_handlers.HANDLERS,
        effects=ingest_effects.EFFECTS,
        look=ports,
        ports=IngestAll(store, ports, ports, Summaries(world, gate), gate),
    )


def monitor(world: "World", gate: Gate, store: Any) -> Service[Any]:
    """Put the monitor together."""
    ports = MonitorPorts(world, gate)
    return Service(
        name="monitor",
        handlers=monitor_handlers.HANDLERS,
        effects=monitor_effects.EFFECTS,
        look=ports,
        ports=MonitorAll(ports, ports, ports),
    )


BUILD: Mapping[str, Callable[["World", Gate, Any], Service[Any]]] = {
    "ingest": ingest,
    "monitor": monitor,
    "trainer": trainer,
    "evaluator": evaluator,
    "deployer": deployer,
}


class ListeningLog:
    """Where log lines go: nothing of them may be secret."""

    def __init__(self, world: "World") -> None:
        self.world = world

    def info(self, msg: object, *, extra: Mapping[str, object] | None = None) -> None:
        self.world.facts.told(msg, extra)

    def warning(self, msg: object, *, extra: Mapping[str, object] | None = None) -> None:
        self.world.facts.told(msg, extra)

    def exception(self, msg: object, *, extra: Mapping[str, object] | None = None) -> None:
        self.world.facts.bug(msg, extra)


class WatchedWorker(Worker[Any]):
    """The production worker, with somebody who looks on."""

    world: "World"

    def handle_for(self, key: str, envelope: Envelope[Event]) -> Exception | None:
        self.world.keys.append(key)
        self.world.watch.concerns(self.service.name, key, envelope)
        try:
            return super().handle_for(key, envelope)
        finally:
            self.world.keys.pop()

    def finish(self, key: str, item: Todo, kept: Kept[Any]) -> Kept[Any]:
        self.world.watch.begins(self.service.name, key, item)
        after = super().finish(key, item, kept)
        self.world.watch.finished(self.service.name, key, item, after)
        return after


class Process:
    """One process of a service: it lives until it dies."""

    def __init__(self, world: "World", service: str, table: Table[Any]) -> None:
        gate = Gate(world, service)
        store: Store[Any]
        if isinstance(table, SeriesTable):
            store = SeriesStore(world, gate, table)
        else:
            store = Store(world, gate, table)
        self.log = ListeningLog(world)
        self.worker = WatchedWorker(
            service=BUILD[service](world, gate, store),
            store=store,
            bus=Bus(world, gate),
            clock=gate,
            evidence=Evidence(lambda key, body: f"s3://bucket/{key}"),
            concerned=Concerned(service, ENV, world.declared, store.keys),
            log=self.log,
            code_version="simulated",
        )
        self.worker.world = world
        door: Door = Door(self.worker, DeadLetters(world, gate), self.log)
        if isinstance(store, SeriesStore):
            door = self.door_of_ingest(world, gate, store)
        self.handler = entry(lambda: door)

    def door_of_ingest(self, world: "World", gate: Gate, store: SeriesStore) -> IngestDoor:
        """Put ingest's own loop before the worker's, as its app.py does."""
        self.worker.concerned = SeriesConcerned(store)
        files = Files(world, gate)
        absorption = Absorption(store, IngestPorts(world, gate), files, gate)
        intake = Intake(absorption, self.worker)
        return IngestDoor(intake, files, RECORDS, DeadLetters(world, gate), self.log)

    def handle(self, batch: "list[Message]") -> set[str]:
        """Hand a batch to the Lambda handler; answer the ids of those that failed."""
        records = [
            {"messageId": one.id, "body": one.body, "eventSourceARN": f"arn:{one.queue}"}
            for one in batch
        ]
        answer = self.handler({"Records": records}, None)
        return {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
