"""What the journal tells of a model beside its registry: how it does live, and what was undone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ops.cli import telling
from ops.cli.connection import Connection
from ops.cli.story import Story
from services.journal.questions.facts import Facts, Row
from services.journal.questions.life import Life, lived
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


@dataclass(frozen=True)
class Live:
    """The latest verdict on the version in production, and how many breaches in a row it ends."""

    measured: AccuracyMeasured
    at: datetime
    breaches: int
    is_all: bool
    """Whether these are all; else nothing was read of what came before the first of them."""


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
    entries = Story(connection).recent(model, READ_MAX)
    return tell(lived(model, entries), is_all=len(entries) < READ_MAX)


def tell(life: Life, is_all: bool) -> Past:
    """Tell a model's past from what is known of its life: all of it, or the latest."""
    return Past(
        live={version: live(row, is_all) for version, row in life.measured.items()},
        undone={
            version: found for version, facts in life.versions.items() if (found := undone(facts))
        },
        revoked=frozenset(
            version for version, facts in life.versions.items() if facts.latest(ApprovalRevoked)
        ),
        aged_out=aged_out(life.stages[Stage.STAGING]),
    )


def live(row: Row, is_all: bool) -> Live:
    """Tell the latest verdict of a row, in which all but the first are breaches."""
    *_, latest = row
    breaches = sum(fact.said.breached for fact in row)
    return Live(latest.said, latest.at, breaches, is_all or row.has_begun)


def undone(facts: Facts) -> Undone | None:
    """Tell what undid a version last, unless it came into service since. A revocation is why it
    leaves every stage then."""
    found, is_revoked = None, False
    for fact in facts:
        match fact.said:
            case EndpointInService():
                found = None
            case DeploymentRolledBack(aged_out=True):
                pass  # which undoes nothing
            case DeploymentRolledBack(stage=stage) as event if not is_revoked:
                found = Undone(fact.at, telling.what(event), stage)
            case ApprovalRevoked() | DeploymentFailed() | DeploymentSuperseded() as event:
                found = Undone(fact.at, telling.what(event), "")
                is_revoked = is_revoked or isinstance(event, ApprovalRevoked)
    return found


def aged_out(staging: Facts) -> Undone | None:
    """Tell what left staging because its time was over, unless something came there since."""
    for fact in reversed(staging.kept):
        match fact.said:
            case EndpointInService():
                return None
            case DeploymentRolledBack(aged_out=True, stage=stage) as event:
                return Undone(fact.at, telling.what(event), stage)
    return None
