"""The journal's entries: in memory as in DynamoDB."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from infra.local.provision import table_definition
from services.journal import reading
from services.journal.aws import DynamoBook
from services.journal.domain import Entry
from services.journal.reading import BEGINNING, END
from shared.contracts import limits
from shared.contracts.envelope import Event, Revision
from shared.contracts.lifecycle import (
    AccuracyMeasured,
    DataStalled,
    DecisionRecorded,
    LimitSet,
    ModelEvaluated,
    ModelRegistered,
    ObservationsIngested,
    RetrainRequested,
    TrainingStarted,
    TrainingSuppressed,
)
from shared.contracts.tables import OF_JOURNAL, TTL_ATTRIBUTE
from tests.ports.conftest import Connect
from tests.services.journal.world import NOON, MemoryBook, entry_of, said


def at(second: int) -> datetime:
    return NOON + timedelta(seconds=second)


def kept_once(book: Any, entry: Entry) -> Entry | None:
    """Let a book keep an entry, and answer what it tells of it."""
    assert book.keep(entry)
    return reading.show_event(book, entry.event_id)


def kept(
    book: Any, event: Event, event_id: str, second: int = 0, cause: str = "", **metadata: Any
) -> Entry:
    """Let a book keep an event, once more than needed."""
    entry = entry_of(said(event, event_id, at(second), cause, **metadata))
    assert [book.keep(entry), book.keep(entry)] == [True, False]
    return entry


def decision(book: Any, number: int, *events: Event, key: str = "fees", second: int = 0) -> Any:
    """Let a book keep what one decision says, its record last."""
    record = DecisionRecorded.example().changed(
        model=key, events=tuple(event.detail_type() for event in events)
    )
    producer = events[0].producer
    return tuple(
        entry
        for index, event in enumerate((*events, record))
        for entry in [
            entry_of(
                said(
                    event,
                    f"{key}/{number}.{index}",
                    at(second),
                    "cause",
                    producer=producer,
                    revision=Revision(number=number, index=index),
                )
            )
        ]
        if book.keep(entry)
    )


class BookContract:
    """What the read side relies on."""

    @pytest.fixture
    def book(self) -> Any:
        """An empty book."""
        raise NotImplementedError

    def test_an_empty_book_tells_nothing(self, book: Any) -> None:
        assert reading.list_events(book) == reading.list_events(book, "fees") == ()
        assert reading.life(book, "fees") == reading.caused_by(book, "a") == ()
        assert reading.show_event(book, "a") is None

    def test_an_entry_is_kept_once_and_found_in_every_way(self, book: Any) -> None:
        entry = kept(book, RetrainRequested.example(), "a", cause="before")
        assert reading.list_events(book) == reading.list_events(book, entry.subject) == (entry,)
        assert reading.show_event(book, "a") == entry
        assert reading.caused_by(book, "before") == reading.life(book, entry.subject) == (entry,)

    def test_a_life_is_told_without_what_is_said_as_often_as_data_come(self, book: Any) -> None:
        events: tuple[type[Event], ...] = (
            TrainingStarted,
            AccuracyMeasured,
            TrainingSuppressed,
            DecisionRecorded,
            ModelRegistered,
        )
        for second, event in enumerate(events):
            kept(book, event.example(), event.__name__, second)
        kept(book, ObservationsIngested.example(), "of a series", 9)
        kept(book, TrainingStarted.example().changed(model="other"), "of another")
        told = reading.life(book, "fees")
        assert [one.event_id for one in told] == [
            "TrainingStarted",
            "TrainingSuppressed",
            "ModelRegistered",
        ]
        assert reading.life(book, ObservationsIngested.example().series) == ()

    def test_a_life_is_told_between_two_moments_both_included(self, book: Any) -> None:
        for second in range(6):
            kept(book, RetrainRequested.example(), str(second), second)
        told = reading.life(book, "fees", since=at(1), until=at(3))
        assert [one.event_id for one in told] == ["1", "2", "3"]
        assert [one.event_id for one in reading.life(book, "fees", until=at(1))] == ["0", "1"]

    def test_a_life_of_many_pages_is_told_to_its_end(self, book: Any) -> None:
        event = RetrainRequested.example().changed(note="x" * 900)
        for number in range(1_300):
            book.keep(entry_of(said(event, f"{number:04}", at(number))))
        assert [one.event_id for one in reading.life(book, "fees")] == [
            f"{number:04}" for number in range(1_300)
        ]

    def test_all_of_many_pages_is_told_in_order_between_two_positions(self, book: Any) -> None:
        event = RetrainRequested.example().changed(note="x" * 900)
        entries = [entry_of(said(event, str(number), at(number))) for number in range(1_300)]
        for entry in reversed(entries):
            book.keep(entry)
        assert list(book.each(BEGINNING, END)) == entries
        assert list(book.each(entries[3].position, entries[9].position)) == entries[3:10]

    def test_it_is_known_what_is_held(self, book: Any) -> None:
        entry = kept(book, RetrainRequested.example(), "a")
        assert book.holds(entry)
        assert not book.holds(entry.changed(subject="other"))

    def test_what_an_event_caused_is_told_and_not_itself(self, book: Any) -> None:
        kept(book, RetrainRequested.example(), "root")
        started = kept(book, TrainingStarted.example(), "started", 1, "root")
        kept(book, ModelRegistered.example(), "registered", 2, "started")
        other = kept(book, DataStalled.example(), "other", 3, "root")
        assert reading.caused_by(book, "root") == (started, other)
        assert reading.caused_by(book, "root", limit=1) == (started,)
        assert reading.caused_by(book, "registered") == ()

    def test_of_much_that_an_event_caused_all_is_told_in_order(self, book: Any) -> None:
        entries = [
            entry_of(said(TrainingStarted.example(), f"{number:03}", at(number), "root"))
            for number in range(2 * limits.BATCH_GET_KEYS_MAX + 1)
        ]
        for entry in reversed(entries):
            book.keep(entry)
        assert reading.caused_by(book, "root") == tuple(entries)
        assert reading.caused_by(book, "root", limit=150) == tuple(entries[:150])

    def test_what_was_decided_together_is_told_together_whoever_is_asked(self, book: Any) -> None:
        decision(book, 6, ModelEvaluated.example())
        together = decision(book, 7, ModelEvaluated.example(), ModelRegistered.example())
        decision(book, 8, ModelEvaluated.example())
        for one in together:
            assert reading.of_decision(book, one) == together

    def test_a_model_and_a_series_of_one_name_and_revision_decide_apart(self, book: Any) -> None:
        of_model = decision(book, 7, AccuracyMeasured.example())
        stalled = DataStalled.example().changed(series="fees")
        of_series = decision(book, 7, stalled, key="series:fees")
        for together in (of_model, of_series):
            for one in together:
                assert reading.of_decision(book, one) == together

    def test_what_a_person_said_or_has_no_record_was_decided_alone(self, book: Any) -> None:
        wish = kept(book, RetrainRequested.example(), "wish")
        limit = kept(book, LimitSet.example(), "limit", revision=Revision(number=3, index=0))
        assert reading.of_decision(book, wish) == (wish,)
        assert reading.of_decision(book, limit) == (limit,)


class TestMemoryBook(BookContract):
    """The fake."""

    @pytest.fixture
    def book(self) -> Any:
        return MemoryBook()


class TestDynamoBook(BookContract):
    """DynamoDB on the local AWS."""

    @pytest.fixture
    def book(self, connect: Connect, fresh: str) -> Any:
        return DynamoBook(self.table(connect, fresh), fresh)

    def table(self, connect: Connect, name: str) -> Any:
        client = connect("dynamodb")
        client.create_table(TableName=name, **table_definition(OF_JOURNAL))
        return client

    @pytest.mark.parametrize("sign", ["x", "ж", "界", "🙂", "\x7f", "\u2028"], ids=ascii)
    def test_the_largest_event_that_the_door_lets_in_is_kept(
        self, connect: Connect, fresh: str, sign: str
    ) -> None:
        raw = said(RetrainRequested.example(), "a" * limits.EVENT_ID_CHARACTERS_MAX)
        room = limits.EVENT_BYTES_MAX - len(json.dumps(raw["detail"]))
        raw["detail"]["data"]["news"] = sign * (room // len(sign.encode()))
        entry = entry_of(raw)
        assert kept_once(DynamoBook(self.table(connect, fresh), fresh), entry) == entry

    def test_an_entry_ends_so_long_after_it_was_said_whenever_it_is_written(
        self, connect: Connect, fresh: str
    ) -> None:
        client = self.table(connect, fresh)
        kept(DynamoBook(client, fresh, kept_days=400), RetrainRequested.example(), "a")
        kept(DynamoBook(client, fresh), RetrainRequested.example(), "for ever")
        found = {item["event_id"]["S"]: item for item in client.scan(TableName=fresh)["Items"]}
        ends = NOON + timedelta(days=400)
        assert found["a"][TTL_ATTRIBUTE] == {"N": str(int(ends.timestamp()))}
        assert TTL_ATTRIBUTE not in found["for ever"]
