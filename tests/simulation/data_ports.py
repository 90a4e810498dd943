"""Ingest's and the monitor's ports on the simulated cloud; every call passes the gate."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from services.ingest.domain.pages import Page
from services.ingest.domain.seen import Ids, Shard, ShardKey
from services.ingest.domain.state import Series
from services.ingest.domain.windows import Window
from services.monitor.aws import known
from services.monitor.domain.faults import GAP_MIN
from services.monitor.domain.seen import Known, Observed, Stream
from services.monitor.domain.seen import World as MonitorWorld
from shared.contracts import names
from shared.contracts.evaluation import evaluation_key
from shared.contracts.specs import SeriesSpec
from shared.contracts.windows import SeriesSummary
from shared.forecasting.deepar_json import Prediction
from shared.forecasting.deepar_json import Series as Instance
from shared.messaging.decision import Kept
from shared.messaging.errors import Conflict, Refused
from tests.simulation import documents
from tests.simulation.declarations import STREAM
from tests.simulation.documents import HOUR, SERIES, Quality
from tests.simulation.gate import crossing
from tests.simulation.ports import Ports
from tests.simulation.store import Store, Table

if TYPE_CHECKING:
    from tests.simulation.gate import Gate
    from tests.simulation.world import World

PAGE: TypeAdapter[Page] = TypeAdapter(Page)
CONTEXT = timedelta(hours=9)
SECOND = timedelta(seconds=1)


class SeriesTable(Table[Series]):
    """Ingest's table: the series, their windows, and the ids that these remember."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.pages: dict[tuple[str, int], Page] = {}
        self.ids: dict[tuple[str, ShardKey], Ids] = {}

    def window(self, start: int) -> Window | None:
        """Answer a window as it is kept."""
        windows = (window for page in self.pages.values() for window in page)
        return next((window for window in windows if window.start == start), None)


class SeriesStore(Store[Series]):
    """Ingest's table, as one process reaches it."""

    def __init__(self, world: "World", gate: "Gate", table: SeriesTable) -> None:
        super().__init__(world, gate, table)
        self.series = table

    @crossing
    def windows(self, series: str, pages: Iterable[int]) -> Mapping[int, Window]:
        found = (self.series.pages.get((series, page), ()) for page in sorted(pages))
        return {window.start: window for page in found for window in page}

    @crossing
    def ids(self, series: str, shards: Iterable[ShardKey]) -> Mapping[ShardKey, Ids]:
        kept = self.series.ids
        return {key: kept[series, key] for key in sorted(shards) if (series, key) in kept}

    @crossing
    def commit_windows(
        self, key: str, kept: Kept[Series], pages: Mapping[int, Page], shards: Sequence[Shard]
    ) -> None:
        table = self.series
        before = table.kept(key)
        if before.revision != kept.revision - 1:
            raise Conflict(key)
        table.items[key] = table.through_text(kept) if self.world.as_text else kept
        for start, page in pages.items():
            text = PAGE.dump_json(page, exclude_defaults=True) if self.world.as_text else b""
            table.pages[key, start] = PAGE.validate_json(text) if text else page
        for shard in shards:
            table.ids[key, shard.key] = shard.ids


class IngestPorts(Ports):
    """Ingest's, but for its store."""

    @crossing
    def series_spec(self, series: str) -> SeriesSpec | None:
        return STREAM if series == SERIES else None

    @crossing
    def series_names(self) -> tuple[str, ...]:
        return (SERIES,)

    @crossing
    def context(self, series: str) -> timedelta:
        return CONTEXT

    @crossing
    def write(
        self, series: str, windows: Sequence[Window], online_from: int, online_until: datetime
    ) -> None:
        self.cloud.streams.write(windows, online_from)

    @crossing
    def write_online(self, series: str, windows: Sequence[Window], online_until: datetime) -> None:
        self.cloud.streams.write_online(windows)


class Summaries(Ports):
    """Where ingest puts summaries."""

    @crossing
    def put(self, summary: SeriesSummary) -> None:
        self.cloud.streams.summarize(summary)


class Files(Ports):
    """The bucket."""

    @crossing
    def put(self, key: str, body: bytes) -> str:
        self.cloud.training.blobs[f"s3://bucket/{key}"] = body
        return f"s3://bucket/{key}"

    @crossing
    def get(self, uri: str) -> bytes:
        return self.cloud.training.get(uri)


class MonitorPorts(Ports):
    """The monitor's."""

    @crossing
    def world(self, model: str) -> MonitorWorld | None:
        spec = self.cloud.declared.readable(model)
        if spec is None:
            return None
        return MonitorWorld(
            series=spec.series,
            target=spec.target,
            monitor=spec.monitor,
            window_s=STREAM.window // SECOND,
            gap_s=max(GAP_MIN, STREAM.expected_interval) // SECOND,
        )

    @crossing
    def stream(self, series: str) -> Stream | None:
        delay_s = (STREAM.window + STREAM.lateness) // SECOND
        return Stream(expected_s=STREAM.expected_interval // SECOND, delay_s=delay_s)

    @crossing
    def version(self, model: str, version: int) -> Known | None:
        package = self.cloud.registry.package(self.cloud.arn(model, version))
        if package is None:
            return None
        blobs, registration = self.cloud.training.blobs, package.registration
        evaluation = blobs[f"s3://bucket/{evaluation_key(registration.run_id)}"]
        return known(registration, blobs[registration.manifest_uri], evaluation)

    @crossing
    def windows(
        self, series: str, first: datetime, last: datetime, window_s: int
    ) -> tuple[Observed, ...]:
        online = self.cloud.streams.online
        starts = [first + number * HOUR for number in range((last - first) // HOUR + 1)]
        return tuple(online[start] for start in starts if start in online)

    @crossing
    def config(self, endpoint: str) -> str | None:
        return self.cloud.hosting.serving(endpoint)

    @crossing
    def forecast(
        self, endpoint: str, instances: Sequence[Instance], quantiles: Sequence[float]
    ) -> tuple[Prediction, ...]:
        config = self.cloud.hosting.serving(endpoint)
        made = names.read_endpoint_config(config) if config else None
        if config is None or made is None:
            raise Refused("ValidationError", f"{endpoint} is not in service")
        self.cloud.watch.champion_asked(config, instances)
        quality = self.cloud.quality_of(config) or Quality.GOOD
        package = self.cloud.registry.kept[self.cloud.arn(made.model, made.version)].package
        return tuple(self.predicted(one, quality, package.registration.cutoff) for one in instances)

    def predicted(self, one: Instance, quality: Quality, cutoff: datetime) -> Prediction:
        """Forecast what comes true, more or less; nothing of the kind where the world changed."""
        origin = one.start.replace(tzinfo=UTC) + len(one.target) * HOUR
        streams = self.cloud.streams
        if streams.has_decayed(cutoff, origin):
            quality = Quality.BAD
        truth = [streams.truth(origin + step * HOUR) for step in range(documents.HORIZON)]
        return Prediction(quantiles=documents.spread(truth, quality))

    @crossing
    def put(self, key: str, body: bytes) -> str:
        return f"s3://bucket/{key}"
