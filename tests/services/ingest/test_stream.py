"""The live stream: windows are cut by event time, closed by the watermark, revised by the late."""

import hashlib
import json
from datetime import timedelta

import pytest

from services.ingest import reading
from services.ingest.domain import judging
from shared.contracts import limits
from shared.contracts.lifecycle import ObservationsIngested
from shared.messaging.errors import Rejected, Retryable
from tests.services.ingest.world import NOON, SPEC, Danger, Died, World, record


def test_a_window_is_published_once_the_watermark_has_passed_its_end() -> None:
    world = World()
    world.send("a", record("1", "11:50:10", 2.0), record("2", "11:50:50", 3.0, count=4))
    assert world.published() == {}
    world.send("b", record("3", "11:52:59"))
    assert world.published() == {}
    world.send("c", record("4", "11:53:00"))
    assert world.published() == {"11:50": (5, 5.0, 1)}
    assert world.ingested() == [
        ObservationsIngested(
            series="fees",
            first=NOON - timedelta(minutes=10),
            last=NOON - timedelta(minutes=10),
            count=1,
            revised=0,
            late=0,
            backfill=False,
        )
    ]


def test_within_a_batch_the_order_does_not_matter() -> None:
    one, other = World(), World()
    records = [record(str(n), f"11:{40 + n}:30", float(n)) for n in range(10)]
    one.send("a", *records)
    other.send("a", *reversed(records))
    assert one.published() == other.published()
    assert len(one.published()) == 7


def test_a_batch_that_comes_twice_counts_once() -> None:
    world = World()
    for _ in range(2):
        world.send("a", record("1", "11:50:10"), record("2", "11:55:00"))
    assert world.published() == {"11:50": (1, 1.0, 1)}
    assert len(world.ingested()) == 1


def test_a_record_that_comes_in_two_batches_counts_once() -> None:
    world = World()
    world.send("a", record("1", "11:50:10"), record("2", "11:50:20"))
    world.send("b", record("2", "11:50:20"), record("2", "11:50:20"), record("3", "11:50:30"))
    world.send("c", record("9", "11:55:00"))
    assert world.published() == {"11:50": (3, 3.0, 1)}


def test_sums_are_exact_as_decimals() -> None:
    world = World()
    world.send("a", *[record(str(n), "11:50:10", 0.1) for n in range(10)])
    world.send("b", record("big", "11:50:10", 1e16), record("end", "11:55:00"))
    world.send("c", record("gib", "11:50:10", -1e16))
    assert world.published()["11:50"] == (12, 1.0, 2)


def test_a_late_record_inside_the_grace_revises_its_window() -> None:
    world = World()
    world.send("a", record("1", "11:50:10"), record("2", "11:55:00"))
    world.send("b", record("late", "11:50:20", 5.0))
    assert world.published()["11:50"] == (2, 6.0, 2)
    said = world.ingested()[-1]
    assert (said.count, said.revised, said.late) == (0, 1, 1)


def test_a_late_record_may_make_a_window_that_nobody_saw() -> None:
    world = World()
    world.send("a", record("2", "11:55:00"))
    world.send("b", record("late", "11:50:20"))
    assert world.published() == {"11:50": (1, 1.0, 1)}
    said = world.ingested()[-1]
    assert (said.count, said.revised, said.late) == (1, 0, 1)


def test_event_times_of_a_window_increase_strictly_though_the_clock_stands_still() -> None:
    world = World()
    world.send("a", record("1", "11:50:10"), record("2", "11:55:00"))
    times = [world.outside.written[int((NOON - timedelta(minutes=10)).timestamp())].event_time_ms]
    for n in range(3):
        world.send(f"late-{n}", record(f"late-{n}", "11:50:20"))
        window = world.outside.written[int((NOON - timedelta(minutes=10)).timestamp())]
        times.append(window.event_time_ms)
    assert times == sorted(set(times))


