"""What a run left in S3, read and checked: nothing is judged by that is not what was prepared."""

import hashlib
import math
from dataclasses import dataclass

from pydantic import ValidationError

from services.evaluator.domain.outcomes import DIGEST_DIFFERS
from services.evaluator.ports import Blobs
from shared.contracts.envelope import first_fault
from shared.contracts.lifecycle import TrainingCompleted
from shared.contracts.manifest import Manifest
from shared.forecasting import deepar_json
from shared.forecasting.deepar_json import FormatError, Quantiles, Series
from shared.messaging.errors import Refused

MANIFEST, TARGET, BACKTEST = "manifest/manifest.json", "full/train.json", "backtest/backtest.jsonl"


@dataclass(frozen=True)
class Left:
    """What is needed for a verdict.

    Parameters
    ----------
    target : tuple of float
        The whole series at the model's frequency, without gaps.
    instances : tuple of Series
        What was known at each origin, as the candidate was given it.
    forecasts : tuple of mapping
        The candidate's answer for each origin: quantile → one value per step.
    """

    manifest: Manifest
    target: tuple[float, ...]
    instances: tuple[Series, ...]
    forecasts: tuple[Quantiles, ...]


def read(run: TrainingCompleted, blobs: Blobs) -> Left:
    """Read dataset and forecasts of a run.

    Raises
    ------
    Refused
        If something is missing, or is not what its digest says.
    FormatError
        If something does not keep its contract, or does not fit the rest.
    """
    manifest = read_manifest(checked(blobs, run.dataset.uri, run.dataset.sha256))
    above = run.dataset.uri.removesuffix(MANIFEST)
    files = {
        name: checked(blobs, above + name, manifest.files.get(name, ""))
        for name in (TARGET, BACKTEST)
    }
    target = deepar_json.read_series(files[TARGET]).target
    instances = tuple(map(deepar_json.read_series, files[BACKTEST].splitlines()))
    lines = blobs.get(run.forecasts_uri).splitlines()
    predictions = tuple(map(deepar_json.read_prediction, lines))
    check_lengths(manifest, target, len(instances), len(predictions))
    forecasts = deepar_json.quantiles_of(predictions, manifest.quantiles, manifest.horizon)
    return Left(manifest, target, instances, forecasts)


def checked(blobs: Blobs, uri: str, sha256: str) -> bytes:
    """Read an object that must have a digest.

    Raises
    ------
    Refused
        If it is not there, or is another one.
    """
    body = blobs.get(uri)
    if hashlib.sha256(body).hexdigest() != sha256:
        raise Refused(DIGEST_DIFFERS, f"{uri} is not what the run prepared")
    return body


def read_manifest(body: bytes) -> Manifest:
    """Read a manifest; raises FormatError where it is none."""
    try:
        return Manifest.model_validate_json(body)
    except ValidationError as error:
        raise FormatError(f"{MANIFEST}: {first_fault(error)}") from error


def check_lengths(
    manifest: Manifest, target: tuple[float, ...], instances: int, forecasts: int
) -> None:
    """Raise FormatError unless origins, target, instances and forecasts belong together."""
    origins = len(manifest.origins)
    if (instances, forecasts) != (origins, origins):
        raise FormatError(f"{origins} origins have {instances} instances, {forecasts} forecasts")
    positions = [origin.index for origin in manifest.origins]
    if origins < 2 or positions != sorted(set(positions)):
        raise FormatError("a backtest needs two origins or more, one after another")
    if len(target) != manifest.points:
        raise FormatError(f"{TARGET} has {len(target)} points, the manifest {manifest.points}")
    if (end := positions[-1] + manifest.horizon) > len(target):
        raise FormatError(f"the last window ends at point {end}, {TARGET} has {len(target)}")
    if any(map(math.isnan, target)):
        raise FormatError(f"{TARGET} has missing values: the prepare step fills every gap")
