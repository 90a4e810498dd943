"""Durations and schedules as people write them: ``15m``, ``rate(1 day)``, ``cron(0 3 * * ? *)``."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

UNITS_S = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}

_SHORT = re.compile(r"(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)
_ISO = re.compile(r"P(?=\d|T\d)(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII)
_CHARACTERS_MAX = 40  # far more than the longest takes; int() takes no more than 4,300 digits
_SECONDS_MAX = timedelta.max.days * 86_400

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

# The six fields of a cron expression of EventBridge: name, least, greatest, names, special forms
CRON_FIELDS: tuple[tuple[str, int, int, tuple[str, ...], str], ...] = (
    ("minutes", 0, 59, (), ""),
    ("hours", 0, 23, (), ""),
    ("day of month", 1, 31, (), r"\?|L|LW|([1-9]|[12]\d|3[01])W"),
    ("month", 1, 12, MONTHS, ""),
    ("day of week", 1, 7, DAYS, r"\?|L|[1-7]L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)#[1-5]"),
    ("year", 1970, 2199, (), ""),
)


def read_duration(given: object) -> object:
    """Turn ``15m``, ``1h30m``, ``72h`` or ``PT15M`` into a timedelta; leave other types alone.

    Raises
    ------
    ValueError
        If `given` is a bare number, or a text that is no duration in whole seconds.
    """
    if isinstance(given, int | float) and not isinstance(given, bool):
        raise ValueError(f"needs a unit, got {given!r}: write '15m' for minutes, or s, h, d")
    if not isinstance(given, str):
        return given
    found = _SHORT.fullmatch(given) or _ISO.fullmatch(given)
    if not found or len(given) > _CHARACTERS_MAX:
        raise ValueError(f"not a duration: {given!r}; write '90s', '15m', '72h', '1d' or 'PT15M'")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total_s = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if total_s > _SECONDS_MAX:
        raise ValueError(f"too long: {given!r}")
    return timedelta(seconds=total_s)


def write_duration(duration: timedelta) -> str:
    """Write whole seconds in the largest unit that divides them: ``72h`` comes back as ``3d``."""
    seconds = int(duration.total_seconds())
    if not seconds:
        return "0s"
    unit = next(unit for unit, unit_s in UNITS_S.items() if seconds % unit_s == 0)
    return f"{seconds // UNITS_S[unit]}{unit}"


def whole_seconds(duration: timedelta) -> timedelta:
    """Return `duration` if it has no fraction of a second, else raise ValueError."""
    if duration.microseconds:
        raise ValueError(f"must be whole seconds, got {duration.total_seconds()} s")
    return duration


Duration = Annotated[
    timedelta,
    BeforeValidator(read_duration),
    AfterValidator(whole_seconds),
    PlainSerializer(write_duration, return_type=str, when_used="json"),
]


def check_schedule(given: str) -> str:
    """Return `given` if EventBridge would take it as a schedule, else raise ValueError.

    Times are UTC. The forms are those of EventBridge: ``rate(1 hour)``, ``rate(3 days)`` and
    ``cron(minutes hours day-of-month month day-of-week year)``.
    """
    if found := re.fullmatch(r"rate\((.*)\)", given):
        _check_rate(given, found[1])
    elif found := re.fullmatch(r"cron\((.*)\)", given):
        _check_cron(given, found[1].split())
    else:
        raise ValueError(f"not a schedule: {given!r}; write 'rate(1 day)' or 'cron(0 3 * * ? *)'")
    return given


def _check_rate(given: str, inside: str) -> None:
    found = re.fullmatch(r"([1-9]\d{0,5}) (minute|hour|day)(s?)", inside)
    if not found:
        raise ValueError(f"not a rate: {given!r}; write 'rate(90 minutes)' or 'rate(1 day)'")
    if (found[1] == "1") == bool(found[3]):
        right = found[2] if found[1] == "1" else f"{found[2]}s"
        raise ValueError(f"{given!r}: EventBridge wants 'rate({found[1]} {right})'")


def _check_cron(given: str, fields: list[str]) -> None:
    if len(fields) != len(CRON_FIELDS):
        names = ", ".join(field[0] for field in CRON_FIELDS)
        raise ValueError(f"{given!r} has {len(fields)} fields: EventBridge wants 6 ({names})")
    for text, (name, least, greatest, names_of, special) in zip(fields, CRON_FIELDS, strict=True):
        if not _is_cron_field(text, least, greatest, names_of, special):
            raise ValueError(f"{given!r}: {name} {text!r} is not within {least} to {greatest}")
    if (fields[2] == "?") == (fields[4] == "?"):
        raise ValueError(f"{given!r}: exactly one of day of month and day of week must be '?'")


def _is_cron_field(
    text: str, least: int, greatest: int, names_of: tuple[str, ...], special: str
) -> bool:
    text = text.upper()
    if special and re.fullmatch(special, text):
        return True

    def position(word: str) -> int | None:
        value = least + names_of.index(word) if word in names_of else None
        value = int(word) if re.fullmatch("[0-9]{1,4}", word) else value
        return value if value is not None and least <= value <= greatest else None

    def is_range(item: str) -> bool:
        first, dash, last = item.partition("-")
        ends = position(first), position(last if dash else first)
        return ends[0] is not None and ends[1] is not None and ends[0] <= ends[1]

    def is_item(item: str) -> bool:
        start, slash, step = item.partition("/")
        stepped = not slash or (step.isdecimal() and 1 <= int(step) <= greatest)
        return stepped and (start == "*" or is_range(start))

    return all(is_item(item) for item in text.split(","))
