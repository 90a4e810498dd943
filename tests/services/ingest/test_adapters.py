"""The boto3 adapters against moto's AWS; `tests.ports` compares them with the fakes."""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from infra.local.provision import table_definition
from services.ingest.aws import (
    OFFLINE,
    ONLINE,
    DynamoSeries,
    FeatureStore,
    S3Summaries,
    SsmDeclared,
    time_to_live,
)
from services.ingest.domain.state import Series
from services.ingest.domain.windows import Window, at
from shared.contracts import limits, names
from shared.contracts.specs import ModelSpec
from shared.contracts.tables import TABLES
from shared.contracts.windows import SeriesSummary, summary_key
from shared.messaging.clock import WallClock
from shared.messaging.errors import Retryable
from shared.messaging.parameters import Parameters
from tests.services.ingest.test_exactness import assert_exact, long_batch
from tests.services.ingest.world import NOON, SPEC, World

TABLE, BUCKET, REGION = "ingest", "bucket", "us-east-1"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield


def dynamo_series() -> DynamoSeries:
    client = boto3.client("dynamodb")
    row = next(row for row in TABLES if row.service == "ingest")
    client.create_table(TableName=TABLE, **table_definition(row))
    return DynamoSeries(client, TABLE, Series, lambda key: Series(series=key), wall=WallClock())


@pytest.mark.parametrize("backfill", [False, True], ids=["live", "backfill"])
def test_a_batch_goes_through_dynamodb_as_through_memory(aws: None, backfill: bool) -> None:
    world, memory = World(dynamo_series()), World()
    for one in (world, memory):
        one.send("a", *long_batch(), backfill=backfill)
        one.send("b", *long_batch()[50:])
    assert world.published() == memory.published()
    if not backfill:
        assert_exact(world, long_batch()[:-1])


def summary(revision: int) -> SeriesSummary:
    return SeriesSummary(series="fees", first=NOON, last=NOON, windows=revision, revision=revision)


def test_a_summary_never_replaces_a_later_one(aws: None) -> None:
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    summaries = S3Summaries(client, BUCKET)
    for revision in (2, 1, 3, 3):
        summaries.put(summary(revision))
    content = client.get_object(Bucket=BUCKET, Key=summary_key("fees"))["Body"].read()
    assert SeriesSummary.model_validate_json(content) == summary(3)


@pytest.mark.parametrize("first", [None, 1], ids=["none there", "an older one there"])
def test_a_summary_that_changes_under_our_hands_is_looked_at_again(
    aws: None, monkeypatch: pytest.MonkeyPatch, first: int | None
) -> None:
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    summaries, other = S3Summaries(client, BUCKET), S3Summaries(client, BUCKET)
    if first:
        other.put(summary(first))
    seen = summaries.get(summary_key("fees"))
    other.put(summary(5))
    monkeypatch.setattr(summaries, "get", lambda key: seen)
    with pytest.raises(Retryable, match="changes under our hands"):
        summaries.put(summary(2))
    assert other.get(summary_key("fees"))[0] == summary(5)


def feature_store() -> tuple[FeatureStore, Stubber]:
    client = boto3.client("sagemaker-featurestore-runtime", region_name=REGION)
    return FeatureStore(client, "mc-dev-windows"), Stubber(client)


def entry(start: int, *stores: str) -> dict[str, Any]:
    moment = at(start).strftime("%Y-%m-%dT%H:%M:%SZ")
    values = {
        "record_id": f"fees#{moment}",
        "event_time": "2026-03-01T12:00:00.000Z",
        "series": "fees",
        "window_start": moment,
        "count": "4",
        "total": "1.0",
        "revision": "1",
        "mean": "0.25",
    }
    ttl = {"TtlDuration": {"Unit": "Hours", "Value": 25}}
    return {
        "FeatureGroupName": "mc-dev-windows",
        "Record": [{"FeatureName": k, "ValueAsString": v} for k, v in values.items()],
        "TargetStores": list(stores),
        **(ttl if ONLINE in stores else {}),
    }


UNTIL = NOON + timedelta(hours=24, minutes=1)  # which is within the 25th hour


def window(start: int) -> Window:
    content = Window(start=start).content._replace(number=4, total=Decimal(1))
    return Window(start=start).imported(content, NOON)


