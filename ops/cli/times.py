"""Moments, as people write them."""

from datetime import UTC, datetime, timedelta

import click

from ops.cli.connection import Connection
from shared.contracts.timing import read_duration

NOW = "now"


class Since(click.ParamType[datetime | timedelta]):
    """A moment, or how long ago it was: ``2026-03-01T12:00:00Z``, ``2h``, ``now``."""

    name = "since"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime | timedelta:
        """Read it."""
        if isinstance(value, datetime | timedelta):
            return value
        if value == NOW:
            return timedelta()
        try:
            ago = read_duration(value)
            if isinstance(ago, timedelta):
                return ago
        except (ValueError, OverflowError):
            pass
        try:
            moment = datetime.fromisoformat(str(value).replace("\0", "?"))  # NUL would be its end
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r}: write a time, as 2026-03-01T12:00Z, or 30m, 2h, 3d", param, ctx)


def written(moment: datetime) -> str:
    """Write a moment for people; a year has four digits, whichever it is."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "seconds")


def begins(connection: Connection, since: datetime | timedelta | None) -> datetime | None:
    """Answer the moment that so long ago was, by the clock of the place."""
    if not isinstance(since, timedelta):
        return since
    try:
        return connection.clock.now() - since
    except OverflowError:
        return None  # before all time: everything is wanted
