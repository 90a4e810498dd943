"""The feature store: the latest record online, every record offline as Parquet."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.dataset
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.front import Front
from infra.local.processes import Children
from infra.local.sagemaker.feature_types import Columns
from infra.local.sagemaker.online import OnlineStore
from infra.local.sagemaker.storage import fetch
from tests.local.city import City
from tests.local.conftest import Clients
from tests.local.world import ROLE, START, until

FEATURES = {"id": "String", "time": "String", "value": "Fractional", "count": "Integral"}
AT = "2026-01-31T12:00:00Z"


def group(**changes: Any) -> dict[str, Any]:
    return {
        "FeatureGroupName": "windows",
        "RecordIdentifierFeatureName": "id",
        "EventTimeFeatureName": "time",
        "FeatureDefinitions": [
            {"FeatureName": name, "FeatureType": kind} for name, kind in FEATURES.items()
        ],
        "OnlineStoreConfig": {
            "EnableOnlineStore": True,
            "TtlDuration": {"Unit": "Hours", "Value": 24},
        },
        "OfflineStoreConfig": {"S3StorageConfig": {"S3Uri": "s3://lake/offline/"}},
        "RoleArn": ROLE,
        **changes,
    }


def record(identifier: str, time: str = AT, **values: str) -> list[dict[str, str]]:
    given_ = {"id": identifier, "time": time, **values}
    return [{"FeatureName": name, "ValueAsString": value} for name, value in given_.items()]


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with Children() as children:
        city = City(tmp_path, children, offline_lag_s=60)
        city.ask("CreateFeatureGroup", **group())
        city.engine.tick()
        yield city
        city.engine.close()


def put(city: City, *given_: Any, store: str | None = None, **values: str) -> None:
    stores: dict[str, Any] = {} if store is None else {"TargetStores": [store]}
    city.ask("PutRecord", FeatureGroupName="windows", Record=record(*given_, **values), **stores)


def get(city: City, identifier: str, **more: Any) -> dict[str, Any]:
    return city.ask(
        "GetRecord",
        FeatureGroupName="windows",
        RecordIdentifierValueAsString=identifier,
        **more,
    )


def value(city: City, identifier: str) -> str | None:
    found = {v["FeatureName"]: v["ValueAsString"] for v in get(city, identifier).get("Record", ())}
    return found.get("value")


def offline(city: City) -> list[str]:
    return [uri for uri in city.world.objects.content if uri.startswith("s3://lake/")]


def rows(city: City) -> list[dict[str, Any]]:
    tables = [
        pyarrow.parquet.read_table(io.BytesIO(city.world.objects.get(uri)))
        for uri in sorted(offline(city))
    ]
    read: list[dict[str, Any]] = pyarrow.concat_tables(tables).to_pylist()
    return read


def test_a_group_is_creating_then_created_and_says_where_it_writes(tmp_path: Path) -> None:
    with Children() as children:
        city = City(tmp_path, children)
        city.ask("CreateFeatureGroup", **group())
        described = city.ask("DescribeFeatureGroup", FeatureGroupName="windows")
        assert described["FeatureGroupStatus"] == "Creating"
        with pytest.raises(Exception, match="Creating, not Created"):
            put(city, "a")
        city.engine.tick()
        described = city.ask("DescribeFeatureGroup", FeatureGroupName="windows")
        assert described["FeatureGroupStatus"] == "Created"
        where = described["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
        epoch = int(START.timestamp())
        assert where == (
            "s3://lake/offline/123456789012/sagemaker/eu-central-1/offline-store"
            f"/windows-{epoch}/data"
        )
        city.engine.close()


def test_only_a_greater_event_time_reaches_the_online_store_but_all_reach_the_offline_one(
    city: City,
) -> None:
    put(city, "a", value="1")
    put(city, "a", value="2")
    put(city, "a", "2026-01-31T11:59:59.999Z", value="3")
    assert value(city, "a") == "1"
    put(city, "a", "2026-01-31T12:00:00.001Z", value="4")
    assert value(city, "a") == "4"
    city.engine.flush()
    assert [row["value"] for row in rows(city)] == [3, 1, 2, 4]


@given(st.permutations(range(6)))
def test_the_online_store_ends_with_the_greatest_event_time_in_whatever_order(
    order: list[int],
) -> None:
    store = OnlineStore(ttl=None)
    for minute in order:
        store.put("a", START + timedelta(minutes=minute), {"value": str(minute)}, None, START)
    latest = store.get("a", START)
    assert latest is not None
    assert latest.values == {"value": "5"}


def test_a_record_lives_as_long_as_its_group_says_after_its_event_time(city: City) -> None:
    put(city, "a", value="1")
    put(city, "old", "2026-01-30T12:00:00Z", value="1")
    assert get(city, "a", ExpirationTimeResponse="Enabled")["ExpiresAt"] == "2026-02-01T12:00:00Z"
    assert get(city, "old") == {}
    city.world.pass_time(24 * 3600)
    assert get(city, "a") == {}


def test_a_record_may_bring_its_own_time_to_live(city: City) -> None:
    entry: dict[str, Any] = {"FeatureGroupName": "windows", "Record": record("a", value="1")}
    city.ask("PutRecord", **entry, TtlDuration={"Unit": "Minutes", "Value": 5})
    city.world.pass_time(300)
    assert get(city, "a") == {}


def test_get_answers_the_features_that_were_asked_for(city: City) -> None:
    put(city, "a", value="1", count="2")
    found = get(city, "a", FeatureNames=["count"])["Record"]
    assert found == [{"FeatureName": "count", "ValueAsString": "2"}]


def test_a_batch_writes_what_fits_and_gives_back_what_does_not(city: City) -> None:
    entries = [
        {"FeatureGroupName": "windows", "Record": record("good", value="1")},
        {"FeatureGroupName": "windows", "Record": record("bad", value="one")},
    ]
    answer = city.ask("BatchWriteRecord", Entries=entries)
    assert answer["UnprocessedEntries"] == []
    (error,) = answer["Errors"]
    assert error["Entry"] == entries[1]
    assert error["ErrorCode"] == "ValidationError"
    assert "value 'one' is not Fractional" in error["ErrorMessage"]
    assert (value(city, "good"), value(city, "bad")) == ("1", None)
    entries.append({"FeatureGroupName": "none", "Record": record("c")})
    assert city.refusal("BatchWriteRecord", Entries=entries)[0] == "ResourceNotFound"


def test_a_batch_reads_many_records_and_leaves_out_those_that_are_not_there(city: City) -> None:
    put(city, "a", value="1")
    put(city, "b", value="2")
    wanted = {"RecordIdentifiersValueAsString": ["a", "b", "c"], "FeatureNames": ["value"]}
    answer = city.ask(
        "BatchGetRecord",
        Identifiers=[
            {"FeatureGroupName": "windows", **wanted},
            {"FeatureGroupName": "none", **wanted},
        ],
    )
    found = {r["RecordIdentifierValueAsString"]: r["Record"] for r in answer["Records"]}
    assert found.keys() == {"a", "b"}
    assert found["b"] == [{"FeatureName": "value", "ValueAsString": "2"}]
    assert {error["ErrorCode"] for error in answer["Errors"]} == {"ResourceNotFound"}


@pytest.mark.parametrize("mode", ["SoftDelete", "HardDelete"])
def test_a_deleted_record_is_gone_online_and_marked_offline(city: City, mode: str) -> None:
    put(city, "a", value="1")
    where = {"FeatureGroupName": "windows", "RecordIdentifierValueAsString": "a"}
    later = "2026-01-31T12:00:01Z"
    city.ask("DeleteRecord", **where, EventTime=later, DeletionMode=mode)
    assert get(city, "a") == {}
    put(city, "a", value="1")
    assert value(city, "a") == (None if mode == "SoftDelete" else "1")
    city.engine.flush()
    marker = rows(city)[-1]
    assert (marker["id"], marker["time"], marker["value"]) == ("a", later, None)
    assert marker["is_deleted"] is True


def test_a_hard_delete_that_is_not_later_is_refused(city: City) -> None:
    put(city, "a", value="1")
    where = {"FeatureGroupName": "windows", "RecordIdentifierValueAsString": "a", "EventTime": AT}
    refused = city.refusal("DeleteRecord", **where, DeletionMode="HardDelete")
    assert refused[0] == "ValidationError"
    assert value(city, "a") == "1"
    assert offline(city) == []


def test_the_offline_store_lags_by_the_engine_s_clock(city: City) -> None:
    put(city, "a", value="1")
    city.world.pass_time(59)
    city.engine.tick()
    assert offline(city) == []
    city.world.pass_time(1)
    city.engine.tick()
    assert len(offline(city)) == 1
    city.engine.tick()
    assert len(offline(city)) == 1


def test_the_offline_store_is_typed_parquet_partitioned_by_the_hour_of_the_event(
    city: City, tmp_path: Path
) -> None:
    for minute in range(0, 180, 30):
        at = datetime(2026, 1, 31, 23, tzinfo=UTC) + timedelta(minutes=minute)
        put(city, f"w{minute}", f"{at:%Y-%m-%dT%H:%M:%SZ}", value="1.5", count="7")
    city.world.pass_time(60)
    city.engine.tick()
    described = city.ask("DescribeFeatureGroup", FeatureGroupName="windows")
    where = described["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
    partitions = {uri.removeprefix(where).rpartition("/")[0] for uri in offline(city)}
    assert partitions == {
        "/year=2026/month=01/day=31/hour=23",
        "/year=2026/month=02/day=01/hour=00",
        "/year=2026/month=02/day=01/hour=01",
    }
    fetch(city.world.objects, where, tmp_path / "lake")
    table = pyarrow.dataset.dataset(tmp_path / "lake", partitioning="hive").to_table()
    assert table.num_rows == 6
    assert table.schema.field("value").type == pyarrow.float64()
    assert table.schema.field("count").type == pyarrow.int64()
    assert table.schema.field("is_deleted").type == pyarrow.bool_()
    first = table.to_pylist()[0]
    assert first["api_invocation_time"] == START
    assert first["write_time"] == START + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ([{"FeatureName": "id", "ValueAsString": "a"}], "has no feature time"),
        (record("a", colour="red"), "colour is not in the feature group"),
        (record("a", count="1.5"), "count '1.5' is not Integral"),
        (record("a", "yesterday"), "is no event time"),
        (record("a", "2026-13-31T12:00:00Z"), "is no event time"),
        (record("a", "2026-01-31T12:00:00+01:00"), "is no event time"),
        (record("a") + record("a"), "is there twice"),
        ([*record("a"), {"FeatureName": "value"}], "has no ValueAsString"),
    ],
)
def test_records_that_do_not_fit_are_refused(
    city: City, given_: list[dict[str, str]], said: str
) -> None:
    code, message = city.refusal("PutRecord", FeatureGroupName="windows", Record=given_)
    assert code == "ValidationError"
    assert said in message


@pytest.mark.parametrize("event_time", ["nan", "inf", "1e300"])
def test_a_number_that_is_no_moment_is_no_event_time(event_time: str) -> None:
    columns = Columns({"id": "String", "time": "Fractional"}, "id", "time")
    with pytest.raises(Exception, match="is no event time"):
        columns.moment(float(event_time))
    assert columns.moment(0.0) == datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({}, "ResourceInUse", "already exists"),
        ({"EventTimeFeatureName": "when"}, "ValidationException", "do not hold when"),
        ({"EventTimeFeatureName": "count"}, "ValidationException", "String or Fractional"),
        (
            {"OnlineStoreConfig": {"EnableOnlineStore": False}, "OfflineStoreConfig": None},
            "ValidationException",
            "an OfflineStoreConfig or both",
        ),
        ({"RoleArn": None}, "ValidationException", "needs a RoleArn"),
        (
            {
                "OfflineStoreConfig": {
                    "TableFormat": "Iceberg",
                    "S3StorageConfig": {"S3Uri": "s3://lake"},
                }
            },
            "ValidationException",
            "Glue tables only",
        ),
    ],
)
def test_groups_that_cannot_be_are_refused(
    city: City, changes: dict[str, Any], code: str, said: str
) -> None:
    changed = group(**changes) | ({"FeatureGroupName": "other"} if changes else {})
    request = {key: value for key, value in changed.items() if value is not None}
    refused = city.refusal("CreateFeatureGroup", **request)
    assert refused[0] == code
    assert said in refused[1]


def test_a_group_without_a_store_is_not_written_to_or_read_from_it(city: City) -> None:
    request = group(FeatureGroupName="lake")
    del request["OnlineStoreConfig"]
    city.ask("CreateFeatureGroup", **request)
    city.engine.tick()
    wish = {"FeatureGroupName": "lake", "RecordIdentifierValueAsString": "a"}
    assert city.refusal("GetRecord", **wish)[0] == "ValidationError"
    entry: dict[str, Any] = {"FeatureGroupName": "lake", "Record": record("a")}
    refused = city.refusal("PutRecord", **entry, TargetStores=["OnlineStore"])
    assert "has no OnlineStore" in refused[1]
    city.ask("PutRecord", **entry)
    put(city, "b", store="OfflineStore")
    assert get(city, "b") == {}
    assert city.refusal("GetRecord", **{**wish, "FeatureGroupName": "x"})[0] == "ResourceNotFound"
    assert city.refusal("PutRecord", **{**entry, "FeatureGroupName": "x"})[0] == "ValidationError"


def test_a_deleted_group_writes_what_it_still_holds_and_is_gone(city: City) -> None:
    put(city, "a")
    city.ask("DeleteFeatureGroup", FeatureGroupName="windows")
    listed = city.ask("ListFeatureGroups", FeatureGroupStatusEquals="Deleting")
    assert len(listed["FeatureGroupSummaries"]) == 1
    city.engine.tick()
    refused = city.refusal("DescribeFeatureGroup", FeatureGroupName="windows")
    assert refused[0] == "ResourceNotFound"
    assert len(offline(city)) == 1


def test_a_plain_client_imports_a_day_and_reads_it_back_over_http(
    aws: Clients, front: Front, bucket: str
) -> None:
    sagemaker, runtime = aws("sagemaker"), aws("sagemaker-featurestore-runtime")
    storage = {"S3StorageConfig": {"S3Uri": f"s3://{bucket}/lake"}}
    sagemaker.create_feature_group(**group(FeatureGroupName="http", OfflineStoreConfig=storage))

    def described() -> Any:
        return sagemaker.describe_feature_group(FeatureGroupName="http")

    until(lambda: described()["FeatureGroupStatus"] == "Created", lambda: None)
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0)
    times = [f"{day - timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}" for minute in range(1, 1441)]
    entries = [
        {"FeatureGroupName": "http", "Record": record(f"fees#{time}", time, value="1.5", count="1")}
        for time in times
    ]
    for start in range(0, len(entries), 25):
        answer = runtime.batch_write_record(Entries=entries[start : start + 25])
        assert (answer["Errors"], answer["UnprocessedEntries"]) == ([], [])
    arn = described()["FeatureGroupArn"]
    found = runtime.get_record(
        FeatureGroupName=arn, RecordIdentifierValueAsString=f"fees#{times[0]}"
    )
    assert {"FeatureName": "value", "ValueAsString": "1.5"} in found["Record"]
    front.engine.flush()
    prefix = described()["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
    s3, key = aws("s3"), prefix.removeprefix(f"s3://{bucket}/")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
    keys = [listed["Key"] for page in pages for listed in page["Contents"]]
    bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys]
    count = sum(pyarrow.parquet.read_table(io.BytesIO(body)).num_rows for body in bodies)
    assert count == len(entries)
    with pytest.raises(runtime.exceptions.ValidationError):
        runtime.put_record(FeatureGroupName="http", Record=record("a", value="one"))
