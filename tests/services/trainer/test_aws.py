"""The trainer as it is deployed, on the local AWS: real pipelines, their hints, what it says."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import sin
from pathlib import Path
from time import monotonic
from typing import Any

import boto3
import pytest

from infra.local import account
from infra.local.front import Front
from infra.local.provision import Provisioner
from services.trainer import app
from services.trainer.aws import AwsLook, SageMakerPipelines
from services.trainer.domain import governor
from services.trainer.domain.state import Trainings
from services.trainer.domain.wanted import Trigger, Wish
from shared.contracts import names, windows
from shared.contracts.lifecycle import ModelSpecApplied, RetrainRequested
from shared.contracts.names import ModelParameter
from shared.contracts.specs import ModelSpec, SeriesSpec
from shared.contracts.windows import SeriesSummary, iso_milliseconds, iso_seconds
from shared.messaging import runtime
from shared.messaging.errors import Refused
from shared.messaging.lambda_entry import entry
from shared.messaging.parameters import Parameters
from tests.fakes.messaging import envelope

ENV = "dev"
ROOT = Path(__file__).parents[3]
HOURS = 400
LAST = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=1)
PATIENCE_S = 60.0


class Town:
    """The trainer's function with its queue, and the ways in and out."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.handler = entry(app.build)
        self.said: list[dict[str, Any]] = []

    def aws(self, service: str) -> Any:
        return account.client(service, self.front.url, "operator.alice")

    def declare(self, model: str, series: str, **changes: Any) -> ModelSpec:
        """Apply a small hourly model and its series."""
        values = {
            "model": model,
            "series": series,
            "target": "mean",
            "frequency": "1h",
            "horizon": 2,
            "quantiles": [0.1, 0.5, 0.9],
            "backtest": {"origins": 2},
            "gate": {"min_points": 4},
            **changes,
        }
        spec = ModelSpec.model_validate_json(json.dumps(values))
        stream = SeriesSpec(series=series, window=timedelta(hours=1))
        said = {
            names.parameter(ENV, model, ModelParameter.SPEC): spec.compact(),
            names.series_parameter(ENV, series): stream.compact(),
        }
        for path, text in said.items():
            self.aws("ssm").put_parameter(Name=path, Value=text, Type="String", Overwrite=True)
        return spec

    def summarise(self, series: str) -> None:
        """Publish what ingest would."""
        first = LAST - timedelta(hours=HOURS - 1)
        summary = SeriesSummary(series=series, first=first, last=LAST, windows=HOURS, revision=1)
        self.aws("s3").put_object(
            Bucket=account.bucket(ENV),
            Key=windows.summary_key(series),
            Body=summary.model_dump_json().encode(),
        )

    def fill(self, series: str) -> None:
        """Write the series' windows."""
        records = [record(series, LAST - timedelta(hours=back)) for back in range(HOURS)]
        client = self.aws("sagemaker-featurestore-runtime")
        for start in range(0, HOURS, 25):
            entries = [
                {
                    "FeatureGroupName": names.feature_group(ENV),
                    "Record": one,
                    "TargetStores": ["OfflineStore"],
                }
                for one in records[start : start + 25]
            ]
            client.batch_write_record(Entries=entries)
        self.front.engine.flush()

    def hear(self, event: Any, event_id: str) -> None:
        """A person speaks."""
        raw = envelope(event, event_id, occurred_at=datetime.now(UTC), actor="alice")
        body = {
            "source": "modelcycle.operator",
            "detail-type": event.detail_type(),
            "detail": json.loads(raw.detail()),
        }
        self.take([{"MessageId": event_id, "Body": json.dumps(body)}])

    def take(self, messages: list[Any]) -> None:
        """Hand messages to the function, as Lambda does."""
        records = [
            {"messageId": one["MessageId"], "body": one["Body"], "eventSource": "aws:sqs"}
            for one in messages
        ]
        assert self.handler({"Records": records}, None) == {"batchItemFailures": []}

    def until_said(self, wanted: str, model: str) -> dict[str, Any]:
        """Hand on AWS's hints until something was said of a model; answer its data."""
        deadline = monotonic() + PATIENCE_S
        while monotonic() < deadline:
            if hints := self.receive(names.queue(ENV, "trainer"), 1):
                self.take(hints)
            heard = self.receive(names.queue(ENV, "journal"), 0)
            self.said += [json.loads(one["Body"]) for one in heard]
            for event in self.said:
                data: dict[str, Any] = event["detail"]["data"]
                if event["detail-type"] == wanted and data["model"] == model:
                    return data
        raise AssertionError(f"{wanted} was not said; {[one['detail-type'] for one in self.said]}")

    def receive(self, name: str, wait_s: int) -> list[Any]:
        """Take what is in a queue."""
        sqs = self.aws("sqs")
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=wait_s)
        messages = list(answer.get("Messages", ()))
        for one in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        return messages


