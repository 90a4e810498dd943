"""``python -m tests.recordings``: play the demo's two acts, and record what was said."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

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

HERE = Path(__file__).parent
LOOP = HERE / "loop.jsonl.gz"
SEED = 7


def play(folder: Path) -> None:
    """Bring a model into production, let it fall short and be replaced; then record."""
    stream = Simulated(scene.simulated(folder, SEED), SEED, USUAL)
    run = commands(application)
    with (
        stream.open() as source,
        LocalStack(
            folder, env=ENV, clock_start=stream.clock_start, source=source, trouble=print
        ) as stack,
        speaking_to(stack.environment(OPERATOR)),
        listening(connect(ENV), "recordings") as listener,
    ):
        driver = Driver(stack, stream.feed(stack), step=stream.step)
        story = Story(stream.scene, listener, console(), run, driver.step)
        with story.telling():
            story.first_act()
            Live(story, lambda: driver.now, lambda: stream.is_over(driver.now), True).play()
        stack.wait_until_quiet(30)
        run(["events", "record", "--output", str(LOOP)])


def main() -> int:
    """Write the recordings."""
    with TemporaryDirectory() as folder:
        play(Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
