"""What the monitor asked a version in production for, and what came true.

``monitor/<model>/<version>/<first origin>.json``: kept for reports, one object for each time that
the endpoint was asked. Losses are in AccuracyMeasured; here is what they were measured by.
"""

from datetime import UTC, datetime

from pydantic import AwareDatetime, Field

from shared.contracts.frozen import Frozen

SCORED = "monitor/"
"""Where the bucket has scored forecasts."""


class ScoredForecast(Frozen):
    """One origin: a forecast whose horizon has come true."""

    start: AwareDatetime
    """Start of the first forecast step."""
    truth: tuple[float | None, ...]
    """One value per step, in the unit of the target; none: nothing was observed."""
    quantiles: dict[str, tuple[float, ...]]
    """Quantile level → one value per step."""


class ScoredForecasts(Frozen):
    """The origins of one request."""

    model: str
    version: int
    frequency_s: int = Field(ge=1)
    forecasts: tuple[ScoredForecast, ...]
    """Oldest first, one horizon apart."""


def scored_key(model: str, version: int, first: datetime) -> str:
    """Name the object of the origins that begin with `first`."""
    return f"{SCORED}{model}/{version}/{first.astimezone(UTC):%Y%m%dT%H%M%SZ}.json"
