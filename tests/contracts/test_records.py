"""A backfill's batches hold whole windows."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.records import Record, RecordBatch, cut, microseconds, window_start

MINUTE = timedelta(minutes=1)
times = st.lists(st.integers(-(10**9), 10**9), max_size=200).map(sorted)


@given(times, st.integers(1, 50))
def test_batches_hold_all_times_in_order_and_no_window_is_in_two(
    times_us: list[int], size: int
) -> None:
    batches = [times_us[positions] for positions in cut(times_us, MINUTE, size)]
    assert [at_us for batch in batches for at_us in batch] == times_us
    windows = [{window_start(at_us, 60) for at_us in batch} for batch in batches]
    assert sum(map(len, windows)) == len(set().union(*windows))
    for batch, found in zip(batches, windows, strict=True):
        assert len(batch) <= size or len(found) == 1


@given(st.lists(st.integers(0, 10**12), min_size=1, unique=True).map(sorted), st.integers(1, 50))
def test_batches_are_as_full_as_whole_windows_allow(times_us: list[int], size: int) -> None:
    batches = [times_us[positions] for positions in cut(times_us, MINUTE, size)]
    for batch, following in zip(batches, batches[1:], strict=False):
        next_window = window_start(following[0], 60)
        more = sum(window_start(at_us, 60) == next_window for at_us in following)
        assert len(batch) + more > size


def test_moments_are_exact_to_the_microsecond_before_1970_too() -> None:
    text = '{"id": "1", "time": "1969-12-31T23:59:59.999999Z", "value": 1}'
    record = Record.model_validate_json(text)
    assert not isinstance(record.time, float)
    assert microseconds(record.time) == -1
    assert window_start(-1, 60) == -60


def test_a_batch_survives_json() -> None:
    text = '{"batch_id":"b","series":"fees","records":[{"id":"1","time":1.5,"value":2,"count":3}]}'
    batch = RecordBatch.model_validate_json(text)
    assert RecordBatch.model_validate_json(batch.model_dump_json()) == batch
    assert batch.records[0].time == 1.5
