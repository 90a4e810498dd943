"""The verb, and where its recording comes from."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from ops.cli import output
from ops.cli.connecting import connect, environment
from ops.cli.errors import ExitCode, misused
from ops.cli.progress import progress
from ops.cli.recording import Moment, bounded, check_order, header_of, taken

if TYPE_CHECKING:
    from ops.replay.playing import Replay
    from ops.replay.recorded import Recording

SPEED_MAX = 1_000_000
REPLAYED = ("trainer", "evaluator", "deployer", "monitor")


def check_speed(ctx: click.Context, param: click.Parameter, given: float) -> float:
    """Accept a speed; NaN is within no range."""
    if not 0 <= given <= SPEED_MAX:
        raise click.BadParameter(f"{given:g} is not from 0 to {SPEED_MAX:,}", ctx, param)
    return given


@click.command()
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@bounded
@click.option(
    "--service",
    "services",
    multiple=True,
    type=click.Choice(REPLAYED),
    help="Decisions of one service only: what others said stays as it was, whatever this one says; "
    "with --spec all decide, and what this one does is reported. (Ingest's decisions rest on more "
    "than their records tell.)",
)
@click.option(
    "--spec",
    "specs",
    multiple=True,
    type=click.Path(path_type=Path),
    help="What if this file had been the model's spec, from the beginning? One that names no model "
    "is a part of a spec: the rest is as it was declared.",
)
@click.option("--diff", is_flag=True, help="Show each difference, field by field.")
@click.option(
    "--partial",
    is_flag=True,
    help="Lives of which the beginning is not recorded are left out without exit code 1.",
)
@click.option("--live", is_flag=True, help="Send the recorded events onto the bus instead.")
@click.option(
    "--speed",
    type=float,
    callback=check_speed,
    default=0.0,
    help="Of --live: so many times as fast as it was; 0, the default: all at once.",
)
@click.option(
    "--yes",
    is_flag=True,
    help="Of --live: send to an account of AWS, or what was recorded elsewhere, too.",
)
@click.option("--env", help="The environment.  [default: MODELCYCLE_ENV, or dev]")
@output.reads
@click.pass_context
def replay(
    ctx: click.Context,
    file: Path | None,
    model: str | None,
    since: Moment,
    until: Moment,
    archive: bool,
    services: tuple[str, ...],
    specs: tuple[Path, ...],
    diff: bool,
    partial: bool,
    live: bool,
    speed: float,
    yes: bool,
    env: str | None,
    as_json: bool,
) -> None:
    """Take recorded decisions again by today's code, with nothing done, and compare.

    FILE is a recording of `modelcycle events record`; without it, the journal is read. What was
    looked at, and what time it was, is taken from the record. Exit code 1 if something differs, or
    cannot be taken again because the recording lacks what was decided before it.
    """
    from ops.cli.replay import live as sending
    from ops.cli.replay import show

    if live and file is None:
        raise misused("--live sends a recording", "name its FILE")
    of_decisions = bool(services or specs or diff or partial or as_json)
    check_together(live=live, only_live=bool(speed or yes), only_decisions=of_decisions)
    recording = (
        of_file(file, since, until)
        if file
        else of_journal(environment(ctx, env), model, since, until, archive)
    )
    if live:
        sending.send(connect(environment(ctx, env)), recording, model, speed, yes)
        return
    played = play(recording, frozenset(services or REPLAYED), model, specs)
    if not (played.decided or played.differences or played.stopped):
        raise nothing_replayed(played)
    show.show(played, is_what_if=bool(specs), diff=diff, as_json=as_json)
    lacks_lives = bool(played.skipped) and not partial
    if lacks_lives:
        show.say_what_lacks(played)
    is_as_it_was = not (played.differences or any(one.untold for one in played.stopped.values()))
    is_right = is_as_it_was and not lacks_lives
    raise click.exceptions.Exit(ExitCode.OK if is_right else ExitCode.FAILED)


def check_together(*, live: bool, only_live: bool, only_decisions: bool) -> None:
    """Refuse options that do not go together."""
    if only_live and not live:
        raise misused("--speed and --yes are about sending", "add --live, or leave them out")
    if live and only_decisions:
        what = (
            "--service, --spec, --diff, --partial and --json are about decisions, --live sends "
            "events"
        )
        raise misused(what, "leave out one or the other")


def of_file(file: Path, since: Moment, until: Moment) -> "Recording":
    """Read a recording; what is reported of it may be less than was recorded."""
    from ops.replay.recording import bounds

    found = read(file)
    last = max(one.envelope.metadata.occurred_at for one in found.events)
    first, end = moment(since, last), moment(until, last)
    check_order(first, end)
    header = found.header.changed(
        since=first or found.header.since, until=end or found.header.until
    )
    if not any(header.reports(one.envelope.metadata.occurred_at) for one in found.events):
        raise misused(
            f"{file} holds no event{bounds(header.since, header.until)}",
            f"its last event is of {last:%Y-%m-%d %H:%M:%S} UTC",
        )
    return replace(found, header=header)


def moment(given: Moment, last: datetime) -> datetime | None:
    """Answer a moment of a recording: so long ago is before its last event."""
    if not isinstance(given, timedelta):
        return given
    try:
        return last - given
    except OverflowError:
        return None


def of_journal(
    env: str, model: str | None, since: Moment, until: Moment, archive: bool
) -> "Recording":
    """Record what the journal holds, and read that."""
    connection = connect(env)
    text, _ = taken(connection, header_of(connection, model, since, until), archive)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "journal.jsonl.gz"
        file.write_bytes(text)
        return read(file)


def read(file: Path) -> "Recording":
    """Read a recording, and show how far it is."""
    from ops.replay import recording

    with progress() as shown:
        task = shown.add_task("reading", total=file.stat().st_size)
        return recording.read(file, lambda position: shown.update(task, completed=position))


def play(
    recording: "Recording", wanted: frozenset[str], model: str | None, files: tuple[Path, ...]
) -> "Replay":
    """Take the decisions again; for another spec, first under the recorded one, and compare.

    All services live under a spec, so all decide: what differs for one may come of another.
    """
    from ops.replay.life import HERE
    from ops.replay.playing import Replay
    from ops.replay.what_if import UnderSpec, specs

    if not files:
        return watched(Replay(recording, wanted, model), "replaying")
    worlds = {name: UnderSpec(spec) for name, spec in specs(files, recording, model).items()}
    before = watched(Replay(recording, model=model, reported=wanted), "as it was")
    another = Replay(
        recording,
        model=model,
        elsewhere=lambda key: worlds.get(key, HERE),
        before=before,
        reported=wanted,
    )
    return watched(another, "as it would have been")


def watched(replay: "Replay", what: str) -> "Replay":
    """Play, and show how far it is."""
    with progress() as shown:
        for _ in shown.track(replay.play(), len(replay.recording.events), description=what):
            pass
    return replay


def nothing_replayed(replay: "Replay") -> Exception:
    """Say why no decision could be taken again."""
    if replay.skipped:
        skipped = sum(replay.skipped.values())
        return misused(
            f"none of {skipped} decisions can be taken again: the recording does not hold the "
            "lives of their models from the beginning, or today's code begins them otherwise",
            "record it with --archive, or replay it with the code that recorded it",
        )
    return misused(
        "the recording holds no decision of these services, on this model, in this time",
        "`modelcycle replay FILE` without other options takes all of them",
    )
