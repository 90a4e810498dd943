"""``modelcycle why``: why a model stands as it does, or why an event was said."""

from typing import Any

import click

from ops.cli import backlog, output, story, telling
from ops.cli.connecting import connected
from ops.cli.connection import Connection
from ops.cli.declarations import Declarations
from ops.cli.errors import CliError, ExitCode, not_found
from ops.cli.events import service
from ops.cli.questions import lives
from ops.cli.story import Story
from ops.cli.tail import short
from services.journal import reading
from services.journal.domain import Entry
from services.journal.questions import why as question
from services.journal.questions.causes import Causes
from services.journal.questions.why import Link


@click.command()
@click.argument("subject", metavar="MODEL|EVENT")
@output.reads
@connected
def why(connection: Connection, subject: str, as_json: bool) -> None:
    """Tell why MODEL serves what it serves and what it waits for, or why EVENT was said.

    Of an EVENT the first letters of its id are enough, if it is among the latest.
    """
    stored = Declarations(connection).stored()
    if subject in stored.models:
        return of_model(connection, subject, stored.models[subject].frozen, as_json)
    dead_letters = backlog.noted(connection)
    try:
        entry = Story(connection).find(subject)
    except CliError as error:
        if error.code != ExitCode.NOT_FOUND:
            raise
        connection.require_environment()
        raise not_found(
            f"there is neither a model nor an event '{subject}'",
            "`modelcycle models list` shows the models, `modelcycle events list` the latest events",
        ) from None
    return of_event(connection, entry, dead_letters, as_json)


def of_model(connection: Connection, model: str, frozen: bool, as_json: bool) -> None:
    """Tell why a model stands as it does."""
    past = lives.read(connection, model, recent=lives.RECENT)
    chain = question.story(past.life, past.entries)
    records = lives.records(connection, chain)
    now = connection.clock.now()
    told = question.of_model(past.life, chain, records, now, frozen, past.is_all)
    if as_json:
        return output.document(
            {
                "environment": connection.env,
                "model": model,
                "as_of": output.iso(now),
                "why": told.paragraph,
                "open": list(told.open),
                "chain": [link_document(link) for link in told.chain],
                "journal_dead_letters": past.dead_letters,
            }
        )
    click.echo(output.plain(telling.plain(told.paragraph)))
    click.echo("\nopen")
    for matter in told.open or ("nothing: no wish waits, and nothing is under way",):
        click.echo(f"  {output.plain(telling.plain(matter))}")
    return show_chain(told.chain)


def of_event(connection: Connection, entry: Entry, dead_letters: int | None, as_json: bool) -> None:
    """Tell why an event was said."""
    chain = chain_of(connection, entry)
    told = question.of_event(chain, lives.records(connection, chain))
    if as_json:
        return output.document(
            {
                "environment": connection.env,
                "event_id": entry.event_id,
                "why": told.paragraph,
                "chain": [link_document(link) for link in told.chain],
                "journal_dead_letters": dead_letters,
            }
        )
    said = telling.plain(told.paragraph) or story.words(entry)
    click.echo(output.plain(said))
    return show_chain(told.chain)


def chain_of(connection: Connection, entry: Entry) -> tuple[Entry, ...]:
    """Answer what led to an event, from its root on; the root of what a series said, or the monitor
    upon it, is of the series."""
    book = Story(connection).book
    known = reading.life(book, entry.subject)
    chain = Causes([*known, entry]).chain(entry.event_id) or (entry,)
    root = chain[0]
    led = reading.show_event(book, root.causation_id) if is_led(root) else None
    return (led, *chain) if led else chain


def is_led(entry: Entry) -> bool:
    """Tell whether something else led to an event."""
    return entry.causation_id != entry.event_id


def show_chain(chain: tuple[Link, ...]) -> None:
    """Show a line for each event, from the root on."""
    if not chain:
        return
    click.echo()
    output.table(("time (UTC)", "said by", "event", "what", "decided", "id"), map(row, chain))


def row(link: Link) -> tuple[Any, ...]:
    """Answer a link's line."""
    entry = link.entry
    return (
        f"{entry.occurred_at:%m-%d %H:%M:%S}",
        service(entry),
        entry.detail_type,
        story.words(entry),
        telling.plain(link.why),
        output.styled(short(entry.event_id), "dim"),
    )


def link_document(link: Link) -> dict[str, Any]:
    """Describe a link for programs."""
    return {**story.as_document(link.entry), "why": link.why or None}
