"""What goes on while `up` tells: the history comes in, then the world."""

from threading import Event, Thread
from typing import TYPE_CHECKING

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.text import Text

from ops.cli import output
from ops.cli.demo.scene import Scene
from ops.cli.entering import commands, quoted
from ops.cli.errors import CliError
from ops.cli.up.worlds import World
from shared.messaging.errors import HandlingError

if TYPE_CHECKING:
    from infra.local.stack import LocalStack

ENDS = (
    CliError,
    click.ClickException,
    HandlingError,
    BotoCoreError,
    ClientError,
    OSError,
    RuntimeError,  # all that the local AWS raises, click's Exit, and executors that have ended
)
"""What may end what comes in; anything else is a mistake of ours, and is shown as one."""
ENDING_LIMIT_S = 10.0  # for a thread to see that its stack has ended


class Life:
    """What goes on beside the telling: history first, then the world; in a thread."""

    def __init__(self, stack: "LocalStack", played: Scene, world: World, console: Console) -> None:
        self.stack = stack
        self.played = played
        self.world = world
        self.console = console
        self.stopping = Event()
        self.thread = Thread(target=self.live, name="life", daemon=True)

    def start(self) -> None:
        """Begin."""
        self.thread.start()

    def stop(self) -> None:
        """Begin to end; returns at once."""
        self.stopping.set()
        self.world.stop()

    def join(self) -> None:
        """Wait until it has ended."""
        if self.thread.ident is not None:
            self.thread.join(ENDING_LIMIT_S)

    def live(self) -> None:
        """Declare and import, then let the world go on; what ends it otherwise is said."""
        try:
            self.begin()
            self.world.go_on(self.stack, output.note)
        except ENDS as error:
            if self.stopping.is_set():
                return  # the stack has gone away, as it should
            what = error.what if isinstance(error, CliError) else f"{type(error).__name__}: {error}"
            output.note(f"nothing comes in any more: {what}; see {self.stack.logs}")

    def begin(self) -> None:
        """Declare series and model, and import the history that belongs before the world."""
        from ops.cli.main import main

        played, enter = self.played, commands(main)
        lines = [["models", "apply", quoted(played.series_file)]]
        if self.world.has_history:
            columns = [word for key, name in played.columns.items() for word in (f"--{key}", name)]
            series = played.series.series
            lines.append(["data", "import", quoted(played.file), "--series", series, *columns])
        lines.append(["models", "apply", quoted(played.model_file)])
        for words in lines:
            if self.stopping.is_set():
                return
            self.console.print(Text(f"$ modelcycle {' '.join(words)}", "bold"), soft_wrap=True)
            enter(words)
