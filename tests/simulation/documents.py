"""What a pipeline leaves: a small data set with its backtest, and forecasts of a wanted quality."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum

from shared.contracts.manifest import Manifest, Origin
from shared.forecasting.deepar_json import Prediction

HOUR = timedelta(hours=1)
POINTS, HORIZON, SEASON, CONTEXT = 22, 2, 4, 8
ORIGINS = (14, 16, 18, 20)
LEVELS = (0.1, 0.5, 0.9)
SERIES = "transactions"
# a rhythm of four steps, and what no rhythm explains
NOISE = (0, 3, -2, 4, -3, 1, 2, -4, 3, 0, -1, 4, -2, -4, 1, 3, 4, -3, 0, 2, -1, 3)
VALUES = tuple(20.0 + 6 * (at % SEASON) + 2 * off for at, off in enumerate(NOISE))


class Quality(Enum):
    """How good a candidate is."""

    BETTER = "better"
    GOOD = "good"
    BAD = "bad"


def forecast_at(index: int, quality: Quality) -> dict[float, tuple[float, ...]]:
    """Answer what a version forecasts from an origin: it knows the truth, more or less."""
    return spread(VALUES[index : index + HORIZON], quality)


def spread(truth: Sequence[float], quality: Quality) -> dict[float, tuple[float, ...]]:
    """Answer a forecast around what comes true."""
    if quality is Quality.BAD:
        return {level: tuple(3 * value + level for value in truth) for level in LEVELS}
    width = 1.0 if quality is Quality.GOOD else 0.4
    return {level: tuple(value + width * (level - 0.4) for value in truth) for level in LEVELS}


FORECASTS = {
    quality: {index: forecast_at(index, quality) for index in ORIGINS} for quality in Quality
}
AT_CONTEXT = {VALUES[index - CONTEXT : index]: index for index in ORIGINS}
SMOKE = FORECASTS[Quality.GOOD][ORIGINS[-1]]
LINES = {
    quality: "\n".join(
        json.dumps({"quantiles": {str(level): values for level, values in said.items()}})
        for said in FORECASTS[quality].values()
    ).encode()
    for quality in Quality
}


def sha256(body: bytes) -> str:
    """Digest an object."""
    return hashlib.sha256(body).hexdigest()


def predicted(context: tuple[float, ...], quality: Quality) -> Prediction:
    """Answer what a version of some quality says to a context of the backtest."""
    return Prediction(quantiles=FORECASTS[quality][AT_CONTEXT[context]])


def line(start: datetime, values: tuple[float, ...]) -> str:
    """Write a series as DeepAR reads it."""
    return f'{{"start":"{start:%Y-%m-%d %H:%M:%S}","target":{json.dumps(values)}}}\n'


def first_of(now: datetime) -> datetime:
    """Answer the first point of a data set that is prepared now."""
    return now.replace(minute=0, second=0, microsecond=0) - (POINTS - 1) * HOUR


def make(run_id: str, model: str, quality: Quality, now: datetime) -> dict[str, bytes]:
    """Answer what a run leaves below its prefix."""
    first = first_of(now)
    full = line(first, VALUES).encode()
    backtest = "".join(
        line(first + (index - CONTEXT) * HOUR, VALUES[index - CONTEXT : index]) for index in ORIGINS
    ).encode()
    manifest = Manifest(
        manifest_version=1,
        run_id=run_id,
        model=model,
        series=SERIES,
        target="mean",
        frequency_s=3_600,
        horizon=HORIZON,
        quantiles=LEVELS,
        season=SEASON,
        first=first,
        cutoff=first + (POINTS - 1) * HOUR,
        judged_cutoff=first + (ORIGINS[0] - 1) * HOUR,
        points=POINTS,
        gaps=0,
        filled=0,
        origins=tuple(Origin(index=at, start=first + at * HOUR) for at in ORIGINS),
        context_points=CONTEXT,
        files={"full/train.json": sha256(full), "backtest/backtest.jsonl": sha256(backtest)},
    )
    return {
        "dataset/full/train.json": full,
        "dataset/backtest/backtest.jsonl": backtest,
        "dataset/manifest/manifest.json": manifest.model_dump_json().encode(),
        "forecasts/backtest.jsonl.out": LINES[quality],
    }
