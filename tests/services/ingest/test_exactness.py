"""Whatever order, duplication, redelivery and moment of death: every record is counted once."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingest import reading
from shared.messaging.errors import Retryable
from tests.services.ingest.world import Danger, Died, World, minute

HOUR = int(datetime(2026, 3, 1, 11, tzinfo=UTC).timestamp())
Record = Mapping[str, Any]

seconds = st.integers(0, 59 * 60)
values = st.floats(-1e6, 1e6) | st.floats(-1e300, 1e300).filter(lambda value: abs(value) < 1e200)
records: st.SearchStrategy[list[Record]] = st.lists(
    st.tuples(seconds, values, st.integers(0, 9)), min_size=1, max_size=25
).map(
    lambda found: [
        {"id": str(n), "time": HOUR + second, "value": value, "count": count}
        for n, (second, value, count) in enumerate(found)
    ]
)


@st.composite
def deliveries(draw: st.DrawFn) -> list[tuple[str, list[Record]]]:
    """Draw batches that overlap, delivered in any order and some of them again."""
    all_records = draw(records)
    chosen = st.lists(st.sampled_from(all_records), min_size=1, max_size=12)
    batches = [(f"batch-{n}", draw(chosen)) for n in range(draw(st.integers(1, 6)))]
    return draw(st.permutations(batches)) + draw(st.lists(st.sampled_from(batches), max_size=4))


def assert_exact(world: World, sent: Sequence[Record]) -> None:
    """Every record is in its window or in quarantine; windows are exactly what is in them; what is
    published is what is kept; and each window was announced as new once."""
    unique = {record["id"]: record for record in sent}
    refused = {one["record"]["id"] for one in world.quarantined()}
    expected: dict[int, list[Record]] = defaultdict(list)
    for record in unique.values():
        if record["id"] not in refused:
            expected[int(record["time"]) // 60 * 60].append(record)
    kept = world.windows(range(HOUR, HOUR + 3600, 60))
    assert {minute(start) for start in kept} == {minute(start) for start in expected}
    for start, window in kept.items():
        assert window.count == sum(record["count"] for record in expected[start])
        total = sum(Fraction(repr(record["value"])) for record in expected[start])
        assert Fraction(str(window.total)) == total
    closed = {start: window for start, window in kept.items() if not window.is_open}
    assert world.outside.written == closed
    state = world.store.load("fees", None).state
    assert sum(said.count for said in world.ingested()) == len(closed) == state.windows
    assert set(state.open_starts()) == set(kept) - set(closed)
    assert state.pending == {}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deliveries())
def test_windows_are_exact_in_whatever_order_batches_come(
    delivered: list[tuple[str, list[Record]]],
) -> None:
    world = World()
    for batch_id, batch in delivered:
        world.send(batch_id, *batch)
    assert_exact(world, [record for _, batch in delivered for record in batch])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deliveries(), st.data())
def test_windows_are_exact_wherever_the_process_dies(
    delivered: list[tuple[str, list[Record]]], data: Any
) -> None:
    world = World()
    died = []
    for batch_id, batch in delivered:
        danger = Danger(data.draw(st.none() | st.integers(1, 60)))
        try:
            world.send(batch_id, *batch, danger=danger)
        except Died:
            died.append((batch_id, batch))
        if died and data.draw(st.booleans()):
            again, its_batch = died.pop(0)
            world.send(again, *its_batch)
    for batch_id, batch in died:
        world.send(batch_id, *batch)
    assert_exact(world, [record for _, batch in delivered for record in batch])


def long_batch() -> list[Record]:
    numbers = range(100)
    good = ({"id": f"{n}", "time": HOUR + n * 30, "value": n / 10, "count": 1} for n in numbers)
    return [*good, {"id": "bad", "time": "never", "value": 1}]


@pytest.mark.parametrize("backfill", [False, True], ids=["live", "backfill"])
def test_a_batch_of_several_transactions_survives_death_at_every_step(backfill: bool) -> None:
    safe, steps = World(), Danger()
    safe.send("a", *long_batch(), backfill=backfill, danger=steps)
    expected = safe.published(), [said.count for said in safe.ingested()]
    assert steps.steps > 20
    for dies_at in range(1, steps.steps + 1):
        world = World()
        with pytest.raises(Died):
            world.send("a", *long_batch(), backfill=backfill, danger=Danger(dies_at))
        world.send("a", *long_batch(), backfill=backfill)
        assert (world.published(), [said.count for said in world.ingested()]) == expected, dies_at
        assert len(world.quarantined()) == 1


@pytest.mark.parametrize("dies_at", range(1, 30))
def test_late_records_are_told_of_once_though_the_process_dies_between_transactions(
    dies_at: int,
) -> None:
    world = World()
    world.outside.specs["fees"] = world.outside.specs["fees"].changed(grace=timedelta(hours=2))
    world.send("a", {"id": "now", "time": HOUR + 3590, "value": 1.0})
    with suppress(Died):
        world.send("b", *long_batch()[:-1], danger=Danger(dies_at))
    world.send("b", *long_batch()[:-1])
    assert [(said.count, said.late) for said in world.ingested()] == [(50, 100)]


@pytest.mark.parametrize("dies_at", range(1, 40, 3))
def test_another_batch_between_two_attempts_is_counted_once_and_said_once(dies_at: int) -> None:
    world = World()
    with suppress(Died):
        world.send("a", *long_batch()[:-1], danger=Danger(dies_at))
    other = [{"id": f"x{n}", "time": HOUR + n * 60, "value": 1.0, "count": 1} for n in range(40)]
    world.send("b", *long_batch()[20:60], *other)
    world.send("a", *long_batch()[:-1])
    assert_exact(world, [*long_batch()[:-1], *other])


class Meddler:
    """A store in which others write to the series between a load and the commit."""

    def __init__(self, world: World, times: int) -> None:
        self.world, self.times, self.store = world, times, world.store

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def commit_windows(self, *arguments: Any) -> None:
        if self.times:
            self.times -= 1
            meddling = {"id": f"m{self.times}", "time": HOUR + 5, "value": 1.0, "count": 1}
            self.world.send(f"meddling-{self.times}", meddling)
        self.store.commit_windows(*arguments)


@pytest.mark.parametrize(("times", "succeeds"), [(1, True), (4, True), (5, False)])
def test_races_between_two_batches_of_a_series_are_lost_and_run_again(
    times: int, succeeds: bool
) -> None:
    world = World()
    intake = world.intake()
    intake.absorption.store = Meddler(world, times)
    record = {"id": "1", "time": HOUR, "value": 1.0, "count": 1}
    body = json.dumps({"batch_id": "a", "series": "fees", "records": [record]})
    batch = reading.read(body, world.outside)
    if succeeds:
        intake.take(batch)
    else:
        with pytest.raises(Retryable, match="lost 5 races"):
            intake.take(batch)
        world.send("a", record)
    meddled = [{"id": f"m{n}", "time": HOUR + 5, "value": 1.0, "count": 1} for n in range(times)]
    assert_exact(world, [record, *meddled])
