"""What comes in during the second act: the simulated market, or the last part of a user's
series."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ops.cli.demo.scene import HISTORY_ENDS, Scene
from ops.cli.errors import misused
from shared.messaging.clock import WallClock

if TYPE_CHECKING:
    from infra.local.deployment import Source
    from infra.local.feeds import Feed, Tape
    from infra.local.stack import LocalStack
    from ops.cli.observations import Observations

STEP = timedelta(hours=1)
MARKET_DAYS = 7  # at most; the loop closes long before
CHANGE_AFTER = timedelta(days=1)
STREAMED_SHARE = 0.2  # of a user's series
STREAMED_STEPS_MAX = 120


class Stream(Protocol):
    """A source of observations in driven time."""

    scene: Scene
    """What is imported as history before."""
    words: str
    """What comes, for people."""
    must_close: bool
    """Whether the demo fails unless the loop closes."""
    clock_start: datetime
    step: timedelta
    """How far time moves at once."""
    remarks: tuple[tuple[datetime, str], ...]
    """What the loop is not told, for the report."""

    def open(self) -> Any:
        """Begin to serve what the stack polls, before it starts: a context manager."""
        ...

    def feed(self, stack: "LocalStack") -> "Feed":
        """Answer what brings the news into a stack."""
        ...

    def is_over(self, now: datetime) -> bool:
        """Tell whether nothing more will come."""
        ...


class Simulated:
    """The market of the simulation, which follows the history without a seam."""

    clock_start = HISTORY_ENDS
    step = STEP

    def __init__(self, scene: Scene, seed: int, change: str) -> None:
        from infra.local.market import Market
        from infra.local.regimes import REGIMES

        self.scene = scene
        at, becomes = HISTORY_ENDS + CHANGE_AFTER, REGIMES[change]
        self.market = Market(seed, HISTORY_ENDS, becomes.begins(at))
        self.must_close = becomes.makes_a_model_fall_short
        self.remarks: tuple[tuple[datetime, str], ...] = ((at, f"simulated: {becomes.words}"),)
        self.words = (
            f"transactions of a simulated market, hour by hour; at {at:%m-%d %H:%M} {becomes.words}"
        )

    @contextmanager
    def open(self) -> "Iterator[Source]":
        """Serve the market."""
        from infra.local import feeds

        with self.market:
            yield feeds.source(self.market, self.scene.series.series, self.step)

    def feed(self, stack: "LocalStack") -> "Feed":
        """Poll the market."""
        from infra.local.feeds import PolledMarket

        return PolledMarket(stack, self.market)

    def is_over(self, now: datetime) -> bool:
        """Tell whether the market has lasted long enough."""
        return now >= HISTORY_ENDS + timedelta(days=MARKET_DAYS)


class Recorded:
    """The last part of a user's own series, as it came; the first part is history."""

    remarks: tuple[tuple[datetime, str], ...] = ()

    must_close = False

    def __init__(self, scene: Scene, observations: "Observations", split: int) -> None:
        self.scene = scene
        self.series = scene.series.series
        self.records = [dict(record) for record in observations.records(split)]
        for record in self.records:
            del record["series"]
        times = [datetime.fromisoformat(str(record["time"])) for record in self.records]
        self.times = times
        self.step = scene.model.horizon * scene.model.frequency
        self.clock_start = times[0]
        self.words = f"the last {len(times):,} observations, as their time comes"
        self.tape: Tape | None = None

    @contextmanager
    def open(self) -> Iterator[None]:
        """Serve nothing: records are sent."""
        yield None

    def feed(self, stack: "LocalStack") -> "Feed":
        """Send what has come by now."""
        from infra.local.feeds import Tape

        self.tape = Tape(stack, self.series, self.records, self.times)
        return self.tape

    def is_over(self, now: datetime) -> bool:
        """Tell whether all has been sent."""
        return self.tape is not None and not self.tape.left


def split_of(observations: "Observations", scene: Scene) -> int:
    """Answer the position of the first observation that is streamed: the last fifth, bounded."""
    step = scene.model.horizon * scene.model.frequency
    span = observations.last - observations.first
    streamed = min(STREAMED_SHARE * span, STREAMED_STEPS_MAX * step)
    first_us = int(observations.microseconds[-1]) - streamed // timedelta(microseconds=1)
    return int((observations.microseconds < first_us).sum())


def recorded(scene: Scene, folder: Path) -> Recorded:
    """Cut a user's series in two: what is imported as a file, and what is streamed.

    Raises
    ------
    CliError
        If the file cannot be read.
    """
    from ops.cli import observations, output

    columns = {key: name for key, name in scene.columns.items() if key != "delimiter"}
    try:
        read = observations.read(
            scene.file,
            observations.Columns(**columns),
            scene.series.series,
            now=WallClock().now(),
            assume_utc=scene.naive,
            delimiter=scene.columns.get("delimiter", ","),
        )
    except observations.ObservationsRefused as refusal:
        raise misused(refusal.what, refusal.fix) from None
    output.console(stderr=True).print(observations.summary(read))
    split = split_of(read, scene)
    history = folder / "history.csv"
    with history.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, ("time", "value", "count"), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(dict(record) for record in read.records(0, split))
    named = {"time": "time", "value": "value", "count": "count"}
    return Recorded(replace(scene, file=history, columns=named, naive=False), read, split)
