"""Ingest on memory: store, declarations, files and feature store; and a process that dies."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from services.ingest import reading
from services.ingest.absorption import Absorption
from services.ingest.domain.pages import Page, page_start
from services.ingest.domain.seen import Ids, Shard, ShardKey, packed, unpacked
from services.ingest.domain.state import Series
from services.ingest.domain.windows import Window
from services.ingest.effects import EFFECTS
from services.ingest.handlers import HANDLERS
from services.ingest.intake import Concerned, Intake
from services.ingest.ports import Ports
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import ObservationsIngested, RecordsQuarantined
from shared.contracts.specs import SeriesSpec
from shared.contracts.windows import SeriesSummary
from shared.contracts.wishes import SweepRequested
from shared.messaging.decision import Kept
from shared.messaging.errors import Refused
from shared.messaging.worker import Service
from tests.fakes.messaging import ITEM_BYTES_MAX, Bench, DrivenClock, MemoryStore, envelope

PAGE: TypeAdapter[Page] = TypeAdapter(Page)
TRANSACTION_ITEMS_MAX, TRANSACTION_BYTES_MAX = 100, 4 * 1024 * 1024  # DynamoDB
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPEC = SeriesSpec(
    series="fees",
    window=timedelta(minutes=1),
    lateness=timedelta(minutes=2),
    grace=timedelta(minutes=10),
)


class MemorySeries(MemoryStore[Series]):
    """The series' aggregates with their windows and ids."""

    def __init__(self) -> None:
        super().__init__(Series, lambda series: Series(series=series))
        self.pages: dict[tuple[str, int], bytes] = {}
        self.kept_ids: dict[tuple[str, ShardKey], bytes] = {}

    def windows(self, series: str, pages: Iterable[int]) -> Mapping[int, Window]:
        found = (self.pages.get((series, page), b"[]") for page in pages)
        return {window.start: window for text in found for window in PAGE.validate_json(text)}

    def ids(self, series: str, shards: Iterable[ShardKey]) -> Mapping[ShardKey, Ids]:
        found = {key: self.kept_ids.get((series, key)) for key in shards}
        return {key: unpacked(content) for key, content in found.items() if content}

    def commit_windows(
        self, key: str, kept: Kept[Series], pages: Mapping[int, Page], shards: Sequence[Shard]
    ) -> None:
        windows = {
            (key, start): PAGE.dump_json(page, exclude_defaults=True)
            for start, page in pages.items()
        }
        ids = {(key, shard.key): packed(shard.ids) for shard in shards}
        sizes = [len(content) for content in (*windows.values(), *ids.values())]
        if (
            len(sizes) >= TRANSACTION_ITEMS_MAX
            or max(sizes, default=0) > ITEM_BYTES_MAX
            or sum(sizes) > TRANSACTION_BYTES_MAX
        ):
            raise Refused("ValidationException", "more than a transaction takes")
        self.commit(key, kept, None, NOON)
        self.pages |= windows
        self.kept_ids |= ids


class Outside:
    """What is declared, and where windows, summaries and files go."""

    def __init__(self) -> None:
        self.specs = {"fees": SPEC}
        self.files: dict[str, bytes] = {}
        self.written: dict[int, Window] = {}
        self.online: dict[int, Window] = {}
        self.expires: dict[int, datetime] = {}
        self.online_calls: list[list[int]] = []
        self.reads = timedelta(hours=1)
        self.summary: SeriesSummary | None = None
        self.refuses = False

    def series_spec(self, series: str) -> SeriesSpec | None:
        return self.specs.get(series)

    def series_names(self) -> tuple[str, ...]:
        return tuple(sorted(self.specs))

    def context(self, series: str) -> timedelta:
        return self.reads

    def put_file(self, key: str, body: bytes) -> str:
        self.files[f"s3://bucket/{key}"] = body
        return f"s3://bucket/{key}"

    def get(self, uri: str) -> bytes:
        if uri not in self.files:
            raise Refused("NoSuchKey", uri)
        return self.files[uri]

    def write(
        self, series: str, windows: Sequence[Window], online_from: int, online_until: datetime
    ) -> None:
        if self.refuses:
            raise Refused("ValidationError", "no such feature group")
        for window in windows:
            keep_later(self.written, window)
            if window.start >= online_from:
                keep_later(self.online, window)
                self.expires[window.start] = online_until

    def write_online(self, series: str, windows: Sequence[Window], online_until: datetime) -> None:
        if self.refuses:
            raise Refused("ValidationError", "no such feature group")
        self.online_calls.append([window.start for window in windows])
        for window in windows:
            keep_later(self.online, window)
            self.expires.setdefault(window.start, online_until)

    def put(self, *said: Any) -> Any:
        """Take a summary, or a file."""
        if len(said) == 2:
            return self.put_file(*said)
        self.summary = said[0].merged(self.summary) if self.summary else said[0]
        return None


