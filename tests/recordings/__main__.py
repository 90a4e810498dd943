"""``python -m tests.recordings``: play the runs again, and record what was said.

==================  ==========================================================================
``loop.jsonl.gz``   the demo: a model falls short after a change of regime, and is replaced
``hands.jsonl.gz``  people at work: three trainings by hand, one of which a threshold refuses;
                    a roll-back, and a version that is declined
==================  ==========================================================================
"""

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infra.local.driver import Driver
from infra.local.regimes import USUAL
from infra.local.stack import LocalStack
from ops.cli.connecting import connect
from ops.cli.demo import scene
from ops.cli.demo.command import OPERATOR
from ops.cli.demo.live import Live
from ops.cli.demo.story import Story
from ops.cli.demo.streams import Simulated
from ops.cli.entering import commands
from ops.cli.listening import listening
from ops.cli.local_aws import ENV, speaking_to
from ops.cli.main import main as application
from ops.cli.output import console
from shared.contracts import names
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import (
    DeploymentRolledBack,
    ModelDeclined,
    ModelRefused,
    ModelRegistered,
    PromotionRequested,
)
from shared.contracts.names import ModelParameter
from tests.flow.local_aws import wait_for
from tests.flow.streaming import WATCHED, Streamed, followed, streamed
from tests.flow.typing_in import run

HERE = Path(__file__).parent
LOOP, HANDS = HERE / "loop.jsonl.gz", HERE / "hands.jsonl.gz"
SEED = 7
HOURS, STEP = 12, timedelta(minutes=10)
TOO_STRICT = "0.1"
SPEC = {
    **WATCHED,
    "approval": {"staging": "person", "production": "person"},
    "gate": {"min_points": 60},  # of fewer no champion is asked: none is worse by chance
}


def loop(folder: Path) -> None:
    """Bring a model into production, let it fall short and be replaced."""
    stream = Simulated(scene.simulated(folder, SEED), SEED, USUAL)
    enter = commands(application)
    with (
        stream.open() as source,
        LocalStack(
            folder, env=ENV, clock_start=stream.clock_start, source=source, trouble=print
        ) as stack,
        speaking_to(stack.environment(OPERATOR)),
        listening(connect(ENV), "recordings") as listener,
    ):
        driver = Driver(stack, stream.feed(stack), step=stream.step)
        story = Story(stream.scene, listener, console(), enter, driver.step)
        with story.telling():
            story.first_act()
            Live(story, lambda: driver.now, lambda: stream.is_over(driver.now), True).play()
        stack.wait_until_quiet(30)
        enter(["events", "record", "--output", str(LOOP)])


def hands(folder: Path) -> None:
    """Let people ask for trainings, approve, decline and roll back."""
    history, stream = followed(HOURS)
    with (
        pytest.MonkeyPatch.context() as patched,
        streamed(folder, patched, history, stream, step=STEP) as played,
    ):
        played.declare(SPEC)
        ship(played, 1)
        run("retrain", "watched", "--reason", "to compare")
        ship(played, 2)
        run("rollback", "watched", "--stage", "production", "--reason", "it smells")
        until(played, DeploymentRolledBack)
        set_threshold(played, TOO_STRICT)
        run("retrain", "watched", "--reason", "against a strict threshold")
        until(played, ModelRefused)
        set_threshold(played, "1.0")
        run("retrain", "watched", "--reason", "against another one")
        until(played, ModelRegistered, 3)
        run("decline", "watched", "3", "--note", "we keep what we have")
        until(played, ModelDeclined)
        played.driver.drive(2)
        played.stack.wait_until_quiet(30)
        run("events", "record", "--output", HANDS)


def ship(played: Streamed, version: int) -> None:
    """Bring a version into production."""
    until(played, ModelRegistered, version)
    run("approve", "watched", version)
    until(played, PromotionRequested, version)
    run("promote", "watched", version)
    wait_for("production", passing(played, lambda: played.serves("watched", "production", version)))
    played.driver.drive(2)


def until(played: Streamed, kind: type[Event], number: int = 1) -> None:
    """Let time pass until something was said so many times."""
    wait_for(kind.__name__, passing(played, lambda: len(played.each("watched", kind)) >= number))


def passing(played: Streamed, is_there: Callable[[], bool]) -> Callable[[], bool]:
    """Look, and where it is not there let time pass."""

    def look() -> bool:
        played.listen()
        if not is_there():
            played.driver.step()
        return is_there()

    return look


def set_threshold(played: Streamed, value: str) -> None:
    """Set a threshold at run time; the evaluator sees it when it looks next."""
    path = names.parameter("dev", "watched", ModelParameter.THRESHOLD)
    ssm = played.stack.client("ssm")
    ssm.put_parameter(Name=path, Value=value, Type="String", Overwrite=True)


def main() -> int:
    """Write the recordings."""
    for play in (hands, loop):
        with TemporaryDirectory() as folder:
            play(Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
