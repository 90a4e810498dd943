"""A trained model: one booster per quantile, and what is needed to feed them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy

from algorithms.lightgbm import features
from algorithms.lightgbm.booster import Booster
from algorithms.lightgbm.features import Reference, Rows, Shape
from algorithms.lightgbm.points import UnusableSeriesError, usable
from algorithms.lightgbm.scale import Scale, Values
from shared.forecasting.deepar_json import Series


@dataclass(frozen=True)
class Model:
    """A trained model.

    Parameters
    ----------
    shape : Shape
        Horizon, season and frequency.
    scale : Scale
        Where the boosters work.
    reference : Reference
        What the boosters forecast the difference to.
    boosters : mapping
        Quantile level, ascending → its booster.
    context_min : int
        Points that a series must have: as few as the boosters have seen in training.
    trained_to : datetime
        Time of the last point that was trained on, UTC.
    """

    shape: Shape
    scale: Scale
    reference: Reference
    boosters: Mapping[float, Booster]
    context_min: int
    trained_to: datetime

    @property
    def levels(self) -> tuple[float, ...]:
        """The quantile levels, ascending."""
        return tuple(self.boosters)

    def forecast(self, series: Sequence[Series]) -> Values:
        """Forecast the steps after the end of each series.

        Returns
        -------
        array of shape (series, quantiles, horizon)
            In the unit of the series; no quantile is above a higher one.

        Raises
        ------
        UnusableSeriesError
            If a series is too short or not usable; the text says which and why.
        """
        seen = [self._rows(one, number) for number, one in enumerate(series)]
        table = numpy.concatenate([one.features for one in seen])
        reference = numpy.concatenate([one.references[self.reference] for one in seen])
        differences = [
            one.predict(table, num_threads=1, validate_features=False)
            for one in self.boosters.values()
        ]
        ordered = numpy.sort(differences, axis=0)  # the boosters know nothing of each other
        values = self.scale.invert(ordered + reference)
        return values.reshape(len(self.boosters), len(series), self.shape.horizon).swapaxes(0, 1)

    def _rows(self, series: Series, number: int) -> Rows:
        try:
            values, start_s = usable(series, self.shape.frequency_s, self.shape.season)
        except UnusableSeriesError as error:
            raise UnusableSeriesError(f"instances[{number}] {error}") from error
        if len(values) < self.context_min:
            raise UnusableSeriesError(
                f"instances[{number}] has {len(values)} points from its first value on; this model"
                f" needs {self.context_min}, and is at its best with {self.shape.context}"
            )
        origin = numpy.array([len(values)])
        return features.rows(self.scale.apply(values), start_s, origin, self.shape)
