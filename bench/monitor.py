"""Noise does not retrain: ``python -m bench.monitor``.

Plays a forecaster that knows the true quantiles, and whose quality never changes, for a year of
five-minute points with a daily rhythm, and judges it with the monitor's own functions: every
retraining is one too many. Then the world changes: the level doubles, or the rhythm is gone, which
a model can learn and the monitor has to find; or the noise doubles, which nobody can forecast.
Beside it, the rule of the best-known public demo of this loop plays the same years, with the same
rest after a training as our governor gives.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np

from bench.forecaster import (
    FREQUENCY,
    HORIZON,
    LEVELS,
    SEASON,
    START,
    Change,
    Played,
    play,
)
from services.monitor.domain import watching
from services.monitor.domain.seen import Known, Task
from services.monitor.domain.state import Scored, Stay, Watch
from shared.contracts.envelope import Event
from shared.contracts.evaluation import WindowLoss
from shared.contracts.lifecycle import AccuracyDegraded, AccuracyMeasured
from shared.contracts.spec_parts import Gate, MonitorSpec, Target

ORIGINS = 20  # as models/fees.yaml: the backtest
SPANS_A_WEEK = 7 * SEASON // HORIZON
MONITOR, GATE = MonitorSpec(), Gate()
SCATTERS = (0.35, 0.40, 0.45, 0.50)
"""Log-normal noise of the target, as the standard deviation of its logarithm."""

YEAR_WEEKS, YEARS = 52, 12
CASES = 300
"""Changes of each kind that are played, each at another time of day."""
BEFORE_DAYS, AFTER_DAYS, NOISY_DAYS = 4, 3, 9
CHECKS = 3
"""Verdicts after the first one with 50 points behind the change, within which it must be found."""
RETRAININGS_A_WEEK_MAX, FOUND_MIN, EXPLAINED_MIN = 0.1, 0.95, 0.9
DEMO_RETRAININGS = 4.0, 9.0
"""A week, of the demo's rule: with fewer, what is played would be easier than what it fails at."""
DEMO_BREACHES, REST_CHECKS = 3, 6


def watched(version: int, backtest: Sequence[Scored]) -> Watch:
    """A version has just come into production; it showed this in its backtest."""
    task = Task(
        algorithm="lightgbm",
        series="simulated",
        target=Target.MEAN,
        frequency_s=int(FREQUENCY.total_seconds()),
        horizon=HORIZON,
        quantiles=LEVELS,
        season=SEASON,
        context_points=2 * SEASON,
    )
    windows = tuple(
        WindowLoss(
            start=one.start,
            points=one.points,
            weight=one.weight,
            loss=one.loss,
            baseline_loss=min(one.naive["last_season"], one.naive["seasonal_naive"]),
            scatter=one.scatter,
        )
        for one in backtest
    )
    stay = Stay(
        version=version,
        endpoint="endpoint",
        config="config",
        cutoff=backtest[-1].end - FREQUENCY,
        correlation_id="trip",
        known=Known(run_id=f"run-{version}", task=task, windows=windows),
    )
    return Watch(env="bench", key="simulated", stay=stay)


def follow(scored: Sequence[Scored]) -> Iterator[tuple[int, Event]]:
    """Judge a year with the monitor's own functions; a degraded version is replaced by one that is
    as good, with its own backtest."""
    version, state = 1, watched(1, scored[:ORIGINS])
    for at in range(ORIGINS, len(scored)):
        decision = watching.take(state, scored[at], MONITOR)
        if decision is None:
            continue
        state = decision.state
        yield from ((at, event) for event in decision.events)
        if any(isinstance(event, AccuracyDegraded) for event in decision.events):
            version += 1
            state = watched(version, scored[at + 1 - ORIGINS : at + 1])


def retrained(played: Played) -> int:
    """Count how often the monitor would have had the forecaster trained again."""
    return sum(isinstance(event, AccuracyDegraded) for _, event in follow(list(played.scored())))


def retrained_as_in_the_demo(played: Played) -> int:
    """Count the same for 5 points a check, 3 breaches in a row, and a threshold that ratchets."""
    losses, trained, breaches, rested = played.demo, 0, 0, 0
    threshold = float(losses[:ORIGINS].mean()) * (1 + GATE.headroom)
    for at in range(ORIGINS, len(losses)):
        breaches = breaches + 1 if losses[at] > threshold else 0
        if breaches >= DEMO_BREACHES and at >= rested:
            trained, breaches, rested = trained + 1, 0, at + REST_CHECKS
            score = float(losses[at + 1 - ORIGINS : at + 1].mean()) * (1 + GATE.headroom)
            threshold -= GATE.update_rate * max(0.0, threshold - score)
    return trained


