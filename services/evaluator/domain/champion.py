"""Candidate against champion: only on windows that the champion has not seen, and beyond noise."""

import hashlib
from collections.abc import Sequence

from services.evaluator.domain.actions import Champion
from services.evaluator.domain.state import Task
from shared.contracts import algorithms
from shared.contracts.lifecycle.evaluation import ChampionSeen
from shared.contracts.manifest import Manifest
from shared.forecasting import bootstrap, losses
from shared.forecasting.losses import Outcome, mean_weighted_quantile_loss

NONE_IN_PRODUCTION = ChampionSeen(not_compared="no version in production")
WINDOWS_MIN = 2  # noise cannot be seen in one


def unseen(champion: Champion, manifest: Manifest) -> tuple[int, ...]:
    """Answer the numbers of the origins whose windows the champion was not trained on."""
    cutoff = champion.stay.cutoff
    return tuple(at for at, origin in enumerate(manifest.origins) if origin.start > cutoff)


def obstacle(champion: Champion, task: Task, manifest: Manifest, min_points: int) -> str | None:
    """Say why the champion cannot be compared with; None when it can be asked."""
    registered, version = champion.registered, champion.stay.version
    if registered is None:
        return f"v{version} was not registered here, what it forecasts is not known"
    if registered.algorithm not in algorithms.ALGORITHMS:
        return f"v{version} is of the algorithm {registered.algorithm}, which is gone"
    if differing := differences(registered.task, task):
        return f"v{version} forecasts something else: {differing}"
    left = unseen(champion, manifest)
    points = len(left) * manifest.horizon
    if points < min_points or len(left) < WINDOWS_MIN:
        return (
            f"v{version} was trained up to {champion.stay.cutoff:%Y-%m-%d %H:%M}: {points} points "
            f"in {len(left)} windows are new to it, {min_points} in {WINDOWS_MIN} are needed"
        )
    return None


def differences(before: Task, after: Task) -> str:
    """Name what differs between two tasks; empty: nothing."""
    now = dict(after)
    return ", ".join(
        f"{name} was {value}, is {now[name]}" for name, value in before if value != now[name]
    )


def compare(
    run_id: str,
    version: int,
    manifest: Manifest,
    candidate: Sequence[Outcome],
    champion: Sequence[Outcome],
) -> ChampionSeen:
    """Compare two forecasters on the same windows by a paired block bootstrap.

    Raises
    ------
    LossUndefinedError
        If all truths are zero.
    """
    ours, theirs = [losses.loss(one) for one in candidate], [losses.loss(one) for one in champion]
    seed = int.from_bytes(hashlib.sha256(run_id.encode()).digest()[:8], "big")
    answer = bootstrap.compare(ours, theirs, block=overlapping(manifest), seed=seed)
    return ChampionSeen(
        version=version,
        mean_wql=mean_weighted_quantile_loss(theirs),
        points=sum(len(one.truth) for one in champion),
        candidate_wql=mean_weighted_quantile_loss(ours),
        difference_low=answer.low,
        difference_high=answer.high,
    )


def overlapping(manifest: Manifest) -> int:
    """Answer how many neighbouring windows share points: ceil(horizon / stride)."""
    stride = manifest.origins[1].index - manifest.origins[0].index
    return -(-manifest.horizon // stride)
