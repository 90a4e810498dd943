"""``modelcycle journal``: the journal's table and its archive in S3, compared and mended."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import click

from ops.cli import backlog, output
from ops.cli.connecting import connected
from ops.cli.connection import Connection
from ops.cli.differences import advice, as_document, counts, day_of, show
from ops.cli.errors import failed, misused
from ops.cli.progress import progress
from ops.cli.times import Since, begins, written
from shared.contracts import names

if TYPE_CHECKING:
    from services.journal.archive import Archive
    from services.journal.aws import DynamoBook
    from services.journal.mending import Compared, Rebuilt

    D = TypeVar("D", Compared, Rebuilt)

F = TypeVar("F", bound=Callable[..., object])
Moment = datetime | timedelta | None
ON_THE_WAY = timedelta(minutes=2)
"""So long what was said may be on its way into one of both places; what failed takes longer."""


class Sides(NamedTuple):
    """Both places where events are kept, and the stretch of time that is looked at."""

    archive: "Archive"
    book: "DynamoBook"
    since: datetime
    until: datetime
    now: datetime

    @property
    def stretch(self) -> str:
        """The stretch in words, as far as it has ends."""
        from services.journal.archive import BEGINNING, END

        first = f" from {told(self.since)}" if self.since > BEGINNING else ""
        return first + (f" to {told(self.until)}" if self.until < END else "")

    def settled(self) -> "Sides":
        """Leave out what may be on its way."""
        return self._replace(until=max(self.since, self.now - ON_THE_WAY))


@click.group()
def journal() -> None:
    """Compare the journal's table with its archive in S3, and rebuild it from there."""


def bounded(command: F) -> F:
    """Give a command the bounds of a stretch of time."""
    for option in (
        click.option("--to", "until", type=Since(), help="Up to a moment (UTC), or so long ago."),
        click.option("--from", "since", type=Since(), help="From a moment (UTC), or so long ago."),
    ):
        command = option(command)
    return command


@journal.command()
@bounded
@click.option("--dry-run", is_flag=True, help="Write nothing: tell what would be written.")
@output.reads
@connected
def rebuild(
    connection: Connection, since: Moment, until: Moment, dry_run: bool, as_json: bool
) -> None:
    """Write into the table what S3 holds and the table lacks.

    What is there already stays as it is, so it may be done again, and while the loop runs. In AWS
    that needs the policy modelcycle-<env>-journal-mend, and a table: `make deploy STACK=platform
    ARGS="--revert-drift"` makes one that was deleted.
    """
    from services.journal import mending

    both = sides(connection, since, until)
    if not dry_run:
        have_table(connection)
    days = mending.rebuild(both.archive, both.book, both.since, both.until, is_dry=dry_run)
    done = [day for day in rebuilt(days, both) if day.events]
    if not done:
        raise nothing(connection, both)
    events, written = sum(day.events for day in done), sum(day.written for day in done)
    answer = {
        "days": len(done),
        "events": events,
        "to_be_written" if dry_run else "written": written,
        "there_already": events - written,
    }
    if as_json:
        return output.document({"environment": connection.env, **answer})
    return show_counts(answer)


@journal.command()
@bounded
@output.reads
@connected
def check(connection: Connection, since: Moment, until: Moment, as_json: bool) -> None:
    """Compare the table with S3; exit code 1 where they differ.

    Ambiguous is what S3 holds with several words: somebody said it again, otherwise.
    What came within the last 2 minutes may be on its way still, and is left out unless --to says
    otherwise: `--to now` compares all, `--to 15m` leaves out what AWS refused for a while, too.
    """
    from services.journal import mending

    both = sides(connection, since, until)
    if until is None:
        both = both.settled()
    dead_letters = backlog.noted(connection)
    days = list(followed(mending.compare(both.archive, both.book, both.since, both.until), both))
    if not days:
        raise nothing(connection, both)
    answer = {
        "days": len(days),
        "events": sum(day.events for day in days),
        **counts(days),
    }
    different = [day for day in days if not day.is_same]
    if as_json:
        rows = [as_document(day) for day in different]
        told = {
            "differences": rows,
            "until": output.iso(both.until),
            "journal_dead_letters": dead_letters,
        }
        output.document({"environment": connection.env, **answer, **told})
    else:
        show_counts(answer)
        show(different)
    if until is None:
        output.note(
            f"what was said within the last {output.span(ON_THE_WAY)} is left out, as it may be on "
            "its way: --to now compares it, too"
        )
    if different:
        raise failed(
            f"the table and S3 do not hold the same on {len(different):,} of {len(days):,} days",
            advice(days),
        )


