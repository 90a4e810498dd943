"""Wishes for a training: the governor is asked about each; the strongest that was refused is
remembered, and asked about again whenever time or an event may have turned the no.

A degradation's wish waits beside that one slot, with the open degradation: unlike the others it may
lapse, and what it had displaced would be lost with it.
"""

from datetime import datetime

from services.trainer.domain import governor, parameters
from services.trainer.domain.actions import StartRun
from services.trainer.domain.seen import World
from services.trainer.domain.state import Run, SpecSeen, Trainings
from services.trainer.domain.wanted import Refusal, Trigger, Wish
from shared.contracts import limits, names
from shared.contracts.envelope import Metadata
from shared.contracts.lifecycle import RetrainRequested, TrainingSuppressed
from shared.contracts.spec_parts import Approval, Deployment, MonitorSpec, Training
from shared.contracts.specs import ModelSpec
from shared.messaging.decision import Decision, Ignored


def consider(state: Trainings, wish: Wish, world: World, now: datetime) -> Decision[Trainings]:
    """Ask the governor about a new wish: a run begins, or the no is said."""
    refusal = governor.refusal(state, wish, world, now)
    return suppress(state, wish, refusal) if refusal else start(state, wish, world, now)


def consider_again(state: Trainings, world: World, now: datetime) -> Decision[Trainings] | None:
    """Ask the governor about the wishes that wait: the strongest that may begins.

    The same no is not said twice; of two that are new the weaker wish's is said the next time, for
    a decision belongs to one trip.
    """
    answers = [(wish, governor.refusal(state, wish, world, now)) for wish in state.waiting]
    for wish, refusal in answers:
        if refusal is None:
            return start(state, wish, world, now)
    for wish, refusal in answers:
        if refusal and not (wish.refusal and wish.refusal.rule == refusal.rule):
            return suppress(state, wish, refusal)
    return None


def suppress(state: Trainings, wish: Wish, refusal: Refusal) -> Decision[Trainings]:
    """Say the governor's no."""
    event = TrainingSuppressed(
        model=state.model,
        trigger=wish.trigger,
        rule=refusal.rule,
        reason=refusal.reason[: limits.EVENT_TEXT_CHARACTERS_MAX],
        until=refusal.until,
    )
    return Decision(
        state.remembering(wish.changed(refusal=refusal)),
        f"the wish of {wish.actor} ({wish.reason}) waits: {refusal.reason}",
        events=(event,),
        correlation_id=wish.correlation_id,
    )


def start(state: Trainings, wish: Wish, world: World, now: datetime) -> Decision[Trainings]:
    """Commit to one run: its name derives from the wish's cause, so that it is started once.

    With it the spec is seen: a ModelSpecApplied that comes late asks for nothing more. What
    a person overrides is named.
    """
    spec = world.task
    run = Run(
        id=names.run_id(state.model, wish.cause),
        trigger=wish.trigger,
        correlation_id=wish.correlation_id,
        started_at=now,
        algorithm=spec.algorithm,
        spec_digest=spec.digest(),
    )
    action = StartRun(
        run_id=run.id,
        asked_at=now,
        spec=spec,
        window_s=int(world.stream.window.total_seconds()),
        hyperparameters=parameters.hyperparameters(spec, world.hyperparameters),
    )
    noes = governor.overridden(state, wish, world, now)
    return Decision(
        seeing(state, spec, now).starting(run),
        "; although ".join((f"{run.id} begins: {wish.reason}", *(no.reason for no in noes))),
        actions=(action,),
        correlation_id=wish.correlation_id,
    )


def hear_person(
    state: Trainings, said: RetrainRequested, metadata: Metadata, world: World, now: datetime
) -> Decision[Trainings]:
    """A person wants a training."""
    reason = ": ".join(filter(None, (said.reason, said.note)))
    wish = Wish.of(metadata, Trigger.PERSON, reason[: limits.EVENT_TEXT_CHARACTERS_MAX])
    return consider(state, wish, world, now)


def hear_spec(
    state: Trainings, metadata: Metadata, world: World, now: datetime
) -> Decision[Trainings] | Ignored:
    """A person applied a spec; it may have turned a no, too."""
    decision = (
        Decision(state, "")
        .and_then(lambda after: compare_spec(after, metadata, world, now))
        .and_then(lambda after: consider_again(after, world, now))
    )
    return Ignored("the spec is the one that was seen before") if decision.is_idle else decision


def compare_spec(
    state: Trainings, metadata: Metadata, world: World, now: datetime
) -> Decision[Trainings] | None:
    """Compare the spec with the one seen last: a new one, or one to be trained otherwise, is a
    wish."""
    spec, before = world.spec, state.spec
    if spec is None or (before and before.digest == spec.digest()):
        return None
    state = seeing(state, spec, now)
    if before and before.training_digest == training_digest(spec):
        return Decision(state, "the spec changed in nothing that makes another model")
    reason = "the spec changed" if before else "the spec is new"
    return consider(state, Wish.of(metadata, Trigger.SPEC, reason), world, now)


def seeing(state: Trainings, spec: ModelSpec, now: datetime) -> Trainings:
    """Remember the spec, and since when it is this one."""
    digest = spec.digest()
    if state.spec and state.spec.digest == digest:
        return state
    seen = SpecSeen(digest=digest, training_digest=training_digest(spec), since=now)
    return state.changed(spec=seen)


def training_digest(spec: ModelSpec) -> str:
    """Digest what of a spec makes another model or another verdict: not when to train, who
    approves, how to deploy or to watch."""
    return spec.changed(
        monitor=MonitorSpec(),
        training=Training(),
        approval=Approval(),
        deployment=Deployment(),
        frozen=False,
        own_metrics=False,
    ).digest()
