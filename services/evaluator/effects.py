"""One function per action: do it, return what happened. Safe to repeat until the outcome is
stored."""

import hashlib
from collections.abc import Sequence

from services.evaluator import runs
from services.evaluator.domain import backtest, champion, evaluation
from services.evaluator.domain.actions import Evaluate, Register
from services.evaluator.domain.outcomes import NOT_JUDGEABLE, Evaluated, VersionRegistered
from services.evaluator.domain.state import Stay
from services.evaluator.ports import Ports, Proposal
from services.evaluator.runs import Left
from shared.contracts import algorithms, limits, names
from shared.contracts.evaluation import evaluation_key
from shared.contracts.lifecycle.evaluation import ChampionSeen
from shared.contracts.lifecycle.fields import Blob
from shared.contracts.registration import Registration
from shared.forecasting import baseline
from shared.forecasting.baseline import ContextTooShortError
from shared.forecasting.deepar_json import FormatError, Quantiles, quantiles_of
from shared.forecasting.losses import LossUndefinedError, Outcome
from shared.messaging import serving
from shared.messaging.decision import Action, Effect
from shared.messaging.errors import Refused

UNJUDGEABLE = (ContextTooShortError, FormatError)
ALL_ZERO = (
    "all observations in the backtest are zero, so a loss relative to them cannot be computed: "
    "give observations that are not zero, or let the backtest reach further back with more "
    "backtest.origins or a longer backtest.stride"
)
TOKEN_CHARACTERS = 36  # AWS: a ClientToken of CreateModelPackage
DESCRIPTION_CHARACTERS_MAX = 1_024  # AWS


def evaluate(action: Evaluate, ports: Ports) -> Evaluated:
    """Score the forecasts of a run: against what came true, the baseline, and the champion."""
    try:
        left = runs.read(action.run, ports.blobs)
        manifest = left.manifest
        cut = backtest.windows(manifest, left.target)
        judged = backtest.outcomes(cut, left.forecasts)
        naive = baseline.better(cut, manifest.season, manifest.quantiles)
        metrics, points = backtest.metrics(judged, manifest, left.target)
        baseline_metrics, _ = backtest.metrics(naive.outcomes, manifest, left.target)
        starts = [origin.start for origin in manifest.origins]
        return Evaluated(
            task=backtest.task(manifest),
            metrics=metrics,
            baseline=baseline_metrics,
            baseline_name=naive.name.replace("_", " "),
            champion=against_champion(action, left, judged, ports),
            points=points,
            windows=backtest.window_losses(judged, naive, starts),
        )
    except LossUndefinedError as error:
        raise Refused(NOT_JUDGEABLE, ALL_ZERO) from error
    except UNJUDGEABLE as error:
        raise Refused(NOT_JUDGEABLE, str(error)) from error


def against_champion(
    action: Evaluate, left: Left, judged: Sequence[Outcome], ports: Ports
) -> ChampionSeen:
    """Ask the champion for the windows it has not seen, and compare; or say why not."""
    asked, manifest = action.champion, left.manifest
    if asked is None:
        return champion.NONE_IN_PRODUCTION
    version = asked.stay.version
    task, registered = backtest.task(manifest), asked.registered
    reason = champion.obstacle(asked, task, manifest, action.min_points)
    if reason or registered is None:
        return ChampionSeen(version=version, not_compared=reason)
    new = champion.unseen(asked, manifest)
    candidate = [judged[at] for at in new]
    try:
        forecasts = ask_champion(asked.stay, registered.algorithm, left, new, ports)
        theirs = [Outcome(one.truth, said) for one, said in zip(candidate, forecasts, strict=True)]
        return champion.compare(action.run.run_id, version, manifest, candidate, theirs)
    except (Refused, FormatError, LossUndefinedError) as error:
        reason = f"v{version} could not be asked: {error}"[: limits.EVENT_TEXT_CHARACTERS_MAX]
        return ChampionSeen(version=version, not_compared=reason)


def ask_champion(
    stay: Stay, algorithm: str, left: Left, new: Sequence[int], ports: Ports
) -> tuple[Quantiles, ...]:
    """Ask the endpoint, if it is the champion that serves there, before and after.

    Raises
    ------
    Refused
        If it does not answer, or something else serves there.
    FormatError
        If its forecasts are not those of the manifest.
    """
    manifest = left.manifest
    predictions = serving.ask(
        ports.endpoints,
        stay.endpoint,
        stay.config,
        [left.instances[at] for at in new],
        manifest.quantiles,
        in_time=algorithms.find(algorithm).instances_per_request,
    )
    return quantiles_of(predictions, manifest.quantiles, manifest.horizon)


def register(action: Register, ports: Ports) -> VersionRegistered:
    """Write evidence and version; a run that is in the registry already stays the one it is."""
    run = action.run
    body = action.evidence()
    evidence = Blob(
        uri=ports.blobs.put(evaluation_key(run.run_id), body),
        sha256=hashlib.sha256(body).hexdigest(),
    )
    group = names.package_group(ports.env, run.model)
    ports.registry.ensure_group(group)
    package = ports.registry.find(group, run.run_id) or ports.registry.register(
        proposal(action, group, evidence)
    )
    return VersionRegistered(version=package.version, package_arn=package.arn, evaluation=evidence)


def proposal(action: Register, group: str, evidence: Blob) -> Proposal:
    """Write down what the registry should hold: the same for every attempt."""
    run = action.run
    instances = algorithms.find(run.algorithm).instances
    description = f"{run.run_id}: {evaluation.summary(action.evaluation.evaluated)}"
    return Proposal(
        group=group,
        token=hashlib.sha256(run.run_id.encode()).hexdigest()[:TOKEN_CHARACTERS],
        description=description[:DESCRIPTION_CHARACTERS_MAX],
        image=run.image,
        artifact_uri=run.artifact.uri,
        transform_instance=instances.transform,
        endpoint_instance=instances.endpoint,
        evaluation=evidence,
        registration=Registration(
            run_id=run.run_id,
            algorithm=run.algorithm,
            artifact_sha256=run.artifact.sha256,
            manifest_uri=run.dataset.uri,
            manifest_sha256=run.dataset.sha256,
            forecasts_uri=run.forecasts_uri,
            cutoff=run.dataset.cutoff,
        ),
    )


EFFECTS: dict[type[Action], Effect] = {
    Evaluate: Effect(do=evaluate, then=evaluation.evaluated),
    Register: Effect(do=register, then=evaluation.registered),
}
