"""Windows that follow each other are kept together: sixteen of them cost what one item costs."""

from collections.abc import Iterable, Mapping

from services.ingest.domain.windows import Window
from shared.contracts import limits

Page = tuple[Window, ...]
"""The windows of one page that there are, by ascending start."""


def page_start(start: int, window_s: int) -> int:
    """Answer the start of the page that holds a window, in seconds since 1970."""
    return start - start % (limits.PAGE_WINDOWS * window_s)


def pages_of(
    starts: Iterable[int], windows: Mapping[int, Window], window_s: int
) -> Mapping[int, Page]:
    """Answer the whole pages of some windows, by the page's start, out of all known windows."""
    length_s = limits.PAGE_WINDOWS * window_s
    found = {page_start(start, window_s) for start in starts}
    return {
        page: tuple(
            windows[start] for start in range(page, page + length_s, window_s) if start in windows
        )
        for page in sorted(found)
    }
