"""Services are woken up by the table's schedules, shortened for one machine."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local import account
from infra.local.schedules import Schedules, Timetable, of_table
from shared.contracts import names
from shared.contracts.door import open_event
from shared.contracts.subscriptions import Schedule, every
from shared.contracts.wishes import SweepRequested
from tests.local.queues import eventually, moto_server

START = datetime(2026, 3, 1, tzinfo=UTC)
FIVE = every("trainer", minutes=5, wish=SweepRequested)
ONE = every("ingest", minutes=1, wish=SweepRequested)


class DrivenClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with moto_server() as address:
        yield address


@pytest.mark.parametrize(
    ("after_s", "due"),
    [(0.9, []), (1, [ONE]), (4.9, [ONE]), (5, [ONE, FIVE]), (3600, [ONE, FIVE])],
)
def test_a_row_is_due_after_its_shortened_minutes(after_s: float, due: list[Any]) -> None:
    timetable = Timetable([ONE, FIVE], speed_up=60, start=START)
    now = START + timedelta(seconds=after_s)
    assert [row for row, _ in timetable.due(now)] == due
    assert timetable.due(now) == ()


def test_it_is_known_how_long_nothing_is_due() -> None:
    timetable = Timetable([FIVE], speed_up=60, start=START)
    assert timetable.seconds_to_next(START + timedelta(seconds=2)) == 3
    assert timetable.seconds_to_next(START + timedelta(seconds=9)) == 0
    nothing: list[Schedule] = []
    assert Timetable(nothing, speed_up=60, start=START).seconds_to_next(START) == inf


@given(st.lists(st.floats(min_value=0, max_value=40), min_size=1))
def test_however_rarely_somebody_looks_a_moment_comes_once_and_on_the_grid(
    steps: list[float],
) -> None:
    timetable, now, moments = Timetable([FIVE], speed_up=60, start=START), START, []
    for step in steps:
        now += timedelta(seconds=step)
        moments += [moment for _, moment in timetable.due(now)]
    assert len(set(moments)) == len(moments)
    assert all((moment - START) % timedelta(seconds=5) == timedelta(0) for moment in moments)
    assert all(earlier < later for earlier, later in zip(moments, moments[1:], strict=False))


def test_a_wish_arrives_as_the_event_that_the_services_hear(url: str) -> None:
    clock, sqs = DrivenClock(), account.client("sqs", url, "modelcycle-test")
    queue = sqs.create_queue(QueueName=names.queue("dev", "trainer"))["QueueUrl"]
    schedules = Schedules(of_table("dev", ["trainer"]), url, 60, print, clock)
    schedules.send_due()
    clock.time += timedelta(seconds=5)
    schedules.send_due()
    (message,) = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    event = open_event(json.loads(message["Body"]))
    assert event is not None
    assert isinstance(event.data, SweepRequested)
    assert event.metadata.occurred_at == clock.time


def test_a_queue_that_is_missing_is_said_and_does_not_end_the_schedules(url: str) -> None:
    said: list[str] = []
    schedules = Schedules(of_table("other", ["trainer"]), url, 60_000, said.append)
    schedules.start()
    eventually(lambda: len(said) > 1, "two complaints")
    schedules.stop()
    schedules.join()
    assert "QueueDoesNotExist" in said[0] or "NonExistentQueue" in said[0]
