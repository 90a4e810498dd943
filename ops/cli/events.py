"""``modelcycle events``: what happened, and why."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import click

from ops.cli import output, story
from ops.cli.connecting import connected
from ops.cli.connection import Connection
from ops.cli.declarations import Declarations, nearest
from ops.cli.errors import not_found
from ops.cli.recording import record
from ops.cli.resend import resend
from ops.cli.story import Story
from ops.cli.tail import tail
from ops.cli.times import Since, begins
from ops.cli.trigger import trigger
from services.journal.domain import Entry
from shared.contracts.complaints import suggestion
from shared.contracts.envelope import SOURCE
from shared.contracts.lifecycle import EVENTS

LIMIT = 50
LIMIT_MAX = 1_000
ID_CHARACTERS_SHOWN = 8
DECISION_SHOWN = "decision"


@click.group()
def events() -> None:
    """See what happened, and why."""


events.add_command(tail)
events.add_command(record)
events.add_command(trigger)
events.add_command(resend)


@events.command("list")
@click.option("--model", help="Events of one model; or of a series, by its name.")
@click.option("--since", type=Since(), help="Since a moment (UTC), or for so long: 2h, 3d.")
@click.option("--type", "kind", help="Events of one kind, such as ModelRegistered.")
@click.option("--decisions", is_flag=True, help="Show decisions, too: what was decided, and why.")
@click.option(
    "--limit",
    type=click.IntRange(1, LIMIT_MAX),
    default=LIMIT,
    show_default=True,
    help="How many at most.",
)
@output.reads
@connected
def list_events(
    connection: Connection,
    model: str | None,
    since: datetime | timedelta | None,
    kind: str | None,
    decisions: bool,
    limit: int,
    as_json: bool,
) -> None:
    """List what happened, the latest last."""
    if kind is not None and kind not in EVENTS:
        raise not_found(f"there is no event '{kind}'", suggestion(kind, EVENTS))

    def wanted(entry: Entry) -> bool:
        if kind is not None:
            return entry.detail_type == kind
        return decisions or not story.is_decision(entry)

    found = Story(connection).latest(model, begins(connection, since), limit, wanted)
    if not found:
        require_subject(connection, model)
    if as_json:
        told = [story.as_document(entry) for entry in found]
        return output.document({"environment": connection.env, "events": told})
    if not found:
        return output.note("nothing happened yet")
    return show_table(found)


def require_subject(connection: Connection, name: str | None) -> None:
    """Where there is no event, make sure that there could be one.

    Raises
    ------
    CliError
        If there is no such environment, or no model or series of that name.
    """
    connection.require_environment()
    if name is None:
        return
    stored = Declarations(connection).stored()
    known = {*stored.models, *stored.series}
    if name not in known:
        raise not_found(
            f"there is no model or series '{name}' in environment '{connection.env}'",
            nearest(name, known),
        )


@events.command()
@click.argument("event_id", metavar="ID")
@output.reads
@connected
def show(connection: Connection, event_id: str, as_json: bool) -> None:
    """Show one event as it was said, and what followed from it.

    The first letters of its ID are enough, if it is among the latest.
    """
    journal = Story(connection)
    entry = journal.find(event_id)
    followed, since = journal.followed(entry)
    if as_json:
        told = [story.as_document(one) for one in followed]
        content = {**story.as_document(entry), "followed": told}
        head = {"environment": connection.env, "followed_since": output.iso(since)}
        return output.document({**head, **content})
    output.table(("", ""), ((output.styled(name, "bold"), said) for name, said in facts(entry)))
    click.echo()
    click.echo(output.as_json(entry.detail.get("data"), indent=2))
    if since:
        what = "decisions, and what is said as often as data come in, were not read"
        output.note(f"before {since:%Y-%m-%d %H:%M:%S} UTC, {what}")
    if not followed:
        return output.note(f"nothing followed from it yet{', as far as was read' if since else ''}")
    click.echo("\nwhat followed")
    return show_table(followed)


def facts(entry: Entry) -> Iterable[tuple[str, str]]:
    """Answer what is known of an event besides its data."""
    metadata = entry.detail.get("metadata", {})
    yield "event", entry.detail_type
    yield "of", entry.subject
    yield "at", f"{entry.occurred_at:%Y-%m-%d %H:%M:%S} UTC"
    yield "said by", f"{service(entry)} ({metadata.get('actor', 'unknown')})"
    if said := story.words(entry):
        yield "what", said
    if entry.causation_id != entry.event_id:
        yield "because of", entry.causation_id
    yield "id", entry.event_id


def show_table(entries: Sequence[Entry]) -> None:
    """Show a line for each event."""
    columns = ("time (UTC)", "said by", "event", "of", "what", "id")
    output.table(columns, (row(entry) for entry in entries))


def row(entry: Entry) -> tuple[Any, ...]:
    """Answer an event's line."""
    decision = story.is_decision(entry)
    return (
        f"{entry.occurred_at:%m-%d %H:%M:%S}",
        service(entry),
        output.styled(DECISION_SHOWN, "dim") if decision else entry.detail_type,
        entry.subject,
        story.words(entry),
        output.styled(entry.event_id[:ID_CHARACTERS_SHOWN], "dim"),
    )


def service(entry: Entry) -> str:
    """Name who said it."""
    return entry.source.removeprefix(SOURCE)
