"""The feature store, as ingest writes it and the monitor and the training read it: in memory as in
SageMaker's."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow.parquet
import pytest

from infra.local.front import Front
from infra.local.provision import feature_group
from services.ingest.aws import FeatureStore
from services.ingest.domain.windows import Window, at
from services.monitor.aws import OnlineWindows
from services.monitor.domain.seen import Observed
from shared.contracts.windows import record_id
from tests.ports.conftest import BUCKET, Connect
from tests.services.ingest.world import Outside

NOW = datetime.now(UTC).replace(microsecond=0)
FIRST = int(NOW.timestamp()) // 3_600 * 3_600 - 7_200
ALL, NONE = FIRST, FIRST + 86_400
LATER = NOW + timedelta(days=30)


def window(number: int, total: str = "1.5", revision: int = 1) -> Window:
    """Make a window, published at `revision` seconds after now."""
    return Window(
        start=FIRST + 60 * number,
        count=3,
        total=Decimal(total),
        revision=revision,
        event_time_ms=int(NOW.timestamp() * 1_000) + revision * 1_000,
        is_open=False,
    )


class FeaturesContract:
    """What ingest relies on, and what the monitor and the prepare step read of it."""

    @pytest.fixture
    def features(self) -> Any:
        """An empty feature store."""
        raise NotImplementedError

    def online(self, features: Any) -> Mapping[int, float]:
        """Answer the totals of the windows that a forecast can read, by their number."""
        raise NotImplementedError

    def offline(self, features: Any) -> Mapping[int, float]:
        """Answer the totals that a training reads: of each window the last by EventTime."""
        raise NotImplementedError

    def test_windows_go_offline_and_the_recent_ones_online(self, features: Any) -> None:
        features.write("fees", [window(n, f"{n}.5") for n in range(60)], window(57).start, LATER)
        assert self.offline(features) == {n: n + 0.5 for n in range(60)}
        assert self.online(features) == {n: n + 0.5 for n in (57, 58, 59)}

    def test_the_later_publication_counts_in_whatever_order_they_come(self, features: Any) -> None:
        for revision in (2, 1, 3, 2):
            features.write("fees", [window(0, f"{revision}", revision)], ALL, LATER)
        assert self.offline(features) == self.online(features) == {0: 3.0}

    def test_writing_again_changes_nothing(self, features: Any) -> None:
        for _ in range(2):
            features.write("fees", [window(0), window(1)], ALL, LATER)
        assert self.offline(features) == self.online(features) == {0: 1.5, 1: 1.5}

    def test_what_goes_online_later_leaves_what_is_there_and_nothing_offline(
        self, features: Any
    ) -> None:
        features.write("fees", [window(0, "2", revision=2)], ALL, LATER)
        features.write("fees", [window(1)], NONE, LATER)
        features.write_online("fees", [window(0, "1", revision=1), window(1), window(2)], LATER)
        assert self.online(features) == {0: 2.0, 1: 1.5, 2: 1.5}
        assert self.offline(features) == {0: 2.0, 1: 1.5}

    def test_nothing_may_be_written(self, features: Any) -> None:
        features.write("fees", [], ALL, LATER)
        features.write_online("fees", [], LATER)
        assert self.online(features) == self.offline(features) == {}


class TestMemory(FeaturesContract):
    """Ingest's surroundings."""

    @pytest.fixture
    def features(self) -> Any:
        return Outside()

    def online(self, features: Any) -> Mapping[int, float]:
        return {number(start): float(one.total) for start, one in features.online.items()}

    def offline(self, features: Any) -> Mapping[int, float]:
        return {number(start): float(one.total) for start, one in features.written.items()}


class TestSageMaker(FeaturesContract):
    """The feature store of the local AWS, read by the monitor and from its Parquet."""

    @pytest.fixture
    def features(self, front: Front, connect: Connect, fresh: str) -> Any:
        self.front, self.connect, self.group = front, connect, fresh
        store = {"S3StorageConfig": {"S3Uri": f"s3://{BUCKET}/{fresh}"}}
        connect("sagemaker").create_feature_group(
            **{**feature_group("dev"), "FeatureGroupName": fresh, "OfflineStoreConfig": store}
        )
        front.engine.tick()
        return FeatureStore(connect("sagemaker-featurestore-runtime"), fresh)

    def online(self, features: Any) -> Mapping[int, float]:
        reader = OnlineWindows(self.connect("sagemaker-featurestore-runtime"), self.group)
        found: tuple[Observed, ...] = reader.windows(
            "fees", at(FIRST), at(FIRST) + timedelta(minutes=59), 60
        )
        return {number(int(one.start.timestamp())): one.total for one in found}

    def offline(self, features: Any) -> Mapping[int, float]:
        self.front.engine.flush()
        s3 = self.connect("s3")
        listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{self.group}/").get("Contents", [])
        rows: list[dict[str, Any]] = []
        for one in listed:
            body = s3.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read()
            rows += pyarrow.parquet.read_table(pyarrow.BufferReader(body)).to_pylist()
        rows.sort(key=lambda row: str(row["event_time"]))
        latest = {row["record_id"]: float(row["total"]) for row in rows}
        named = {record_id("fees", at(window(n).start)): n for n in range(60)}
        return {named[one]: total for one, total in latest.items()}


def number(start: int) -> int:
    """Answer a window's number."""
    return (start - FIRST) // 60
