"""Which transitions are legal, as tables: what is not in them must never be committed."""

from services.deployer.domain.seen import Verdict
from services.deployer.domain.state import Deployments
from services.deployer.domain.state import Phase as RolloutPhase
from services.evaluator.domain.state import Evaluations
from services.trainer.domain.state import Phase as RunPhase
from services.trainer.domain.state import Trainings
from shared.contracts.names import Stage

VERDICTS = frozenset(
    {
        (Verdict.PENDING, Verdict.APPROVED),
        (Verdict.PENDING, Verdict.DECLINED),
        (Verdict.APPROVED, Verdict.DECLINED),
    }
)
ROLLOUTS = frozenset(
    {
        (RolloutPhase.ASKED, RolloutPhase.ROLLING),
        (RolloutPhase.ASKED, RolloutPhase.DEFERRED),
    }
)
RUNS = frozenset({(RunPhase.ASKED, RunPhase.RUNNING), (RunPhase.RUNNING, RunPhase.COLLECTING)})


def of_verdicts(was: Deployments, now: Deployments) -> str:
    """Say which verdict changed against the protocol; nothing: none did."""
    for number, version in now.versions.items():
        before = was.versions.get(number)
        if before is version or before is None:
            continue
        for stage, pair in (
            (Stage.STAGING, (before.approval, version.approval)),
            (Stage.PRODUCTION, (before.production, version.production)),
        ):
            if pair[0] is not pair[1] and pair not in VERDICTS:
                return f"v{number} for {stage} goes from {pair[0]} to {pair[1]}"
        if set(before.withdrawn) - set(version.withdrawn):
            return f"v{number} was withdrawn from {before.withdrawn} and is no more"
    return ""


def of_rollouts(was: Deployments, now: Deployments) -> str:
    """Say which roll-out changed as none may; nothing: none did."""
    for stage, of_stage in now.stages.items():
        before, after = was.stages[stage].rollout, of_stage.rollout
        if after is None or after == before:
            continue
        if before is None or before.config != after.config:
            if after.phase is not RolloutPhase.ASKED:
                return f"{after.config} begins as {after.phase}"
        elif (before.phase, after.phase) not in ROLLOUTS:
            return f"{after.config} goes from {before.phase} to {after.phase}"
    return ""


def of_run(was: Trainings, now: Trainings) -> str:
    """Say how a run changed as none may; nothing: it did not."""
    before, after = was.run, now.run
    if after is None or after == before:
        return ""
    if before is None or before.id != after.id:
        return "" if after.phase is RunPhase.ASKED else f"{after.id} begins as {after.phase}"
    if before.phase is after.phase:
        return f"{after.id} changed and is still {after.phase}"
    legal = (before.phase, after.phase) in RUNS
    return "" if legal else f"{after.id} goes from {before.phase} to {after.phase}"


def of_limit(was: Evaluations, now: Evaluations, said: str) -> str:
    """Say how the limit loosened as it may not; nothing: it did not.

    Parameters
    ----------
    said : str
        The todo that was committed with it: what loosens a limit is said in the same decision.
    """
    before, after = was.limit.threshold, now.limit.threshold
    if after == before or before is None:
        return ""
    if after is not None and after < before:
        return ""
    if "LimitSet" in said and now.limit.declared != was.limit.declared:
        return ""
    declared = was.limit.declared
    if "LimitRestored" in said and after and declared and after <= declared.value:
        return ""
    return f"the limit goes from {before} to {after}"
