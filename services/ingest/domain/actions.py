"""What ingest does to the world, in our words."""

from services.ingest.domain.runs import Runs
from shared.contracts.frozen import Frozen
from shared.contracts.windows import SeriesSummary
from shared.messaging.decision import Action


class PublishWindows(Action):
    """Write windows to the feature store as they are now, then the summary of the series."""

    series: str
    window_s: int
    created: Runs
    revised: Runs
    late: int
    backfill: bool
    summary: SeriesSummary | None
    """None while the windows of an earlier batch are not concluded."""


class WindowsPublished(Frozen):
    """They are in the feature store, and the summary tells of them."""

    written: int
    online_s: int
    """How far back from the latest window none of them is missing online."""


class FillOnline(Action):
    """Put windows that are offline already online, too, as they are now."""

    series: str
    window_s: int
    first: int
    """Start of the earliest, in seconds since 1970."""
    windows: int
    """How many there would be without gaps."""
    online_s: int
    """How far back the series was online when this was decided."""
    reaches_s: int
    """How far back it is online with these."""
    wanted_s: int


class OnlineFilled(Frozen):
    """They are online."""

    written: int
