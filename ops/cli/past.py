"""What the journal tells of a model beside its registry: how it does live, and what was undone."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from ops.cli import telling
from ops.cli.connection import Connection
from ops.cli.story import Story
from services.journal.domain import Entry
from shared.contracts.door import open_event
from shared.contracts.envelope import ContractError, Envelope, Event
from shared.contracts.lifecycle import (
    AccuracyMeasured,
    ApprovalRevoked,
    DeploymentFailed,
    DeploymentRolledBack,
    DeploymentSuperseded,
    EndpointInService,
)
from shared.contracts.names import Stage

READ_MAX = 2_000  # latest events of a model, decisions among them
KINDS = frozenset(
    event.detail_type()
    for event in (
        AccuracyMeasured,
        ApprovalRevoked,
        DeploymentFailed,
        DeploymentRolledBack,
        DeploymentSuperseded,
        EndpointInService,
    )
)


@dataclass(frozen=True)
class Live:
    """The latest verdict on the version in production, and how many breaches in a row it ends."""

    measured: AccuracyMeasured
    at: datetime
    breaches: int


@dataclass(frozen=True)
class Undone:
    """What took a version away last, or kept it from where it was to go."""

    at: datetime
    words: str
    left: str
    """The stage that it was rolled back from; empty: it was something else."""


@dataclass(frozen=True)
class Past:
    """What the latest events of a model tell; an older past is not looked at."""

    live: Mapping[int, Live]
    """By version."""
    undone: Mapping[int, Undone]
    """By version."""
    revoked: frozenset[int]
    """Versions whose approval was taken back."""
    aged_out: Undone | None = None
    """What left staging because its time was over; None: nothing, or another went there since."""


def past(connection: Connection, model: str) -> Past:
    """Read what the journal tells of a model."""
    found = Story(connection).recent(model, READ_MAX)
    return tell(opened(one for one in found if one.detail_type in KINDS))


def opened(entries: Iterable[Entry]) -> Iterator[Envelope[Event]]:
    """Open entries; what this code does not know is left out."""
    for entry in entries:
        try:
            envelope = open_event(entry.as_event())
        except ContractError:
            continue
        if envelope:
            yield envelope


def tell(envelopes: Iterable[Envelope[Event]]) -> Past:
    """Put events, the latest last, into a model's past."""
    live: dict[int, Live] = {}
    undone: dict[int, Undone] = {}
    revoked: set[int] = set()
    aged_out: Undone | None = None
    for envelope in envelopes:
        at = envelope.metadata.occurred_at
        match envelope.data:
            case AccuracyMeasured(stage=Stage.PRODUCTION, version=version) as measured:
                before = live[version].breaches if version in live else 0
                live[version] = Live(measured, at, before + 1 if measured.breached else 0)
            case EndpointInService(version=version, stage=stage):
                undone.pop(version, None)
                aged_out = None if stage == Stage.STAGING else aged_out
            case DeploymentRolledBack(aged_out=True, stage=stage) as event:
                aged_out = Undone(at, telling.what(event), stage)  # which undoes nothing
            case DeploymentRolledBack(version=version, stage=stage) as event:
                if version not in revoked:  # then that is why, and it leaves every stage
                    undone[version] = Undone(at, telling.what(event), stage)
            case (
                ApprovalRevoked(version=version)
                | DeploymentFailed(version=version)
                | DeploymentSuperseded(version=version)
            ) as event:
                undone[version] = Undone(at, telling.what(event), "")
                if isinstance(event, ApprovalRevoked):
                    revoked.add(version)
    return Past(live, undone, frozenset(revoked), aged_out)