def record(series: str, start: datetime) -> list[dict[str, str]]:
    """A window as ingest writes it."""
    mean = 100 + 20 * sin(start.hour / 4) + start.day % 3
    values = {
        "record_id": windows.record_id(series, start),
        "event_time": iso_milliseconds(start + timedelta(hours=1)),
        "series": series,
        "window_start": iso_seconds(start),
        "count": "2",
        "total": repr(2 * mean),
        "mean": repr(mean),
        "revision": "1",
    }
    return [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with (
        Front(0, tmp_path_factory.mktemp("front")) as front,
        pytest.MonkeyPatch.context() as patch,
    ):
        environment = account.function_environment(ENV, "trainer", front.url, 60)
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        runtime.client.cache_clear()
        Provisioner(ENV, front.url, ROOT, ("trainer", "journal")).provision()
        yield Town(front)
        runtime.client.cache_clear()


def look(town: Town) -> AwsLook:
    pipelines = SageMakerPipelines(town.aws("sagemaker"))
    blobs = runtime.S3Blobs(town.aws("s3"), account.bucket(ENV))
    return AwsLook(pipelines, Parameters(town.aws("ssm"), ENV), blobs, offline_lag_s=2.0)


def test_an_applied_spec_becomes_a_real_run_that_tells_all_about_itself(town: Town) -> None:
    town.declare("fees", "hourly")
    town.fill("hourly")
    town.summarise("hourly")
    town.hear(ModelSpecApplied.example(), "applied")
    said = town.until_said("TrainingCompleted", "fees")

    run_id = names.run_id("fees", "applied")
    above = f"s3://{account.bucket(ENV)}/runs/{run_id}"
    assert said["run_id"] == run_id
    assert said["dataset"]["points"] == HOURS
    assert said["dataset"]["cutoff"] == iso_seconds(LAST)
    assert said["dataset"]["judged_cutoff"] == iso_seconds(LAST - timedelta(hours=3))
    assert said["artifact"]["uri"].startswith(f"{above}/shipped/")
    assert said["judged_artifact"]["uri"].startswith(f"{above}/judged/")
    assert said["artifact"]["sha256"] != said["judged_artifact"]["sha256"]
    assert said["duration_s"] > 0
    forecasts = runtime.S3Blobs(town.aws("s3"), "").get(said["forecasts_uri"])
    assert len(forecasts.splitlines()) == 2

    pipelines = SageMakerPipelines(town.aws("sagemaker"))
    long_ago, soon = LAST, datetime.now(UTC) + timedelta(hours=1)
    arn = town.until_said("TrainingStarted", "fees")["execution_arn"]
    assert pipelines.find("mc-dev-lightgbm", run_id, long_ago) == arn
    assert pipelines.find("mc-dev-lightgbm", run_id, soon) is None
    assert pipelines.find("mc-dev-lightgbm", "fees-r000000000000", long_ago) is None


def test_the_sentence_of_the_program_that_failed_reaches_the_operator(town: Town) -> None:
    town.declare("thin", "empty")
    town.summarise("empty")  # which nobody has filled
    town.hear(RetrainRequested.example().changed(model="thin"), "by-hand")
    said = town.until_said("TrainingFailed", "thin")
    assert said["step"] == "Prepare"
    assert said["reason"].startswith("The series empty cannot be used: there are no windows")


def test_what_is_not_there_is_seen_as_nothing(town: Town) -> None:
    seen = look(town)
    nobody = names.pipeline(ENV, "nobody")
    arn = f"arn:aws:sagemaker:{account.REGION}:{account.ACCOUNT}:pipeline/{nobody}/execution/abc"
    assert seen.execution(arn) is None
    assert SageMakerPipelines(town.aws("sagemaker")).find(nobody, "fees-r0", LAST) is None
    assert seen.world("nobody").spec is None
    town.declare("early", "future")
    world = seen.world("early")
    assert world.spec is not None
    assert (world.summary, world.points(LAST)) == (None, 0)


def test_what_people_set_at_run_time_is_seen(town: Town) -> None:
    town.declare("tuned", "future")
    path = names.parameter(ENV, "tuned", ModelParameter.HYPERPARAMETERS)
    town.aws("ssm").put_parameter(Name=path, Value='{"num_leaves": 4}', Type="String")
    assert look(town).world("tuned").hyperparameters == {"num_leaves": "4"}


TORN = [
    pytest.param("{num_leaves: 4}", "is no JSON (Expecting property name", id="no JSON"),
    pytest.param("[4]", "must be an object, got [4]: write for example {", id="a list"),
    pytest.param("4", "must be an object, got 4: write for example {", id="a number"),
    pytest.param("null", "must be an object, got nothing: write for example {", id="nothing"),
]


@pytest.mark.parametrize(("text", "says"), TORN)
def test_hyperparameters_that_cannot_be_read_are_told_by_the_rule_for_them(
    town: Town, text: str, says: str
) -> None:
    spec = town.declare("torn", "future")
    path = names.parameter(ENV, "torn", ModelParameter.HYPERPARAMETERS)
    town.aws("ssm").put_parameter(Name=path, Value=text, Type="String", Overwrite=True)
    world = look(town).world("torn")
    assert world.spec == spec
    assert world.settings_fault.startswith(f"{path}: {says}")
    wish = Wish.of(envelope(RetrainRequested.example()).metadata, Trigger.PERSON, "")
    refusal = governor.refusal(Trainings(env=ENV, model="torn"), wish, world, LAST)
    assert refusal is not None
    assert (refusal.rule, refusal.reason) == ("settings", world.settings_fault)


def test_a_declaration_that_cannot_be_read_is_told_and_hurts_no_other_model(town: Town) -> None:
    town.declare("broken", "future")
    path = names.parameter(ENV, "broken", ModelParameter.SPEC)
    town.aws("ssm").put_parameter(Name=path, Value="{horizon: 4}", Type="String", Overwrite=True)
    town.hear(RetrainRequested.example().changed(model="broken"), "broken")
    said = town.until_said("TrainingSuppressed", "broken")
    assert said["rule"] == "no_spec"
    assert said["reason"].startswith("what is declared of broken cannot be read: ")


def test_a_pipeline_that_is_missing_or_does_not_know_a_parameter_is_refused(town: Town) -> None:
    pipelines = SageMakerPipelines(town.aws("sagemaker"))
    with pytest.raises(Refused, match="does not exist"):
        pipelines.start(names.pipeline(ENV, "nobody"), "fees-r000000000000", {})
    with pytest.raises(Refused, match="Nonsense"):
        pipelines.start(names.pipeline(ENV, "lightgbm"), "fees-r000000000000", {"Nonsense": "1"})
