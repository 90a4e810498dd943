"""Ingest's ports in boto3: translation only."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from services.ingest.domain.plan import Part
from services.ingest.domain.seen import Ids, ShardKey, packed, unpacked
from services.ingest.domain.state import Series
from services.ingest.domain.windows import Window, at
from shared.contracts import limits, names, windows
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

ABSENT = frozenset({"NoSuchKey", "404"})
OVERTAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})


class DynamoSeries(DynamoStore[Series]):
    """The series in ingest's table, and beside them:

    ================================  ==========================================================
    ``id``                            what it is
    ================================  ==========================================================
    ``window#<series>#<start>``       a window, kept for ever: history must not be imported twice
    ``ids#<series>#<start>#<shard>``  8 bytes of each record's id; ``expires``
    ================================  ==========================================================
    """

    def windows(self, series: str, starts: Iterable[int]) -> Mapping[int, Window]:
        """Answer those of the windows that there are, as they are now."""
        asked = {window_id(series, start): start for start in starts}
        return {
            asked[item["id"]["S"]]: Window.model_validate_json(item["window"]["S"])
            for item in self.batch_get(list(asked))
        }

    def ids(self, series: str, shards: Iterable[ShardKey]) -> Mapping[ShardKey, Ids]:
        """Answer those of the shards of ids that there are, as they are now."""
        asked = {ids_id(series, *key): key for key in shards}
        return {
            asked[item["id"]["S"]]: unpacked(bytes(item["ids"]["B"]))
            for item in self.batch_get(list(asked))
        }

    def commit_parts(self, key: str, kept: Kept[Series], parts: Sequence[Part]) -> None:
        """Write the series and parts of its windows, or nothing and raise Conflict."""
        items: list[Any] = [{"Put": self.put(key, kept)}]
        for part in parts:
            items += [self.put_plain(item) for item in items_of(key, part)]
        try:
            with translated():
                self.client.transact_write_items(TransactItems=items)
        except Refused as refusal:
            raise lost_race(refusal, None) from refusal

    def put_plain(self, item: Mapping[str, Any]) -> Any:
        """Build a Put without a condition: the series' revision is the lock."""
        return {"Put": {"TableName": self.table, "Item": item}}

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


def window_id(series: str, start: int) -> str:
    """Name the item of a window."""
    return f"window#{series}#{iso_seconds(at(start))}"


def ids_id(series: str, start: int, shard: int) -> str:
    """Name the item of one part of a window's ids."""
    return f"ids#{series}#{iso_seconds(at(start))}#{shard}"


def items_of(series: str, part: Part) -> Iterator[Mapping[str, Any]]:
    """Write a part as items."""
    window = part.window
    yield {
        "id": {"S": window_id(series, window.start)},
        "window": {"S": window.model_dump_json()},
    }
    for shard, ids in part.ids.items():
        yield {
            "id": {"S": ids_id(series, window.start, shard)},
            "ids": {"B": packed(ids)},
            "expires": {"N": str(window.remembers_until)},
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
        """Answer how much of a series the models that read it give to one forecast."""
        specs = map(self.parameters.model_spec, self.parameters.models_of_series(series))
        needed = (spec.context_points * spec.frequency for spec in specs if spec)
        return max(needed, default=timedelta(0))


class FeatureStore:
    """The feature group of an environment."""

    def __init__(self, client: "SageMakerFeatureStoreRuntimeClient", group: str) -> None:
        self.client = client
        self.group = group

    def write(self, series: str, windows: Sequence[Window], online_from: int, ttl_h: int) -> None:
        """Write windows offline and, those that start at `online_from` or later, online."""
        entries = [self.entry(series, window, window.start >= online_from) for window in windows]
        for first in range(0, len(entries), limits.BATCH_WRITE_RECORDS_MAX):
            self.write_batch(entries[first:][: limits.BATCH_WRITE_RECORDS_MAX], ttl_h)

    def write_batch(self, entries: Sequence[Any], ttl_h: int) -> None:
        """Write at most 25 windows; HTTP 200 may still mean that some were not written."""
        for _ in range(limits.BATCH_ATTEMPTS_MAX):
            with translated():
                answer = self.client.batch_write_record(
                    Entries=entries, TtlDuration={"Unit": "Hours", "Value": ttl_h}
                )
            errors = answer["Errors"]
            entries = [*(error["Entry"] for error in errors), *answer["UnprocessedEntries"]]
            if not entries:
                return
        why = f"{errors[0]['ErrorCode']}: {errors[0]['ErrorMessage']}" if errors else "unprocessed"
        raise Retryable(f"{self.group} did not take {len(entries)} windows: {why}")

    def entry(self, series: str, window: Window, is_online: bool) -> Any:
        """Write a window as a record; a mean of nothing is left out."""
        moment = at(window.start)
        published = at(0) + timedelta(milliseconds=window.event_time_ms)
        mean = window.mean
        values = {
            windows.RECORD_IDENTIFIER: windows.record_id(series, moment),
            windows.EVENT_TIME: iso_milliseconds(published),
            "series": series,
            "window_start": iso_seconds(moment),
            "count": str(window.count),
            "total": repr(float(window.total)),
            "mean": None if mean is None else repr(float(mean)),
            "revision": str(window.revision),
        }
        return {
            "FeatureGroupName": self.group,
            "Record": [
                {"FeatureName": name, "ValueAsString": value}
                for name, value in values.items()
                if value is not None
            ],
            "TargetStores": ["OnlineStore", "OfflineStore"] if is_online else ["OfflineStore"],
        }


class S3Summaries:
    """The summaries of series, one object each."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self.client = client
        self.bucket = bucket

    def put(self, summary: SeriesSummary) -> None:
        """Replace the summary of a series, unless a later one is there.

        Raises
        ------
        Retryable
            If somebody else replaces it at the same time.
        """
        key = windows.summary_key(summary.series)
        found, etag = self.get(key)
        if found is not None and found.revision >= summary.revision:
            return
        unchanged: Any = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        try:
            with translated():
                self.client.put_object(
                    Bucket=self.bucket,
                    Key=key,
                    Body=summary.model_dump_json().encode(),
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
