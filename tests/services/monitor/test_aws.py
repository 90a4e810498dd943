"""The ports in boto3, against the local AWS over HTTP."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from time import monotonic, sleep
from typing import Any

import pytest

from infra.local import provision
from infra.local.account import client
from infra.local.front import Front
from services.monitor.aws import AwsLook, OnlineWindows
from services.monitor.domain.seen import Stream, World
from shared.contracts import limits, names, windows
from shared.contracts.evaluation import Evaluation, evaluation_key
from shared.contracts.lifecycle import ModelEvaluated
from shared.contracts.manifest import Manifest, Origin
from shared.contracts.names import ModelParameter
from shared.contracts.registration import Registration
from shared.contracts.spec_parts import MonitorSpec, Target
from shared.messaging.parameters import Parameters
from shared.messaging.runtime import S3Blobs
from shared.messaging.serving import SageMakerEndpoints
from tests.services.monitor.world import CUTOFF, SPAN, TASK, WINDOW, backtest

BUCKET, GROUP = "monitor-tests", "mc-dev-windows"
CREATED_S = 10.0
Connect = Callable[[str], Any]


@pytest.fixture(scope="module")
def connect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connect]:
    """Plain boto3 clients of one local AWS, with windows online."""
    with Front(0, tmp_path_factory.mktemp("front")) as front:

        def plain(service: str) -> Any:
            return client(service, front.url, "modelcycle-monitor", attempts=1)

        plain("s3").create_bucket(Bucket=BUCKET)
        plain("s3").create_bucket(Bucket="modelcycle-dev-123456789012-us-east-1")
        sagemaker = plain("sagemaker")
        sagemaker.create_feature_group(**provision.feature_group("dev"))
        until = monotonic() + CREATED_S
        while monotonic() < until:
            seen = sagemaker.describe_feature_group(FeatureGroupName=GROUP)
            if seen["FeatureGroupStatus"] == "Created":
                break
            sleep(0.02)
        for number in range(120):
            put(plain, number, total=10.0 * number)
        yield plain


def put(connect: Connect, number: int, total: float, revision: int = 1) -> None:
    start = CUTOFF + number * WINDOW
    text = windows.iso_seconds(start)
    values = {
        "record_id": windows.record_id("transactions", start),
        "event_time": windows.iso_milliseconds(start + revision * WINDOW),
        "series": "transactions",
        "window_start": text,
        "count": "2",
        "total": str(total),
        "mean": str(total / 2),
        "revision": str(revision),
    }
    connect("sagemaker-featurestore-runtime").put_record(
        FeatureGroupName=GROUP,
        Record=[{"FeatureName": name, "ValueAsString": text} for name, text in values.items()],
        TtlDuration={"Unit": "Weeks", "Value": 5_000},
    )


class Counting:
    """A client that counts what it reads."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.read: list[int] = []

    def batch_get_record(self, Identifiers: list[Any]) -> Any:  # noqa: N803 (AWS's name)
        self.read.append(len(Identifiers[0]["RecordIdentifiersValueAsString"]))
        return self.client.batch_get_record(Identifiers=Identifiers)


def test_windows_are_read_a_hundred_at_a_time_and_only_once(connect: Connect) -> None:
    counting = Counting(connect("sagemaker-featurestore-runtime"))
    online = OnlineWindows(counting, GROUP)  # type: ignore[arg-type]
    last = CUTOFF + 119 * WINDOW
    found = online.windows("transactions", CUTOFF, last, 60)
    assert [window.start for window in found] == [CUTOFF + at * WINDOW for at in range(120)]
    assert (found[7].count, found[7].total) == (2, 70.0)
    assert online.windows("transactions", CUTOFF, last, 60) == found
    assert counting.read == [100, 20]


def test_a_window_stays_as_this_process_read_it_and_a_missing_one_is_looked_for_again(
    connect: Connect,
) -> None:
    counting = Counting(connect("sagemaker-featurestore-runtime"))
    online = OnlineWindows(counting, GROUP)  # type: ignore[arg-type]
    first, last = CUTOFF + 200 * WINDOW, CUTOFF + 201 * WINDOW
    put(connect, 200, total=1.0)
    assert len(online.windows("transactions", first, last, 60)) == 1
    put(connect, 200, total=9.0, revision=2)
    put(connect, 201, total=2.0)
    found = online.windows("transactions", first, last, 60)
    assert [window.total for window in found] == [1.0, 2.0]
    assert counting.read == [2, 1]


class Everything:
    """A client of an online store that holds each window."""

    def batch_get_record(self, Identifiers: list[Any]) -> Any:  # noqa: N803 (AWS's name)
        (asked,) = Identifiers
        starts = [text.split("#")[1] for text in asked["RecordIdentifiersValueAsString"]]
        rows = [{"window_start": start, "count": "2", "total": "5.0"} for start in starts]
        records = [
            {"Record": [{"FeatureName": at, "ValueAsString": text} for at, text in row.items()]}
            for row in rows
        ]
        return {"Records": records, "UnprocessedIdentifiers": [], "Errors": []}


