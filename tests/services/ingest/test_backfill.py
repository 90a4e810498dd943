"""History: whole windows, past the watermark, and never over what came live."""

from datetime import timedelta

import pytest

from services.ingest.domain import judging
from shared.contracts import limits
from shared.contracts.lifecycle import ObservationsIngested
from shared.messaging.errors import Rejected, Retryable
from tests.services.ingest.world import NOON, World, minute, record


def test_history_is_published_at_once_and_said_once() -> None:
    world = World()
    records = [record(str(n), f"{n // 60:02}:{n % 60:02}:00", float(n)) for n in range(600)]
    world.send("a", *records, backfill=True)
    assert len(world.published()) == 600
    assert world.published()["09:59"] == (1, 599.0, 1)
    assert world.ingested() == [
        ObservationsIngested(
            series="fees",
            first=NOON - timedelta(hours=12),
            last=NOON - timedelta(hours=12) + timedelta(minutes=599),
            count=600,
            revised=0,
            late=0,
            backfill=True,
        )
    ]
    summary = world.outside.summary
    assert summary is not None
    assert (summary.windows, summary.revision) == (600, 1)


def test_only_the_last_context_of_history_goes_online() -> None:
    world = World()  # where models need an hour, a day is kept all the same
    records = [record(str(n), "11:50:00", day=n) for n in range(1, 4)]
    world.clock.forward(days=5)
    world.send("a", *records, backfill=True)
    assert sorted(world.outside.online) == [
        int((NOON + timedelta(days=day, minutes=-10)).timestamp()) for day in (1, 2)
    ]


def test_the_same_history_under_another_batch_id_changes_nothing() -> None:
    world = World()
    world.send("a", record("1", "11:50:10"), backfill=True)
    world.send("b", record("1", "11:50:10"), backfill=True)
    assert world.published() == {"11:50": (1, 1.0, 1)}
    assert len(world.ingested()) == 1


def test_other_history_replaces_whole_windows() -> None:
    world = World()
    world.send("a", record("1", "11:50:10"), record("2", "11:50:20"), backfill=True)
    world.send("b", record("3", "11:50:30", 7.0), backfill=True)
    assert world.published() == {"11:50": (1, 7.0, 2)}
    assert [(said.count, said.revised) for said in world.ingested()] == [(1, 0), (0, 1)]
    assert world.outside.summary is not None
    assert world.outside.summary.windows == 1


def test_an_id_that_comes_twice_in_a_batch_counts_once() -> None:
    world = World()
    world.send("a", record("1", "11:50:10"), record("1", "11:50:10"), backfill=True)
    assert world.published() == {"11:50": (1, 1.0, 1)}


def test_live_windows_win_open_or_closed_and_it_is_reported() -> None:
    world = World()
    world.send("a", record("1", "11:50:10"), record("2", "11:55:00"))
    history = [record("x", "11:50:30"), record("y", "11:51:00"), record("z", "11:55:30")]
    world.send("b", *history, backfill=True)
    assert world.published() == {"11:50": (1, 1.0, 1), "11:51": (1, 1.0, 1)}
    assert [(one["record"]["id"], one["reason"]) for one in world.quarantined()] == [
        ("x", judging.LIVE_WINS),
        ("z", judging.LIVE_WINS),
    ]


def test_history_moves_no_watermark() -> None:
    world = World()
    world.send("a", record("1", "11:50:10"))
    world.send("b", record("2", "11:58:00"), backfill=True)
    world.send("c", record("3", "11:50:20"))
    world.send("d", record("4", "11:55:00"))
    assert world.published()["11:50"] == (2, 2.0, 1)


def test_where_the_stream_begins_imported_windows_stay() -> None:
    world = World()
    world.send("a", record("1", "11:50:10"), record("2", "11:51:10"), backfill=True)
    world.send("b", record("stray", "11:50:50"), record("3", "11:51:00"))
    world.send("c", record("4", "11:55:00"))
    assert world.published()["11:50"] == (1, 1.0, 1)
    assert [(one["record"]["id"], one["reason"]) for one in world.quarantined()] == [
        ("stray", judging.IMPORTED)
    ]


def test_windows_that_the_stream_covers_begin_anew_with_live_records() -> None:
    world = World()
    world.send("a", record("1", "11:51:10", 100.0), backfill=True)
    world.send("b", record("2", "11:50:50"), record("3", "11:51:20"))
    assert world.published()["11:51"] == (1, 100.0, 1)
    world.send("c", record("4", "11:55:00"))
    assert world.published()["11:51"] == (1, 1.0, 2)


def test_a_batch_over_too_many_windows_is_rejected_before_anything_is_written() -> None:
    world = World()
    number = limits.BATCH_WINDOWS_MAX + 1
    records = [{"id": str(n), "time": n * 60, "value": 1} for n in range(number)]
    with pytest.raises(Rejected, match=f"{number} windows, a batch has at most"):
        world.send("a", *records, backfill=True)
    assert world.store.items == {}


def test_future_history_is_quarantined() -> None:
    world = World()
    world.send("a", record("1", "12:06:00"), record("2", "11:00:00"), backfill=True)
    assert [minute(start) for start in world.outside.written] == ["11:00"]
    assert [one["reason"] for one in world.quarantined()] == [judging.IN_THE_FUTURE]


def test_history_that_is_delivered_again_does_not_undo_its_correction() -> None:
    world = World()
    world.send("a", record("1", "11:50:10", 1.0), backfill=True)
    world.send("b", record("1", "11:50:10", 2.0), backfill=True)
    world.send("a", record("1", "11:50:10", 1.0), backfill=True)
    assert world.published() == {"11:50": (1, 2.0, 2)}
    start = int((NOON - timedelta(minutes=10)).timestamp())
    assert float(world.windows([start])[start].total) == 2.0
    assert world.store.load("fees", None).state.pending == {}


def test_the_summary_tells_when_history_was_last_written() -> None:
    world = World()
    world.send("a", record("1", "11:50:10"), record("2", "11:55:00"))
    assert world.outside.summary is not None
    assert world.outside.summary.backfilled_at is None
    world.clock.forward(minutes=1)
    world.send("b", record("3", "10:00:00"), backfill=True)
    told = world.outside.summary.backfilled_at
    assert told == world.clock.now()
    world.clock.forward(minutes=1)
    world.send("c", record("4", "11:59:00"))
    assert world.outside.summary.windows == 3
    assert world.outside.summary.backfilled_at == told


def test_history_that_waited_in_the_todo_is_told_of_when_it_was_written() -> None:
    world = World()
    world.outside.refuses = True
    with pytest.raises(Retryable):
        world.send("a", record("1", "10:00:00"), backfill=True)
    assert world.published() == {}
    world.outside.refuses = False
    world.clock.forward(hours=1)
    world.sweep()
    assert world.outside.summary is not None
    assert world.outside.summary.backfilled_at == world.clock.now()


def test_an_earlier_history_comes_back_under_a_batch_id_of_its_own() -> None:
    world = World()
    for batch_id, value in {"a": 1.0, "b": 2.0, "a-again": 1.0}.items():
        world.send(batch_id, record("1", "11:50:10", value), backfill=True)
    assert world.published() == {"11:50": (1, 1.0, 3)}
