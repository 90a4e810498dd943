"""The journal keeps everything once, and tells it in the order of causes."""

import json
import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from infra.local.provision import table_definition
from services.journal import domain, reading
from services.journal.archive import Archive
from services.journal.aws import DynamoBook
from services.journal.domain import Entry, in_order_of_causes
from services.journal.entrance import JournalEntrance
from services.journal.ports import Book
from shared.contracts.door import open_event
from shared.contracts.envelope import SOURCE, Event, Revision
from shared.contracts.lifecycle import (
    IN_ORDER,
    DecisionRecorded,
    ModelApproved,
    ModelRegistered,
    RetrainRequested,
    TrainingCompleted,
    TrainingStarted,
)
from shared.contracts.tables import TABLES
from shared.contracts.wishes import SweepRequested, scheduled
from tests.services.journal.world import NOON, MemoryBook, MemoryShelf, entry_of, said


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield


@pytest.fixture(params=["memory", "dynamodb"])
def book(request: pytest.FixtureRequest) -> Any:
    if request.param == "memory":
        return MemoryBook()
    request.getfixturevalue("aws")
    client = boto3.client("dynamodb")
    row = next(row for row in TABLES if row.service == "journal")
    client.create_table(TableName="journal", **table_definition(row))
    return DynamoBook(client, "journal")


