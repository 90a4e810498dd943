"""What was live at a moment, by which limit and evidence, and what was waiting."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import AwareDatetime

from services.journal.questions import limit, serving, versions
from services.journal.questions.facts import Fact, order_of
from services.journal.questions.life import Life
from services.journal.questions.limit import Limit
from services.journal.questions.serving import Coming, Stay
from services.journal.questions.versions import Verdict, VersionLife
from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    DataFaultDetected,
    ModelRefused,
    ModelRegistered,
    TrainingCompleted,
    TrainingFailed,
    TrainingStarted,
    TrainingSuppressed,
)
from shared.contracts.names import Stage

DEGRADATION = "degradation"
WEAKEST_FIRST = ("schedule", "spec", DEGRADATION, "person")
"""Triggers of trainings."""


class OfStage(Frozen):
    """A stage: what serves, by which evidence, and what is on its way."""

    stay: Stay | None
    """None: nothing serves."""
    version: VersionLife | None
    """All of what serves."""
    coming: Coming | None


class Training(Frozen):
    """A run that has not come to an end."""

    run_id: str
    since: AwareDatetime
    trigger: str
    algorithm: str
    is_judged: bool
    """Whether it ended, and its verdict is due."""
    event_id: str


class Suppressed(Frozen):
    """A wish for a training that waits, and the governor's no to it."""

    trigger: str
    rule: str
    reason: str
    until: AwareDatetime | None
    """When time alone turns it; none: an event does."""
    at: AwareDatetime
    event_id: str


class Degradation(Frozen):
    """The version in production fell short, and none has recovered yet."""

    version: int
    since: AwareDatetime
    """Start of the first breach, in event time."""
    at: AwareDatetime
    evidence: str
    event_id: str


class DataFault(Frozen):
    """The data are at fault."""

    kind: str
    at: AwareDatetime
    evidence: str
    event_id: str


class Standing(Frozen):
    """What is known of a model at a moment."""

    model: str
    at: AwareDatetime
    stages: dict[str, OfStage]
    limit: Limit | None
    """The absolute limit in force; none: it is relative to the baseline, by the spec."""
    waiting: tuple[VersionLife, ...]
    """Versions that wait for a person's word, the first first."""
    training: Training | None
    suppressed: Suppressed | None
    degradation: Degradation | None
    data_faults: tuple[DataFault, ...]


def standing(life: Life, at: datetime) -> Standing:
    """Answer what is known.

    Parameters
    ----------
    life : Life
        The fold of what was said until then.
    """
    of_stages = versions.every_stay(life)
    known = {number: versions.version(life, number, of_stages) for number in versions.numbers(life)}
    degraded = degradation(life)
    return Standing(
        model=life.model,
        at=at,
        stages={stage.value: of_stage(life, stage, known) for stage in Stage},
        limit=limit.in_force(life.limits),
        waiting=tuple(one for one in known.values() if waits(one)),
        training=training(life),
        suppressed=suppressed(life, degraded),
        degradation=degraded,
        data_faults=data_faults(life),
    )


def of_stage(life: Life, stage: Stage, known: dict[int, VersionLife]) -> OfStage:
    """Answer one stage."""
    facts = life.stages[stage]
    stay = serving.present(facts)
    return OfStage(
        stay=stay,
        version=known[stay.version] if stay else None,
        coming=serving.coming(facts),
    )


def waits(one: VersionLife) -> bool:
    """Tell whether a version waits for a person's word, on staging or on production."""
    if one.approval is Verdict.APPROVED:
        return one.production is Verdict.WAITING
    return one.approval is Verdict.WAITING


def training(life: Life) -> Training | None:
    """Answer the latest run while it has not come to an end; None: there is none."""
    started = life.governed.latest(TrainingStarted)
    if started is None:
        return None
    event: TrainingStarted = started.said
    facts, judged = life.trainings[event.run_id], life.judged[event.run_id]
    if facts.latest(TrainingFailed) or judged.latest(ModelRefused, ModelRegistered):
        return None
    return Training(
        run_id=event.run_id,
        since=started.at,
        trigger=event.trigger,
        algorithm=event.algorithm,
        is_judged=facts.latest(TrainingCompleted) is not None,
        event_id=started.event_id,
    )


def suppressed(life: Life, degraded: Degradation | None) -> Suppressed | None:
    """Answer the latest no to a wish that still waits; None: none does."""
    fact = max(noes(life, degraded), key=order_of, default=None)
    if fact is None:
        return None
    event: TrainingSuppressed = fact.said
    return Suppressed(
        trigger=event.trigger,
        rule=event.rule,
        reason=event.reason,
        until=event.until,
        at=fact.at,
        event_id=fact.event_id,
    )


def noes(life: Life, degraded: Degradation | None) -> Iterable[Fact]:
    """Answer the last no to each wish that waits, as the trainer remembers them: a run serves every
    wish that is not stronger than its own, and a degradation's ends with it, or when its version
    has left production."""
    waiting: dict[str, Fact] = {}
    for fact in life.governed:
        trigger = fact.said.trigger
        if isinstance(fact.said, TrainingSuppressed):
            waiting[trigger] = fact
        else:
            waiting = {of: no for of, no in waiting.items() if strength(of) > strength(trigger)}
    stay = serving.present(life.stages[Stage.PRODUCTION])
    if degraded is None or (stay and stay.version != degraded.version):
        waiting.pop(DEGRADATION, None)
    return waiting.values()


def strength(trigger: str) -> int:
    """Answer a number that is greater for a stronger trigger; what is not known has the least."""
    return WEAKEST_FIRST.index(trigger) if trigger in WEAKEST_FIRST else -1


def degradation(life: Life) -> Degradation | None:
    """Answer the open degradation; None: there is none."""
    fact = life.degradations.latest()
    if fact is None or not isinstance(fact.said, AccuracyDegraded):
        return None
    event = fact.said
    return Degradation(
        version=event.degraded_version,
        since=event.since,
        at=fact.at,
        evidence=event.evidence,
        event_id=fact.event_id,
    )


def data_faults(life: Life) -> tuple[DataFault, ...]:
    """Answer the faults that were not cleared, by name."""
    latest = [facts.latest() for _, facts in sorted(life.faults.items())]
    return tuple(
        DataFault(
            kind=fact.said.kind, at=fact.at, evidence=fact.said.evidence, event_id=fact.event_id
        )
        for fact in latest
        if fact and isinstance(fact.said, DataFaultDetected)
    )
