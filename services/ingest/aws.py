"""Ingest's ports in boto3: translation only."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from services.ingest.domain.pages import Page
from services.ingest.domain.seen import Ids, Shard, ShardKey, packed, unpacked
from services.ingest.domain.state import Series
from services.ingest.domain.windows import Window, at
from shared.contracts import limits, names, windows
from shared.contracts.complaints import SpecError
from shared.contracts.specs import SeriesSpec
from shared.contracts.windows import SeriesSummary, iso_milliseconds, iso_seconds
from shared.messaging.aws_errors import translated
from shared.messaging.decision import Kept
from shared.messaging.errors import Refused, Retryable
from shared.messaging.parameters import Parameters
from shared.messaging.store import DynamoStore, lost_race

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker_featurestore_runtime import SageMakerFeatureStoreRuntimeClient

ONLINE, OFFLINE = "OnlineStore", "OfflineStore"
ABSENT = frozenset({"NoSuchKey", "404"})
PAGE: TypeAdapter[Page] = TypeAdapter(Page)
OVERTAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})


class DynamoSeries(DynamoStore[Series]):
    """The series in ingest's table, and beside them:

    ================================  ==========================================================
    ``id``                            what it is
    ================================  ==========================================================
    ``page#<series>#<start>``         windows, kept for ever: history must not be imported twice
    ``ids#<series>#<start>#<shard>``  8 bytes of each record's id; ``expires``
    ================================  ==========================================================
    """

    def windows(self, series: str, pages: Iterable[int]) -> Mapping[int, Window]:
        """Answer all windows of some pages by their start, as they are now."""
        found = self.batch_get([page_id(series, page) for page in pages])
        return {
            window.start: window
            for item in found
            for window in PAGE.validate_json(item["windows"]["S"])
        }

    def ids(self, series: str, shards: Iterable[ShardKey]) -> Mapping[ShardKey, Ids]:
        """Answer those of the shards of ids that there are, as they are now."""
        asked = {shard_id(series, key): key for key in shards}
        return {
            asked[item["id"]["S"]]: unpacked(bytes(item["ids"]["B"]))
            for item in self.batch_get(list(asked))
        }

    def commit_windows(
        self, key: str, kept: Kept[Series], pages: Mapping[int, Page], shards: Sequence[Shard]
    ) -> None:
        """Write the series, pages of windows and shards of ids, or nothing and raise Conflict.

        Only the series' Put has a condition: its revision is the lock of the others.
        """
        items = [
            *(page_item(key, start, page) for start, page in pages.items()),
            *(shard_item(key, shard) for shard in shards),
        ]
        puts: list[Any] = [{"Put": {"TableName": self.table, "Item": item}} for item in items]
        try:
            with translated():
                self.client.transact_write_items(
                    TransactItems=[{"Put": self.put(key, kept)}, *puts]
                )
        except Refused as refusal:
            raise lost_race(refusal, None) from refusal

    def batch_get(self, ids: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """Answer those of the items that there are; raise Retryable if some are not answered."""
        for first in range(0, len(ids), limits.BATCH_GET_KEYS_MAX):
            wanted: Any = [{"id": {"S": id_}} for id_ in ids[first:][: limits.BATCH_GET_KEYS_MAX]]
            for _ in range(limits.BATCH_ATTEMPTS_MAX):
                request: Any = {self.table: {"Keys": wanted, "ConsistentRead": True}}
                with translated():
                    answer = self.client.batch_get_item(RequestItems=request)
                yield from answer["Responses"].get(self.table, ())
                wanted = answer["UnprocessedKeys"].get(self.table, {"Keys": []})["Keys"]
                if not wanted:
                    break
            else:
                raise Retryable(f"table {self.table} did not answer {len(wanted)} keys")


def page_id(series: str, start: int) -> str:
    """Name the item of a page of windows."""
    return f"page#{series}#{iso_seconds(at(start))}"


def page_item(series: str, start: int, page: Page) -> Mapping[str, Any]:
    """Write a page as an item."""
    text = PAGE.dump_json(page, exclude_defaults=True).decode()
    return {"id": {"S": page_id(series, start)}, "windows": {"S": text}}


def shard_id(series: str, key: ShardKey) -> str:
    """Name the item of one part of a window's ids."""
    return f"ids#{series}#{iso_seconds(at(key.start))}#{key.shard}"


def shard_item(series: str, shard: Shard) -> Mapping[str, Any]:
    """Write a shard of ids as an item."""
    return {
        "id": {"S": shard_id(series, shard.key)},
        "ids": {"B": packed(shard.ids)},
        "expires": {"N": str(shard.remembers_until)},
    }


