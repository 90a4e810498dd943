"""The report of a loop: what was forecast, what came true, and what the loop did about it.

One `Report`, two forms: a page of HTML that needs nothing but itself, and a PNG.
"""

from ops.report.composing import compose
from ops.report.inputs import Covered, Happening, LiveForecast, Report, VersionRow
from ops.report.page import write_page
from ops.report.picture import HEIGHT_PIXELS, WIDTH_PIXELS, draw_report

__all__ = [
    "HEIGHT_PIXELS",
    "WIDTH_PIXELS",
    "Covered",
    "Happening",
    "LiveForecast",
    "Report",
    "VersionRow",
    "compose",
    "draw_report",
    "write_page",
]
