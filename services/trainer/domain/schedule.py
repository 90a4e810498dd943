"""When a schedule of the spec was due: ``rate(1 day)``, ``cron(0 3 ? * MON *)``, in UTC.

The forms are those that `shared.contracts.timing` lets pass, with EventBridge's meaning:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html
"""

import calendar
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from shared.contracts import limits
from shared.contracts.timing import CRON_FIELDS, DAYS

UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
SUNDAY, SATURDAY = 1, 7  # as AWS counts
DAY_OF_MONTH, DAY_OF_WEEK = 2, 4  # fields of a cron expression


class Cron(NamedTuple):
    """A cron expression, read."""

    minutes: frozenset[int]
    hours: frozenset[int]
    is_day: Callable[[date], bool]


def latest_firing(schedule: str, since: datetime, now: datetime) -> datetime | None:
    """Answer the latest moment after `since`, up to `now`, at which a schedule was due.

    A rate counts from `since`; a cron expression keeps to the calendar, in UTC.
    """
    kind, _, inside = schedule.removesuffix(")").partition("(")
    if kind == "rate":
        number, unit = inside.split()
        period = int(number) * UNITS[unit.removesuffix("s")]
        return since + (now - since) // period * period if now - since >= period else None
    due = next(firings(read_cron(inside), now), None)
    return due if due and due > since else None


def firings(cron: Cron, until: datetime) -> Iterator[datetime]:
    """Yield the moments at which a cron expression was due, from `until` back."""
    latest = until.astimezone(UTC)
    for days in range(limits.SCHEDULE_LOOK_BACK_DAYS):
        day = latest.date() - timedelta(days=days)
        if not cron.is_day(day):
            continue
        for hour in sorted(cron.hours, reverse=True):
            for minute in sorted(cron.minutes, reverse=True):
                due = datetime.combine(day, time(hour, minute), tzinfo=UTC)
                if due <= latest:
                    yield due


def read_cron(inside: str) -> Cron:
    """Read the six fields of a cron expression that was checked before."""
    fields = inside.upper().split()
    minutes, hours, months, years = (numbers(fields[index], index) for index in (0, 1, 3, 5))
    by_month, by_week = fields[DAY_OF_MONTH], fields[DAY_OF_WEEK]
    fits = day_of_week(by_week) if by_month == "?" else day_of_month(by_month)
    return Cron(minutes, hours, lambda day: day.month in months and day.year in years and fits(day))


def numbers(text: str, field: int) -> frozenset[int]:
    """Read a field of lists, ranges and steps: ``1,3``, ``MON-FRI``, ``0/15``, ``*/2``."""
    _, least, greatest, words, _ = CRON_FIELDS[field]
    found: set[int] = set()
    for item in text.split(","):
        extent, slash, step = item.partition("/")
        first, dash, last = extent.partition("-")
        start = least if extent == "*" else number(first, least, words)
        end = greatest if extent == "*" or (slash and not dash) else start
        end = number(last, least, words) if dash else end
        found |= set(range(start, end + 1, int(step or 1)))
    return frozenset(found)


def number(word: str, least: int, words: tuple[str, ...]) -> int:
    """Read a number, or a name such as ``MON``."""
    return least + words.index(word) if word in words else int(word)


def day_of_month(text: str) -> Callable[[date], bool]:
    """Read the day of month: numbers, ``L`` the last, ``LW`` its last weekday, ``15W`` the weekday
    nearest to the 15th."""
    if text == "L":
        return lambda day: day.day == last_day(day)
    if text == "LW":
        return lambda day: day.day == nearest_weekday(day, last_day(day))
    if text.endswith("W"):
        target = int(text.removesuffix("W"))
        return lambda day: target <= last_day(day) and day.day == nearest_weekday(day, target)
    days = numbers(text, DAY_OF_MONTH)
    return lambda day: day.day in days


def day_of_week(text: str) -> Callable[[date], bool]:
    """Read the day of week: numbers and names, ``L`` Saturday, ``6L`` the month's last Friday,
    ``FRI#2`` its second."""
    if text == "L":
        return lambda day: weekday(day) == SATURDAY
    if found := re.fullmatch(r"(\d)L", text):
        return lambda day: weekday(day) == int(found[1]) and day.day > last_day(day) - 7
    if "#" in text:
        name, _, which = text.partition("#")
        wanted, week = number(name, SUNDAY, DAYS), int(which)
        return lambda day: weekday(day) == wanted and (day.day - 1) // 7 + 1 == week
    days = numbers(text, DAY_OF_WEEK)
    return lambda day: weekday(day) in days


def weekday(day: date) -> int:
    """Answer the day of the week as AWS counts: 1 is Sunday."""
    return day.isoweekday() % 7 + 1


def last_day(day: date) -> int:
    """Answer the last day of a month."""
    return calendar.monthrange(day.year, day.month)[1]


def nearest_weekday(day: date, target: int) -> int:
    """Answer the day from Monday to Friday that is nearest to the target, in the same month."""
    match weekday(day.replace(day=target)):
        case 7:
            return target - 1 if target > 1 else target + 2
        case 1:
            return target + 1 if target < last_day(day) else target - 2
    return target
