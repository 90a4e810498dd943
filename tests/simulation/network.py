"""From the bus to a queue for each service: at least once, in any order, late, or by way of the
dead-letter queue."""

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.contracts import limits, names
from shared.contracts.aws import Hint
from shared.contracts.subscriptions import SUBSCRIPTIONS
from shared.contracts.wishes import SweepRequested, scheduled
from tests.simulation import poison
from tests.simulation.clock import DAY_S, MINUTE_S
from tests.simulation.faults import Died

if TYPE_CHECKING:
    from tests.simulation.world import World

DEPTH_MAX = 2
RECORDS = names.records_queue("dev")
HEARD_BY: dict[str, list[str]] = {}
for row in SUBSCRIPTIONS:
    is_hint = issubclass(row.event, Hint)
    name = row.event.aws_name if issubclass(row.event, Hint) else row.event.detail_type()
    HEARD_BY.setdefault(name, []).append(row.service)
SWEEP_AFTER_S = (5 * MINUTE_S, DAY_S, 3 * DAY_S, 3 * DAY_S)
SWEEP_SHARE = 0.06  # of the messages; the others change nothing that a sweep would see
WEEK_S = 7 * DAY_S


@dataclass
class Message:
    """A message in a queue."""

    id: str
    service: str
    name: str
    body: str
    is_poison: bool = False
    receives: int = 0
    queue: str = ""
    """Where a service has several."""


@dataclass
class Dead:
    """A message in a dead-letter queue."""

    message: Message
    since_s: float
    reason: str | None
    """Why it can never be handled; none: it came back too often."""


