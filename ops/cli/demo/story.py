"""The demo's story: what its operator types, and what the loop says."""

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Condition, Event, Thread
from time import monotonic, sleep
from typing import Any, TypeVar, cast

from rich.console import Console
from rich.text import Text

from infra.local.account import OFFLINE_LAG_S
from ops.cli.demo.lines import line
from ops.cli.demo.scene import Scene
from ops.cli.demo.steps import Steps
from ops.cli.entering import quoted
from ops.cli.errors import failed
from ops.cli.listening import Heard, Listener
from ops.cli.telling import what
from shared.contracts import envelope
from shared.contracts.lifecycle import (
    AccuracyMeasured,
    DeploymentFailed,
    EndpointInService,
    ModelEvaluated,
    ModelRefused,
    ModelRegistered,
    ObservationsIngested,
    PromotionRequested,
    TrainingCompleted,
    TrainingFailed,
    TrainingStarted,
    TrainingSuppressed,
)
from shared.contracts.names import Stage
from shared.messaging.clock import WallClock

E = TypeVar("E", bound=envelope.Event)
STEP_LIMIT_S = 300.0
LOOK_S = 0.5  # between two looks at what was heard
WAIT_MAX = timedelta(minutes=1)  # what time turns within that is waited for
ENDS: dict[type[envelope.Event], str] = {
    TrainingFailed: "the training failed",
    ModelRefused: "the gate refused the model",
    DeploymentFailed: "the deployment failed",
    TrainingSuppressed: "nothing is trained",
}
LOGS = "see .local/demo/logs"


class Story:
    """Says what happens, one line an event as it comes, and remembers it for the end.

    Parameters
    ----------
    run : Callable
        Runs one command of the CLI.
    steps : Steps, optional
        Tells how far a training is.
    pass_time : Callable, optional
        Lets time pass until everybody is quiet again, where time is driven; by default it passes
        by itself.
    """

    def __init__(
        self,
        scene: Scene,
        listener: Listener,
        console: Console,
        run: Callable[[list[str]], None],
        pass_time: Callable[[], object] | None = None,
        steps: Steps | None = None,
    ) -> None:
        self.steps = steps
        self.execution = ""
        self.pass_time = pass_time
        self.scene = scene
        self.listener = listener
        self.console = console
        self.run = run
        self.heard: list[Heard] = []
        self.looked_at = 0
        self.ended = Event()
        self.news = Condition()

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Tell events as they come, in a thread, as long as this lasts."""
        teller = Thread(target=self.tell, name="teller")
        teller.start()
        try:
            yield
        finally:
            self.ended.set()
            teller.join()

    def first_act(self) -> None:
        """Go from a file of observations to production."""
        self.declare_and_import()
        if self.pass_time is None:
            sleep(self.seconds_to_settle(WallClock().now()))
        self.to_production()

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
                self.tell_one(heard)
            self.tell_steps()
            with self.news:
                self.news.notify_all()  # of a mark that was heard

    def tell_one(self, heard: Heard) -> None:
        """Say one event; in driven time, what comes every hour is not worth a line."""
        ends_training = isinstance(heard.envelope.data, TrainingCompleted | TrainingFailed)
        if ends_training:
            self.tell_steps()
        if self.pass_time is None or not self.is_routine(heard.envelope.data):
            self.console.print(line(heard, days=self.pass_time is not None), soft_wrap=True)
        if isinstance(heard.envelope.data, TrainingStarted):
            self.execution = heard.envelope.data.execution_arn
        if ends_training:
            self.execution = ""
        with self.news:
            self.heard.append(heard)
            self.news.notify_all()

    def is_routine(self, event: envelope.Event) -> bool:
        """Tell whether an event only says that an hour has passed as it should."""
        match event:
            case ObservationsIngested():
                return not event.backfill
            case AccuracyMeasured():
                return not event.breached
        return False

    def catch_up(self) -> None:
        """Wait until everything that was said has been heard."""
        mark = self.listener.mark()
        with self.news:
            self.news.wait_for(lambda: self.listener.mark_heard >= mark, STEP_LIMIT_S)

    def until(self, wanted: type[E], name: str, **fields: Any) -> E:
        """Wait for an event of the wanted kind, and answer it.

        Raises
        ------
        CliError
            If the loop says that it ended otherwise, or nothing comes.
        """
        deadline = monotonic() + STEP_LIMIT_S
        while monotonic() < deadline:
            for heard in self.fresh():
                event = heard.envelope.data
                if isinstance(event, wanted) and matches(event, fields):
                    return event
                if is_end(event, heard.at):
                    raise failed(f"{ENDS[type(event)]}: {what(event)}", advice(event))
            self.wait()
        raise failed(f"no {name} within {STEP_LIMIT_S:.0f} s", LOGS)

    def fresh(self) -> Iterator[Heard]:
        """Answer what nobody has looked at yet."""
        while self.looked_at < len(self.heard):
            self.looked_at += 1
            yield self.heard[self.looked_at - 1]

    def wait(self) -> None:
        """Let time pass until there may be news."""
        if self.pass_time:
            self.pass_time()
            self.catch_up()
            return
        with self.news:
            self.news.wait_for(lambda: self.looked_at < len(self.heard), LOOK_S)

    def tell_steps(self) -> None:
        """Say which steps of the training under way have ended."""
        if self.steps and self.execution:
            for step in self.steps.news(self.execution):
                self.console.print(Text(f"          training: {step}", style="dim"))

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
        """Answer how the version in production was judged."""
        live = cast(
            EndpointInService,
            self.last(EndpointInService, stage=Stage.PRODUCTION).envelope.data,
        )
        made = cast(ModelRegistered, self.last(ModelRegistered, version=live.version).envelope.data)
        return cast(ModelEvaluated, self.last(ModelEvaluated, run_id=made.run_id).envelope.data)


def is_end(event: envelope.Event, at: datetime) -> bool:
    """Tell whether production will not come after this; a no that time turns soon is no end."""
    if isinstance(event, TrainingSuppressed) and event.until:
        return event.until - at > WAIT_MAX
    return type(event) in ENDS


def matches(event: envelope.Event, fields: dict[str, Any]) -> bool:
    """Tell whether an event has these values."""
    return all(getattr(event, name) == value for name, value in fields.items())


def advice(event: envelope.Event) -> str:
    """Say what a person could do about an end before production."""
    match event:
        case ModelRefused():
            return "more or other history, a longer season, or gate.limit_ratio above 1 in the spec"
        case TrainingSuppressed():
            return "import more history, or shorten the horizon (--horizon) or season (--season)"
    return LOGS
