"""`modelcycle status`: where a model stands, read from AWS alone."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from ops.cli import endpoints, output
from ops.cli.endpoints import Serving
from ops.cli.past import Undone
from ops.cli.registry import Described, Verdict, Version
from ops.cli.standing import Judged
from ops.cli.version_rows import in_production
from services.journal.aws import DynamoBook
from services.journal.domain import entry
from shared.contracts import names
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import (
    AccuracyMeasured,
    ApprovalRevoked,
    DeploymentRolledBack,
    EndpointInService,
    ModelEvaluated,
)
from shared.contracts.windows import SeriesSummary, summary_key
from shared.messaging.clock import WallClock
from tests.cli.conftest import Cli, Clients, Files
from tests.cli.world import Evaluator
from tests.fakes.messaging import envelope

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


def keep(aws: Clients, event: Event, at: datetime) -> None:
    """Keep an event as the journal does."""
    said = envelope(event, event_id=str(uuid4()), occurred_at=at)
    book = DynamoBook(aws("dynamodb"), names.table("dev", "journal"))
    book.keep(entry(said, json.loads(said.detail())))


def test_a_roll_back_and_a_revocation_are_told_with_their_reasons(
    cli: Cli, aws: Clients, files: Files, evaluator: Evaluator
) -> None:
    files("undone")
    cli("models", "apply", "undone.yaml")
    arns = [evaluator.register("undone") for _ in range(2)]
    for arn in arns:
        aws("sagemaker").update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
        evaluator.life_cycle(arn, "Approved")
    aws("sagemaker").update_model_package(ModelPackageArn=arns[0], ModelApprovalStatus="Rejected")
    later = WallClock().now() + timedelta(minutes=1)
    about = {"model": "undone", "stage": "production"}
    revoked = ApprovalRevoked.example().changed(model="undone", version=1, note="a bad cutoff")
    keep(aws, revoked, later)
    left = DeploymentRolledBack.example().changed(**about, version=2, back_to=None)
    keep(aws, left.changed(version=1, stage="staging"), later + timedelta(seconds=1))
    keep(aws, left.changed(reason="rolled back by jane: complaints"), later)
    second, first = only(cli, "undone")["versions"]
    assert (second["approval_revoked"], first["approval_revoked"]) == (False, True)
    assert second["in_production"] == "rolled back"
    assert first["in_production"] == "revoked"
    shown = cli("status", "undone").stdout
    assert "v2 left production: rolled back by jane: complaints" in shown
    assert "v1 revoked by alice: a bad cutoff" in shown
    keep(aws, EndpointInService.example().changed(**about, version=2), later + timedelta(minutes=1))
    assert only(cli, "undone")["versions"][0]["undone"] is None


def test_a_staging_whose_time_was_over_is_told_and_undoes_nothing(
    cli: Cli, aws: Clients, files: Files, evaluator: Evaluator
) -> None:
    files("aged")
    cli("models", "apply", "aged.yaml")
    arn = evaluator.register("aged")
    aws("sagemaker").update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    evaluator.life_cycle(arn, "Approved")
    later = WallClock().now() + timedelta(minutes=1)
    about = {"model": "aged", "stage": "staging", "version": 1, "back_to": None}
    over = {"aged_out": True, "reason": "its time to live of 7d is over"}
    keep(aws, DeploymentRolledBack.example().changed(**about, **over), later)
    seen = only(cli, "aged")
    said = "v1 left staging: its time to live of 7d is over"
    assert (seen["aged_out"], seen["versions"][0]["undone"]) == (said, None)
    assert f"nothing; {said}, now" in cli("status", "aged").stdout
    again = EndpointInService.example().changed(model="aged", stage="staging", version=1)
    keep(aws, again, later + timedelta(minutes=1))
    assert only(cli, "aged")["aged_out"] is None


def test_the_version_in_production_is_shown_with_its_latest_measured_loss(
    cli: Cli, aws: Clients, files: Files, unconfigured: pytest.MonkeyPatch
) -> None:
    files("watched")
    cli("models", "apply", "watched.yaml")
    serving = endpoints.read(described("InService", 4))
    unconfigured.setattr("ops.cli.standing.serving", lambda *_: serving)
    measured = AccuracyMeasured.example().changed(model="watched", stage="production", limit=0.4)
    for hour, (version, loss) in enumerate([(4, 0.3), (4, 0.5), (4, 0.6), (3, 0.9)]):
        said = measured.changed(version=version, mean_wql=loss, breached=loss > 0.4)
        keep(aws, said, NOW + timedelta(hours=hour))
    live = only(cli, "watched")["live"]
    assert (live["version"], live["mean_wql"], live["limit"]) == (4, 0.6, 0.4)
    assert (live["breached"], live["breaches_in_a_row"]) == (True, 2)
    assert "v4: mean wQL 0.600, limit 0.400" in cli("status", "watched").stdout
    assert "2 breaches in a row of 3" in cli("status", "watched").stdout
    assert "0.600" in cli("status").stdout


def standing_with(
    production: Verdict | None, *, revoked: bool = False, left: str | None = None
) -> Judged:
    """Answer v3, as its registry and its past say."""
    approval = Verdict.DECLINED if revoked else Verdict.APPROVED
    version = Version("fees", 3, "arn", approval, production, NOW)
    seen = Described(version, None, "", "", "jane", NOW, None)
    undone = None if left is None else Undone(NOW, "v3 left", left)
    return Judged(seen, None, undone, revoked)


APPROVED = Verdict.APPROVED


@pytest.mark.parametrize(
    ("version", "serves", "stands"),
    [
        (standing_with(None), described("InService", 2), None),
        (standing_with(Verdict.WAITING), described("InService", 2), "waiting"),
        (standing_with(Verdict.WAITING, revoked=True), described("InService", 2), None),
        (standing_with(Verdict.DECLINED), described("InService", 2), "declined"),
        (standing_with(APPROVED), None, "approved"),
        (standing_with(APPROVED), described("InService", 2), "approved"),
        (standing_with(APPROVED), described("Updating", 2, pending=3), "on its way"),
        (standing_with(APPROVED), described("InService", 3), "serves"),
        (standing_with(APPROVED), described("InService", 4), "replaced"),
        (standing_with(APPROVED, left="production"), described("InService", 2), "rolled back"),
        (standing_with(APPROVED, left="staging"), described("InService", 4), "replaced"),
        (standing_with(APPROVED, revoked=True), None, "revoked"),
        (standing_with(APPROVED, revoked=True), described("InService", 3), "serves"),
    ],
)
def test_where_a_version_stands_with_production_is_more_than_its_approval(
    version: Judged, serves: dict[str, Any] | None, stands: str | None
) -> None:
    assert in_production(version, endpoints.read(serves) if serves else None) == stands


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
