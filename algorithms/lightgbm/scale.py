"""The scale on which the boosters work: decided from the training data, kept with the model.

Quantiles survive every increasing function, so forecasts are carried back without a correction.
"""

from dataclasses import dataclass
from typing import Literal

import numpy
from numpy.typing import NDArray

Values = NDArray[numpy.float64]
Kind = Literal["log", "asinh", "identity"]

LOG_FLOOR = 1e-6  # in units: where a model of positive values meets a zero after all


@dataclass(frozen=True)
class Scale:
    """An increasing function and its inverse.

    Parameters
    ----------
    kind : {"log", "asinh", "identity"}
        The logarithm makes changes of a level proportional to it; the inverse hyperbolic sine is a
        logarithm that has room for zero.
    unit : float
        Above 0: what the values are measured in, in the series' own unit.
    """

    kind: Kind
    unit: float

    def apply(self, values: Values) -> Values:
        """Carry values of the series to the scale."""
        match self.kind:
            case "log":
                return numpy.log(numpy.maximum(values / self.unit, LOG_FLOOR))
            case "asinh":
                return numpy.arcsinh(values / self.unit)
            case "identity":
                return values / self.unit

    def invert(self, scaled: Values) -> Values:
        """Carry values of the scale back to the series."""
        match self.kind:
            case "log":
                return numpy.exp(scaled) * self.unit
            case "asinh":
                return numpy.sinh(scaled) * self.unit
            case "identity":
                return scaled * self.unit


def choose(values: Values) -> Scale:
    """Choose the scale for training values, which are finite and at least one.

    All above zero: the logarithm, in units of the median. Some zero: the inverse hyperbolic sine,
    in units of the median of those above. Some negative: the values as they are, in units of their
    spread.
    """
    if values.min() > 0:
        return Scale("log", float(numpy.median(values)))
    if values.min() == 0:
        positive = values[values > 0]
        return Scale("asinh", float(numpy.median(positive)) if positive.size else 1.0)
    return Scale("identity", float(values.std()) or 1.0)
