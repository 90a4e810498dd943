"""From a run that ended well to a verdict, and from a verdict to a version in the registry."""

from datetime import datetime

from services.evaluator.domain import gate, limit
from services.evaluator.domain.actions import Champion, Evaluate, Register
from services.evaluator.domain.outcomes import Evaluated, VersionRegistered
from services.evaluator.domain.seen import World
from services.evaluator.domain.state import Evaluations, Registered
from shared.contracts import limits
from shared.contracts.evaluation import Evaluation
from shared.contracts.lifecycle import (
    ModelEvaluated,
    ModelRefused,
    ModelRegistered,
    TrainingCompleted,
)
from shared.contracts.lifecycle.evaluation import GateSeen, Lineage
from shared.contracts.lifecycle.fields import Blob
from shared.contracts.specs import Gate
from shared.messaging.decision import Decision
from shared.messaging.errors import Refused

PASSED, REFUSED = "passed", "refused"


def begin(
    state: Evaluations, run: TrainingCompleted, world: World | None, author: str
) -> Decision[Evaluations]:
    """Judge a run, by the limit that people want now."""
    decision = Decision(state, "").and_then(lambda after: limit.hear(after, world, author))
    return decision.and_then(lambda after: ask(after, run, world.gate if world else Gate()))


def ask(state: Evaluations, run: TrainingCompleted, wanted: Gate) -> Decision[Evaluations]:
    """Commit to one evaluation."""
    stay = state.production
    champion = Champion(stay=stay, registered=state.versions.get(stay.version)) if stay else None
    action = Evaluate(run=run, champion=champion, min_points=wanted.min_points)
    against = f"and compared with v{stay.version}" if stay else "nothing is in production"
    return Decision(state, f"{run.run_id} is judged, {against}", actions=(action,))


def evaluated(
    state: Evaluations, action: Evaluate, happened: Evaluated | Refused, now: datetime
) -> Decision[Evaluations]:
    """Ask the gate: the verdict, and what follows from it."""
    run = action.run
    if isinstance(happened, Refused):
        return refuse(state, run, (f"it could not be judged: {happened}",))
    in_force, limit_is = limit.on(state, happened.baseline.mean_wql)
    case = gate.Case(
        score=happened.metrics.mean_wql,
        baseline=happened.baseline.mean_wql,
        points=happened.points,
        gate=GateSeen(limit=in_force, limit_is=limit_is, min_points=action.min_points),
        champion=happened.champion,
        in_breach=state.is_in_breach(happened.champion.version),
    )
    verdict = gate.judge(case)
    event = ModelEvaluated(
        model=state.model,
        run_id=run.run_id,
        metrics=happened.metrics,
        baseline=happened.baseline,
        baseline_name=happened.baseline_name,
        champion=happened.champion,
        origins=len(happened.windows),
        points=happened.points,
        verdict=PASSED if verdict.passed else REFUSED,
        reasons=verdict.reasons,
        gate=case.gate,
    )
    if not verdict.passed:
        return refuse(state, run, verdict.reasons).saying(event)
    evaluation = Evaluation(evaluated=event, windows=happened.windows)
    return Decision(
        state,
        f"{run.run_id} passed: {summary(event)}",
        actions=(Register(run=run, task=happened.task, evaluation=evaluation),),
        events=(event,),
    )


def refuse(
    state: Evaluations, run: TrainingCompleted, reasons: tuple[str, ...]
) -> Decision[Evaluations]:
    """End a run without a version."""
    told = tuple(reason[: limits.EVENT_TEXT_CHARACTERS_MAX] for reason in reasons)
    event = ModelRefused(model=state.model, run_id=run.run_id, reasons=told)
    return Decision(state, f"{run.run_id} is refused: {'; '.join(told)}", events=(event,))


def summary(event: ModelEvaluated) -> str:
    """Say in a line how good a version is; people read it in the registry, too."""
    told = [
        f"mean wQL {event.metrics.mean_wql:.4g} within {event.gate.limit:.4g} "
        f"({event.gate.limit_is})"
        if event.metrics.mean_wql <= event.gate.limit
        else f"mean wQL {event.metrics.mean_wql:.4g}",
        f"baseline {event.baseline.mean_wql:.4g} ({event.baseline_name})",
        *event.reasons,
    ]
    if alone := gate.person_because(event.champion):
        told.append(f"a person must approve: {alone}")
    elif event.champion.version:
        told.append(gate.compared(event.champion))
    return ", ".join(told)


def registered(
    state: Evaluations, action: Register, happened: VersionRegistered | Refused, now: datetime
) -> Decision[Evaluations]:
    """Hear what the registry said."""
    run, event = action.run, action.evaluation.evaluated
    if isinstance(happened, Refused):
        return refuse(state, run, (f"it passed and could not be registered: {happened}",))
    version = Registered(
        run_id=run.run_id,
        package_arn=happened.package_arn,
        algorithm=run.algorithm,
        task=action.task,
        score=event.metrics.mean_wql,
    )
    lineage = Lineage(
        run_id=run.run_id,
        dataset=Blob(uri=run.dataset.uri, sha256=run.dataset.sha256),
        artifact=run.artifact,
        judged_artifact=run.judged_artifact,
        image=run.image,
        evaluation=happened.evaluation,
    )
    said = ModelRegistered(
        model=state.model,
        run_id=run.run_id,
        package_arn=happened.package_arn,
        version=happened.version,
        metrics=event.metrics,
        lineage=lineage,
        person_because=gate.person_because(event.champion),
    )
    return Decision(
        state.with_version(happened.version, version),
        f"{run.run_id} is v{happened.version}",
        events=(said,),
    )
