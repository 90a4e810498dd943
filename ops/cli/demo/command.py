"""``modelcycle demo``: starts the local AWS, plays the story, shows how it ended."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click
from rich.console import Console

from ops.cli import output
from ops.cli.connecting import connect
from ops.cli.demo import ending, scene
from ops.cli.demo.story import Story, commands
from ops.cli.errors import failed, misused
from ops.cli.listening import listening

if TYPE_CHECKING:
    from infra.local.stack import LocalStack

ENV = "dev"
OPERATOR = "operator.demo"
FOLDER = Path(".local") / "demo"
PICTURE = Path("demo-forecast.png")
SEED = 7


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Your own series: CSV or Parquet.")
@click.option("--time", help="Its column of times; guessed where nothing is said.")
@click.option("--value", help="Its column of values; guessed where nothing is said.")
@click.option("--count", help="Its column of counts: how many observations a value sums up.")
@click.option("--delimiter", help="Between its columns; a comma by default.")
@click.option("--target", type=click.Choice(["count", "sum", "mean"]), help="What is forecast.")
@click.option("--frequency", help="Of the forecast: 5m, 1h; the step of the data by default.")
@click.option("--horizon", type=int, help="Steps that a forecast looks ahead.  [default: 12]")
@click.option("--season", type=int, help="Steps after which the rhythm repeats; a day by default.")
@click.option("--origins", type=int, help="Forecasts that judge the model.  [default: 20]")
@click.option("--stride", type=int, help="Steps between them; the horizon by default.")
@click.option("--seed", default=SEED, show_default=True, help="Of the simulated series.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Of the local AWS; a free one by default.",
)
@click.option("--picture", default=PICTURE, show_default=True, type=click.Path(path_type=Path))
@click.option("--json", "document", type=click.Path(path_type=Path), help="Write the result here.")
def demo(
    data: Path | None,
    seed: int,
    port: int,
    picture: Path,
    document: Path | None,
    **wanted: str | int | None,
) -> None:
    """Run the whole loop on this machine: real training, real endpoints, real queues.

    Without --data it plays with two weeks of simulated Bitcoin fees. It ends when a model that was
    trained, judged, registered and approved twice answers from production.
    """
    from infra.local.front_process import FrontError
    from infra.local.function_host import FunctionError
    from infra.local.http_server import PortTakenError
    from infra.local.lambdas import QueueLostError
    from infra.local.provision import ProvisionError
    from infra.local.stack import LocalStack, StackError

    console = output.console()
    started = monotonic()
    check_words(data, wanted)
    check_places(picture, document)
    with alone():
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        played = (
            scene.own(FOLDER, scene.Wanted(data=data, **wanted))  # type: ignore[arg-type]
            if data
            else scene.simulated(FOLDER, seed)
        )
        introduce(console, played)
        stack = LocalStack(FOLDER, port=port, env=ENV, trouble=lambda said: output.note(said))
        try:
            with stack, speaking_to(stack.environment(OPERATOR)):
                play(console, stack, played, picture, document, started)
        except PortTakenError as error:
            raise misused(str(error), "leave --port out: a free one is taken") from error
        except (StackError, FrontError, FunctionError, ProvisionError, QueueLostError) as error:
            raise failed(str(error), f"see {FOLDER / 'logs'}") from error


def check_words(data: Path | None, wanted: dict[str, str | int | None]) -> None:
    """Refuse what is said of a series that is not there: the simulated one has its own spec."""
    said = [f"--{name}" for name, value in wanted.items() if value is not None]
    if said and data is None:
        raise misused(
            f"{', '.join(said)}: the simulated series is described by models/fees.yaml",
            "say it of your own series: modelcycle demo --data FILE …",
        )


def check_places(*files: Path | None) -> None:
    """Refuse, before anything is played, to write where nothing can be written."""
    for file in files:
        if file is not None and not os.access(file.absolute().parent, os.W_OK):
            raise misused(f"{file}: nothing can be written there", "name a file in another folder")


@contextmanager
def alone() -> Iterator[None]:
    """Have the demo's folder for oneself.

    Raises
    ------
    CliError
        If another demo has it, or it cannot be written.
    """
    try:
        FOLDER.parent.mkdir(exist_ok=True)
        lock = (FOLDER.parent / "demo.lock").open("w")
    except OSError as error:
        raise misused(
            f"{FOLDER.parent}: {error.strerror}: the demo keeps its files there",
            "run it in a folder that you may write to",
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise failed(
                f"another demo is running in {Path.cwd()}", "wait for it, or use another folder"
            ) from None
        yield


def introduce(console: Console, played: scene.Scene) -> None:
    """Say what the demo plays with."""
    what = "SIMULATED observations (seeded, no real market)" if played.simulated else "observations"
    console.print(f"[bold]Modelcycle[/bold] on this machine, with {what} of {played.file}")
    model = played.model
    console.print(
        f"model {model.model}: {played.unit}, {model.horizon} steps ahead, "
        f"judged from {model.backtest.origins} origins; one line per event:\n"
    )


def play(
    console: Console,
    stack: "LocalStack",
    played: scene.Scene,
    picture: Path,
    document: Path | None,
    started: float,
) -> None:
    """Play the story, ask production, show the ending."""
    from ops.cli.main import main

    connection = connect(ENV)
    with listening(connection, "demo") as listener:
        story = Story(played, listener, console, commands(main))
        story.play()
    forecast = ending.ask_production(connection, played)
    ending.draw(story, forecast, picture)
    memory = stack.memory_bytes()
    ended = ending.Ending(story, forecast, picture, monotonic() - started, memory)
    console.print()
    ended.show(console)
    if document:
        ending.write(document, ended.document())


@contextmanager
def speaking_to(environment: dict[str, str]) -> Iterator[None]:
    """Point this process's AWS clients to the local AWS, and back."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
