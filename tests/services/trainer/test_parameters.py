"""The mapping from a spec to a pipeline's parameters, against the committed definitions."""

import json
from pathlib import Path

import pytest

from services.trainer.domain import parameters
from shared.contracts.algorithms import ALGORITHMS
from shared.contracts.specs import SpecError
from tests.services.trainer.world import SITE, spec

ALGORITHM_FOLDERS = Path(__file__).parents[3] / "algorithms"


def given(algorithm: str) -> dict[str, str]:
    model = spec(algorithm=algorithm)
    chosen = parameters.hyperparameters(model, {})
    return parameters.of_run(SITE, "fees-r0123456789ab", model, 60, chosen, "s3://b/features/data")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_pipeline_is_given_what_it_declares_and_nothing_without_a_default_is_missing(
    algorithm: str,
) -> None:
    definition = json.loads((ALGORITHM_FOLDERS / algorithm / "pipeline.json").read_text())
    declared = {row["Name"]: "DefaultValue" in row for row in definition["Parameters"]}
    said = given(algorithm)
    assert said.keys() <= declared.keys()
    assert {name for name, has_default in declared.items() if not has_default} <= said.keys()
    assert ALGORITHMS[algorithm].hyperparameters[0].name in said


def test_the_spec_is_said_in_the_units_of_the_pipeline() -> None:
    said = given("lightgbm")
    expected = {
        "RunId": "fees-r0123456789ab",
        "Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/modelcycle/lightgbm:1",
        "DatasetImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/modelcycle/dataset:1",
        "OutputUri": "s3://modelcycle-dev/runs/fees-r0123456789ab",
        "Target": "mean",
        "WindowSeconds": "60",
        "FrequencySeconds": "300",
        "TimeFreq": "5min",
        "Season": "288",
        "Stride": "1",
        "MinPoints": "607",
        "Quantiles": '["0.1","0.2","0.3","0.4","0.5","0.6","0.7","0.8","0.9"]',
    }
    assert {name: said[name] for name in expected} == expected


def test_what_people_set_at_run_time_goes_before_the_spec() -> None:
    model = spec(hyperparameters={"num_leaves": 16, "seed": 3})
    chosen = parameters.hyperparameters(model, {"num_leaves": "31", "learning_rate": "0.05"})
    assert (chosen["num_leaves"], chosen["seed"], chosen["learning_rate"]) == ("31", "3", "0.05")


@pytest.mark.parametrize(
    ("name", "text"),
    [("num_leaves", "many"), ("num_leaves", "1"), ("learning_rate", "fast"), ("leaves", "3")],
)
def test_what_the_algorithm_cannot_take_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(SpecError, match=f"hyperparameters.{name}"):
        parameters.hyperparameters(spec(), {name: text})
