"""Sending recorded events onto a running bus."""

from datetime import timedelta
from time import sleep

import click

from ops.cli import output
from ops.cli.connection import Connection
from ops.cli.errors import misused
from ops.cli.progress import progress
from ops.replay.live import Timed, to_send
from ops.replay.recorded import Recording
from ops.replay.summary import counted
from shared.contracts import limits, names
from shared.messaging.bus import EventBridgeBus


def send(
    connection: Connection,
    recording: Recording,
    model: str | None,
    speed: float,
    yes: bool,
) -> None:
    """Send the events of a recording, marked as replayed.

    Raises
    ------
    CliError, ReplayError
        If they should not be sent there, or would be rejected; then nothing was sent.
    """
    connection.require_environment()
    events = to_send(recording, model, connection.clock.now())
    target = f"environment '{connection.env}' of {connection.place}"
    of_others = recording.header.environment != connection.env
    if not yes and (of_others or not connection.is_local):
        origin = f", of environment '{recording.header.environment}'," if of_others else ""
        raise misused(
            f"{counted(len(events), 'event')}{origin} would go to {target}: whoever has not heard "
            "one acts upon it",
            "add --yes if that is meant; nothing was sent",
        )
    bus = EventBridgeBus(connection.client("events"), names.bus(connection.env))
    sent = 0
    try:
        with progress() as shown:
            task = shown.add_task("sending", total=len(events))
            for part in parts(events, speed):
                pause(part[0].waits, speed)
                bus.publish(tuple(one.entry for one in part))
                sent += len(part)
                shown.update(task, completed=sent)
    finally:
        if sent < len(events):
            again = "the same command sends all again, which changes nothing for who has heard them"
            output.note(f"{sent:,} of {len(events):,} events were sent for certain: {again}")
    click.echo(f"{len(events):,} events were sent to {target}, marked as replayed")


def parts(events: tuple[Timed, ...], speed: float) -> list[tuple[Timed, ...]]:
    """Cut events into what is sent at once: what was said at once or, without a speed, all that a
    call takes."""
    cut: list[list[Timed]] = []
    for one in events:
        is_at_once = not (speed and one.waits)
        if cut and is_at_once and len(cut[-1]) < limits.PUT_EVENTS_ENTRIES_MAX:
            cut[-1].append(one)
        else:
            cut.append([one])
    return [tuple(part) for part in cut]


def pause(wait: timedelta, speed: float) -> None:
    """Wait as long as it took then, so many times as fast."""
    if speed and wait:
        sleep(wait.total_seconds() / speed)