def test_a_record_after_the_grace_is_quarantined_with_its_reason() -> None:
    world = World()
    world.send("a", record("1", "11:40:10"), record("2", "11:53:00"))
    world.send("b", record("too late", "11:40:20"), record("3", "11:53:01"))
    assert world.published()["11:40"] == (1, 1.0, 1)
    assert world.quarantined() == [
        {"record": record("too late", "11:40:20"), "reason": judging.TOO_LATE}
    ]


def test_a_repeat_after_the_grace_is_a_duplicate_and_no_quarantine() -> None:
    world = World()
    world.send("a", record("1", "11:40:10"), record("2", "11:53:00"))
    world.send("b", record("1", "11:40:10"))
    assert world.quarantined() == []


def test_a_time_ahead_of_the_clock_is_quarantined_and_moves_no_watermark() -> None:
    world = World()
    world.send("a", record("1", "11:59:10"), record("ahead", "12:05:01"))
    world.send("b", record("2", "11:59:20"))
    assert [one["reason"] for one in world.quarantined()] == [judging.IN_THE_FUTURE]
    assert world.published() == {}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"time": 0, "value": 1}, "object missing required field id"),
        ({"id": "", "time": 0, "value": 1}, "id: expected str of length >= 1"),
        ({"id": "x", "value": 1}, "object missing required field time"),
        ({"id": "x", "time": "noon", "value": 1}, "time: neither ISO 8601 nor a number of seconds"),
        ({"id": "x", "time": "2026-03-01T11:50:00", "value": 1}, "time: has no time zone"),
        ({"id": "x", "time": 1e300, "value": 1}, "time: not in seconds since 1970"),
        ({"id": "x", "time": 0, "value": "1"}, "value: expected float, got str"),
        ({"id": "x", "time": 0, "value": None}, "value: expected float, got null"),
        ({"id": "x", "time": 0, "value": 1, "count": -1}, "count: expected int >= 0"),
        ({"id": "x", "time": 0, "value": 1, "count": 1.5}, "count: expected int, got float"),
        (7, "expected object, got int"),
    ],
)
def test_a_malformed_record_is_quarantined_and_the_batch_goes_on(bad: object, reason: str) -> None:
    world = World()
    world.send("a", record("1", "11:50:10"), bad, record("2", "11:55:00"))  # type: ignore[arg-type]
    assert world.quarantined() == [{"record": bad, "reason": reason}]
    assert world.published() == {"11:50": (1, 1.0, 1)}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_finite_number_is_quarantined(number: str) -> None:
    world = World()
    body = (
        '{"batch_id": "a", "series": "fees", "records": [{"id": "1", "time": 1, "value": %s},'
        '{"id": "2", "time": "2026-03-01T11:55:00+01:00", "value": 1}]}'
    )
    batch = reading.read(body % number, world.outside)
    assert len(batch.malformed) == 1
    world.intake().take(batch)
    assert len(world.quarantined()) == 1


def test_epoch_seconds_and_every_zone_mean_the_same_moment() -> None:
    world = World()
    seconds = (NOON - timedelta(minutes=10)).timestamp()
    world.send("a", {"id": "1", "time": seconds + 0.5, "value": 1})
    world.send("b", {"id": "2", "time": "2026-03-01T12:50:10+01:00", "value": 1})
    world.send("c", record("3", "11:55:00"))
    assert world.published() == {"11:50": (2, 2.0, 1)}


