"""``modelcycle events record``: take what the journal holds along, in one file."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from ops.cli.connecting import connected
from ops.cli.connection import Connection
from ops.cli.declarations import Declarations, nearest
from ops.cli.errors import misused, not_found
from ops.cli.progress import progress
from ops.cli.times import Since, begins, written
from shared.contracts import limits, names

if TYPE_CHECKING:
    from ops.replay.recorded import Header
    from services.journal.domain import Entry

F = TypeVar("F")
Moment = datetime | timedelta | None


def bounded(command: F) -> F:
    """Give a command the bounds of a stretch of time, and where to read it from."""
    for option in (
        click.option("--archive", is_flag=True, help="Read S3: it holds what the table let go."),
        click.option("--to", "until", type=Since(), help="Up to a moment (UTC), or so long ago."),
        click.option("--from", "since", type=Since(), help="From a moment (UTC), or so long ago."),
        click.option("--model", help="Of one model; by default, of all."),
    ):
        command = option(command)  # type: ignore[type-var]
    return command


@click.command()
@click.option(
    "--output",
    "-o",
    "target",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write: NAME.jsonl.gz, by custom.",
)
@bounded
@connected
def record(
    connection: Connection,
    target: Path,
    model: str | None,
    since: Moment,
    until: Moment,
    archive: bool,
) -> None:
    """Record events and decisions, with all that they rest on, in one file.

    What was before --from is in it, too: decisions rest on it. A replay reports from there on.
    """
    from ops.replay import recording

    if not target.absolute().parent.is_dir():
        raise misused(f"{target}: there is no such folder", "name a file in one that exists")
    text, held = taken(connection, header_of(connection, model, since, until), archive)
    recording.write(target, text)
    click.echo(f"{held} are in {target}, {len(text) / 1000:,.0f} kB")


def header_of(connection: Connection, model: str | None, since: Moment, until: Moment) -> "Header":
    """Say what a recording is of.

    Raises
    ------
    CliError
        If the stretch of time has no length.
    """
    from ops.replay.recorded import Header
    from ops.replay.recording import FORMAT

    first, last = begins(connection, since), begins(connection, until)
    check_order(first, last)
    return Header(
        format=FORMAT,
        environment=connection.env,
        code_version=version("modelcycle"),
        model=model,
        since=first,
        until=last,
    )


def check_order(first: datetime | None, last: datetime | None) -> None:
    """Refuse a stretch of time that ends before it begins."""
    if first and last and first > last:
        what = f"--from {written(first)} is after --to {written(last)}"
        raise misused(what, "give the earlier moment first")


def taken(connection: Connection, header: "Header", archive: bool) -> tuple[bytes, str]:
    """Make a recording of what the journal holds; answer it, and in words what it holds.

    Raises
    ------
    CliError
        If nothing was said in that time, or more than a recording holds.
    """
    from ops.replay import gathering, recording
    from ops.replay.summary import counted
    from shared.messaging.aws_errors import described
    from shared.messaging.runtime import S3Blobs

    connection.require_environment()
    with progress() as shown:
        task = shown.add_task("reading the journal", total=None)
        found = entries(connection, header, archive)
        if not any(header.reports(one.occurred_at) for one in found):
            raise nothing(connection, header)
        if len(found) > limits.RECORDING_EVENTS_MAX:
            most = f"more than the {limits.RECORDING_EVENTS_MAX:,} events that a recording holds"
            raise misused(f"the journal has {most}", recording.LESS)
        blobs = S3Blobs(connection.client("s3"), connection.bucket)
        shown.update(task, description="what was seen", total=len(found))
        seen = gathering.lines(found, lambda uri: described(lambda: blobs.get(uri)))
        made = shown.track(seen, task_id=task)
        text, number = recording.text_of(header, made)
    decisions = sum(one.detail_type == gathering.DECISION for one in found)
    return text, f"{counted(number - decisions, 'event')} and {counted(decisions, 'decision')}"


def entries(connection: Connection, header: "Header", archive: bool) -> "tuple[Entry, ...]":
    """Read from the journal all that a recording is to hold, or one event more."""
    from ops.replay import gathering
    from services.journal import reading
    from services.journal.archive import END, Archive
    from services.journal.aws import DynamoBook, S3Shelf

    book = DynamoBook(connection.client("dynamodb"), names.table(connection.env, "journal"))
    shelf = Archive(S3Shelf(connection.client("s3"), connection.bucket))

    most = limits.RECORDING_EVENTS_MAX + 1

    def of_table(subject: str | None) -> "Iterable[Entry]":
        return reading.list_events(book, subject, until=header.until, limit=most)

    def of_archive(subject: str | None) -> "Iterable[Entry]":
        return shelf.read(until=header.until or END, subject=subject)

    if header.model is None:
        found = of_archive(None) if archive else of_table(None)
    elif archive:
        found = gathering.of_model_in_archive(header.model, of_archive)
    else:
        found = gathering.of_model(header.model, of_table, book.find)
    return tuple(islice(found, most))


def nothing(connection: Connection, header: "Header") -> Exception:
    """Say why there is nothing to record: no such model, or a time in which nothing was said."""
    from ops.replay.recording import bounds

    stored = Declarations(connection).stored()
    if header.model is not None and header.model not in stored.models:
        return not_found(
            f"there is no model '{header.model}' in environment '{connection.env}'",
            nearest(header.model, stored.models),
        )
    where = f"of model '{header.model}'" if header.model else f"of environment '{connection.env}'"
    return misused(
        f"the journal holds no event {where}{bounds(header.since, header.until)}",
        "`modelcycle events list` shows what there is",
    )
