"""A column of times, judged: microseconds since 1970 in UTC, and a fault for each bad row."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ops.cli.observations.arrow import (
    Faults,
    Flags,
    Floats,
    code,
    decoded,
    empty,
    floats,
    floats_where,
    is_number,
    is_text,
    matches,
    trimmed,
)
from ops.cli.observations.faults import Fault

DATE = r"^\d{4}-\d\d-\d\d"
CLOCK = r"[T ]\d\d:\d\d(:\d\d(\.\d+)?)?"
ZONE = r" ?(Z|z|UTC|[+-]\d\d(:?\d\d)?)$"
EPOCH_DIGITS = r"^\d{9,17}(\.\d+)?$"
OFFSETS_NAMED = 5

EARLIEST_MICROSECONDS = 365 * 86_400 * 1_000_000
"""1971: programs write a time that they do not know as 1970, 1900 or the year 1, and a single such
row would make a series of half a century of gaps."""

MICROSECONDS = {"us": 1, "ms": 1_000, "s": 1_000_000, "day": 86_400_000_000}

EPOCH_UNITS = ((1e8, 1e11, 1e6), (1e11, 1e14, 1e3), (1e14, 1e17, 1.0))
"""From, to, microseconds per unit: seconds, milliseconds, microseconds, all of 1973 to 5138."""


class Times(NamedTuple):
    """A column of times and what is wrong with it."""

    microseconds: NDArray[np.int64]
    """Since 1970 UTC; anything where the row has a fault."""
    faults: Faults
    offsets: tuple[str, ...]
    """The different UTC offsets that were written, at most `OFFSETS_NAMED`."""
    assumed: int
    """Rows without a zone that were taken as UTC."""


class Parsed(NamedTuple):
    """What a column says, before it is judged."""

    microseconds: NDArray[np.int64]
    good: Flags
    naive: Flags
    """Where no time zone is given."""
    offsets: tuple[str, ...] = ()


def judge_times(column: Any, now_microseconds: int, *, assume_utc: bool) -> Times:
    """Judge a column of times: texts, seconds since 1970 (or milli-, micro-), typed timestamps.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
    now_microseconds : int
        What is later than this is in the future.
    assume_utc : bool
        Take times without a zone as UTC instead of refusing them.
    """
    parsed = parse(decoded(column))
    micros, good, naive, offsets = parsed
    faults = np.zeros(len(micros), dtype=np.int8)
    faults[good & (micros > now_microseconds)] = code(Fault.FUTURE)
    faults[good & (micros < EARLIEST_MICROSECONDS)] = code(Fault.TOO_EARLY)
    if not assume_utc:
        mixed = bool((good & ~naive).any())
        faults[good & naive] = code(Fault.MIXED_ZONE if mixed else Fault.NO_ZONE)
    faults[~good] = code(Fault.NOT_A_TIME)
    faults[empty(column)] = code(Fault.EMPTY)
    return Times(micros, faults, offsets, int((good & naive).sum()) if assume_utc else 0)


def parse(column: Any) -> Parsed:
    """Read a column by its type; a type that holds no times is bad in every row."""
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return parse_typed(column)
    if is_number(column):
        micros, good = since_1970(floats(column))
        return Parsed(micros, good, np.zeros(len(good), dtype=bool))
    if is_text(column):
        return parse_texts(trimmed(column))
    none = np.zeros(len(column), dtype=bool)
    return Parsed(np.zeros(len(column), dtype=np.int64), none, none)


def parse_typed(column: Any) -> Parsed:
    """Read timestamps and dates: without a zone in the column's type, all of them are naive."""
    zone = getattr(column.type, "tz", None)
    good = np.array(pc.is_valid(column), dtype=bool)
    if pa.types.is_date(column.type):
        column = column.cast(pa.date32(), safe=False).cast(pa.int32())
    counts = np.array(column.cast(pa.int64()).fill_null(0), dtype=np.int64)
    unit = getattr(column.type, "unit", "day")
    if unit == "ns":
        micros = counts // 1000
    else:
        micros = counts * MICROSECONDS[unit]  # of a time that is none it may wrap around
        good &= micros // MICROSECONDS[unit] == counts
    return Parsed(micros, good, np.full(len(good), zone is None))


def parse_texts(texts: Any) -> Parsed:
    """Read ISO 8601 times, and digits since 1970."""
    aware = matches(texts, DATE + CLOCK + ZONE)
    naive = matches(texts, f"{DATE}({CLOCK})?$")
    parsed = pd.to_datetime(
        pd.Series(texts.to_pandas(), dtype="str").where(aware | naive).pipe(with_plain_zones),
        format="ISO8601",
        utc=True,
        errors="coerce",
    )
    good = (aware | naive) & parsed.notna().to_numpy()
    micros = np.array(parsed.dt.as_unit("us").astype("int64"), dtype=np.int64)
    digits = matches(texts, EPOCH_DIGITS)
    if digits.any():
        from_digits, sound = since_1970(floats_where(digits, texts))
        micros[sound], good = from_digits[sound], good | sound
    return Parsed(micros, good, naive, offsets_of(texts.filter(pa.array(aware & good))))


def with_plain_zones(texts: "pd.Series[str]") -> "pd.Series[str]":
    """Write `z` and ` UTC` as `Z`, where there are any: the parser knows no other."""
    odd = texts.str.endswith(("z", "UTC")).fillna(value=False)
    if odd.any():
        return texts.str.replace(r" ?(z|UTC)$", "Z", regex=True)
    return texts


def offsets_of(texts: Any) -> tuple[str, ...]:
    """Return the different offsets that aware times are written with; `z` and `UTC` are `Z`."""
    written = pc.unique(pc.replace_substring_regex(texts, r"^.{16}.*?(Z|z|UTC|[+-][\d:]+)$", r"\1"))
    named = {offset if offset[0] in "+-" else "Z" for offset in written.to_pylist()}
    return tuple(sorted(named)[:OFFSETS_NAMED])


def since_1970(values: Floats) -> tuple[NDArray[np.int64], Flags]:
    """Read seconds, milliseconds or microseconds since 1970, told apart by their size."""
    micros, good = np.zeros(len(values), dtype=np.int64), np.zeros(len(values), dtype=bool)
    for least, most, factor in EPOCH_UNITS:
        of_unit = (values >= least) & (values < most)
        micros[of_unit] = np.round(values[of_unit] * factor).astype(np.int64)
        good |= of_unit
    return micros, good
