"""How DeepAR spells the time from one point to the next: ``5min``, ``1H``, ``1D``, ``1W``.

Seconds, ``30S``, are our own addition: DeepAR itself begins at a minute.
"""

from shared.forecasting.strict_json import FormatError

TIME_UNITS_S = {"S": 1, "min": 60, "H": 3_600, "D": 86_400, "W": 604_800}


def spell(seconds: int) -> str:
    """Spell a frequency in the largest unit that divides it.

    Raises
    ------
    FormatError
        If it is not a second or more.
    """
    for unit, unit_s in reversed(TIME_UNITS_S.items()):
        if seconds > 0 and seconds % unit_s == 0:
            return f"{seconds // unit_s}{unit}"
    raise FormatError(f"a frequency of {seconds} s is not possible: a second is the least")


def parse(text: str) -> int:
    """Read a frequency such as ``5min`` or ``H``, in seconds.

    Raises
    ------
    FormatError
        If it is another spelling, or months, which have no fixed length.
    """
    for unit, unit_s in TIME_UNITS_S.items():
        number = text.removesuffix(unit) or "1"
        if text.endswith(unit) and number.isdecimal() and int(number) > 0:
            return int(number) * unit_s
    raise FormatError(
        f"the frequency {text!r} is not S, min, H, D or W with a whole number before it, as 5min"
    )
