"""The summary of a series: readers are tolerant, and two of them are merged."""

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.windows import SeriesSummary

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SUMMARY = SeriesSummary(series="fees", first=NOON, last=NOON, windows=1, revision=1)

backfills = st.none() | st.integers(0, 9).map(lambda n: NOON + timedelta(minutes=n))
summaries = st.builds(
    lambda revision, backfilled_at: SUMMARY.changed(
        revision=revision, windows=revision, backfilled_at=backfilled_at
    ),
    st.integers(1, 9),
    backfills,
)


def test_a_summary_of_a_newer_or_an_older_ingest_is_read() -> None:
    before = SUMMARY.model_dump(mode="json", exclude={"backfilled_at"})
    assert SeriesSummary.model_validate_json(json.dumps(before)) == SUMMARY
    assert SeriesSummary.model_validate_json(json.dumps({**before, "news": 1})) == SUMMARY


@given(summaries, summaries, summaries)
def test_summaries_merge_to_the_same_in_whatever_order_they_come(
    one: SeriesSummary, two: SeriesSummary, three: SeriesSummary
) -> None:
    assert one.merged(two) == two.merged(one)
    assert one.merged(two).merged(three) == one.merged(two.merged(three))
    assert one.merged(one) == one
    assert one.merged(two).revision == max(one.revision, two.revision)


def test_the_later_summary_knows_of_the_latest_backfill() -> None:
    later = SUMMARY.changed(revision=5, windows=9)
    written = SUMMARY.changed(backfilled_at=NOON)
    assert later.merged(written) == later.changed(backfilled_at=NOON)