class DeadLetters:
    """Keeps what was rejected."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def reject(self, body: str, reason: str) -> None:
        self.reasons.append(reason)


def hear(book: Book, *events: object) -> list[str]:
    """Let the journal hear messages; answer the reasons of those it rejected."""
    letters = DeadLetters()
    archive = Archive(MemoryShelf())
    entrance = JournalEntrance(book, archive, letters, logging.getLogger("test"))
    for event in events:
        entrance.take(SQSRecord({"messageId": "m", "body": json.dumps(event)}))
    assert entrance.finish() == ()
    return letters.reasons


def ids(entries: tuple[Entry, ...]) -> list[str]:
    return [entry.event_id for entry in entries]


def test_every_event_of_ours_is_kept_and_comes_back_as_it_was_said(book: Book) -> None:
    events = [said(event.example(), event.__name__) for event in IN_ORDER]
    assert hear(book, *events) == []
    for raw in events:
        kept = reading.show_event(book, raw["detail-type"])
        assert kept is not None
        assert kept.as_event() == raw
        assert open_event(kept.as_event()) == open_event(raw)


def test_fields_that_this_code_does_not_know_are_kept(book: Book) -> None:
    raw = said(RetrainRequested.example(), "a")
    raw["detail"]["data"]["news"] = {"of": "tomorrow"}
    hear(book, raw)
    kept = reading.show_event(book, "a")
    assert kept is not None
    assert kept.detail["data"]["news"] == {"of": "tomorrow"}


def test_an_event_that_comes_again_or_is_replayed_is_kept_once(book: Book) -> None:
    raw = said(RetrainRequested.example(), "a")
    hear(book, raw, raw, {**raw, "replay-name": "march"})
    assert ids(reading.list_events(book)) == ["a"]


def test_events_are_listed_by_subject_and_time_the_latest_last(book: Book) -> None:
    times = [NOON + timedelta(seconds=n / 2) for n in range(8)]
    hear(
        book,
        *[
            said(RetrainRequested(model="fees" if n % 2 else "other", reason="x"), str(n), at)
            for n, at in enumerate(times)
        ],
    )
    assert ids(reading.list_events(book)) == list("01234567")
    assert ids(reading.list_events(book, "fees")) == list("1357")
    assert ids(reading.list_events(book, "fees", limit=2)) == list("57")
    assert ids(reading.list_events(book, since=times[2], until=times[5])) == list("2345")
    assert ids(reading.list_events(book, "other", since=times[3])) == list("46")
    assert reading.list_events(book, "nobody") == ()
    assert reading.show_event(book, "nothing") is None


def test_what_one_aggregate_said_at_one_moment_is_told_in_its_own_order(book: Book) -> None:
    event = ModelRegistered.example()
    revisions = [(9, 0), (10, 0), (10, 1), (100, 0)]
    hear(
        book,
        *[
            said(event, f"{9 - n}", revision=Revision(number=number, index=index))
            for n, (number, index) in reversed(list(enumerate(revisions)))
        ],
    )
    assert ids(reading.list_events(book, event.subject)) == ["9", "8", "7", "6"]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"source": "somebody", "detail-type": "X", "detail": {}}, "a stranger on our bus"),
        ({"source": "modelcycle.trainer", "detail-type": "X", "detail": {}}, "no event of that"),
        (7, "an event must be a JSON object"),
    ],
)
def test_what_is_no_event_of_ours_is_rejected(message: object, reason: str) -> None:
    book = MemoryBook()
    reasons = hear(book, message, said(RetrainRequested.example(), "a"))
    assert [reason in why for why in reasons] == [True]
    assert ids(reading.list_events(book)) == ["a"]


def test_sweeps_and_hints_of_aws_are_not_kept() -> None:
    book = MemoryBook()
    hint = {"source": "aws.s3", "detail-type": "Object Created", "detail": {}}
    assert hear(book, scheduled(SweepRequested, "s", NOON), hint) == []
    assert book.entries == {}


def entry(event_id: str, second: int, cause: str) -> Entry:
    at = NOON + timedelta(seconds=second)
    return entry_of(said(RetrainRequested(model="fees", reason="x"), event_id, at, cause))


names = st.sampled_from("abcdefghij")
stories = st.lists(
    st.builds(entry, names, st.integers(0, 3), names), unique_by=lambda one: one.event_id
)


@given(stories)
def test_everything_is_told_once_and_causes_come_first(story: list[Entry]) -> None:
    told = in_order_of_causes(story)
    assert sorted(told, key=str) == sorted(story, key=str)
    place = {one.event_id: n for n, one in enumerate(told)}
    cause = {one.event_id: one.causation_id for one in story}
    for one in story:
        if one.causation_id in place and not is_in_a_circle(one.event_id, cause):
            assert place[one.causation_id] < place[one.event_id]


@given(st.lists(st.builds(entry, names, st.integers(0, 3), names)))
def test_who_says_an_id_again_hides_nothing_that_was_said_with_it(story: list[Entry]) -> None:
    assert {one.place for one in in_order_of_causes(story)} == {one.place for one in story}


def is_in_a_circle(event_id: str, cause: dict[str, str]) -> bool:
    following = event_id
    for _ in cause:
        following = cause.get(following, "")
        if following == event_id:
            return True
    return False


@given(st.lists(st.tuples(names, st.integers(0, 99)), unique_by=lambda one: one[0]))
def test_without_causes_time_rules(times: list[tuple[str, int]]) -> None:
    told = in_order_of_causes(entry(name, second, "somebody") for name, second in times)
    seconds = dict(times)
    assert [seconds[one.event_id] for one in told] == sorted(seconds.values())


def at_noon(event: Event, event_id: str, number: int | None, cause: str = "") -> Entry:
    """Make an entry of the moment at which a driven clock stands."""
    revision = Revision(number=number, index=0) if number else None
    producer = {"deciding": "deployer"}.get(event_id, event.producer)
    raw = said(event.changed(model="fees"), event_id, NOON, cause, revision=revision)
    raw["source"] = SOURCE + producer
    raw["detail"]["metadata"]["producer"] = producer
    return entry_of(raw)


def test_where_time_stands_still_records_of_decisions_lead_back_to_what_was_heard() -> None:
    trip = [
        at_noon(RetrainRequested.example(), "wish", None),
        at_noon(TrainingStarted.example(), "started", 4, "wish"),
        at_noon(TrainingCompleted.example(), "completed", 5, "a hint of the pipeline"),
        at_noon(ModelRegistered.example(), "registered", 9, "completed"),
        at_noon(DecisionRecorded.example(), "deciding", 2, "registered"),
        at_noon(ModelApproved.example(), "approved", 3, "a hint of the registry"),
    ]
    assert ids(in_order_of_causes(reversed(trip))) == [
        "wish",
        "started",
        "completed",
        "registered",
        "deciding",
        "approved",
    ]


def test_texts_of_times_sort_as_times_do_in_every_year() -> None:
    years = [datetime(year, 3, 1, 12, tzinfo=UTC) for year in (1, 999, 1000, 2026, 9999)]
    texts = list(map(domain.moment, years))
    assert texts == sorted(texts)
    assert texts[3] == "2026-03-01T12:00:00.000000Z"
