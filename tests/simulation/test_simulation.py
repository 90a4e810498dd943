"""What the simulator promises of itself: every planted bug shows, no honest schedule fails, and the
same seed is the same schedule."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation import campaign, hunt, report, schedule
from tests.simulation.mutants import MUTANTS
from tests.simulation.schedule import Plan
from tests.simulation.shrink import shrunk

FOUND = Path(__file__).parent / "seeds" / "seeds.txt"
GUARANTEES = Path(__file__).parents[2] / "docs" / "guarantees.md"
ROW = re.compile(r"\| [SL]\d+ ")
WITH_DATA = 95  # a schedule with a stream of records
WITH_PAST = 3
FRESH = range(1_000_000, 1_000_300)
ROOT = Path(__file__).parents[2]


def found() -> list[int]:
    """Seeds that showed a bug once."""
    lines = FOUND.read_text().splitlines()
    return [int(line.split(" ", 1)[0]) for line in lines if not line.startswith("#")]


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_bug_shows_at_its_recorded_seed(name: str) -> None:
    assert hunt.caught(name, hunt.recorded()[name]) is not None


@pytest.mark.parametrize("seed", found())
def test_a_schedule_that_once_failed_holds_now(seed: int) -> None:
    assert schedule.run(Plan.of(seed)).violation is None


def test_every_promise_can_fail_and_is_in_the_documents_with_what_breaks_it() -> None:
    rows = [line for line in GUARANTEES.read_text().splitlines() if ROW.match(line)]
    promises = [f"S{number}" for number in range(1, 18)] + [f"L{number}" for number in range(1, 8)]
    assert [line.split(" | ", 1)[0].strip("| ") for line in rows] == promises
    for line in rows:
        promise = line.split(" | ", 1)[0].strip("| ")
        breaks = sorted(name for name, mutant in MUTANTS.items() if mutant.breaks == promise)
        assert sorted(line.strip("| ").rsplit(" | ", 1)[1].split("; ")) == breaks


def test_three_hundred_schedules_hold_and_go_far_enough() -> None:
    figures = campaign.of_seeds(FRESH)
    assert figures.violations == []
    assert figures.missed() == ()


def test_a_failing_schedule_is_made_smaller_and_fits_on_a_page() -> None:
    name = "last click wins"
    with MUTANTS[name].planted():
        outcome = schedule.run(Plan.of(hunt.recorded()[name]))
        small = shrunk(outcome)
    assert small.violation and small.violation[0] == "S2"
    assert len(small.plan.mix.rates) + len(small.plan.acts) <= 6
    page = report.failure(small)
    assert page.startswith(f"seed {outcome.plan.seed} breaks S2")
    assert len(page.splitlines()) <= report.PAGE_LINES + 5


@pytest.mark.parametrize(
    ("seed", "hash_seed"), [(7, "0"), (7, "4711"), (WITH_DATA, "4711"), (WITH_PAST, "4711")]
)
def test_the_same_seed_is_the_same_schedule_in_any_process(seed: int, hash_seed: str) -> None:
    here = report.trace(schedule.run(Plan.of(seed)))
    assert report.trace(schedule.run(Plan.of(seed))) == here
    told = subprocess.run(
        [sys.executable, "-m", "tests.simulation", "--seeds", f"={seed}", "--trace"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == here + "\n"
    assert ("ObservationsIngested" in here) == (seed == WITH_DATA)
    assert ("v1 is offered" in here) == (seed == WITH_PAST)
