"""The demo's story: what its operator types, and what the loop says."""

import shlex
from collections.abc import Callable
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from pathlib import Path
from threading import Condition, Event, Thread
from time import monotonic, sleep
from typing import Any, TypeVar, cast

import click
from rich.console import Console
from rich.text import Text

from infra.local.account import OFFLINE_LAG_S
from ops.cli.demo.scene import Scene
from ops.cli.errors import failed
from ops.cli.listening import Heard, Listener
from ops.cli.telling import what
from shared.contracts import envelope
from shared.contracts.lifecycle import (
    DeploymentFailed,
    EndpointInService,
    ModelEvaluated,
    ModelRefused,
    ModelRegistered,
    ObservationsIngested,
    PromotionRequested,
    TrainingFailed,
    TrainingSuppressed,
)
from shared.contracts.names import Stage
from shared.messaging.clock import WallClock

E = TypeVar("E", bound=envelope.Event)
STEP_LIMIT_S = 300.0
SAME_WORDS = 0.6  # share of letters; above it the reason says nothing new
WAIT_MAX = timedelta(minutes=1)  # what time turns within that is waited for
ENDS: dict[type[envelope.Event], str] = {
    TrainingFailed: "the training failed",
    ModelRefused: "the gate refused the model",
    DeploymentFailed: "the deployment failed",
    TrainingSuppressed: "nothing is trained",
}
LOGS = "see .local/demo/logs"
SPEAKERS = {
    "operator": "magenta",
    "ingest": "cyan",
    "trainer": "yellow",
    "evaluator": "blue",
    "deployer": "green",
}


class Story:
    """Says what happens, one line an event as it comes, and remembers it for the end.

    Parameters
    ----------
    run : Callable
        Runs one command of the CLI.
    """

    def __init__(
        self,
        scene: Scene,
        listener: Listener,
        console: Console,
        run: Callable[[list[str]], None],
    ) -> None:
        self.scene = scene
        self.listener = listener
        self.console = console
        self.run = run
        self.heard: list[Heard] = []
        self.looked_at = 0
        self.ended = Event()
        self.news = Condition()

    def play(self) -> None:
        """Import, train, judge, register, approve, stage, promote.

        Raises
        ------
        CliError
            If the loop ends before production.
        """
        teller = Thread(target=self.tell, name="teller")
        teller.start()
        try:
            self.declare_and_import()
            sleep(self.seconds_to_settle(WallClock().now()))
            self.to_production()
        finally:
            self.ended.set()
            teller.join()

    def declare_and_import(self) -> None:
        """Declare the series and bring its history in."""
        scene = self.scene
        self.enter(f"models apply {quoted(scene.series_file)}")
        columns = " ".join(f"--{key} {shlex.quote(name)}" for key, name in scene.columns.items())
        zone = " --assume-utc" if scene.naive else ""
        series = scene.series.series
        self.enter(f"data import {quoted(scene.file)} --series {series} {columns}{zone}")

    def seconds_to_settle(self, now: datetime) -> float:
        """Answer how long the offline store lags behind what was imported.

        Nobody types the next command faster, and the trainer, which would wait for it, looks again
        only with its next sweep.
        """
        written = [h.at for h in self.heard if isinstance(h.envelope.data, ObservationsIngested)]
        settled = max(written, default=now) + timedelta(seconds=OFFLINE_LAG_S)
        return max(0.0, (settled - now).total_seconds())

    def to_production(self) -> None:
        """Declare the model; what follows, follows by itself, but for the two approvals."""
        model = self.scene.model.model
        self.enter(f"models apply {quoted(self.scene.model_file)}")
        registered = self.until(ModelRegistered, "registered model")
        self.enter(f'approve {model} {registered.version} --note "good enough for staging"')
        self.until(PromotionRequested, "version that may be promoted")
        self.enter(f'promote {model} {registered.version} --note "the smoke test is fine"')
        self.until(EndpointInService, "version in production", stage=Stage.PRODUCTION)

    def enter(self, command: str) -> None:
        """Do what an operator would type."""
        self.console.print(Text(f"$ modelcycle {command}", style="bold"), soft_wrap=True)
        self.run(shlex.split(command))

    def tell(self) -> None:
        """Say each event in one line as it comes, until the story has ended; runs in a thread."""
        while not self.ended.is_set():
            for heard in self.listener.listen():
                self.console.print(line(heard), soft_wrap=True)
                with self.news:
                    self.heard.append(heard)
                    self.news.notify_all()

    def until(self, wanted: type[E], name: str, **fields: Any) -> E:
        """Wait for an event of the wanted kind, and answer it.

        Raises
        ------
        CliError
            If the loop says that it ended otherwise, or nothing comes.
        """
        deadline = monotonic() + STEP_LIMIT_S
        with self.news:
            while (left := deadline - monotonic()) > 0:
                for heard in self.heard[self.looked_at :]:
                    self.looked_at += 1
                    event = heard.envelope.data
                    if isinstance(event, wanted) and matches(event, fields):
                        return event
                    if is_end(event, heard.at):
                        raise failed(f"{ENDS[type(event)]}: {what(event)}", advice(event))
                self.news.wait(left)
        raise failed(f"no {name} within {STEP_LIMIT_S:.0f} s", LOGS)

    def last(self, wanted: type[E], **fields: Any) -> Heard:
        """Answer the latest event of a kind."""
        return next(
            heard
            for heard in reversed(self.heard)
            if isinstance(heard.envelope.data, wanted) and matches(heard.envelope.data, fields)
        )

    def live_since(self) -> datetime:
        """Answer when production went live."""
        return self.last(EndpointInService, stage=Stage.PRODUCTION).at

    def evaluation(self) -> ModelEvaluated:
        """Answer how the version was judged."""
        event = self.last(ModelEvaluated).envelope.data
        return cast(ModelEvaluated, event)


