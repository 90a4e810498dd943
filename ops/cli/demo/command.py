"""``modelcycle demo``: starts the local AWS, plays the story, shows how it ended."""

import os
import shutil
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

import click
from rich.console import Console

from infra.local.regimes import REGIMES, USUAL
from ops.cli import output
from ops.cli.connecting import connect
from ops.cli.demo import ending, scene
from ops.cli.demo.live import Live
from ops.cli.demo.steps import Steps
from ops.cli.demo.story import Story
from ops.cli.entering import commands
from ops.cli.errors import failed, misused
from ops.cli.listening import listening
from ops.cli.local_aws import ENV, alone, explained, speaking_to

if TYPE_CHECKING:
    from infra.local.stack import LocalStack
    from ops.cli.demo.streams import Stream

OPERATOR = "operator.demo"
FOLDER = Path(".local") / "demo"
PICTURE = Path("demo-forecast.png")
REPORT = Path("demo-report.html")
SEED = 7


class Files(NamedTuple):
    """Where the demo writes what came of it."""

    picture: Path
    report: Path
    document: Path | None


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
@click.option("--report", default=REPORT, show_default=True, type=click.Path(path_type=Path))
@click.option("--json", "document", type=click.Path(path_type=Path), help="Write the result here.")
@click.option(
    "--change",
    type=click.Choice(list(REGIMES)),
    default=USUAL,
    show_default=True,
    help="What becomes of the simulated market after a day; regime: level × 3 and a new rhythm.",
)
@click.option("--first-act", is_flag=True, help="End when the first model is in production.")
def demo(
    data: Path | None,
    seed: int,
    port: int,
    picture: Path,
    report: Path,
    document: Path | None,
    change: str,
    first_act: bool,
    **wanted: str | int | None,
) -> None:
    """Run the whole loop on this machine: real training, real endpoints, real queues.

    First a model is trained, judged, registered, approved twice, and answers from production. Then
    days pass in seconds: it is watched, found wanting after the regime has changed, trained again
    and replaced. Without --data it plays with simulated Bitcoin fees; of your own series the last
    part is streamed.
    """
    from infra.local.stack import LocalStack

    console = output.console()
    started = monotonic()
    check_words(data, wanted)
    files = Files(picture, report, document)
    check_places(picture, report, document)
    with alone(FOLDER), explained(FOLDER):
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        if data:
            said = scene.Wanted(data=data, **wanted)  # type: ignore[arg-type]
            played = scene.own(FOLDER, said)
        else:
            played = scene.simulated(FOLDER, seed)
        introduce(console, played)
        stream: Stream | None = None
        if not first_act:
            stream = recorded(played) if data else simulated(seed, played, change)
            played = stream.scene
        with ExitStack() as ending:
            source = ending.enter_context(stream.open()) if stream else None
            stack = LocalStack(
                FOLDER,
                port=port,
                env=ENV,
                clock_start=stream.clock_start if stream else None,
                source=source,
                trouble=output.note,
            )
            ending.enter_context(stack)
            ending.enter_context(speaking_to(stack.environment(OPERATOR)))
            play(console, stack, played, stream, files, started)


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
    stream: "Stream | None",
    files: Files,
    started: float,
) -> None:
    """Play both acts, ask production, show the ending.

    Raises
    ------
    CliError
        If production does not answer, or the simulated change did not end in recovery.
    """
    from infra.local.driver import Driver
    from ops.cli.main import main

    connection = connect(ENV)
    driver = Driver(stack, stream.feed(stack), step=stream.step) if stream else None
    act = None
    with listening(connection, "demo") as listener:
        step = driver.step if driver else None
        steps = Steps(connection.client("sagemaker"))
        story = Story(played, listener, console, commands(main), step, steps)
        with story.telling():
            story.first_act()
            if stream and driver:
                console.print(f"\nThe second act: {stream.words}\n", style="bold")
                act = Live(
                    story,
                    now=lambda: driver.now,
                    is_over=lambda: stream.is_over(driver.now),
                    ends_well=stream.must_close,
                ).play()
    forecast = ending.ask_production(connection, played)
    ending.draw(story, forecast, files.picture)
    if stream:
        from ops.cli.demo import reporting

        made = reporting.report(connection, played, stream.clock_start, stream.remarks)
        reporting.write(made, files.report)
    ended = ending.Ending(
        story,
        forecast,
        files.picture,
        files.report if stream else None,
        act,
        monotonic() - started,
        stack.memory_bytes(),
        sum(stack.watch.health()["calls"].values()),
    )
    console.print()
    ended.show(console)
    if files.document:
        ending.write(files.document, ended.document())
    if act and stream and stream.must_close and not act.is_closed:
        raise failed("the loop did not close: no recovery was heard", f"see {files.report}")


def simulated(seed: int, played: scene.Scene, change: str) -> "Stream":
    """Answer the simulated market, with its change of regime."""
    from ops.cli.demo import streams

    return streams.Simulated(played, seed, change)


def recorded(played: scene.Scene) -> "Stream":
    """Answer the last part of a user's own series."""
    from ops.cli.demo import streams

    return streams.recorded(played, FOLDER)
