"""A moment that is asked about, as people write it, and as tables show it: in seconds."""

from datetime import datetime, timedelta

from ops.cli.connection import Connection
from ops.cli.errors import misused
from ops.cli.times import begins, written

JUST_BEFORE = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)


def in_the_past(connection: Connection, given: datetime | timedelta) -> datetime:
    """Answer a moment; how long ago it was is counted by the clock of the place.

    Raises
    ------
    CliError
        If it has not come yet, or is before all time.
    """
    moment, now = begins(connection, given), connection.clock.now()
    if moment is None:
        raise misused(f"{given} ago is before all time", "write a time, as 2026-03-01T12:00Z")
    if moment > now:
        raise misused(
            f"{written(moment)} UTC is in the future: it is {written(now)} there",
            "ask for a moment of the past, as 2026-03-01T12:00Z or 2h",
        )
    return moment


def end_of(moment: datetime) -> datetime:
    """Answer the end of a second that was given without a fraction: what tables show as of that
    second was said in it; else the moment itself."""
    return moment if moment.microsecond else moment + SECOND - JUST_BEFORE