def test_old_windows_go_offline_and_the_last_online_too_for_a_while() -> None:
    features, stub = feature_store()
    entries = [entry(0, OFFLINE), entry(60, OFFLINE, ONLINE)]
    stub.add_response(
        "batch_write_record", {"Errors": [], "UnprocessedEntries": []}, {"Entries": entries}
    )
    with stub:
        features.write("fees", [window(0), window(60)], online_from=60, online_until=UNTIL)
    stub.assert_no_pending_responses()


def test_windows_that_go_online_later_leave_no_second_row_offline() -> None:
    features, stub = feature_store()
    entries = [entry(0, ONLINE), entry(60, ONLINE)]
    stub.add_response(
        "batch_write_record", {"Errors": [], "UnprocessedEntries": []}, {"Entries": entries}
    )
    with stub:
        features.write_online("fees", [window(0), window(60)], UNTIL)
    stub.assert_no_pending_responses()


def test_a_window_that_was_published_long_ago_lives_online_as_long_as_a_new_one() -> None:
    old = window(0).changed(event_time_ms=int((NOON - timedelta(days=10)).timestamp() * 1_000))
    assert time_to_live(old, UNTIL) == {"Unit": "Hours", "Value": 265}


def test_what_the_feature_store_did_not_take_is_sent_again_and_only_that() -> None:
    features, stub = feature_store()
    second, third = (entry(start, OFFLINE) for start in (60, 120))
    error = {"Entry": second, "ErrorCode": "InternalFailure", "ErrorMessage": "later"}
    stub.add_response("batch_write_record", {"Errors": [error], "UnprocessedEntries": [third]})
    stub.add_response(
        "batch_write_record", {"Errors": [], "UnprocessedEntries": []}, {"Entries": [second, third]}
    )
    with stub:
        features.write(
            "fees", [window(0), window(60), window(120)], online_from=180, online_until=UNTIL
        )
    stub.assert_no_pending_responses()


def test_windows_that_are_never_taken_are_tried_again_later() -> None:
    features, stub = feature_store()
    error = {"Entry": entry(0, OFFLINE), "ErrorCode": "Throttling", "ErrorMessage": "slowly"}
    for _ in range(limits.BATCH_ATTEMPTS_MAX):
        stub.add_response("batch_write_record", {"Errors": [error], "UnprocessedEntries": []})
    with stub, pytest.raises(Retryable, match="did not take 1 windows: Throttling: slowly"):
        features.write("fees", [window(0)], online_from=60, online_until=UNTIL)


def test_windows_of_no_observations_have_no_mean() -> None:
    features, stub = feature_store()
    stub.add_response("batch_write_record", {"Errors": [], "UnprocessedEntries": []})
    empty = Window(start=0).imported(Window(start=0).content, NOON)
    with stub:
        features.write("fees", [empty], online_from=60, online_until=UNTIL)
    assert empty.mean is None


def test_what_users_declared_is_read_from_ssm(aws: None) -> None:
    client = boto3.client("ssm")
    declared = SsmDeclared(Parameters(client, "dev"))
    assert declared.series_names() == ()
    spec = ModelSpec.parse(
        json.dumps(
            {"model": "m", "series": "fees", "target": "mean", "frequency": "5m", "horizon": 12}
        )
    )
    for path, text in {
        names.series_parameter("dev", "fees"): SPEC.compact(),
        names.model_of_series("dev", "fees", "m"): "m",
        names.parameter("dev", "m", names.ModelParameter.SPEC): spec.compact(),
    }.items():
        client.put_parameter(Name=path, Value=text, Type="String")
    assert declared.series_spec("fees") == SPEC
    assert declared.series_names() == ("fees",)
    assert declared.context("fees") == (spec.context_points + 1) * timedelta(minutes=5)
    assert declared.context("other") == timedelta(0)
    torn = names.parameter("dev", "torn", names.ModelParameter.SPEC)
    client.put_parameter(Name=torn, Value="{horizon", Type="String")
    client.put_parameter(
        Name=names.model_of_series("dev", "fees", "torn"), Value="torn", Type="String"
    )
    assert declared.context("fees") == (spec.context_points + 1) * timedelta(minutes=5)
