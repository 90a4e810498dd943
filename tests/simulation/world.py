"""The one world that all of a schedule shares: time, chance, the cloud, the queues, the people."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from shared.contracts import names
from shared.contracts.names import Stage
from tests.simulation.bus import Bus
from tests.simulation.chance import Chance
from tests.simulation.clock import Agenda
from tests.simulation.data_ports import SeriesTable
from tests.simulation.declarations import Declarations
from tests.simulation.documents import Quality
from tests.simulation.facts import Facts
from tests.simulation.faults import Mix
from tests.simulation.hosting import Hosting
from tests.simulation.invariants import Watch
from tests.simulation.network import Message, Network
from tests.simulation.people import People
from tests.simulation.processes import DATA_TABLES, TABLES, Process
from tests.simulation.registry import ACCOUNT, Registry
from tests.simulation.store import Table
from tests.simulation.streams import Streams
from tests.simulation.training import Training

ENV, BY_HAND = "dev", "made-by-hand"


class World:
    """Everything of one schedule."""

    def __init__(self, seed: int, mix: Mix, acts: Mapping[str, float]) -> None:
        self.agenda = Agenda()
        self.is_quiet = False
        self.calls = 0
        self.keys: list[str] = []
        self.began: list[int] = []
        self.begin(seed, mix, acts)
        self.has_data = self.strikes("data stream")
        tables = {**TABLES, **DATA_TABLES} if self.has_data else TABLES
        self.services = tuple(tables)
        self.streams = Streams(self)
        self.watch = Watch(self)
        self.network = Network(self)
        self.bus = Bus(self)
        self.facts = Facts(self)
        self.declared = Declarations(self)
        self.registry = Registry(self)
        self.hosting = Hosting(self)
        self.training = Training(self)
        self.people = People(self)
        self.tables: dict[str, Table[Any]] = {
            name: (SeriesTable if name == "ingest" else Table)(name, state, initial)
            for name, (state, initial) in tables.items()
        }
        self.processes: dict[str, Process] = {}

    def begin(self, seed: int, mix: Mix, acts: Mapping[str, float]) -> None:
        """Begin a schedule, whatever was before it."""
        self.seed = seed
        self.mix = mix
        self.acts = acts
        self.chance = Chance(seed)
        self.counters: Counter[str] = Counter()
        self.trace: list[tuple[int, int, str]] = []
        self.calls_before = self.calls
        self.as_text = self.strikes("stored as text")

    @property
    def step(self) -> int:
        """How many port calls there were: what comes before what."""
        return self.calls

    def note(self, text: str) -> None:
        """Write a line of the trace."""
        self.trace.append((self.agenda.ms, len(self.began), text))

    def count(self, what: str) -> None:
        """Count something that happened."""
        self.counters[what] += 1

    def strikes(self, fault: str) -> bool:
        """Tell whether a fault of the cloud, or of a message, strikes now."""
        if self.is_quiet or not self.chance.hits(fault, self.mix.rate(fault)):
            return False
        self.count(fault)
        return True

    def invoke(self, service: str, batch: list[Message]) -> set[str]:
        """Let a function of a service handle a batch; one that dies is made anew."""
        process = self.processes.pop(service, None)  # one that is busy takes no second batch
        process = process or Process(self, service, self.tables[service])
        self.began.append(self.calls)
        keys, self.keys = self.keys, []
        try:
            failed = process.handle(batch)
        finally:
            self.keys = keys
            self.began.pop()
        self.processes[service] = process
        return failed

    # what the cloud's parts know of each other --------------------------------------------------

    def arn(self, model: str, version: int) -> str:
        """Name a version."""
        return f"{ACCOUNT}:model-package/{names.package_group(ENV, model)}/{version}"

    def quality_of(self, config: str) -> Quality | None:
        """Answer how good the version of a configuration is."""
        made = names.read_endpoint_config(config)
        package = made and self.registry.package(self.arn(made.model, made.version))
        run = package and self.training.of_run.get(package.registration.run_id)
        return run.quality if run else None

    def tamper(self, arn: str) -> None:
        """Somebody overwrites an artifact."""
        package = self.registry.kept[arn].package
        self.training.digests[package.artifact_uri] = "f" * 64
        self.watch.tampered[package.artifact_uri] = self.step
        self.note(f"the artifact of v{package.version} is overwritten")

    def delete_by_hand(self, model: str, stage: Stage) -> None:
        """Somebody deletes an endpoint."""
        name = names.endpoint(ENV, model, stage)
        if seen := self.hosting.endpoints.pop(name, None):
            self.watch.deleted_by_hand(model, stage, seen)
            self.note(f"somebody deletes {name}")
            self.hosting.hint(name, "", "DELETED")

    def replace_by_hand(self, model: str, stage: Stage) -> None:
        """Somebody moves an endpoint to a configuration of their own."""
        seen = self.hosting.endpoints.get(names.endpoint(ENV, model, stage))
        if seen and seen.is_settled:
            self.note(f"somebody moves {seen.name}")
            moment = self.hosting.moment()
            self.hosting.set(seen.changed(config=BY_HAND, modified_at=moment))
