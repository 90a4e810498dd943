"""``modelcycle archive``: what the bus has kept, and sending it once more."""

from datetime import UTC, datetime, timedelta
from time import sleep
from typing import Any, NoReturn

import click

from ops.cli import output
from ops.cli.archive.store import COMPLETED, Archive, Replay, Store
from ops.cli.asking import confirm
from ops.cli.connecting import connected
from ops.cli.connection import Connection
from ops.cli.errors import failed, misused, refused
from ops.cli.times import Since
from shared.contracts import limits
from shared.contracts.subscriptions import SERVICES

LOOK_S = 2.0
LATE = timedelta(minutes=10)  # AWS: an event may take that long into the archive
SHOWN = 20
HOURS = 3_600
LIMITS = (
    "It is EventBridge's own replay, and has its limits:",
    "- whole rules: to all who listen, or to those named by --service; no single model or event",
    "- in no order: EventBridge replays minute by minute, and mixes what came in a minute",
    "- each event with the id that it has: who has handled it does nothing, who has not, acts now",
)


@click.group()
def archive() -> None:
    """See what the bus has kept, and send it once more."""


@archive.command("list")
@output.reads
@connected
def list_archive(connection: Connection, as_json: bool) -> None:
    """Show the archive, and its replays."""
    store = Store(connection)
    seen, replays = store.archive(), store.replays()
    if as_json:
        told = {"archive": archive_document(seen), "replays": list(map(replay_document, replays))}
        return output.document({"environment": connection.env, **told})
    click.echo(
        f"{seen.name}: {seen.events:,} events, {seen.size_bytes / 1024**2:,.1f} MB, since "
        f"{seen.created_at:%Y-%m-%d}, {seen.state.lower()}; kept {kept(seen)}"
    )
    if not replays:
        return output.note("no replay yet: modelcycle archive replay --from … --to …")
    click.echo()
    return output.table(
        ("replay", "state", "from (UTC)", "to (UTC)", ">done", ""), map(row, replays[:SHOWN])
    )


def kept(seen: Archive) -> str:
    """Say how long events are kept."""
    return f"{seen.retention_days} days" if seen.retention_days else "for ever"


def row(one: Replay) -> tuple[str, ...]:
    """Answer a replay's line."""
    return (
        one.name,
        one.state.lower(),
        f"{one.first:%m-%d %H:%M}",
        f"{one.last:%m-%d %H:%M}",
        f"{one.part:.0%}",
        one.why,
    )


def no_model(ctx: click.Context, param: click.Parameter, given: str | None) -> None:
    """Say that no model can be chosen.

    Raises
    ------
    click.BadParameter
        If one was.
    """
    if given is not None:
        raise click.BadParameter(
            "EventBridge replays whole rules, not models; `modelcycle replay --live` sends the "
            "events of one model, and `modelcycle events resend` a single one",
            ctx,
            param,
        )