class SsmDeclared:
    """What users declared, in SSM."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def series_spec(self, series: str) -> SeriesSpec | None:
        """Answer a series' spec; None when nobody applied one."""
        return self.parameters.series_spec(series)

    def series_names(self) -> tuple[str, ...]:
        """Answer the names of all series that have a spec."""
        above = f"{names.parameters(self.parameters.env)}/series"
        found = {path.removeprefix(f"{above}/") for path in self.parameters.paths(above)}
        return tuple(sorted(path for path in found if "/" not in path))

    def context(self, series: str) -> timedelta:
        """Answer how much of a series the models that read it give to one forecast.

        A spec that cannot be read counts when it was put right: it must not keep the others from
        being served.
        """
        longest = timedelta(0)
        for model in self.parameters.models_of_series(series):
            with suppress(SpecError):
                spec = self.parameters.model_spec(model)
                longest = max(longest, spec.context if spec else longest)
        return longest


class FeatureStore:
    """The feature group of an environment."""

    def __init__(self, client: "SageMakerFeatureStoreRuntimeClient", group: str) -> None:
        self.client = client
        self.group = group

    def write(
        self, series: str, windows: Sequence[Window], online_from: int, online_until: datetime
    ) -> None:
        """Write windows offline and, those that start at `online_from` or later, online."""
        self.write_all(
            self.entry(series, window, OFFLINE, ONLINE, until=online_until)
            if window.start >= online_from
            else self.entry(series, window, OFFLINE)
            for window in windows
        )

    def write_online(self, series: str, windows: Sequence[Window], online_until: datetime) -> None:
        """Write windows online only; the store keeps what it has of the same EventTime."""
        self.write_all(self.entry(series, window, ONLINE, until=online_until) for window in windows)

    def entry(
        self, series: str, window: Window, *stores: str, until: datetime | None = None
    ) -> Mapping[str, Any]:
        """Write a window as one entry; `until`: when it leaves the online store."""
        life: Any = {"TtlDuration": time_to_live(window, until)} if until else {}
        return {
            "FeatureGroupName": self.group,
            "Record": record_of(series, window),
            "TargetStores": list(stores),
            **life,
        }

    def write_all(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Write entries, as many in a call as it takes."""
        all_of_them, size = list(entries), limits.BATCH_WRITE_RECORDS_MAX
        for first in range(0, len(all_of_them), size):
            self.write_batch(all_of_them[first : first + size])

    def write_batch(self, entries: Sequence[Any]) -> None:
        """Write at most 25 windows; HTTP 200 may still mean that some were not written."""
        for _ in range(limits.BATCH_ATTEMPTS_MAX):
            with translated():
                answer = self.client.batch_write_record(Entries=entries)
            errors = answer["Errors"]
            entries = [*(error["Entry"] for error in errors), *answer["UnprocessedEntries"]]
            if not entries:
                return
        why = f"{errors[0]['ErrorCode']}: {errors[0]['ErrorMessage']}" if errors else "unprocessed"
        raise Retryable(f"{self.group} did not take {len(entries)} windows: {why}")


def time_to_live(window: Window, until: datetime) -> Mapping[str, Any]:
    """Answer how long a window lives online: SageMaker counts from its EventTime."""
    hours = -((published_at(window) - until) // timedelta(hours=1))
    return {"Unit": "Hours", "Value": hours}


def published_at(window: Window) -> datetime:
    """Answer a window's EventTime."""
    return at(0) + timedelta(milliseconds=window.event_time_ms)


def record_of(series: str, window: Window) -> list[dict[str, str]]:
    """Write a window as the feature store wants it; a mean of nothing is left out."""
    moment = at(window.start)
    values = {
        windows.RECORD_IDENTIFIER: windows.record_id(series, moment),
        windows.EVENT_TIME: iso_milliseconds(published_at(window)),
        "series": series,
        "window_start": iso_seconds(moment),
        "count": str(window.count),
        "total": repr(float(window.total)),
        "revision": str(window.revision),
    }
    if (mean := window.mean) is not None:
        values["mean"] = repr(mean)
    return [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()]


class S3Summaries:
    """The summaries of series, one object each."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self.client = client
        self.bucket = bucket

    def put(self, summary: SeriesSummary) -> None:
        """Merge the summary of a series with the one that is there.

        Raises
        ------
        Retryable
            If somebody else replaces it at the same time.
        """
        key = windows.summary_key(summary.series)
        found, etag = self.get(key)
        merged = summary.merged(found) if found else summary
        if merged == found:
            return
        unchanged: Any = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        try:
            with translated():
                self.client.put_object(
                    Bucket=self.bucket,
                    Key=key,
                    Body=merged.model_dump_json().encode(),
                    ContentType="application/json",
                    **unchanged,
                )
        except Refused as refusal:
            if refusal.code in OVERTAKEN | ABSENT:
                raise Retryable(f"s3://{self.bucket}/{key} changes under our hands") from refusal
            raise

    def get(self, key: str) -> tuple[SeriesSummary | None, str | None]:
        """Answer the summary with the tag of its content; None where there is none."""
        try:
            with translated():
                answer = self.client.get_object(Bucket=self.bucket, Key=key)
                content = answer["Body"].read()
        except Refused as refusal:
            if refusal.code in ABSENT:
                return None, None
            raise
        return SeriesSummary.model_validate_json(content), answer["ETag"]