def test_an_unknown_series_is_rejected_naming_the_nearest() -> None:
    world = World()
    batch = reading.read('{"batch_id": "a", "series": "feees", "records": []}', world.outside)
    with pytest.raises(Rejected, match="nobody declared a series 'feees': did you mean 'fees'?"):
        world.intake().take(batch)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "not a batch of records: expected object, got array"),
        ('{"series": "fees", "records": []}', "missing required field batch_id"),
        ('{"batch_id": "a", "series": "fees", "records": 1}', "records: expected array"),
        ('{"batch_id": "a", "series": "fees"}', "a batch has records, or the uri"),
        ('{"batch_id": "a", "series": "fees", "uri": "s3://b/no"}', "s3://b/no cannot be read"),
    ],
)
def test_what_is_no_batch_is_rejected_with_its_reason(body: str, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        reading.read(body, World().outside)


def test_a_large_batch_comes_as_a_file_and_its_bad_lines_are_quarantined() -> None:
    world = World()
    lines = [json.dumps(record("1", "11:50:10")), "not json", json.dumps(record("2", "11:55:00"))]
    content = "\n".join(lines).encode()
    uri = world.outside.put_file("imports/a.jsonl", content)
    digest = "d3b07384" * 8
    message = {"batch_id": "a", "series": "fees", "uri": uri, "sha256": digest}
    with pytest.raises(Rejected, match="the message says d3b07384"):
        reading.read(json.dumps(message), world.outside)
    message["sha256"] = hashlib.sha256(content).hexdigest()
    world.intake().take(reading.read(json.dumps(message), world.outside))
    assert world.published() == {"11:50": (1, 1.0, 1)}
    assert [one["record"] for one in world.quarantined()] == ["not json"]


def test_a_series_is_never_cut_anew() -> None:
    world = World()
    world.send("a", record("1", "11:50:10"))
    world.outside.specs["fees"] = SPEC.changed(window=timedelta(minutes=5))
    with pytest.raises(Rejected, match="windows of 60 s, its spec now says 5m"):
        world.send("b", record("2", "11:51:10"))


def test_silence_closes_the_last_windows() -> None:
    world = World()
    world.send("a", record("1", "11:58:10"), record("2", "11:59:50"))
    world.clock.forward(minutes=5)
    world.sweep()
    assert world.published() == {}  # five windows without a word are not yet a silence
    world.clock.forward(seconds=1)
    world.sweep()
    assert world.published() == {"11:58": (1, 1.0, 1), "11:59": (1, 1.0, 1)}
    world.sweep()
    assert len(world.ingested()) == 1
    world.send("b", record("3", "11:59:55"), record("4", "12:05:00"))
    assert world.published()["11:59"] == (2, 2.0, 2)
    assert world.ingested()[-1].late == 1


def test_many_ids_in_a_window_take_several_transactions() -> None:
    world = World()
    world.outside.specs["fees"] = SPEC.changed(window=timedelta(days=1))
    records = [record(str(n), "11:50:10", day=n % 2 + 1) for n in range(300)]
    world.clock.forward(days=2)
    for batch in ("a", "b"):
        world.send(batch, *records, record("end", "00:02:00", day=3))
    assert world.published() == {"00:00": (150, 150.0, 1)}
    windows = world.windows([int(NOON.timestamp()) - 12 * 3600], 24 * 3600)
    assert [window.count for window in windows.values()] == [150]


def test_when_the_feature_store_refuses_windows_wait_for_the_sweep() -> None:
    world = World()
    world.outside.refuses = True
    with pytest.raises(Retryable, match="no such feature group"):
        world.send("a", record("1", "11:50:10"), record("2", "11:55:00"))
    assert world.ingested() == []
    world.outside.refuses = False
    world.sweep()
    assert world.published() == {"11:50": (1, 1.0, 1)}
    assert len(world.ingested()) == 1


def test_a_batch_that_never_comes_back_is_said_as_far_as_it_came() -> None:
    world = World()
    records = [record(str(n), f"{n // 60:02}:{n % 60:02}:00") for n in range(100)]
    with pytest.raises(Died):
        world.send("a", *records, danger=Danger(12))
    assert world.ingested() == []
    world.sweep()
    assert world.ingested() == []
    world.clock.forward(seconds=limits.UNFINISHED_SECONDS_MAX + 1)
    world.sweep()
    assert 0 < sum(said.count for said in world.ingested()) < 97
    world.send("a", *records)
    world.clock.forward(seconds=limits.UNFINISHED_SECONDS_MAX + 1)
    world.sweep()
    assert sum(said.count for said in world.ingested()) == 100
    assert world.store.load("fees", None).state.pending == {}
