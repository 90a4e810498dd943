"""Small questions to Arrow columns, answered for all rows at once."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ops.cli.observations.faults import FAULTS, Fault
from ops.cli.observations.load import is_text_type

Faults = NDArray[np.int8]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

WORDS_FOR_NOTHING = ("", "na", "n/a", "null", "none")


def code(fault: Fault) -> int:
    """Return how arrays hold this fault: its position in `FAULTS` plus one; 0 is a good row."""
    return FAULTS.index(fault) + 1


def decoded(column: Any) -> Any:
    """Return a dictionary column as the plain values it stands for, others as they are."""
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column


def is_text(column: Any) -> bool:
    """Tell whether a column holds texts."""
    return is_text_type(column.type)


def is_number(column: Any) -> bool:
    """Tell whether a column holds numbers; booleans are none."""
    types = pa.types
    kind = column.type
    return types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)


def trimmed(texts: Any) -> Any:
    """Return texts without the blanks around them."""
    return pc.utf8_trim_whitespace(texts.cast(pa.string()))


def empty(column: Any) -> Flags:
    """Tell which rows hold nothing, or a word for it."""
    nothing = np.array(pc.is_null(column), dtype=bool)
    column = decoded(column)
    if is_text(column):
        words = pc.is_in(pc.utf8_lower(trimmed(column)), value_set=pa.array(WORDS_FOR_NOTHING))
        nothing |= np.asarray(words, dtype=bool)
    return nothing


def matches(texts: Any, pattern: str) -> Flags:
    """Tell which texts match; null does not."""
    return np.array(pc.fill_null(pc.match_substring_regex(texts, pattern), False), dtype=bool)


def floats(column: Any) -> Floats:
    """Return numbers as floats, null as NaN."""
    return np.array(column.cast(pa.float64(), safe=False).fill_null(np.nan), dtype=np.float64)


def floats_where(chosen: Flags, texts: Any) -> Floats:
    """Return the chosen texts, which must be numbers, as floats, and NaN for the others."""
    return floats(pc.if_else(pa.array(chosen), texts, "nan").cast(pa.float64()))
