"""What is online: as much as models read, also where they came after the data, and once."""

from datetime import timedelta

import pytest

from services.ingest.domain import online
from services.ingest.domain.state import Series
from shared.contracts import limits
from shared.messaging.errors import Retryable
from tests.services.ingest.world import NOON, Danger, Died, World, record

DAY_S, HOUR_S = 86_400, 3_600
LAST = int((NOON - timedelta(minutes=1)).timestamp())


def hourly(world: World, hours: int) -> list[int]:
    """Import a window an hour up to noon, three days later; answer their starts, latest first."""
    starts = [LAST - back * HOUR_S for back in range(hours)]
    records = [{"id": str(start), "time": start, "value": 1.0} for start in starts]
    world.clock.forward(days=3)
    world.send("history", *records, backfill=True)
    return starts


def state(world: World) -> Series:
    return world.store.load("fees", None).state


def test_a_model_that_comes_after_the_data_finds_its_context_online() -> None:
    world = World()
    starts = hourly(world, 60)
    assert set(world.outside.online) == set(starts[:25])
    world.outside.reads = timedelta(hours=30)
    world.clock.forward(days=2)
    world.sweep()
    assert set(world.outside.online) == set(starts[:31])
    assert {world.outside.expires[start] for start in starts[25:31]} == {
        world.clock.now() + timedelta(hours=30, days=limits.ONLINE_SPARE_DAYS)
    }


def test_nothing_is_said_and_nothing_is_observed_anew() -> None:
    world = World()
    hourly(world, 60)
    world.outside.reads = timedelta(hours=30)
    before, summary = dict(world.outside.written), world.outside.summary
    world.sweep()
    assert len(world.ingested()) == 1
    assert (world.outside.written, world.outside.summary) == (before, summary)


def test_what_is_online_is_not_written_again_unless_models_read_more() -> None:
    world = World()
    starts = hourly(world, 60)
    for hours in (1, 24, 30, 30, 26, 24, 30, 31):
        world.outside.reads = timedelta(hours=hours)
        world.sweep()
        world.sweep()
    filled = [sorted(call, reverse=True) for call in world.outside.online_calls]
    assert filled == [starts[24:31], starts[30:32]]  # from the earliest that is there already


def test_where_all_went_online_as_it_came_a_longer_context_is_there_already() -> None:
    world = World()
    world.send("a", record("1", "11:50:10"), record("2", "11:55:00"))
    world.outside.reads = timedelta(days=20)
    world.sweep()
    assert world.outside.online_calls == []


def test_a_series_without_older_windows_is_asked_once() -> None:
    world = World()
    starts = hourly(world, 26)
    world.outside.reads = timedelta(days=20)
    for _ in range(3):
        world.sweep()
    assert set(world.outside.online) == set(starts)
    assert len(world.outside.online_calls) == 1


def test_a_long_context_goes_online_in_parts_the_latest_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "ONLINE_FILL_WINDOWS_MAX", 600)
    world = World()
    starts = hourly(world, 72)
    world.outside.reads = timedelta(hours=60)
    world.sweep()
    assert set(world.outside.online) == set(starts[:61])
    latest = [max(call) for call in world.outside.online_calls]
    assert latest == sorted(latest, reverse=True)
    assert len(latest) == 4  # 36 hours of minutes, and none twice but the ends


@pytest.mark.parametrize("dies_at", range(1, 25))
def test_wherever_the_process_dies_the_next_sweep_goes_on(
    dies_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ONLINE_FILL_WINDOWS_MAX", 600)
    world = World()
    starts = hourly(world, 60)
    world.outside.reads = timedelta(hours=40)
    try:
        world.sweep(Danger(dies_at))
    except Died:
        world.sweep()
    assert set(world.outside.online) == set(starts[:41])
    assert (state(world).online_s, state(world).is_filling) == (40 * HOUR_S, False)


def test_while_the_feature_store_refuses_one_attempt_waits_and_not_more() -> None:
    world = World()
    starts = hourly(world, 60)
    world.outside.reads = timedelta(hours=30)
    world.outside.refuses = True
    for _ in range(3):
        with pytest.raises(Retryable, match="older windows of fees wait"):
            world.sweep()
    assert len(world.store.load("fees", None).todo) == 1
    world.outside.refuses = False
    world.sweep()
    assert set(world.outside.online) == set(starts[:31])


def test_history_that_comes_while_models_read_less_is_put_online_when_they_read_more() -> None:
    world = World()
    world.outside.reads = timedelta(hours=40)
    starts = hourly(world, 60)
    world.outside.reads = timedelta(hours=1)
    corrected = [{"id": "x", "time": start, "value": 7.0} for start in starts[30:35]]
    world.send("correction", *corrected, backfill=True)
    world.outside.reads = timedelta(hours=40)
    world.sweep()
    assert set(world.outside.online_calls[0]) == set(starts[24:41])
    assert state(world).online_s == 40 * HOUR_S


def test_a_series_from_before_this_was_kept_is_filled_once() -> None:
    world = World()
    starts = hourly(world, 60)
    revision, text, todo, heard = world.store.items["fees"]
    old = Series.model_validate_json(text).model_dump_json(exclude={"online_s", "is_filling"})
    world.store.items["fees"] = (revision, old, todo, heard)
    for _ in range(3):
        world.sweep()
    assert [sorted(call, reverse=True) for call in world.outside.online_calls] == [starts[:25]]


SPANS = Series(series="fees", window_s=60, first=LAST - 10 * DAY_S, last=LAST)
ROWS = [
    pytest.param(None, 50, None, id="nothing was published yet"),
    pytest.param(DAY_S, 1, None, id="a day is kept anyway"),
    pytest.param(2 * DAY_S, 48, None, id="just as much"),
    pytest.param(2 * DAY_S, 49, (LAST - 49 * HOUR_S, 61, 49 * HOUR_S), id="an hour more"),
    pytest.param(0, 24, (LAST - DAY_S, 1_441, DAY_S), id="unknown"),
    pytest.param(DAY_S, 240, (LAST - DAY_S - 150_000, 2_501, DAY_S + 150_000), id="a part"),
    pytest.param(9 * DAY_S, 480, (LAST - 10 * DAY_S, 1_441, 20 * DAY_S), id="all there is"),
]


@pytest.mark.parametrize(("online_s", "hours", "expected"), ROWS)
def test_what_is_missing_is_counted_back_from_the_latest_window(
    online_s: int | None, hours: int, expected: tuple[int, int, int] | None
) -> None:
    decision = online.compare(SPANS.changed(online_s=online_s), timedelta(hours=hours))
    actions = decision.actions if decision else ()
    found = [(a.first, a.windows, a.reaches_s) for a in actions]  # type: ignore[attr-defined]
    assert found == ([expected] if expected else [])