def keep_later(windows: dict[int, Window], window: Window) -> None:
    """Keep a window unless the one that is there has the same EventTime, or a later one."""
    known = windows.get(window.start)
    if known is None or window.event_time_ms > known.event_time_ms:
        windows[window.start] = window


class Died(BaseException):
    """The process died here."""


class Perilous:
    """A proxy on which the process dies at a given call: before or after it is done."""

    def __init__(self, target: Any, danger: "Danger") -> None:
        self._target = target
        self._danger = danger

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if not callable(found):
            return found

        def called(*arguments: Any, **named: Any) -> Any:
            self._danger.step()
            answer = found(*arguments, **named)
            self._danger.step()
            return answer

        return called


class Danger:
    """Counts steps, and kills at one of them."""

    def __init__(self, dies_at: int | None = None) -> None:
        self.dies_at = dies_at
        self.steps = 0

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.dies_at:
            raise Died


class World:
    """Ingest, its queue, and all that a test wants to look at."""

    def __init__(self, store: Any = None) -> None:
        self.store = MemorySeries() if store is None else store
        self.outside = Outside()
        self.clock = DrivenClock()
        self.bench = Bench(self.service(self.store, self.outside), self.store, clock=self.clock)

    def service(self, store: Any, outside: Any) -> Service[Series]:
        ports = Ports(
            store=store,
            declared=outside,
            features=outside,
            summaries=outside,
            clock=self.clock,
        )
        return Service("ingest", HANDLERS, EFFECTS, look=outside, ports=ports)

    def intake(self, danger: Danger | None = None) -> Intake:
        """Make a process; with danger, one that dies."""
        store: Any = self.store
        outside: Any = self.outside
        worker = self.bench.worker()
        if danger is not None:
            store, outside = Perilous(store, danger), Perilous(outside, danger)
            worker.store, worker.bus = store, Perilous(worker.bus, danger)
            worker.service = self.service(store, outside)
        worker.concerned = Concerned(store)
        return Intake(Absorption(store, outside, outside, self.clock), worker)

    def send(
        self,
        batch_id: str,
        *records: Mapping[str, Any],
        backfill: bool = False,
        danger: Danger | None = None,
    ) -> None:
        """Deliver one message to a fresh process."""
        message = {
            "batch_id": batch_id,
            "series": "fees",
            "backfill": backfill,
            "records": list(records),
        }
        self.intake(danger).take(reading.read(json.dumps(message), self.outside))

    def sweep(self, danger: Danger | None = None) -> None:
        """Let the schedule fire."""
        self.intake(danger).handle(envelope(SweepRequested(), "sweep"))

    def windows(self, starts: Iterable[int], window_s: int = 60) -> Mapping[int, Window]:
        """Answer those of the windows that there are."""
        wanted = set(starts)
        pages = {page_start(start, window_s) for start in wanted}
        found = self.store.windows("fees", pages)
        return {start: window for start, window in found.items() if start in wanted}

    def events(self) -> list[Event]:
        return [one.data for one in self.bench.bus.events()]

    def ingested(self) -> list[ObservationsIngested]:
        return [one for one in self.events() if isinstance(one, ObservationsIngested)]

    def quarantined(self) -> list[Any]:
        """Answer all quarantined records of which somebody was told, with their reasons."""
        uris = [one.uri for one in self.events() if isinstance(one, RecordsQuarantined)]
        return [json.loads(line) for uri in uris for line in self.outside.files[uri].splitlines()]

    def published(self) -> dict[str, tuple[int, float, int]]:
        """Answer the windows of the feature store: minute → count, total, revision."""
        return {
            minute(start): (window.count, float(window.total), window.revision)
            for start, window in sorted(self.outside.written.items())
        }


def minute(start: int) -> str:
    return datetime.fromtimestamp(start, UTC).strftime("%H:%M")


def record(
    id_: str, time: str, value: float = 1.0, count: int = 1, day: int = 1
) -> dict[str, object]:
    """Make a record; `time` is ``11:58:30``."""
    return {"id": id_, "time": f"2026-03-{day:02}T{time}Z", "value": value, "count": count}
