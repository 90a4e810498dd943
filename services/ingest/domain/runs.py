"""Many window starts in little space: runs of windows that follow each other."""

from collections.abc import Iterable

Runs = tuple[tuple[int, int], ...]
"""(start of the first window in seconds since 1970, number of windows), ascending."""


def pack(starts: Iterable[int], window_s: int) -> Runs:
    """Write window starts, each once, as runs."""
    runs: list[tuple[int, int]] = []
    for start in sorted(set(starts)):
        if runs and start == runs[-1][0] + runs[-1][1] * window_s:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((start, 1))
    return tuple(runs)


def unpack(runs: Runs, window_s: int) -> tuple[int, ...]:
    """Read runs as window starts, ascending."""
    return tuple(first + index * window_s for first, number in runs for index in range(number))


def number(runs: Runs) -> int:
    """Answer how many windows the runs hold."""
    return sum(windows for _, windows in runs)