class Network:
    """All queues."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.waiting: dict[str, list[Message]] = {name: [] for name in world.services}
        self.polling: set[str] = set()
        self.sweeping: set[str] = set()
        self.dead: list[Dead] = []
        self.sent = 0
        self.batch: list[list[Message]] = []

    # on its way -------------------------------------------------------------------------------

    def deliver(self, name: str, body: str) -> None:
        """Bring an event to everybody who hears it here, once or oftener, now or later."""
        for service in HEARD_BY[name]:
            if service not in self.waiting:
                continue
            self.send(service, name, body)
            if self.world.strikes("duplicate"):
                self.send(service, name, body)
            if self.world.strikes("poison"):
                what, spoilt = poison.spoil(self.world.chance.of("spoiling"), body)
                self.send(service, what, spoilt, is_poison=True)

    def send_records(self, body: str) -> None:
        """Bring a batch of records to ingest, once or oftener."""
        self.send("ingest", "records", body, queue=RECORDS)
        if self.world.strikes("duplicate"):
            self.send("ingest", "records", body, queue=RECORDS)
        if self.world.strikes("poison"):
            self.send("ingest", "no json", f"{body[:-9]}{poison.SECRET}", True, RECORDS)

    def send(
        self, service: str, name: str, body: str, is_poison: bool = False, queue: str = ""
    ) -> None:
        """Put a message on its way."""
        self.sent += 1
        message = Message(f"m{self.sent}", service, name, body, is_poison, queue=queue)
        after_s = 1.0
        if self.world.strikes("reorder"):
            after_s = self.world.chance.of("reordering").uniform(1, 10 * MINUTE_S)
        if self.world.strikes("delay"):
            after_s = self.world.chance.of("delaying").uniform(MINUTE_S, DAY_S)
        if self.world.strikes("dead letter"):
            self.die(message, None)
            return
        self.world.agenda.after(after_s, lambda: self.arrive(message))

    def arrive(self, message: Message) -> None:
        """A message is in its queue."""
        self.waiting[message.service].append(message)
        self.wake(message.service)
        if message.service not in self.polling:
            self.polling.add(message.service)
            self.world.agenda.after(1.0, lambda: self.poll(message.service))

    def wake(self, service: str, is_needed: bool = False) -> None:
        """Let a service sweep in a while: in the time of a schedule it would often."""
        if service in self.sweeping or self.world.is_quiet:
            return
        if is_needed or self.world.chance.of("sweeps").random() < SWEEP_SHARE:
            self.sweeping.add(service)
            after_s = self.world.chance.of("sweeps").choice(SWEEP_AFTER_S)
            self.world.agenda.after(after_s, lambda: self.sweep(service))

    def sweep(self, service: str) -> None:
        """The schedule fires."""
        self.sweeping.discard(service)
        self.sent += 1
        body = json.dumps(scheduled(SweepRequested, f"sweep-{self.sent}", self.world.agenda.now))
        self.invoke(service, [Message(f"m{self.sent}", service, "sweep", body)])

    # handled ----------------------------------------------------------------------------------

    def poll(self, service: str) -> None:
        """Hand what waits to a function."""
        self.polling.discard(service)
        waiting = self.waiting[service]
        batch = waiting[: limits.QUEUE_BATCH_MESSAGES_MAX]
        self.waiting[service] = waiting[limits.QUEUE_BATCH_MESSAGES_MAX :]
        if self.waiting[service]:
            self.polling.add(service)
            self.world.agenda.after(1.0, lambda: self.poll(service))
        if batch:
            self.invoke(service, batch)

    def invoke(self, service: str, batch: list[Message]) -> None:
        """Have a function handle a batch; what fails comes back when its visibility is over."""
        for message in batch:
            message.receives += 1
        held = ", ".join(message.name for message in batch)
        self.world.note(f"{service} gets {held}")
        self.batch.append(batch)
        try:
            failed = self.world.invoke(service, batch)
            self.world.watch.handled(batch, failed, self.dead)
        except Died as death:
            self.world.note(f"{service} died at {death}")
            self.wake(service, is_needed=True)
            failed = {message.id for message in batch}
        finally:
            self.batch.pop()
        for message in batch:
            if message.id in failed and message.name != "sweep":
                self.bring_back(message)

    def bring_back(self, message: Message) -> None:
        """A message was not handled."""
        if message.receives >= limits.QUEUE_RECEIVES_MAX:
            self.world.count("dead after five receives")
            self.die(message, None)
        else:
            after_s = limits.QUEUE_VISIBILITY_SECONDS
            self.world.agenda.after(after_s, lambda: self.arrive(message))

    def meanwhile(self, service: str) -> None:
        """Let something else happen inside a port call."""
        if len(self.batch) >= DEPTH_MAX or not self.batch:
            return
        choice = self.world.chance.of("meanwhile").randrange(3)
        if choice == 0 and self.batch[-1][0].name != "sweep":
            again = [replace(message) for message in self.batch[-1]]
            for message in again:
                message.receives = limits.QUEUE_RECEIVES_MAX - 1
            self.invoke_twin(again)
        elif choice == 1:
            self.sweep(service)
        else:
            self.world.agenda.pull_forward()

    def invoke_twin(self, batch: list[Message]) -> None:
        """Have a second function handle what a first has at hand; the first keeps it."""
        self.batch.append(batch)
        try:
            self.world.note(f"{batch[0].service} gets it twice at once")
            self.world.invoke(batch[0].service, batch)
        except Died as death:
            self.world.note(f"the twin died at {death}")
        finally:
            self.batch.pop()

    # dead letters -----------------------------------------------------------------------------

    def rejected(self, service: str, body: str, reason: str) -> None:
        """Take what a door says can never be handled."""
        self.world.facts.told(reason, "the reason of a rejection")
        self.world.count("rejected")
        self.sent += 1
        message = Message(f"m{self.sent}", service, "rejected", body)
        self.dead.append(Dead(message, self.world.agenda.seconds, reason))
        self.world.note(f"{service} rejects: {reason[:100]}")

    def die(self, message: Message, reason: str | None) -> None:
        """Move a message to the dead-letter queue; a person redrives it, days later."""
        dead = Dead(message, self.world.agenda.seconds, reason)
        self.dead.append(dead)
        self.world.note(f"{message.service}: {message.name} is a dead letter")
        if self.world.is_quiet:
            return  # redriven round by round, as long as that helps
        after_s = self.world.chance.of("redrives").uniform(DAY_S, 14 * DAY_S)
        self.world.agenda.after(after_s, lambda: self.redrive(dead))

    def redrive(self, dead: Dead) -> None:
        """Put a dead letter back into its queue."""
        if dead in self.dead and dead.reason is None:
            self.dead.remove(dead)
            if self.world.agenda.seconds - dead.since_s > WEEK_S:
                self.world.count("redriven after a week")
            self.world.count("redriven")
            dead.message.receives = 0
            self.world.note(f"redriven: {dead.message.name} to {dead.message.service}")
            self.arrive(dead.message)
