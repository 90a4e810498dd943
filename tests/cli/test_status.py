"""`modelcycle status`: where a model stands, read from AWS alone."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.cli import endpoints, output
from ops.cli.endpoints import Serving
from shared.contracts import names
from shared.contracts.lifecycle import ModelEvaluated
from shared.contracts.windows import SeriesSummary, summary_key
from tests.cli.conftest import Cli, Clients, Files
from tests.cli.world import Evaluator

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BUCKET = "modelcycle-dev-123456789012-us-east-1"


def config(stage: str, version: int) -> str:
    return names.endpoint_config("dev", "fees", stage, version, "cause")


def described(status: str, version: int, pending: int | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "EndpointName": "mc-dev-fees-staging",
        "EndpointStatus": status,
        "EndpointConfigName": config("staging", version),
        "LastModifiedTime": NOW,
    }
    if pending:
        found["PendingDeploymentSummary"] = {"EndpointConfigName": config("staging", pending)}
    return found


@pytest.mark.parametrize(
    ("found", "version", "coming"),
    [
        (described("InService", 3), 3, None),
        (described("Updating", 3, pending=4), 3, 4),
        (described("Creating", 3), None, 3),
        (described("Failed", 3), None, None),
        (described("RollingBack", 3, pending=4), 3, 4),
        ({**described("InService", 3), "EndpointConfigName": "a-stranger's"}, None, None),
    ],
)
def test_what_serves_is_read_from_the_name_of_the_configuration(
    found: dict[str, Any], version: int | None, coming: int | None
) -> None:
    seen = endpoints.read(found)
    assert (seen.version, seen.coming) == (version, coming)
    assert isinstance(seen, Serving)


@pytest.mark.parametrize(
    ("passed_s", "words"),
    [
        (0, "now"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (7_199, "1 h ago"),
        (86_400 * 3, "3 d ago"),
        (-5, "now"),
    ],
)
def test_how_long_ago_is_said_in_the_largest_unit(passed_s: int, words: str) -> None:
    assert output.ago(NOW - timedelta(seconds=passed_s), NOW) == words


@pytest.fixture
def model(cli: Cli, files: Files) -> str:
    files("standing")
    assert cli("models", "apply", "standing.yaml").exit_code == 0
    return "standing"


def only(cli: Cli, model: str) -> dict[str, Any]:
    (one,) = json.loads(cli("status", model, "--json").stdout)["models"]
    return dict(one)


def test_a_model_without_anything_says_what_it_needs(cli: Cli, model: str) -> None:
    one = only(cli, model)
    assert (one["data"], one["run"], one["versions"]) == (None, None, [])
    assert one["stages"] == {"staging": None, "production": None}
    assert one["next"] == "modelcycle data import FILE --series transactions"
    shown = cli("status", model)
    assert "none yet" in shown.stdout
    assert "no version is registered yet" in shown.stderr


def test_data_versions_scores_and_what_is_next(
    cli: Cli, aws: Clients, model: str, evaluator: Evaluator
) -> None:
    summary = SeriesSummary(
        series="transactions", first=NOW - timedelta(days=14), last=NOW, windows=20_160, revision=1
    )
    body = summary.model_dump_json().encode()
    aws("s3").put_object(Bucket=BUCKET, Key=summary_key("transactions"), Body=body)
    arn = evaluator.register(model)
    evaluator.register(model, ours=False, evidence=False)
    aws("sagemaker").update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="looks good"
    )
    evaluator.offer(arn)
    one = only(cli, model)
    assert (one["data"]["windows"], one["data"]["points"]) == (20_160, 4_032)
    second, first = one["versions"]
    said = ModelEvaluated.example()
    assert first["mean_wql"] == said.metrics.mean_wql
    assert first["baseline_mean_wql"] == said.baseline.mean_wql
    assert first["limit"] == said.gate.limit
    assert first["approval"] == "approved"
    assert first["approval_note"] == "looks good"
    assert first["production"] == "waiting"
    assert first["modified_by"] == "alice"
    assert (second["version"], second["run_id"], second["mean_wql"]) == (2, None, None)
    assert one["next"] == f"modelcycle approve {model} 2"
    assert one["next_steps"] == [f"modelcycle approve {model} 2", f"modelcycle promote {model} 1"]
    shown = cli("status", model).stdout
    assert "4,032 points of " in shown
    assert "alice" in shown
    listed = cli("status")
    assert listed.exit_code == 0
    header, line, below = (text for text in listed.stdout.splitlines() if text.strip())
    assert header.index("scores of") == line.index("v2")
    assert f"modelcycle approve {model} 2" in line
    assert below.strip() == f"modelcycle promote {model} 1"
    assert f"modelcycle promote {model} 1" in shown


def test_a_run_in_flight_is_seen_by_its_name(
    cli: Cli, aws: Clients, model: str, unconfigured: pytest.MonkeyPatch
) -> None:
    definition = json.dumps(
        {
            "Version": "2020-12-01",
            "Parameters": [],
            "Steps": [{"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "as told"}}],
        }
    )
    sagemaker, run_id = aws("sagemaker"), names.run_id(model, "cause")
    pipeline = {"PipelineName": "mc-dev-lightgbm", "PipelineDefinition": definition}
    sagemaker.update_pipeline(**pipeline)
    sagemaker.start_pipeline_execution(
        PipelineName="mc-dev-lightgbm", PipelineExecutionDisplayName=run_id
    )
    unconfigured.setattr(
        "ops.cli.standing.IN_FLIGHT", frozenset({"Executing", "Failed", "Stopping"})
    )
    assert only(cli, model)["run"]["run_id"] == run_id
    assert run_id in cli("status", model).stdout


def test_a_table_with_no_model_says_how_to_begin(cli: Cli, aws: Clients) -> None:
    ssm = aws("ssm")
    pages = ssm.get_paginator("get_parameters_by_path").paginate(
        Path="/modelcycle/dev", Recursive=True
    )
    for page in pages:
        for parameter in page["Parameters"]:
            ssm.delete_parameter(Name=parameter["Name"])
    for command in (("status",), ("models", "list")):
        result = cli(*command)
        assert (result.exit_code, result.stdout) == (0, "")
        assert result.stderr == "no models yet: modelcycle models apply PATH\n"
    assert json.loads(cli("status", "--json").stdout)["models"] == []
    for told in (("status", "fees"), ("events", "list", "--model", "fees")):
        result = cli(*told)
        assert (result.exit_code, result.stderr.splitlines()[-1]) == (
            3,
            "Try: modelcycle models apply PATH",
        )