def sides(connection: Connection, since: Moment, until: Moment) -> Sides:
    """Find both places, and the stretch of time that is asked about.

    Raises
    ------
    CliError
        If there is no such environment, or the stretch has no length or lies in the future.
    """
    from services.journal import archive
    from services.journal.aws import DynamoBook, S3Shelf

    connection.require_environment()
    now = connection.clock.now()
    days = kept_days(connection)
    earliest = archive.BEGINNING if days is None else now - timedelta(days=days)
    first = begins(connection, since) or archive.BEGINNING
    last = archive.END if until is None else begins(connection, until) or archive.BEGINNING
    if first > last:
        what = f"--from {told(first)} is after --to {told(last)}"
        raise misused(what, "give the earlier moment first")
    if first > now:
        raise misused(f"--from {told(first)} is in the future", f"it is {told(now)} there")
    if last < earliest:
        what = f"--to {told(last)}: the table keeps events for {days} days"
        raise misused(what, f"give a moment after {told(earliest)}")
    if since is not None and first < earliest:
        output.note(f"what was before {told(earliest)} is left out: the table keeps {days} days")
    table = names.table(connection.env, "journal")
    return Sides(
        archive.Archive(S3Shelf(connection.client("s3"), connection.bucket)),
        DynamoBook(connection.client("dynamodb"), table, days),
        max(first, earliest),
        last,
        now,
    )


def have_table(connection: Connection) -> None:
    """Make the table of the local AWS anew where it was lost; an account's is its stack's."""
    if not connection.is_local:
        return
    from infra.local.provision import Provisioner
    from shared.contracts.tables import OF_JOURNAL

    Provisioner(connection.env, str(connection.endpoint_url), Path()).table(OF_JOURNAL)


def kept_days(connection: Connection) -> int | None:
    """Answer how long the table keeps events, as the environment's file says; None: for ever."""
    if connection.is_local:
        return None
    from infra.aws import environments

    return environments.load(connection.env).journal.queries_days


def followed(days: "Iterable[D]", both: Sides) -> "Iterator[D]":
    """Show how far it is, by the calendar, from the first day on; hand each day on."""
    first: date | None = None
    last = min(both.until, both.now).date()
    with progress() as shown:
        task = shown.add_task("looking for the first day", total=None)
        for day in days:
            at = date.fromisoformat(day_of(day))
            first = first or at
            total, done = (last - first).days + 1, (at - first).days + 1
            shown.update(task, description=day_of(day), total=max(total, done), completed=done)
            yield day


def rebuilt(days: "Iterable[Rebuilt]", both: Sides) -> "list[Rebuilt]":
    """Rebuild day after day; where that is ended, say where to go on."""
    done: list[Rebuilt] = []
    try:
        done.extend(followed(days, both))
    except BaseException:
        if done:
            last = date.fromisoformat(day_of(done[-1]))
            output.note(f"done up to {last}: --from {last + timedelta(days=1)} goes on from there")
        raise
    return done


def nothing(connection: Connection, both: Sides) -> Exception:
    """Say that there is nothing to look at."""
    return misused(
        f"s3://{connection.bucket}/journal/ holds nothing{both.stretch}",
        "leave --from and --to out, or give others; `modelcycle events list` shows the table",
    )


def show_counts(answer: Mapping[str, int]) -> None:
    """Show numbers, each below its name."""
    columns = [f">{name.replace('_', ' ')}" for name in answer]
    output.table(columns, [[f"{number:,}" for number in answer.values()]])


def told(moment: datetime) -> str:
    """Write a moment for people."""
    return written(moment)
