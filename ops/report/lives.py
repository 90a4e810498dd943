"""The lives of versions, read from their events."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from ops.cli.telling import who
from ops.report.inputs import VersionRow
from shared.contracts.envelope import Envelope, Event
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    ApprovalRevoked,
    DeploymentFailed,
    DeploymentRolledBack,
    EndpointInService,
    ModelDeclined,
    ModelEvaluated,
    ModelRegistered,
    PromotionDeclined,
)
from shared.contracts.names import Stage

WAITING = "not live yet"


class Lives:
    """Hears a model's events in their order, and keeps a row for each stay in production."""

    def __init__(self) -> None:
        self.rows: dict[int, list[VersionRow]] = {}
        self.judged: dict[str, ModelEvaluated] = {}
        self.live: int | None = None
        self.degraded: AccuracyDegraded | None = None

    def hear(self, at: datetime, event: Event) -> None:
        """Take one event."""
        match event:
            case ModelEvaluated():
                self.judged[event.run_id] = event
            case ModelRegistered():
                self.register(at, event)
            case AccuracyDegraded():
                self.degraded = event
            case EndpointInService(stage=Stage.PRODUCTION):
                self.begin(at, event.version)
            case DeploymentRolledBack(stage=Stage.PRODUCTION):
                self.end(at, event.version, f"rolled back: {event.reason}")
            case ModelDeclined() | PromotionDeclined() | ApprovalRevoked():
                said = "revoked" if isinstance(event, ApprovalRevoked) else "declined"
                note = f": {event.note}" if event.note else ""
                self.never(event.version, f"{said} by {who(event.approver)}{note}")
            case DeploymentFailed():
                self.never(event.version, f"failed in {event.stage}: {event.reason}")

    def register(self, at: datetime, event: ModelRegistered) -> None:
        """A version begins, with its scores."""
        judged = self.judged.get(event.run_id)
        baseline = judged.baseline.mean_wql if judged else None
        row = VersionRow(event.version, at, event.metrics.mean_wql, baseline, None, None, WAITING)
        self.rows[event.version] = [row]

    def begin(self, at: datetime, version: int) -> None:
        """A version goes live, in place of the one before; the same one once more is no change."""
        if version == self.live:
            return
        if self.live is not None:
            self.end(at, self.live, self.reason(self.live, version))
        stays = self.rows.setdefault(version, [VersionRow(version, at)])
        if stays[-1].live_since:
            stays.append(stays[-1])
        stays[-1] = replace(stays[-1], live_since=at, live_until=None, ended_because="")
        self.live = version

    def reason(self, version: int, by: int) -> str:
        """Say why a version was replaced."""
        fell = self.degraded is not None and self.degraded.version == version
        return f"v{by} replaced it: {'its accuracy had degraded' if fell else 'newer'}"

    def end(self, at: datetime, version: int, because: str) -> None:
        """A version's stay ends."""
        stays = self.rows.get(version)
        if stays and stays[-1].live_since and not stays[-1].live_until:
            stays[-1] = replace(stays[-1], live_until=at, ended_because=because)
        if self.live == version:
            self.live = None

    def never(self, version: int, because: str) -> None:
        """A version that does not serve will not."""
        stays = self.rows.get(version)
        if stays and not stays[-1].live_since:
            stays[-1] = replace(stays[-1], ended_because=f"never live, {because}")


def lives(envelopes: Iterable[Envelope[Event]]) -> tuple[VersionRow, ...]:
    """Answer a row for each stay of each version, in the order of versions and times."""
    heard = Lives()
    for envelope in envelopes:
        heard.hear(envelope.metadata.occurred_at, envelope.data)
    return tuple(row for version in sorted(heard.rows) for row in heard.rows[version])
