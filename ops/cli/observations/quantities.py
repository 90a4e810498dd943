"""Columns of values and counts, judged: floats, and a fault for each bad row."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow.compute as pc

from ops.cli.observations.arrow import (
    Faults,
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
from shared.contracts import limits

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
NOT_FINITE = r"^[+-]?(nan|inf|infinity)$"


class Quantities(NamedTuple):
    """A column of numbers and what is wrong with it."""

    values: Floats
    """NaN where there is no number."""
    faults: Faults


def judge_values(column: Any) -> Quantities:
    """Judge a column of numbers, texts or typed: each must be there, and one that ingest takes."""
    values, faults = judge_numbers(column)
    faults[(faults == 0) & (np.abs(values) > limits.RECORD_VALUE_MAX)] = code(Fault.TOO_LARGE)
    return Quantities(values, faults)


def judge_numbers(column: Any) -> Quantities:
    """Judge a column of numbers, texts or typed: each must be there and finite."""
    plain = decoded(column)
    if is_number(plain):
        values = floats(plain)
        faults = np.where(np.isfinite(values), 0, code(Fault.NOT_FINITE)).astype(np.int8)
    elif is_text(plain):
        texts = trimmed(plain)
        written = matches(texts, NUMBER)
        values = floats_where(written, texts)
        faults = np.where(written, 0, code(Fault.NOT_A_NUMBER)).astype(np.int8)
        infinite = matches(pc.utf8_lower(texts), NOT_FINITE) | (written & ~np.isfinite(values))
        faults[infinite] = code(Fault.NOT_FINITE)
    else:
        values = np.full(len(plain), np.nan)
        faults = np.full(len(plain), code(Fault.NOT_A_NUMBER), dtype=np.int8)
    faults[empty(column)] = code(Fault.EMPTY)
    return Quantities(values, faults)


def judge_counts(column: Any) -> Quantities:
    """Judge a column of counts: whole numbers, 0 or more."""
    values, faults = judge_numbers(column)
    good = faults == 0
    faults[good & (values != np.floor(values))] = code(Fault.NOT_WHOLE)
    faults[good & (values > limits.RECORD_COUNT_MAX)] = code(Fault.COUNTS_TOO_MANY)
    faults[good & (values < 0)] = code(Fault.NEGATIVE)
    return Quantities(values, faults)
