"""Hyperparameters: strings from SageMaker, typed and checked against ``hyperparameters.json``."""

import difflib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from algorithms.container import Failure
from shared.forecasting import deepar_json, frequency

SPECIFICATION = Path(__file__).with_name("hyperparameters.json")

# SageMaker and its SDK add their own; all of them begin so
FOREIGN_PREFIXES = ("sagemaker_", "_tuning_")


@dataclass(frozen=True)
class Settings:
    """What to train; the meaning of each is in ``hyperparameters.json``."""

    num_boost_round: int
    learning_rate: float
    num_leaves: int
    min_data_in_leaf: int
    train_points: int
    seed: int
    prediction_length: int
    season_length: int
    frequency_s: int
    test_quantiles: tuple[float, ...]


def parse(given: Mapping[str, str]) -> Settings:
    """Type and check hyperparameters, defaults filled in.

    Raises
    ------
    Failure
        If one is unknown, missing, of a wrong type or out of its range; the text names it.
    """
    known = {row["Name"]: row for row in json.loads(SPECIFICATION.read_text(encoding="utf-8"))}
    ours = {name: text for name, text in given.items() if not name.startswith(FOREIGN_PREFIXES)}
    for name in ours:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}."
            raise Failure(f"The hyperparameter {name} is unknown; {hint}")
    typed = {name: _typed(row, ours) for name, row in known.items()}
    try:
        spacing = frequency.parse(typed.pop("time_freq"))
        quantiles = deepar_json.read_quantiles(typed.pop("test_quantiles"))
    except deepar_json.FormatError as error:
        raise Failure(f"The hyperparameters cannot be used: {error}.") from error
    return Settings(frequency_s=spacing, test_quantiles=quantiles, **typed)


def _typed(row: Mapping[str, Any], given: Mapping[str, str]) -> Any:
    name = row["Name"]
    text = given.get(name, row.get("DefaultValue"))
    if text is None:
        raise Failure(f"The hyperparameter {name} is missing: {row['Description']}")
    if row["Type"] == "FreeText":
        return text
    whole = row["Type"] == "Integer"
    (bounds,) = row["Range"].values()
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = math.nan
    if not float(bounds["MinValue"]) <= value <= float(bounds["MaxValue"]):
        kind = "whole number" if whole else "number"
        raise Failure(
            f"The hyperparameter {name} is {text!r:.50}; it must be a {kind} from"
            f" {bounds['MinValue']} to {bounds['MaxValue']}."
        )
    return value
