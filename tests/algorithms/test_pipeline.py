"""The pipeline's definition, as far as it can be checked without running it."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from algorithms.dataset import arguments
from algorithms.lightgbm import settings
from infra.local.sagemaker import definition
from shared.contracts.algorithms import ALGORITHMS

FOLDER = Path(settings.SPECIFICATION).parent
DEFINITION: dict[str, Any] = json.loads((FOLDER / "pipeline.json").read_text())
ROOT = FOLDER.parents[1]
AUTHORING = ROOT / ".venv-pipelines" / "bin" / "python"
STEPS: dict[str, dict[str, Any]] = {step["Name"]: step for step in DEFINITION["Steps"]}
OPERATIONS = {
    "Prepare": ("CreateProcessingJob", "ProcessingJobName"),
    "Train": ("CreateTrainingJob", "TrainingJobName"),
    "Refit": ("CreateTrainingJob", "TrainingJobName"),
    "CreateJudgedModel": ("CreateModel", "ModelName"),
    "Forecast": ("CreateTransformJob", "TransformJobName"),
}
GIVEN = {
    "RoleArn": "arn:aws:iam::123456789012:role/modelcycle-training",
    "WindowSeconds": "300",
    "FrequencySeconds": "300",
    "TimeFreq": "5min",
    "Horizon": "30",
    "Season": "288",
    "Stride": "30",
    "ContextPoints": "576",
}


def values() -> dict[str, str]:
    """Answer a value for every parameter."""
    return {
        one["Name"]: one.get("DefaultValue", GIVEN.get(one["Name"], "s3://bucket/key"))
        for one in DEFINITION["Parameters"]
    }


def resolved(node: Any) -> Any:
    """Put values in place of references, as SageMaker would."""
    match node:
        case {"Get": str(reference)}:
            return values().get(reference.removeprefix("Parameters."), f"resolved-{len(reference)}")
        case {"Std:Join": {"On": str(glue), "Values": list(parts)}}:
            return glue.join(resolved(part) for part in parts)
        case dict():
            return {key: resolved(value) for key, value in node.items()}
        case list():
            return [resolved(value) for value in node]
    return node


def references(node: Any) -> Iterator[str]:
    """Find what a step refers to."""
    if isinstance(node, dict):
        if isinstance(node.get("Get"), str):
            yield node["Get"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_the_steps_are_those_of_the_design_in_their_order() -> None:
    assert DEFINITION["Version"] == "2020-12-01"
    assert {name: step["Type"] for name, step in STEPS.items()} == {
        "Prepare": "Processing",
        "Train": "Training",
        "Refit": "Training",
        "CreateJudgedModel": "Model",
        "Forecast": "Transform",
    }


def test_every_reference_leads_somewhere_and_every_parameter_is_used() -> None:
    used = set(references(DEFINITION["Steps"]))
    assert {name.removeprefix("Parameters.") for name in used if name.startswith("P")} == set(
        values()
    )
    steps = {name.split(".")[1] for name in used if name.startswith("Steps.")}
    assert steps == {"Prepare", "Train", "CreateJudgedModel"}


def test_the_refit_waits_for_the_prepare_step_alone() -> None:
    needs = {name.split(".")[1] for name in references(STEPS["Refit"]) if name.startswith("Steps")}
    assert needs == {"Prepare"}
    assert not any("DependsOn" in step for step in STEPS.values())


def test_every_step_is_a_request_that_sagemaker_takes() -> None:
    model = botocore.session.get_session().get_service_model("sagemaker")
    for name, (operation, named) in OPERATIONS.items():
        request = {named: "name", **resolved(STEPS[name]["Arguments"])}
        shape = model.operation_model(operation).input_shape
        assert shape is not None
        report = ParamValidator().validate(request, shape)
        assert not report.has_errors(), report.generate_report()


def test_no_step_is_cached_since_caching_ignores_the_data_behind_a_prefix() -> None:
    said = {name: step.get("CacheConfig") for name, step in STEPS.items()}
    assert said.pop("CreateJudgedModel") is None  # models have no cache to turn off
    assert all(cache == {"Enabled": False} for cache in said.values())


@pytest.mark.parametrize("name", STEPS)
def test_what_passes_is_tried_again_after_ever_longer_pauses(name: str) -> None:
    policies = STEPS[name]["RetryPolicies"]
    expected = {"Step.THROTTLING", "Step.SERVICE_FAULT"}
    if STEPS[name]["Type"] != "Model":
        expected |= {"SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR"}
        expected |= {"SageMaker.RESOURCE_LIMIT"}
    named = [exception for policy in policies for exception in policy["ExceptionType"]]
    assert sorted(named) == sorted(expected)
    assert all(policy["BackoffRate"] > 1 for policy in policies)
    read = definition.parse(json.dumps(DEFINITION)).steps[name].retries
    assert [policy.pause_s(0, 0) for policy in read] == [
        policy["IntervalSeconds"] for policy in policies
    ]


def test_the_committed_definition_is_what_the_sdk_makes_of_pipeline_py() -> None:
    if not AUTHORING.exists():
        pytest.skip("no sagemaker SDK here: make pipelines-check installs it and compares")
    command = [str(AUTHORING), "-m", "algorithms.definitions", "check"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr


def test_every_algorithm_of_the_table_has_a_pipeline_written_by_the_sdk() -> None:
    written = {path.parent.name for path in FOLDER.parent.glob("*/pipeline.json")}
    authored = {path.parent.name for path in FOLDER.parent.glob("*/pipeline.py")}
    assert written == authored == set(ALGORITHMS)


def test_instances_are_those_of_the_table_unless_an_execution_is_given_others() -> None:
    defaults = {one["Name"]: one.get("DefaultValue") for one in DEFINITION["Parameters"]}
    instances = ALGORITHMS["lightgbm"].instances
    assert defaults["ProcessingInstanceType"] == instances.processing
    assert defaults["TrainingInstanceType"] == instances.training
    assert defaults["TransformInstanceType"] == instances.transform


def test_every_hyperparameter_has_a_parameter_with_its_default() -> None:
    rows = {row["Name"]: row for row in json.loads(settings.SPECIFICATION.read_text())}
    defaults = {one["Name"]: one.get("DefaultValue") for one in DEFINITION["Parameters"]}
    for step in ("Train", "Refit"):
        hyperparameters = STEPS[step]["Arguments"]["HyperParameters"]
        assert set(hyperparameters) == set(rows)
        settings.parse(resolved(hyperparameters))
    for name in set(rows) & set(defaults):
        assert defaults[name] == rows[name]["DefaultValue"]


def test_the_prepare_step_takes_the_arguments_of_the_definition() -> None:
    application = STEPS["Prepare"]["Arguments"]["AppSpecification"]
    asked = arguments.parse(resolved(application["ContainerArguments"]))
    assert (asked.horizon, asked.origins, asked.context_points) == (30, 20, 576)
    assert all(len(word) <= 256 for word in resolved(application["ContainerArguments"]))


def test_a_batch_is_configured_and_cut_as_deepar_wants_it() -> None:
    forecast = resolved(STEPS["Forecast"]["Arguments"])
    configured = json.loads(forecast["Environment"]["DEEPAR_INFERENCE_CONFIG"])
    assert configured["quantiles"] == [f"0.{tenth}" for tenth in range(1, 10)]
    assert forecast["BatchStrategy"] == "SingleRecord"
    assert forecast["TransformInput"]["SplitType"] == "Line"
    assert forecast["TransformOutput"]["AssembleWith"] == "Line"


def test_images_hold_what_their_programs_import() -> None:
    for name in ("dataset", "lightgbm"):
        dockerfile = (FOLDER.parent / name / "Dockerfile").read_text()
        assert f"COPY algorithms/{name}/ algorithms/{name}/" in dockerfile
        assert f"requirements/{name}.txt" in dockerfile
        imported = {
            line.split()[1]
            for path in (FOLDER.parent / name).glob("*.py")
            if path.name != "pipeline.py"  # stays out of the image
            for line in path.read_text().splitlines()
            if re.match(r"(from|import) (shared|algorithms)\b", line)
        }
        assert imported <= {
            *("algorithms", "algorithms.container", "shared.forecasting"),
            *(module for module in imported if module.startswith(f"algorithms.{name}")),
            *(module for module in imported if module.startswith("shared.forecasting.")),
        }