def years() -> tuple[float, float]:
    """Answer retrainings a week where nothing has changed: ours, and the demo's rule."""
    ours = demo = 0
    for seed in range(YEARS):
        played = play(seed, YEAR_WEEKS * 7 + 3, SCATTERS[seed % len(SCATTERS)])
        ours += retrained(played)
        demo += retrained_as_in_the_demo(played)
    weeks = YEARS * YEAR_WEEKS
    return ours / weeks, demo / weeks


@dataclass
class Found:
    """How changes of one kind were found."""

    in_time: int = 0
    at_all: int = 0
    in_a_week: int = 0
    explained: int = 0
    verdicts: int = 0


def changes(days: int, **kind: float) -> Found:
    """Play a change at many times of the day."""
    found = Found()
    chance = np.random.default_rng(1)
    for case in range(CASES):
        at = BEFORE_DAYS * SEASON + int(chance.integers(SEASON))
        log_sd = SCATTERS[case % len(SCATTERS)]
        played = play(1_000 + case, BEFORE_DAYS + days, log_sd, Change(at, **kind))
        look(found, list(played.scored()), START + at * FREQUENCY)
    return found


def look(found: Found, scored: Sequence[Scored], changed_at: datetime) -> None:
    """Note when a change was found, and how what followed was told."""
    rests_on_it = changed_at + MONITOR.points * FREQUENCY
    enough = next(at for at, window in enumerate(scored) if window.end >= rests_on_it)
    degraded = [
        at
        for at, event in follow(scored)
        if isinstance(event, AccuracyDegraded) and scored[at].end > changed_at
    ]
    told = [
        event
        for at, event in follow(scored)
        if isinstance(event, AccuracyMeasured) and at >= enough
    ]
    found.at_all += bool(degraded)
    found.in_time += bool(degraded) and degraded[0] <= enough + CHECKS
    found.in_a_week += bool(degraded) and degraded[0] <= enough + SPANS_A_WEEK
    found.explained += sum("scatter more" in event.evidence for event in told)
    found.verdicts += len(told)


class Promise(NamedTuple):
    """What is measured, and between which bounds it has to be."""

    what: str
    measured: float
    least: float
    most: float

    @property
    def is_kept(self) -> bool:
        """Whether it is."""
        return self.least <= self.measured <= self.most

    @property
    def line(self) -> str:
        """Say it as a row of the table."""
        bounds = f"promised: {self.least:g} to {self.most:g}"
        return (
            f"  {self.what:<56}{self.measured:8.3f}   {bounds}{'' if self.is_kept else '  BROKEN'}"
        )


def steady() -> list[Promise]:
    """Play years in which nothing changes."""
    ours, demo = years()
    return [
        Promise("ours", ours, 0.0, RETRAININGS_A_WEEK_MAX),
        Promise("5 points a check, 3 breaches, ratcheting threshold", demo, *DEMO_RETRAININGS),
    ]


def learnable() -> list[Promise]:
    """Play changes that a model can learn."""
    level, rhythm = changes(AFTER_DAYS, level=2.0), changes(AFTER_DAYS, rhythm=0.0)
    return [
        Promise("level x2, in time", level.in_time / CASES, FOUND_MIN, 1.0),
        Promise("daily rhythm gone, in time", rhythm.in_time / CASES, FOUND_MIN, 1.0),
        Promise(f"level x2, within {AFTER_DAYS} days", level.at_all / CASES, FOUND_MIN, 1.0),
        Promise(
            f"daily rhythm gone, within {AFTER_DAYS} days", rhythm.at_all / CASES, FOUND_MIN, 1.0
        ),
    ]


def noisy() -> list[Promise]:
    """Play noise that nobody can forecast."""
    noise = changes(NOISY_DAYS, noise=2.0)
    told = noise.explained / noise.verdicts
    return [
        Promise("retrainings a week", noise.in_a_week / CASES, 0.0, RETRAININGS_A_WEEK_MAX),
        Promise("verdicts that say the world scatters more", told, EXPLAINED_MIN, 1.0),
    ]


PARTS: tuple[tuple[str, Callable[[], list[Promise]]], ...] = (
    (
        f"nothing changes, {YEARS} seeds of {YEAR_WEEKS} weeks: retrainings a week",
        steady,
    ),
    (
        f"a change that a model can learn, {CASES} seeds: found; in time is at most {CHECKS} checks"
        f"\nafter the first that rests on {MONITOR.points} points of it",
        learnable,
    ),
    (f"noise x2, {CASES} seeds, the week after", noisy),
)


def main() -> int:
    """Print the table; answer 1 where a promise is broken, else 0."""
    began = time.perf_counter()
    print(
        f"a forecaster with the true quantiles, log-sd {SCATTERS[0]} to {SCATTERS[-1]}, a point "
        f"every 5 minutes, a verdict an hour on {MONITOR.points} points or more"
    )
    is_kept = True
    for title, play_it in PARTS:
        print(f"\n{title}")
        for promise in play_it():
            print(promise.line)
            is_kept = is_kept and promise.is_kept
    print(f"\n{time.perf_counter() - began:.0f} s")
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())
