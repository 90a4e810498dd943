"""How fast a day passes: all services, transactions polled from the market, hour by hour.

``python -m bench.driving [hours] [--champion]`` prints the steps a second, and the calls to the
front for each, by service; ``--champion`` first trains and promotes a model, which is then watched.
"""

import os
import sys
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from infra.local import feeds
from infra.local.driver import Driver, Step
from infra.local.market import Market
from infra.local.memory import family
from infra.local.stack import LocalStack
from ops.cli.connecting import connect
from ops.cli.demo import scene
from ops.cli.demo.command import OPERATOR
from ops.cli.demo.story import Story
from ops.cli.entering import commands
from ops.cli.listening import listening
from ops.cli.local_aws import ENV, speaking_to
from ops.cli.main import main as application
from ops.cli.output import console

HOURS = 48
SEED = 7
START = scene.SIMULATED_FROM + timedelta(days=scene.SIMULATED_DAYS)
NOT_COUNTED = 3  # steps in which caches fill


def measure(folder: Path, hours: int, champion: bool) -> None:
    """Drive for some hours and print what it took."""
    played = scene.simulated(folder, SEED)
    with Market(SEED, START) as market:
        source = feeds.source(market, played.series.series, timedelta(hours=1))
        with (
            LocalStack(folder, env=ENV, clock_start=START, source=source, trouble=print) as stack,
            speaking_to(stack.environment(OPERATOR)),
            listening(connect(ENV), "bench") as listener,
        ):
            driver = Driver(stack, feeds.PolledMarket(stack, market))
            story = Story(played, listener, console(), commands(application), driver.step)
            with story.telling():
                if champion:
                    story.first_act()
                else:
                    story.declare_and_import()
            drive(stack, driver, hours)


def drive(stack: LocalStack, driver: Driver, hours: int) -> None:
    """Make the steps, and print what they took."""
    driver.drive(NOT_COUNTED)
    cpu = cpu_seconds()
    before, begun, made = stack.watch.health()["calls"], monotonic(), list[Step]()
    for _ in range(hours):
        made.append(driver.step())
    seconds, after = monotonic() - begun, stack.watch.health()["calls"]
    spent = {name: after_s - cpu.get(name, 0) for name, after_s in cpu_seconds().items()}
    shown = ", ".join(f"{name} {1000 * each_s / hours:.0f}" for name, each_s in spent.items())
    print(f"CPU milliseconds a step: {1000 * sum(spent.values()) / hours:.0f}: {shown}")
    calls = {name: round((after[name] - before.get(name, 0)) / hours, 1) for name in after}
    print(f"{hours / seconds:.2f} steps a second, {seconds / hours * 1000:.0f} ms each")
    print(f"slowest {max(step.seconds for step in made):.2f} s, records {made[-1].records}")
    print(f"calls a step: {sum(calls.values()):.0f}: {calls}")
    print(f"dead letters: {made[-1].dead_letters}, memory {stack.memory_bytes()}")


def cpu_seconds() -> dict[str, float]:
    """Answer what this process and all of the stack's have spent, by what they are (Linux only)."""
    spent: dict[str, float] = {}
    for process in family(os.getpid()):
        words = Path(f"/proc/{process}/cmdline").read_text().split("\0")
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        name = next((word for word in words if "services." in word or "front" in word), "driver")
        spent[name] = spent.get(name, 0) + ticks / os.sysconf("SC_CLK_TCK")
    return spent


def main() -> None:
    """Read the command line and measure."""
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    with TemporaryDirectory() as folder:
        measure(Path(folder), int(words[0]) if words else HOURS, "--champion" in sys.argv)


if __name__ == "__main__":
    main()
