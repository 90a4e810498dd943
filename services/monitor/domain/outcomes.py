"""What came of the monitor's actions."""

from services.monitor.domain.state import Scored
from shared.contracts.frozen import Frozen

NOT_A_FORECAST = "NotAForecast"


class OriginsScored(Frozen):
    """Forecasts were asked for and scored."""

    scored: tuple[Scored, ...]
    """Oldest first; without those that have no truth, or too little before them."""