def test_windows_of_long_ago_are_all_answered_however_many_later_ones_are_known() -> None:
    online = OnlineWindows(Everything(), GROUP)  # type: ignore[arg-type]
    day, kept = 1_440 * WINDOW, 2 * limits.INSPECTED_WINDOWS_MAX
    for first in (CUTOFF + 5 * day, CUTOFF + 6 * day):
        online.windows("transactions", first, first + day - WINDOW, 60)
    assert len(online.known["transactions"]) == kept
    last = CUTOFF + 1_739 * WINDOW
    for _ in range(2):
        found = online.windows("transactions", CUTOFF, last, 60)
        assert [window.start for window in found] == [CUTOFF + at * WINDOW for at in range(1_740)]
    assert len(online.known["transactions"]) == 2 * 1_740
    online.windows("transactions", CUTOFF + 6 * day, CUTOFF + 6 * day, 60)
    assert len(online.known["transactions"]) == kept


@pytest.fixture(scope="module")
def look(connect: Connect) -> AwsLook:
    parameters = Parameters(connect("ssm"), "dev")
    online = OnlineWindows(connect("sagemaker-featurestore-runtime"), GROUP)
    return AwsLook("dev", parameters, connect("sagemaker"), S3Blobs(connect("s3"), BUCKET), online)


def test_what_is_declared_is_read_and_what_cannot_be_read_is_nothing(
    connect: Connect, look: AwsLook
) -> None:
    assert (look.world("fees"), look.stream("transactions")) == (None, None)
    ssm = connect("ssm")
    spec = '{"model":"fees","series":"transactions","target":"mean","frequency":"5m","horizon":4}'
    model_path = names.parameter("dev", "fees", ModelParameter.SPEC)
    ssm.put_parameter(Name=model_path, Value=spec, Type="String")
    series_path = names.series_parameter("dev", "transactions")
    series = '{"series":"transactions","expected_every":"3h"}'
    ssm.put_parameter(Name=series_path, Value=series, Type="String")
    assert look.world("fees") == World(
        series="transactions",
        target=Target.MEAN,
        monitor=MonitorSpec(),
        window_s=60,
        gap_s=3 * 3_600,
    )
    assert look.stream("transactions") == Stream(expected_s=3 * 3_600, delay_s=180)
    ssm.put_parameter(Name=model_path, Value='{"model":"fees"}', Type="String", Overwrite=True)
    assert look.world("fees") is None


def test_what_is_known_of_a_version_is_what_was_registered(connect: Connect, look: AwsLook) -> None:
    assert look.version("fees", 1) is None
    run_id = "fees-r000000000001"
    manifest = Manifest(
        manifest_version=1,
        run_id=run_id,
        model="fees",
        first=CUTOFF - timedelta(days=9),
        cutoff=CUTOFF,
        judged_cutoff=CUTOFF - 10 * SPAN,
        points=1_000,
        gaps=0,
        filled=0,
        origins=(Origin(index=990, start=CUTOFF - SPAN),),
        files={},
        **{name: value for name, value in TASK.model_dump().items() if name != "algorithm"},
    )
    evaluation = Evaluation(evaluated=ModelEvaluated.example(), windows=backtest())
    s3, sagemaker = connect("s3"), connect("sagemaker")
    s3.put_object(Bucket=BUCKET, Key="manifest.json", Body=manifest.model_dump_json().encode())
    body = evaluation.model_dump_json().encode()
    s3.put_object(Bucket=BUCKET, Key=evaluation_key(run_id), Body=body)
    registration = Registration(
        run_id=run_id,
        algorithm="lightgbm",
        artifact_sha256="0" * 64,
        manifest_uri=f"s3://{BUCKET}/manifest.json",
        manifest_sha256="0" * 64,
        forecasts_uri=f"s3://{BUCKET}/forecasts.out",
        cutoff=CUTOFF,
    )
    sagemaker.create_model_package_group(ModelPackageGroupName="mc-dev-fees")
    sagemaker.create_model_package(
        ModelPackageGroupName="mc-dev-fees",
        CustomerMetadataProperties=registration.properties(),
    )
    known = look.version("fees", 1)
    assert known is not None
    assert (known.run_id, known.task, known.windows) == (run_id, TASK, backtest())
    s3.delete_object(Bucket=BUCKET, Key=evaluation_key(run_id))
    assert look.version("fees", 1) is None
    assert look.version("fees", 2) is None


def test_a_version_is_found_behind_a_page_of_later_ones(connect: Connect, look: AwsLook) -> None:
    sagemaker, group = connect("sagemaker"), "mc-dev-many"
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    registration = Registration(
        run_id="many-r000000000001",
        algorithm="lightgbm",
        artifact_sha256="0" * 64,
        manifest_uri=f"s3://{BUCKET}/manifest.json",
        manifest_sha256="0" * 64,
        forecasts_uri=f"s3://{BUCKET}/forecasts.out",
        cutoff=CUTOFF,
    )
    sagemaker.create_model_package(
        ModelPackageGroupName=group, CustomerMetadataProperties=registration.properties()
    )
    for _ in range(limits.LIST_PAGE_ITEMS_MAX):
        sagemaker.create_model_package(ModelPackageGroupName=group)
    assert look.registration("many", 1) == registration
    assert look.registration("many", limits.LIST_PAGE_ITEMS_MAX + 2) is None


def test_an_endpoint_that_is_not_there_serves_nothing(connect: Connect) -> None:
    endpoints = SageMakerEndpoints(connect("sagemaker"), connect("sagemaker-runtime"))
    assert endpoints.config("mc-dev-fees-production") is None
