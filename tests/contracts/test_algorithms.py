"""The table of algorithms: defaults fill in, mistakes are named, and the container agrees."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import algorithms, limits
from shared.contracts.algorithms import LIGHTGBM, Choice, Real, Setting, Whole
from shared.contracts.complaints import SpecError

FOLDER = Path(__file__).parents[2] / "algorithms"
ROWS = pytest.mark.parametrize("row", algorithms.ALGORITHMS.values(), ids=algorithms.ALGORITHMS)


def container_specification(row: algorithms.Algorithm) -> dict[str, dict[str, Any]]:
    path = FOLDER / row.name / "hyperparameters.json"
    return {entry["Name"]: entry for entry in json.loads(path.read_text(encoding="utf-8"))}


@ROWS
def test_the_container_declares_the_same_hyperparameters_as_the_row(
    row: algorithms.Algorithm,
) -> None:
    container = container_specification(row)
    for entry in algorithms.sagemaker_specification(row):
        assert container.pop(entry["Name"]) == entry
    assert container.keys() == algorithms.FROM_SPEC.keys()


@ROWS
def test_the_container_takes_every_horizon_and_season_that_a_spec_may_declare(
    row: algorithms.Algorithm,
) -> None:
    container = container_specification(row)
    most = {"prediction_length": limits.HORIZON_POINTS_MAX}
    most["season_length"] = limits.SEASON_POINTS_MAX
    for name, greatest in most.items():
        extent = container[name]["Range"]["IntegerParameterRangeSpecification"]
        assert int(extent["MinValue"]) <= 1
        assert int(extent["MaxValue"]) >= greatest


@ROWS
def test_the_defaults_of_a_row_pass_its_own_check(row: algorithms.Algorithm) -> None:
    defaults = {parameter.name: parameter.default for parameter in row.hyperparameters}
    assert algorithms.check(row, {}) == algorithms.check(row, defaults)
    assert list(algorithms.check(row, {})) == list(defaults)


def test_what_a_user_gives_replaces_the_default_and_all_become_strings() -> None:
    checked = algorithms.check(LIGHTGBM, {"num_leaves": 15, "learning_rate": 1})
    assert checked == {
        "num_boost_round": "60",
        "learning_rate": "1.0",
        "num_leaves": "15",
        "min_data_in_leaf": "100",
        "train_points": "6000",
        "seed": "0",
    }


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("num_leafs", 31, "unknown to lightgbm; did you mean 'num_leaves'?"),
        ("num_leaves", 1, "must be a whole number from 2 to 255, got 1"),
        ("num_leaves", 256, "must be a whole number from 2 to 255, got 256"),
        ("num_leaves", 31.0, "must be a whole number from 2 to 255, got 31.0"),
        ("num_leaves", "31", "must be a whole number from 2 to 255, got '31'"),
        ("num_leaves", True, "must be a whole number from 2 to 255, got true"),
        ("learning_rate", 0.0, "must be a number from 0.001 to 1.0, got 0.0"),
        ("learning_rate", float("nan"), "must be a number from 0.001 to 1.0, got NaN"),
        ("learning_rate", float("inf"), "must be a number from 0.001 to 1.0, got infinity"),
        ("learning_rate", "fast", "must be a number from 0.001 to 1.0, got 'fast'"),
        ("prediction_length", 12, "follows from the spec's 'horizon': set that and remove this"),
    ],
)
def test_a_wrong_hyperparameter_is_named_with_its_range(
    name: str, value: Setting, problem: str
) -> None:
    with pytest.raises(SpecError) as refused:
        algorithms.check(LIGHTGBM, {name: value})
    assert refused.value.complaints == ((f"hyperparameters.{name}", problem),)


def test_every_wrong_hyperparameter_is_named_at_once() -> None:
    with pytest.raises(SpecError) as refused:
        algorithms.check(LIGHTGBM, {"num_leaves": 1, "seed": -1})
    assert [complaint.key for complaint in refused.value.complaints] == [
        "hyperparameters.num_leaves",
        "hyperparameters.seed",
    ]


@given(value=st.integers() | st.floats() | st.text(max_size=5))
def test_a_checked_value_is_within_its_range(value: Setting) -> None:
    try:
        checked = algorithms.check(LIGHTGBM, {"learning_rate": value})
    except SpecError:
        return
    assert float(checked["learning_rate"]) == value
    assert 0.001 <= float(checked["learning_rate"]) <= 1.0


def test_an_unknown_algorithm_points_to_the_nearest() -> None:
    with pytest.raises(SpecError, match="unknown algorithm 'ligthgbm'; did you mean 'lightgbm'?"):
        algorithms.find("ligthgbm")


def test_a_hyperparameter_of_few_words_is_checked_and_described_like_the_others() -> None:
    likelihood = Choice(
        name="likelihood", default="student-T", choices=("student-T", "gaussian"), description="?"
    )
    row = LIGHTGBM.changed(hyperparameters=(likelihood,))
    assert algorithms.check(row, {"likelihood": "gaussian"}) == {"likelihood": "gaussian"}
    with pytest.raises(SpecError, match="must be one of 'student-T', 'gaussian', got 'poisson'"):
        algorithms.check(row, {"likelihood": "poisson"})
    (entry,) = algorithms.sagemaker_specification(row)
    assert entry["Type"] == "Categorical"
    assert entry["Range"] == {
        "CategoricalParameterRangeSpecification": {"Values": ["student-T", "gaussian"]}
    }


def test_a_short_season_still_gets_the_least_context() -> None:
    assert LIGHTGBM.context_points(season=7) == 288
    assert LIGHTGBM.context_points(season=288) == 576


@ROWS
def test_a_default_lies_within_its_range(row: algorithms.Algorithm) -> None:
    for parameter in row.hyperparameters:
        if isinstance(parameter, Whole | Real):
            assert parameter.least <= parameter.default <= parameter.greatest