@archive.command()
@click.option("--from", "first", type=Since(), required=True, help="UTC, or so long ago: 3h.")
@click.option("--to", "last", type=Since(), help="UTC, or so long ago.  [default: 10m]")
@click.option("--service", "services", type=click.Choice(SERVICES), multiple=True, help="Only to.")
@click.option("--model", callback=no_model, expose_value=False, hidden=True)
@click.option("--detach", is_flag=True, help="Begin it, and do not wait for its end.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@connected
def replay(
    connection: Connection,
    first: datetime | timedelta,
    last: datetime | timedelta | None,
    services: tuple[str, ...],
    detach: bool,
    yes: bool,
) -> None:
    """Send what the bus has kept of a span once more; asks first.

    For what services never got: a queue that was gone for more than a day, a service that was
    deployed too late.
    """
    now, store = datetime.now(UTC), Store(connection)
    since, until = at(first, now), at(LATE if last is None else last, now)
    seen = store.archive()
    check_span(since, until, seen, now)
    for service in services:
        store.rule_arn(service)
    show_plan(seen, since, until, services, now)
    if not yes:
        confirm("begin?")
    name = store.start(seen, since, until, services)
    click.echo(f"replay {name} has begun")
    if detach:
        return output.note(f"modelcycle archive list shows it, archive cancel {name} ends it")
    return follow(store, name)


def at(given: datetime | timedelta, now: datetime) -> datetime:
    """Answer a moment; archives go by the wall clock, whatever clock rules the loop."""
    if isinstance(given, datetime):
        return given
    try:
        return now - given
    except OverflowError:
        raise misused(f"{given} ago was before all time", "give a shorter span") from None


def check_span(since: datetime, until: datetime, seen: Archive, now: datetime) -> None:
    """Refuse a span in which there is nothing, or nothing that would be accepted.

    Raises
    ------
    CliError
        With what would happen.
    """
    if since >= until:
        raise misused(
            f"the span is empty: from {since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}",
            "--from is the earlier one",
        )
    if until > now:
        raise misused(f"--to {until:%Y-%m-%d %H:%M} UTC has not come yet", "leave --to out")
    if now - since > timedelta(days=limits.INBOX_DAYS):
        raise refused(
            f"services remember {limits.INBOX_DAYS} days: each would reject what is older, and "
            "everything from there would be a dead letter",
            f"--from {now - timedelta(days=limits.INBOX_DAYS) + LATE:%Y-%m-%dT%H:%MZ} or later",
        )
    if until <= begins(seen, now):
        raise misused(
            f"the archive holds nothing of that time: it begins {begins(seen, now):%Y-%m-%d %H:%M}",
            "modelcycle archive list",
        )


def begins(seen: Archive, now: datetime) -> datetime:
    """Answer from when on the archive holds events."""
    if not seen.retention_days:
        return seen.created_at
    return max(seen.created_at, now - timedelta(days=seen.retention_days))


def show_plan(
    seen: Archive, since: datetime, until: datetime, services: tuple[str, ...], now: datetime
) -> None:
    """Say what would be done, and within which limits."""
    whom = ", ".join(services) or "all who listen"
    output.note(
        f"Everything of {output.span(until - since)}, {since:%Y-%m-%d %H:%M} to "
        f"{until:%Y-%m-%d %H:%M} UTC, goes to {whom}."
    )
    for line in LIMITS:
        output.note(line)
    if now - until < LATE:
        output.note(
            f"- of the last {LATE.seconds // 60} minutes some may lack: they reach the archive late"
        )
    if since < begins(seen, now):
        output.note(f"- nothing before {begins(seen, now):%Y-%m-%d %H:%M}: the archive begins then")


def follow(store: Store, name: str) -> None:
    """Tell how a replay is going, until it has ended.

    Raises
    ------
    CliError
        If it ends otherwise than completed.
    """
    before = ""
    try:
        while not (seen := store.look(name)).is_over:
            told = f"{seen.state.lower()}, {seen.part:.0%}"
            if told != before:
                output.note(told)
            before = told
            sleep(LOOK_S)
    except KeyboardInterrupt:
        go_on(name)
    if seen.state != COMPLETED:
        raise failed(
            f"replay {name} is {seen.state.lower()} at {seen.part:.0%}"
            + (f": {seen.why}" if seen.why else ""),
            "what was sent stays sent; begin another from there",
        )
    click.echo(f"replay {name} is completed")


def go_on(name: str) -> NoReturn:
    """Say that a replay goes on, though nobody watches it."""
    output.note(f"it goes on: `modelcycle archive cancel {name}` ends it")
    raise click.Abort


@archive.command()
@click.argument("name")
@connected
def cancel(connection: Connection, name: str) -> None:
    """End a replay; what was sent stays sent."""
    Store(connection).cancel(name)
    click.echo(f"replay {name} is being cancelled")


def archive_document(seen: Archive) -> dict[str, Any]:
    """Describe the archive for programs."""
    return {
        "name": seen.name,
        "state": seen.state,
        "retention_days": seen.retention_days or None,
        "events": seen.events,
        "size_bytes": seen.size_bytes,
        "created_at": output.iso(seen.created_at),
    }


def replay_document(one: Replay) -> dict[str, Any]:
    """Describe a replay for programs."""
    return {
        "name": one.name,
        "state": one.state,
        "why": one.why,
        "from": output.iso(one.first),
        "to": output.iso(one.last),
        "done": one.part,
        "started_at": output.iso(one.started_at),
        "ended_at": output.iso(one.ended_at),
    }
