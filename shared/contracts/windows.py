"""A window as the feature store keeps it, and the summary of a series that ingest publishes."""

from datetime import UTC, datetime
from typing import NamedTuple

from pydantic import AwareDatetime, ConfigDict, Field

from shared.contracts.frozen import Frozen


class Feature(NamedTuple):
    """One column of the feature group."""

    name: str
    type: str
    """SageMaker's FeatureType: String, Integral or Fractional."""


ONLINE_DAYS = 14  # two weeks: twice the longest rhythm that a forecast's context looks back to
OFFLINE_PREFIX = "features"  # of the bucket
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RECORD_IDENTIFIER = "record_id"
EVENT_TIME = "event_time"
FEATURES: tuple[Feature, ...] = (
    Feature(RECORD_IDENTIFIER, "String"),
    Feature(EVENT_TIME, "String"),
    Feature("series", "String"),
    Feature("window_start", "String"),
    Feature("count", "Integral"),
    Feature("total", "Fractional"),
    Feature("mean", "Fractional"),
    Feature("revision", "Integral"),
)


def record_id(series: str, start: datetime) -> str:
    """Name a window's record: ``transactions#2026-03-01T12:00:00Z``."""
    return f"{series}#{iso_seconds(start)}"


def iso_seconds(moment: datetime) -> str:
    """Write a window's start: ``2026-03-01T12:00:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_milliseconds(moment: datetime) -> str:
    """Write a record's EventTime: ``2026-03-01T12:01:30.123Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class SeriesSummary(Frozen):
    """How much of a series there is: an object in the bucket that ingest keeps up to date.

    Readers ignore what they do not know: ingest may be newer than they are.
    """

    model_config = ConfigDict(extra="ignore")

    series: str
    first: AwareDatetime
    """Start of the earliest window."""
    last: AwareDatetime
    """Start of the latest window."""
    windows: int = Field(ge=0)
    revision: int = Field(ge=1)
    """Of the series' aggregate in ingest: a later one replaces an earlier one."""
    backfilled_at: AwareDatetime | None = None
    """When a backfill was last written, by the clock; the offline store has it a while later."""

    def merged(self, other: "SeriesSummary") -> "SeriesSummary":
        """Answer the later of two, with the latest backfill that either of them knows of."""
        later = max(self, other, key=lambda one: one.revision)
        known = [one.backfilled_at for one in (self, other) if one.backfilled_at]
        return later.changed(backfilled_at=max(known, default=None))


def summary_key(series: str) -> str:
    """Name the object of a series' summary."""
    return f"series/{series}/summary.json"
