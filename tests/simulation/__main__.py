"""``make sim``: run many schedules; the figures come last."""

import argparse
import re
import sys
import time

from tests.simulation import campaign, hunt, report, schedule
from tests.simulation.campaign import Figures
from tests.simulation.mutants import MUTANTS
from tests.simulation.schedule import Plan
from tests.simulation.shrink import shrunk

FAILURES_TOLD_MAX = 3
SEEDS = re.compile("=(?P<one>[0-9]+)|(?:(?P<first>[0-9]+):)?(?P<last>[0-9]+)")


def read() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make sim", description=__doc__)
    parser.add_argument(
        "--seeds", default="10000", type=seeds_of, help="how many, or first:last, or one: =7"
    )
    parser.add_argument("--jobs", type=positive, default=2, help="processes")
    parser.add_argument("--hunt", action="store_true", help="find and record each planted bug")
    parser.add_argument("--trace", action="store_true", help="print the whole trace of one seed")
    return parser.parse_args()


def positive(text: str) -> int:
    """Read a number of processes; raises ArgumentTypeError."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r}: at least 1")
    return int(text)


def seeds_of(text: str) -> range:
    """Read which seeds are wanted; raises ArgumentTypeError."""
    found = SEEDS.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r}: say how many (10000), 5000:6000, or =7")
    if found["one"]:
        return range(int(found["one"]), int(found["one"]) + 1)
    seeds = range(int(found["first"] or 0), int(found["last"]))
    if not seeds:
        raise argparse.ArgumentTypeError(f"{text!r}: no seed is in it; the last is above the first")
    return seeds


def told(figures: Figures) -> None:
    """Tell how far it is."""
    if sys.stderr.isatty() or figures.schedules % 5_000 == 0:
        end = "\r" if sys.stderr.isatty() else "\n"
        said = f"{figures.schedules} schedules, {len(figures.violations)} violations"
        sys.stderr.write(said + end)


def hunted() -> int:
    """Look for every planted bug, and record the seeds; 1 when one got away."""
    found = {name: hunt.first_seed(name) for name in MUTANTS}
    for name, seed in found.items():
        shown = f"seed {seed}" if seed is not None else f"GOT AWAY in {hunt.SEEDS_MAX} seeds"
        sys.stdout.write(f"{MUTANTS[name].breaks:4} {name}: {shown}\n")
    hunt.record({name: seed for name, seed in found.items() if seed is not None})
    return 1 if None in found.values() else 0


def main() -> int:
    """Run; 1 when an invariant was broken, or something did not happen often enough."""
    asked = read()
    seeds = asked.seeds
    if asked.trace:
        sys.stdout.write(report.trace(schedule.run(Plan.of(seeds[0]))) + "\n")
        return 0
    if asked.hunt:
        return hunted()
    began = time.monotonic()
    figures = campaign.run(seeds, asked.jobs, told)
    seconds = time.monotonic() - began
    for seed, *_ in sorted(figures.violations)[:FAILURES_TOLD_MAX]:
        sys.stdout.write(report.failure(shrunk(schedule.run(Plan.of(seed)))) + "\n\n")
    sys.stdout.write(report.figures(figures, seconds) + "\n")
    missed = figures.missed() if len(seeds) >= campaign.SHARES_FROM else ()
    if missed:
        sys.stdout.write(f"too seldom: {', '.join(missed)}\n")
    return 1 if figures.violations or missed else 0


if __name__ == "__main__":
    sys.exit(main())
