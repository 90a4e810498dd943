"""A picture of a forecast: what was observed, the fan of what is likely, how good the model is."""

from ops.cli.picture.draw import HEIGHT_PIXELS, WIDTH_PIXELS, draw_forecast
from ops.cli.picture.words import Caption

__all__ = ["HEIGHT_PIXELS", "WIDTH_PIXELS", "Caption", "draw_forecast"]
