"""``modelcycle data``: observations from files."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ops.cli import output
from ops.cli.connecting import connected
from ops.cli.connection import Connection
from ops.cli.declarations import Declarations
from ops.cli.errors import failed, misused
from shared.contracts import limits

KNOWN = (
    "no window is new: those that differ were replaced, and what was imported within the last "
    f"{limits.INBOX_DAYS} days is not taken twice; to have it back after another file, say --again"
)


if TYPE_CHECKING:
    from datetime import datetime

    from rich.progress import Progress

    from ops.cli.observations import Columns, Observations
    from ops.cli.taken import Taken
    from shared.contracts.specs import SeriesSpec
    from shared.contracts.windows import SeriesSummary


@click.group()
def data() -> None:
    """Bring observations in."""


@data.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--series", required=True, help="The series that the observations belong to.")
@click.option("--time", help="The column of times; guessed where nothing is said.")
@click.option("--value", help="The column of values; guessed where nothing is said.")
@click.option("--count", help="The column that says how many observations a value sums up.")
@click.option("--id", "id_", help="The column that tells rows of the same time apart.")
@click.option("--delimiter", default=",", show_default=True, help="Between columns of CSV.")
@click.option("--assume-utc", is_flag=True, help="Take times without a zone as UTC.")
@click.option("--strict", is_flag=True, help="All or nothing: one bad row and nothing goes in.")
@click.option("--quarantine", type=click.Path(path_type=Path), help="Where bad rows are written.")
@click.option("--again", is_flag=True, help="Take it also if it was imported before.")
@click.option("--no-wait", is_flag=True, help="Send, and do not wait until all are taken.")
@click.option("--check", is_flag=True, help="Read and judge the file, and send nothing.")
@connected
def import_file(
    connection: Connection,
    file: Path,
    series: str,
    time: str | None,
    value: str | None,
    count: str | None,
    id_: str | None,
    delimiter: str,
    assume_utc: bool,
    strict: bool,
    quarantine: Path | None,
    again: bool,
    no_wait: bool,
    check: bool,
) -> None:
    """Import observations from a CSV or Parquet FILE, as history.

    Good rows go in; bad ones go to a quarantine file beside FILE, each with what to do about it.
    Importing the same file again changes nothing: for 45 days ingest knows what it took. To bring
    a file back after a corrected one has replaced it, say --again.
    """
    from ops.cli import observations
    from shared.messaging.clock import WallClock

    spec = Declarations(connection).one_series(series)
    now = connection.clock.now()
    given = {"time": time, "value": value, "count": count, "id": id_}
    try:
        columns = chosen(file, given, delimiter, now)
        read = observations.read(
            file,
            columns,
            series,
            now=now,
            assume_utc=assume_utc,
            delimiter=delimiter,
            strict=strict,
        )
    except observations.ObservationsRefused as refusal:
        note_clock(now)
        raise misused(refusal.what, refusal.fix) from None
    output.console(stderr=True).print(observations.summary(read))
    if observations.Fault.FUTURE in read.quarantine.counts:
        note_clock(now)
    keep_bad_rows(read, quarantine or file.with_name(f"{file.name}.quarantine.csv"))
    if check:
        return
    connection.require_environment()
    # a driven clock may stand still, and each time is to be another
    again_at = WallClock().now() if again else None
    send(connection, read, spec, again_at=again_at, wait=not no_wait)


def note_clock(now: "datetime") -> None:
    """Say what time it is where the observations go, if it is another than here."""
    from ops.cli.connection import CLOCKS_DIFFER
    from shared.messaging.clock import WallClock

    if abs(WallClock().now() - now) > CLOCKS_DIFFER:
        output.note(f"it is {now:%Y-%m-%d %H:%M} UTC there: what is later is in the future")


def chosen(file: Path, given: dict[str, str | None], delimiter: str, now: "datetime") -> "Columns":
    """Answer the columns that were named, and guess times and values where they were not."""
    from ops.cli.observations import Columns, guess

    named = {key: name for key, name in given.items() if name is not None}
    if given["time"] and given["value"]:
        return Columns(**named)
    guessed = guess(file, now=now, delimiter=delimiter)
    for sentence in guessed.says:
        if sentence.partition(":")[0] not in named:
            output.note(f"guessed {sentence}")
    return replace(guessed.columns, **named)


def keep_bad_rows(read: "Observations", path: Path) -> None:
    """Write the rows that were not taken, if there are any."""
    if not len(read.quarantine):
        return
    try:
        read.quarantine.write(path)
    except OSError as error:
        raise failed(
            f"{path}: the bad rows cannot be written: {error.strerror}; nothing was sent",
            "say where with --quarantine",
        ) from None
    output.note(f"bad rows: {path}")


def send(
    connection: Connection,
    read: "Observations",
    spec: "SeriesSpec",
    *,
    again_at: "datetime | None",
    wait: bool,
) -> None:
    """Send everything to ingest, and say what went in."""
    from ops.cli.sending import Sender, batches
    from ops.cli.taken import Answers

    sender = Sender(connection, read.series)
    rejected, answers = sender.rejected(), Answers(connection, read.series)
    sent: dict[str, int] = {}
    with progress() as shown:
        task = shown.add_task("sending", total=len(read))
        for batch in batches(read, spec.window, again_at):
            sender.send(batch)
            sent[batch.batch_id] = batch.records
            shown.advance(task, batch.records)
        if wait:
            task = shown.add_task("ingest takes them", total=len(sent))
            told_all = sender.wait(
                lambda left: shown.update(task, completed=max(0, len(sent) - left))
            )
    if not wait:
        click.echo(
            f"{len(read):,} observations of '{read.series}' are sent in {len(sent)} messages"
        )
        return
    check_rejected(sender.rejected() - rejected)
    report(
        read.series,
        answers.to(sent),
        sender.summary(),
        told_all=told_all,
        again=again_at is not None,
    )


def progress() -> "Progress":
    """Answer a progress display on stderr; silent where nobody sits in front of it."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = output.console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def check_rejected(messages: int) -> None:
    """Fail where ingest rejected whole messages."""
    if messages > 0:
        raise failed(
            f"ingest rejected {messages} messages: they are among its dead letters",
            "`modelcycle dlq list ingest` shows the reasons",
        )


def report(
    series: str, taken: "Taken", known: "SeriesSummary | None", *, told_all: bool, again: bool
) -> None:
    """Say what went in, and what did not.

    Raises
    ------
    CliError
        If ingest refused observations, or has nothing of the series.
    """
    if known is None and not taken.refused:
        raise failed(
            f"ingest took the messages, but has no window of '{series}'",
            "`modelcycle events list` says what happened",
        )
    fate = "were imported before" if told_all else "are taken, but not told of yet"
    before = f", {taken.unanswered:,} {fate}" if taken.unanswered else ""
    revised = f"{taken.revised_windows:,} replaced, " if taken.revised_windows else ""
    in_all = (
        f"{known.windows:,} in all, {known.first:%Y-%m-%d %H:%M} to {known.last:%Y-%m-%d %H:%M} UTC"
        if known
        else "none in all"
    )
    click.echo(
        f"{taken.into_windows:,} observations of '{series}' are in{before}: "
        f"{taken.new_windows:,} new windows, {revised}{in_all}"
    )
    if taken.refused:
        refused = sum(taken.refused.values())
        raise failed(f"{refused:,} observations were refused: {taken.refusals()}", taken.fix())
    if taken.unanswered and not told_all:
        output.note("the journal is busy: `modelcycle events list` will say what became of them")
    elif taken.unanswered and not taken.new_windows and not again:
        output.note(KNOWN)
