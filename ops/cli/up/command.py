"""``modelcycle up``: starts the local AWS, says how to use it, tails events until Ctrl-C."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from infra.local.regimes import REGIMES, USUAL
from ops.cli import output, tail
from ops.cli.causes import Causes
from ops.cli.connecting import connect, login_name
from ops.cli.demo import scene
from ops.cli.demo.command import SEED
from ops.cli.demo.scene import HISTORY_ENDS
from ops.cli.errors import misused
from ops.cli.local_aws import ENV, alone, explained, speaking_to
from ops.cli.up.life import Life
from ops.cli.up.worlds import Blockchain, Nothing, Simulated, World
from shared.contracts.timing import read_duration

FOLDER = Path(".local") / "up"
PORT = 4577
SPEED, CHANGE_AFTER = 600.0, "3d"
SPEED_LEAST, SPEED_GREATEST = 0.001, 1e6
EXPORTED = (
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
)
"""What points any AWS client here; credentials that are named come before those of a profile."""


def check_speed(ctx: click.Context, param: click.Parameter, given: float) -> float:
    """Accept a speed that a clock can have; NaN is within no range."""
    if given != 0 and not SPEED_LEAST <= given <= SPEED_GREATEST:
        bounds = f"0, or from {SPEED_LEAST:g} to {SPEED_GREATEST:,.0f}"
        raise click.BadParameter(f"{given:g} is not {bounds}", ctx, param)
    return given


@click.command()
@click.option(
    "--source",
    type=click.Choice(["market", "blockchain", "none"]),
    default="market",
    show_default=True,
    help="What comes in: the simulated market, the real blockchain.com, nothing.",
)
@click.option(
    "--speed",
    type=float,
    callback=check_speed,
    default=SPEED,
    show_default=True,
    help="Of the market's time, by the real one's; 0: as fast as everything can follow.",
)
@click.option(
    "--change",
    type=click.Choice(list(REGIMES)),
    default=USUAL,
    show_default=True,
    help="What becomes of the market; regime: level × 3 and a new rhythm.",
)
@click.option(
    "--change-after",
    default=CHANGE_AFTER,
    show_default=True,
    help="When that is, as 12h or 3d of the market's time.",
)
@click.option("--seed", default=SEED, show_default=True, help="Of the simulated series.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Of the local AWS; 0: a free one.",
)
def up(source: str, speed: float, change: str, change_after: str, seed: int, port: int) -> None:
    """Keep the local AWS running, with all services in it, until Ctrl-C.

    It imports two weeks of simulated history and declares a model. A model is trained; then it
    waits for you: approve it from another terminal, watch it, roll it back. Nothing is left when
    it ends: state lives in memory.
    """
    console = output.console()
    try:
        with alone(FOLDER), explained(FOLDER), interruptible():
            shutil.rmtree(FOLDER, ignore_errors=True)
            FOLDER.mkdir(parents=True)
            played = scene.simulated(FOLDER, seed)
            world = world_of(source, seed, played.series.series, speed, change, change_after)
            run(console, played, world, port)
    except KeyboardInterrupt:
        output.note("everything has ended")


def world_of(
    source: str, seed: int, series: str, speed: float, change: str, change_after: str
) -> World:
    """Answer what comes in."""
    if source == "none":
        return Nothing()
    if source == "blockchain":
        return Blockchain(series)
    fix = "write it as 12h or 3d"
    try:
        after = read_duration(change_after)
    except ValueError as error:
        raise misused(f"--change-after: {error}", fix) from None
    if not isinstance(after, timedelta):
        raise misused(f"--change-after: {after!r} is no duration", fix)
    return Simulated(seed, series, speed, REGIMES[change].begins(HISTORY_ENDS + after))


def run(console: Console, played: scene.Scene, world: World, port: int) -> None:
    """Start everything, and tell what happens until interrupted."""
    from infra.local.stack import LocalStack

    with ExitStack() as ending:
        ending.enter_context(speaking_to({}))  # whatever still runs at the end finds no account
        source = ending.enter_context(world.open())
        stack = LocalStack(
            FOLDER,
            port=port,
            env=ENV,
            clock_start=world.clock_start,
            source=source,
            trouble=output.note,
            progress=output.note,
        )
        life = Life(stack, played, world, console)
        ending.callback(life.join)  # the stack ends first, and with it what the life waits for
        ending.enter_context(stack)
        ending.callback(life.stop)
        operator = f"operator.{login_name()}"
        os.environ.update(stack.environment(operator))
        introduce(console, stack.environment(operator), played.model.model)
        connection, causes = connect(ENV), Causes()
        coming = tail.entries(connection, causes, None, 0, follow=True, ready=life.start)
        for one in coming:
            console.print(tail.line(one, causes), soft_wrap=True)


def introduce(console: Console, environment: dict[str, str], model: str) -> None:
    """Say how to use it from another terminal."""
    console.print("\nIn another terminal:", style="bold")
    exports = " ".join(f"{name}={environment[name]}" for name in EXPORTED)
    console.print(f"  export {exports}", soft_wrap=True)
    for command in ("status --watch", f"approve {model}", f"promote {model}", "events tail -f"):
        console.print(f"  modelcycle {command}", style="cyan")
    console.print("Ctrl-C here ends everything. One line per event:\n", style="bold")


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM end the program as Ctrl-C does, and Ctrl-C where a shell had it ignored."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
