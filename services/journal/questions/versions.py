"""The versions of a model: by what each was judged, what was said of it, and how it ended."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime

from services.journal.questions import serving
from services.journal.questions.facts import Fact, Facts
from services.journal.questions.life import Life
from services.journal.questions.serving import Stay
from shared.contracts.envelope import Event
from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle import (
    ApprovalRevoked,
    DeploymentFailed,
    DeploymentRolledBack,
    DeploymentStarted,
    DeploymentSuperseded,
    EndpointInService,
    ModelApproved,
    ModelDeclined,
    ModelEvaluated,
    PromotionApproved,
    PromotionDeclined,
    PromotionRequested,
)
from shared.contracts.names import Stage


class Verdict(StrEnum):
    """What was said of a version, last."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"


class Word(Frozen):
    """What a person, or the rule, said of a version."""

    said: str
    """approved, declined, revoked, promoted, kept out."""
    at: AwareDatetime
    who: str
    note: str
    event_id: str


class Evidence(Frozen):
    """By what a version was judged. Scores are mean weighted quantile losses of its backtest."""

    run_id: str
    score: float
    baseline: float
    baseline_name: str
    champion: int | None = None
    """The version in production then."""
    champion_score: float | None = None
    limit: float
    limit_is: str
    points: int
    reasons: tuple[str, ...] = ()
    event_id: str


class VersionLife(Frozen):
    """A version, from its registration on."""

    version: int
    run_id: str
    package_arn: str
    registered_at: AwareDatetime | None
    """None: its registration is not in what was read."""
    trip: str
    evidence: Evidence | None
    approval: Verdict
    production: Verdict | None
    """None: it was not offered for production."""
    words: tuple[Word, ...]
    """The latest last."""
    stays: tuple[Stay, ...]
    """In both stages, by when they began."""
    stands: str
    """Where it stands, or how it ended, in words."""


WORDS: dict[type[Event], str] = {
    ModelApproved: "approved",
    ModelDeclined: "declined",
    ApprovalRevoked: "revoked",
    PromotionApproved: "promoted",
    PromotionDeclined: "kept out of production",
}
APPROVALS: dict[type[Event], Verdict] = {
    ModelApproved: Verdict.APPROVED,
    ModelDeclined: Verdict.DECLINED,
    ApprovalRevoked: Verdict.DECLINED,
}
PROMOTIONS: dict[type[Event], Verdict] = {
    PromotionRequested: Verdict.WAITING,
    PromotionApproved: Verdict.APPROVED,
    PromotionDeclined: Verdict.DECLINED,
}


def answered(event: Any) -> str:
    """Say of a no who said it, and why."""
    note = f": {event.note}" if event.note else ""
    return f"{WORDS[type(event)]} by {event.approver}{note}"


STANDS: dict[type[Event], Callable[[Any], str]] = {
    ModelApproved: lambda event: "approved, goes to staging",
    ModelDeclined: answered,
    ApprovalRevoked: answered,
    PromotionRequested: lambda event: "waits for promotion",
    PromotionApproved: lambda event: "promoted, goes to production",
    PromotionDeclined: answered,
    DeploymentStarted: lambda event: f"is on its way to {event.stage}",
    DeploymentFailed: lambda event: f"failed in {event.stage}: {event.reason}",
    DeploymentRolledBack: lambda event: f"left {event.stage}: {event.reason}",
    DeploymentSuperseded: lambda event: f"gave way in {event.stage}: {event.reason}",
}
"""Where a version stands after what the deployer said last; of one in service its stays tell."""


def numbers(life: Life) -> tuple[int, ...]:
    """Name the versions that are known, the first first."""
    return tuple(sorted({*life.registered, *life.versions}))


def versions(life: Life) -> tuple[VersionLife, ...]:
    """Answer all versions, the first first."""
    of_stages = every_stay(life)
    return tuple(version(life, number, of_stages) for number in numbers(life))


def every_stay(life: Life) -> tuple[Stay, ...]:
    """Answer who served in either stage, by when they began."""
    found = [stay for stage in Stage for stay in serving.stays(life.stages[stage])]
    return tuple(sorted(found, key=lambda stay: stay.since))


def version(life: Life, number: int, of_stages: tuple[Stay, ...] | None = None) -> VersionLife:
    """Answer one version.

    Parameters
    ----------
    of_stages : tuple of Stay, optional
        All stays of the model, where they are known already.
    """
    facts = life.versions[number]
    registered = life.registered[number].latest()
    run_id = registered.said.run_id if registered else ""
    of_stages = every_stay(life) if of_stages is None else of_stages
    own = tuple(stay for stay in of_stages if stay.version == number)
    approval, production = facts.latest(*APPROVALS), facts.latest(*PROMOTIONS)
    first = registered or next(iter(facts), None)
    return VersionLife(
        version=number,
        run_id=run_id,
        package_arn=package_arn(registered, approval),
        registered_at=registered.at if registered else None,
        trip=first.trip if first else "",
        evidence=evidence(life, run_id),
        approval=APPROVALS[type(approval.said)] if approval else Verdict.WAITING,
        production=PROMOTIONS[type(production.said)] if production else None,
        words=tuple(word(fact) for fact in facts if type(fact.said) in WORDS),
        stays=own,
        stands=stands(own, last_word(facts)),
    )


def package_arn(*facts: Fact | None) -> str:
    """Answer the version's package, from whichever fact names it."""
    return next((fact.said.package_arn for fact in facts if fact), "")


def word(fact: Fact) -> Word:
    """Answer who said what."""
    event = fact.said
    return Word(
        said=WORDS[type(event)],
        at=fact.at,
        who=event.approver,
        note=event.note,
        event_id=fact.event_id,
    )


def evidence(life: Life, run_id: str) -> Evidence | None:
    """Answer by what a run was judged; None where that is not known."""
    fact = life.judged[run_id].latest(ModelEvaluated) if run_id else None
    if fact is None:
        return None
    event: ModelEvaluated = fact.said
    return Evidence(
        run_id=run_id,
        score=event.metrics.mean_wql,
        baseline=event.baseline.mean_wql,
        baseline_name=event.baseline_name,
        champion=event.champion.version,
        champion_score=event.champion.mean_wql,
        limit=event.gate.limit,
        limit_is=event.gate.limit_is,
        points=event.points,
        reasons=event.reasons,
        event_id=fact.event_id,
    )


def stands(own: tuple[Stay, ...], last: Fact | None) -> str:
    """Say where a version stands, or how it ended: what serves production says so, else what the
    deployer said last."""
    if any(stay.stage == Stage.PRODUCTION and stay.until is None for stay in own):
        return "serves in production"
    if last is None:
        return "waits for approval"
    if isinstance(last.said, EndpointInService):
        return arrived(own, last.said.stage)
    return STANDS[type(last.said)](last.said)


def last_word(facts: Facts) -> Fact | None:
    """Answer what was said last of a version; that its time in staging was over says nothing."""
    told = (fact for fact in reversed(facts.kept) if not getattr(fact.said, "aged_out", False))
    return next(told, None)


def arrived(own: tuple[Stay, ...], stage: str) -> str:
    """Say of a version that reached a stage whether it is there still."""
    stay = next((one for one in reversed(own) if one.stage == stage), None)
    if stay is None or stay.until is None:
        return f"serves in {stage}"
    return f"left {stage}: {stay.ended}"
