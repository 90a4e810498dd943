"""What ``model.tar.gz`` holds: the boosters as text, and ``model.json``, which describes them."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from algorithms.lightgbm import booster
from algorithms.lightgbm.features import Shape
from algorithms.lightgbm.model import Model
from algorithms.lightgbm.scale import Scale
from algorithms.lightgbm.settings import Settings
from shared.forecasting import frequency
from shared.forecasting.deepar_json import level_key

FORMAT_VERSION = 1
DESCRIPTION = "model.json"


class BrokenArtifactError(ValueError):
    """The folder does not hold a model that this program can use; the text says why."""


def save(model: Model, settings: Settings, folder: Path) -> None:
    """Write a model; equal models are equal files."""
    folder.mkdir(parents=True, exist_ok=True)
    for level, trained in model.boosters.items():
        (folder / _file(level)).write_text(trained.model_to_string(), encoding="utf-8")
    description = _described(model, settings)
    text = json.dumps(description, indent=1)
    (folder / DESCRIPTION).write_text(text + "\n", encoding="utf-8")


def load(folder: Path) -> Model:
    """Read a model.

    Raises
    ------
    BrokenArtifactError
        If a file is missing or damaged, or of another version or algorithm.
    """
    try:
        return _model(json.loads((folder / DESCRIPTION).read_text(encoding="utf-8")), folder)
    except (
        *(OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError),
        booster.LightGBMError,
    ) as error:
        raise BrokenArtifactError(
            f"{folder} holds no model that can be served: {type(error).__name__}: {error}"
        ) from error


def _described(model: Model, settings: Settings) -> dict[str, Any]:
    return {
        "algorithm": "lightgbm",
        "format_version": FORMAT_VERSION,
        "library": booster.version,
        "horizon": model.shape.horizon,
        "season": model.shape.season,
        "frequency_s": model.shape.frequency_s,
        "time_freq": frequency.spell(model.shape.frequency_s),
        "quantiles": list(model.levels),
        "scale": asdict(model.scale),
        "reference": model.reference,
        "context_min": model.context_min,
        "trained_to": model.trained_to.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "settings": asdict(settings),
    }


def _model(description: dict[str, Any], folder: Path) -> Model:
    if (description["algorithm"], description["format_version"]) != ("lightgbm", FORMAT_VERSION):
        raise ValueError("it was written by another algorithm or version: train again")
    return Model(
        shape=Shape(*(description[name] for name in ("horizon", "season", "frequency_s"))),
        scale=Scale(**description["scale"]),
        reference=description["reference"],
        boosters={
            level: booster.Booster(model_str=(folder / _file(level)).read_text(encoding="utf-8"))
            for level in description["quantiles"]
        },
        context_min=description["context_min"],
        trained_to=datetime.fromisoformat(description["trained_to"]).astimezone(UTC),
    )


def _file(level: float) -> str:
    return f"quantile-{level_key(level)}.txt"
