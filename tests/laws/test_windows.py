"""Windows merge exactly and associatively, in whatever order and pieces their records come."""

from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from math import inf, isclose, nextafter

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.domain.batch import Observation
from services.ingest.domain.pages import page_start, pages_of
from services.ingest.domain.seen import ID_BYTES, hashed, packed, shard_of, unpacked
from services.ingest.domain.windows import Window, content_of
from shared.contracts import limits

START = 1_772_366_400
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOST = limits.RECORD_VALUE_MAX

values = st.floats(-MOST, MOST) | st.floats(-1e-300, 1e-300) | st.sampled_from([0.1, -0.1, MOST])
observations = st.builds(
    lambda number, value, count: Observation(str(number), 0.0, value, count, 0),
    st.integers(0, 99),
    values,
    st.integers(0, limits.RECORD_COUNT_MAX),
)
batches = st.lists(observations, max_size=12)


def exact(records: Sequence[Observation]) -> Fraction:
    """Sum values up as fractions of what was written."""
    return sum((Fraction(repr(one.value)) for one in records), Fraction(0))


def grown(*pieces: Sequence[Observation]) -> Window:
    """Let a window grow by one piece after the other."""
    window = Window(start=START)
    for piece in pieces:
        window = window.grown(piece)
    return window


@given(batches)
def test_a_window_holds_its_records_to_the_last_digit(records: list[Observation]) -> None:
    window = grown(records)
    assert Fraction(window.total) == exact(records)
    assert window.count == sum(one.count for one in records)
    assert window.content == content_of(records)


@given(batches, batches, batches)
def test_pieces_merge_in_any_grouping(
    one: list[Observation], two: list[Observation], three: list[Observation]
) -> None:
    whole = grown([*one, *two, *three])
    assert grown(one, two, three) == grown([*one, *two], three) == grown(one, [*two, *three])
    assert grown(one, two, three) == whole
    assert grown(whole_of := [*one, *two, *three], []) == grown([], whole_of) == whole


@given(st.data(), batches)
def test_the_order_of_records_and_of_pieces_does_not_matter(
    data: st.DataObject, records: list[Observation]
) -> None:
    shuffled = data.draw(st.permutations(records))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(records)), max_size=4)))
    pieces = [shuffled[first:stop] for first, stop in pairwise([0, *cuts, len(records)])]
    assert grown(*pieces).content == grown(records).content


@given(batches)
def test_a_mean_is_the_double_next_to_the_exact_mean(records: list[Observation]) -> None:
    window = grown(records)
    if not window.count:
        assert window.mean is None
        return
    truth, mean = exact(records) / window.count, window.mean
    assert mean is not None
    assert Fraction(nextafter(mean, -inf)) <= truth <= Fraction(nextafter(mean, inf))


@given(batches)
def test_a_window_that_is_written_down_is_read_as_it_was(records: list[Observation]) -> None:
    window = grown(records).published(NOW)
    assert Window.model_validate_json(window.model_dump_json()) == window
    published = float(window.total)
    assert isclose(published, float(exact(records)), rel_tol=0, abs_tol=0)


@given(st.lists(st.integers(0, 3), max_size=20))
def test_a_later_publication_has_a_later_event_time_even_where_the_clock_stands_still(
    pauses: list[int],
) -> None:
    window, second = Window(start=START), NOW.timestamp()
    for pause in pauses:
        second += pause / 1_000 - 0.001  # a clock may go back
        later = window.published(datetime.fromtimestamp(second, UTC))
        assert later.event_time_ms > window.event_time_ms
        assert later.revision == window.revision + 1
        window = later


@given(
    st.sets(st.integers(0, 200)).map(lambda found: [START + 60 * one for one in found]), st.data()
)
def test_every_window_is_on_one_page_whichever_are_asked_for(
    starts: list[int], data: st.DataObject
) -> None:
    windows = {start: Window(start=start) for start in starts}
    asked = data.draw(st.permutations(starts))
    pages = pages_of(asked, windows, 60)
    assert pages == pages_of(starts, windows, 60)
    listed = [window.start for page in pages.values() for window in page]
    assert listed == sorted(starts)
    assert all(
        page_start(window.start, 60) == start for start, page in pages.items() for window in page
    )


@given(st.sets(st.text()), st.integers(1, 60))
def test_ids_of_records_are_kept_whole_and_each_in_one_part(names: set[str], shards: int) -> None:
    ids = frozenset(hashed(name) for name in names)
    assert unpacked(packed(ids)) == ids
    assert len(packed(ids)) == ID_BYTES * len(names)
    assert all(0 <= shard_of(one, shards) < shards for one in ids)
