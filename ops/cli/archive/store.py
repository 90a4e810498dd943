"""The archive of an environment, and its replays: what EventBridge tells of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

from ops.cli.connection import Connection
from ops.cli.errors import not_found, refused
from shared.contracts import names

ENDED = frozenset({"CANCELLED", "COMPLETED", "FAILED"})
COMPLETED = "COMPLETED"


@dataclass(frozen=True)
class Archive:
    """What an environment's bus has kept."""

    name: str
    arn: str
    state: str
    retention_days: int
    """0: for ever."""
    events: int
    size_bytes: int
    created_at: datetime


@dataclass(frozen=True)
class Replay:
    """One replay."""

    name: str
    state: str
    why: str
    first: datetime
    last: datetime
    """The span of event time that was asked for."""
    reached: datetime | None
    """Up to where it has come, where EventBridge tells."""
    started_at: datetime
    ended_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether it has ended, however."""
        return self.state in ENDED

    @property
    def part(self) -> float:
        """How much of its span is done."""
        if self.state == COMPLETED:
            return 1.0
        if self.reached is None or self.last <= self.first:
            return 0.0
        return min(max((self.reached - self.first) / (self.last - self.first), 0.0), 1.0)


class Store:
    """The archive and the replays of one environment."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.name = names.bus(connection.env)
        self.events = connection.client("events")

    def archive(self) -> Archive:
        """Answer the environment's archive.

        Raises
        ------
        CliError
            If there is none.
        """
        try:
            seen = self.events.describe_archive(ArchiveName=self.name)
        except self.events.exceptions.ResourceNotFoundException:
            self.connection.require_environment()
            raise not_found(
                f"there is no archive of environment '{self.connection.env}'",
                "the local AWS keeps none: `modelcycle events resend` says what the journal has "
                "again"
                if self.connection.is_local
                else f"make deploy ENV={self.connection.env} STACK=platform makes one",
            ) from None
        return Archive(
            name=seen["ArchiveName"],
            arn=seen["ArchiveArn"],
            state=seen["State"],
            retention_days=int(seen.get("RetentionDays", 0)),
            events=int(seen.get("EventCount", 0)),
            size_bytes=int(seen.get("SizeBytes", 0)),
            created_at=seen["CreationTime"].astimezone(UTC),
        )

    def replays(self) -> Sequence[Replay]:
        """Answer the replays that EventBridge remembers (90 days), the latest first."""
        found: list[Replay] = []
        token: dict[str, str] = {}
        while True:
            answer = self.events.list_replays(NamePrefix=f"{self.name}-", **token)
            found.extend(map(read, answer["Replays"]))
            if not answer.get("NextToken"):
                return sorted(found, key=lambda one: one.started_at, reverse=True)
            token = {"NextToken": answer["NextToken"]}

    def start(
        self, archive: Archive, first: datetime, last: datetime, services: Sequence[str]
    ) -> str:
        """Begin a replay; answer its name."""
        name = f"{self.name}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{token_hex(2)}"
        destination: dict[str, Any] = {"Arn": self.bus_arn(archive)}
        if services:
            destination["FilterArns"] = [self.rule_arn(service) for service in services]
        self.events.start_replay(
            ReplayName=name,
            Description=f"by {self.connection.identity.arn}"[:512],
            EventSourceArn=archive.arn,
            EventStartTime=first,
            EventEndTime=last,
            Destination=destination,
        )
        return name

    def look(self, name: str) -> Replay:
        """Answer how a replay is going.

        Raises
        ------
        CliError
            If there is none of that name.
        """
        try:
            return read({"ReplayName": name, **self.events.describe_replay(ReplayName=name)})
        except self.events.exceptions.ResourceNotFoundException:
            raise not_found(f"there is no replay '{name}'", "modelcycle archive list") from None

    def cancel(self, name: str) -> None:
        """End a replay; what was sent stays sent.

        Raises
        ------
        CliError
            If there is none of that name, or it is over.
        """
        seen = self.look(name)
        try:
            if not seen.is_over:
                self.events.cancel_replay(ReplayName=name)
                return
        except self.events.exceptions.IllegalStatusException:
            seen = self.look(name)
        raise refused(f"replay '{name}' is {seen.state.lower()} already", "modelcycle archive list")

    def rule_arn(self, service: str) -> str:
        """Answer the ARN of the rule that feeds a service from the environment's bus.

        Raises
        ------
        CliError
            If there is none.
        """
        try:
            rule = self.events.describe_rule(
                Name=names.queue(self.connection.env, service), EventBusName=self.name
            )
        except self.events.exceptions.ResourceNotFoundException:
            raise refused(
                f"no rule of bus {self.name} feeds {service}: it hears none of our events, or is "
                "not deployed",
                "leave it out; `modelcycle rules explain TYPE` shows the rules",
            ) from None
        return str(rule["Arn"])

    def bus_arn(self, archive: Archive) -> str:
        """Answer the ARN of the bus: a replay can go to no other."""
        return archive.arn.replace(f":archive/{archive.name}", f":event-bus/{self.name}")


def read(seen: Mapping[str, Any]) -> Replay:
    """Read what EventBridge tells of a replay."""
    return Replay(
        name=seen["ReplayName"],
        state=seen["State"],
        why=seen.get("StateReason") or "",
        first=seen["EventStartTime"].astimezone(UTC),
        last=seen["EventEndTime"].astimezone(UTC),
        reached=moment(seen.get("EventLastReplayedTime")),
        started_at=seen["ReplayStartTime"].astimezone(UTC),
        ended_at=moment(seen.get("ReplayEndTime")),
    )


def moment(given: datetime | None) -> datetime | None:
    """Answer a moment in UTC."""
    return given.astimezone(UTC) if given else None