def is_end(event: envelope.Event, at: datetime) -> bool:
    """Tell whether production will not come after this; a no that time turns soon is no end."""
    if isinstance(event, TrainingSuppressed) and event.until:
        return event.until - at > WAIT_MAX
    return type(event) in ENDS


def quoted(path: Path) -> str:
    """Write a path as one would type it here."""
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def matches(event: envelope.Event, fields: dict[str, Any]) -> bool:
    """Tell whether an event has these values."""
    return all(getattr(event, name) == value for name, value in fields.items())


def line(heard: Heard) -> Text:
    """Write an event in one line: time, service, event, model, what, and why."""
    metadata, event = heard.envelope.metadata, heard.envelope.data
    style = SPEAKERS.get(metadata.producer, "white")
    text = Text(f"{heard.at:%H:%M:%S}  ", style="dim")
    text.append(f"{metadata.producer:<10}", style=style)
    text.append(f"{event.detail_type():<21}", style=f"bold {style}")
    text.append(f"{metadata.subject:<13}")
    told = what(event)
    text.append(told, style="default")
    if heard.why and not alike(told, heard.why):
        text.append(f"  ← {heard.why}", style="dim")
    return text


def alike(told: str, why: str) -> bool:
    """Tell whether a reason only repeats what the event says."""
    return SequenceMatcher(None, told, why).ratio() > SAME_WORDS


def advice(event: envelope.Event) -> str:
    """Say what a person could do about an end before production."""
    match event:
        case ModelRefused():
            return "more or other history, a longer season, or gate.limit_ratio above 1 in the spec"
        case TrainingSuppressed():
            return "import more history, or shorten the horizon (--horizon) or season (--season)"
    return LOGS


def commands(application: click.Group) -> Callable[[list[str]], None]:
    """Answer a function that runs commands of the CLI in this process; their errors come out."""

    def run(arguments: list[str]) -> None:
        click.Group.main(application, arguments, "modelcycle", standalone_mode=False)

    return run
