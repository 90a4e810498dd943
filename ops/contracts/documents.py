"""What crosses a boundary as a document: objects in S3, and what the registry says of a version."""

from collections.abc import Callable
from typing import Any, NamedTuple

from ops.contracts.compatibility import Unknown
from shared.contracts.evaluation import Evaluation
from shared.contracts.frozen import Frozen
from shared.contracts.lifecycle import ModelEvaluated
from shared.contracts.manifest import Manifest
from shared.contracts.registration import Registration
from shared.contracts.scoring import ScoredForecasts
from shared.contracts.windows import SeriesSummary

Json = dict[str, Any]

MODEL, SERIES, RUN_ID = "fees", "transactions", "fees-r0123456789ab"
RUN = f"s3://modelcycle-dev-123456789012/runs/{RUN_ID}"
DIGEST = "0" * 64
FIRST, NOON, LATER = "2026-02-26T00:45:00Z", "2026-03-01T12:00:00Z", "2026-03-01T12:10:00Z"


class Document(NamedTuple):
    """One row: a document, and who relies on it."""

    value_class: type[Frozen]
    example: Callable[[], Json]
    """As JSON: an edit of the class is judged though its example does not fit any more."""
    read_by: tuple[str, ...]
    """Services, and ops."""
    unknown: Unknown
    """What its readers do with fields that they do not know: refused where one of them does."""


def manifest() -> Json:
    """Show a thousand points, the last two of them held out."""
    return {
        "manifest_version": 1,
        "run_id": RUN_ID,
        "model": MODEL,
        "series": SERIES,
        "target": "mean",
        "frequency_s": 300,
        "horizon": 2,
        "quantiles": [0.1, 0.5, 0.9],
        "season": 288,
        "first": FIRST,
        "cutoff": NOON,
        "judged_cutoff": "2026-03-01T11:50:00Z",
        "points": 1_000,
        "gaps": 1,
        "filled": 3,
        "origins": [{"index": 998, "start": "2026-03-01T11:55:00Z"}],
        "context_points": 288,
        "files": {"full/train.json": DIGEST, "backtest/backtest.jsonl": DIGEST},
    }


def evaluation() -> Json:
    """Show two windows; the first one's scatter was not measured."""
    first = {"start": NOON, "points": 2, "weight": 300.0, "loss": 90.0, "baseline_loss": 120.0}
    then = {"start": LATER, "points": 2, "weight": 310.0, "loss": 95.5, "baseline_loss": 118.0}
    return {
        "evaluated": ModelEvaluated.example().model_dump(mode="json"),
        "windows": [first, {**then, "scatter": 80.25}],
    }


def registration() -> Json:
    """Show where a version comes from."""
    return {
        "run_id": RUN_ID,
        "algorithm": "lightgbm",
        "artifact_sha256": DIGEST,
        "manifest_uri": f"{RUN}/dataset/manifest/manifest.json",
        "manifest_sha256": DIGEST,
        "forecasts_uri": f"{RUN}/forecasts/backtest.jsonl.out",
        "cutoff": NOON,
    }


def series_summary() -> Json:
    """Show a series that was backfilled."""
    return {
        "series": SERIES,
        "first": FIRST,
        "last": NOON,
        "windows": 999,
        "revision": 7,
        "backfilled_at": NOON,
    }


def scored_forecasts() -> Json:
    """Show one origin, of which one window was not observed."""
    quantiles = {"0.1": [140.0, 139.5], "0.5": [151.0, 152.0], "0.9": [170.0, 175.5]}
    return {
        "model": MODEL,
        "version": 3,
        "frequency_s": 300,
        "forecasts": [{"start": NOON, "truth": [150.0, None], "quantiles": quantiles}],
    }


TRAINER, EVALUATOR, DEPLOYER, MONITOR = "trainer", "evaluator", "deployer", "monitor"
INGEST, OPS = "ingest", "ops"
DOCUMENTS: tuple[Document, ...] = (
    Document(Manifest, manifest, (TRAINER, EVALUATOR, DEPLOYER, MONITOR, OPS), Unknown.REFUSED),
    Document(Evaluation, evaluation, (MONITOR, OPS), Unknown.IGNORED),
    Document(Registration, registration, (EVALUATOR, DEPLOYER, MONITOR, OPS), Unknown.IGNORED),
    Document(SeriesSummary, series_summary, (INGEST, TRAINER, OPS), Unknown.IGNORED),
    Document(ScoredForecasts, scored_forecasts, (MONITOR, OPS), Unknown.REFUSED),
)
