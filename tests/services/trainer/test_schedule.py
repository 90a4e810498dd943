"""When a schedule was due, by EventBridge's meaning of rates and cron expressions."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trainer.domain import schedule
from shared.contracts.timing import check_schedule

NOW = datetime(2026, 11, 20, 8, 17, 30, tzinfo=UTC)  # a Friday
LONG_AGO = NOW - timedelta(days=365)
NEVER = ""

CRONS = [
    ("0 3 * * ? *", "2026-11-20 03:00"),
    ("17 8 * * ? *", "2026-11-20 08:17"),
    ("18 8 * * ? *", "2026-11-19 08:18"),
    ("0 3 ? * MON *", "2026-11-16 03:00"),
    ("0 3 ? * mon-thu *", "2026-11-19 03:00"),
    ("0 3 ? * 2,4 *", "2026-11-18 03:00"),
    ("0/15 * * * ? *", "2026-11-20 08:15"),
    ("*/7 1-5/2 * JAN-MAR/2 ? *", "2026-03-31 05:56"),
    ("5,35 14 * * ? *", "2026-11-19 14:35"),
    ("10-20/4 8 * * ? *", "2026-11-20 08:14"),
    ("0 0 1 * ? *", "2026-11-01 00:00"),
    ("0 0 31 * ? *", "2026-10-31 00:00"),
    ("0 3 L * ? *", "2026-10-31 03:00"),
    ("0 3 LW * ? *", "2026-10-30 03:00"),
    ("0 3 15W * ? *", "2026-11-16 03:00"),  # the 15th is a Sunday
    ("0 3 1W AUG ? *", "2026-08-03 03:00"),  # the 1st is a Saturday, and stays in its month
    ("0 3 31W MAY ? *", "2026-05-29 03:00"),  # the 31st is a Sunday, and stays in its month
    ("0 3 14W * ? *", "2026-11-13 03:00"),  # the 14th is a Saturday
    ("0 3 31W FEB ? *", NEVER),
    ("0 3 ? * L *", "2026-11-14 03:00"),
    ("0 3 ? * 6L *", "2026-10-30 03:00"),
    ("0 3 ? * FRI#2 *", "2026-11-13 03:00"),
    ("0 3 ? * 6#5 *", "2026-10-30 03:00"),
    ("0 0 1 1 ? 2027-2030", NEVER),
    ("0 0 1 1 ? 2020/3", "2026-01-01 00:00"),
    ("0 0 1 1 ? 2021/3", NEVER),
    ("0 0 29 2 ? *", NEVER),
]


@pytest.mark.parametrize(("fields", "due"), CRONS)
def test_a_cron_expression_was_due_at_its_latest_moment(fields: str, due: str) -> None:
    expression = check_schedule(f"cron({fields})")
    found = schedule.latest_firing(expression, LONG_AGO, NOW)
    assert (f"{found:%Y-%m-%d %H:%M}" if found else NEVER) == due


@pytest.mark.parametrize(
    ("since", "due"),
    [
        (NOW.replace(hour=2), NOW.replace(hour=3, minute=0, second=0)),
        (NOW.replace(hour=3, minute=0, second=0), None),
        (NOW.replace(hour=4), None),
    ],
)
def test_a_moment_that_was_seen_is_not_due_again(since: datetime, due: datetime | None) -> None:
    assert schedule.latest_firing("cron(0 3 * * ? *)", since, NOW) == due


@pytest.mark.parametrize(
    ("rate", "passed", "due"),
    [
        ("rate(1 hour)", timedelta(minutes=59), None),
        ("rate(1 hour)", timedelta(hours=1), timedelta(hours=1)),
        ("rate(90 minutes)", timedelta(hours=5), timedelta(hours=4.5)),
        ("rate(1 day)", timedelta(hours=25), timedelta(days=1)),
        ("rate(2 days)", timedelta(hours=25), None),
    ],
)
def test_a_rate_counts_from_the_last_time(
    rate: str, passed: timedelta, due: timedelta | None
) -> None:
    found = schedule.latest_firing(check_schedule(rate), NOW - passed, NOW)
    assert found == (NOW - passed + due if due else None)


@given(
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    since=st.integers(0, 60 * 24 * 4),
    ahead=st.integers(0, 60 * 24 * 4),
)
def test_a_daily_moment_is_due_when_it_lies_between(
    minute: int, hour: int, since: int, ahead: int
) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=since)
    end = begin + timedelta(minutes=ahead)
    found = schedule.latest_firing(f"cron({minute} {hour} * * ? *)", begin, end)
    moments = [begin + timedelta(minutes=after) for after in range(1, ahead + 1)]
    expected = [one for one in moments if (one.hour, one.minute) == (hour, minute)]
    assert found == (expected[-1] if expected else None)
