"""What may come in while the local AWS runs: nothing, a market in driven time, the real one.

A world says what the stack must know before it starts, and goes on in a thread of its own until it
is stopped. The stack ends before the thread is waited for: a step may last as long as a training.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING, Protocol

from ops.cli.demo.scene import HISTORY_ENDS

if TYPE_CHECKING:
    from infra.local.deployment import Source
    from infra.local.driver import Driver
    from infra.local.simulation import Change
    from infra.local.stack import LocalStack

STEPS = tuple(timedelta(minutes=minutes) for minutes in (60, 30, 20, 15, 10, 5))
PACE_S = 5.0  # a step takes as long at most, where its length allows
AGAIN_S = 5.0  # after a poll that came to no end

Say = Callable[[str], None]


class World(Protocol):
    """What comes in."""

    clock_start: datetime | None
    """Where a driven clock begins; None: the wall clock rules."""
    has_history: bool
    """Whether two weeks of simulated history belong before it."""

    def open(self) -> "AbstractContextManager[Source | None]":
        """Begin to serve what the stack polls, before it starts; answer where, if anywhere."""
        ...

    def go_on(self, stack: "LocalStack", say: Say) -> None:
        """Bring in what comes until stopped."""
        ...

    def stop(self) -> None:
        """Let `go_on` end; safe from any thread."""
        ...


class Nothing:
    """Nothing comes in but what people import."""

    clock_start: datetime | None = None
    has_history = True

    def open(self) -> "AbstractContextManager[Source | None]":
        """Serve nothing."""
        return nullcontext()

    def go_on(self, stack: "LocalStack", say: Say) -> None:
        """Bring in nothing."""

    def stop(self) -> None:
        """End nothing."""


class Simulated:
    """The simulated market, which follows the history without a seam, in driven time.

    Parameters
    ----------
    speed : float
        How many times faster than real time; 0: as fast as everything can follow.
    change : Change
        Of regime.
    """

    has_history = True

    def __init__(self, seed: int, series: str, speed: float, change: "Change") -> None:
        from infra.local.market import Market

        self.series = series
        self.step, self.pace_s = rhythm(speed)
        self.market: Market = Market(seed, HISTORY_ENDS, change)
        self.clock_start: datetime | None = HISTORY_ENDS
        self.stopping = Event()
        self.driver: Driver | None = None

    @contextmanager
    def open(self) -> "Iterator[Source | None]":
        """Serve the market."""
        from infra.local import feeds

        with self.market:
            yield feeds.source(self.market, self.series, self.step)

    def go_on(self, stack: "LocalStack", say: Say) -> None:
        """Drive the clock; a step that finds no end, or no news, is said, and time goes on."""
        from infra.local.driver import Driver
        from infra.local.feeds import FeedError, PolledMarket
        from infra.local.stack import NotQuietError

        outage, feed = Outage(say), PolledMarket(stack, self.market)
        self.driver = Driver(
            stack, feed, step=self.step, pace_s=self.pace_s, each=lambda step: outage.is_over()
        )
        while not self.stopping.is_set():
            try:
                self.driver.drive()
            except NotQuietError as error:
                say(f"time goes on, though it is {error}")
            except FeedError as error:
                if not self.stopping.is_set():  # else it ended with the local AWS
                    outage.goes_on(str(error))
                    self.stopping.wait(AGAIN_S)

    def stop(self) -> None:
        """Let time stand still after this step."""
        self.stopping.set()
        if self.driver:
            self.driver.stop()


class Blockchain:
    """The transactions that blockchain.com hears of, as they come, in real time."""

    clock_start: datetime | None = None
    has_history = False

    def __init__(self, series: str) -> None:
        self.series = series
        self.stopping = Event()

    def open(self) -> "AbstractContextManager[Source | None]":
        """Serve nothing: others do."""
        from infra.local.deployment import Source
        from services.ingest.polling.sources import BLOCKCHAIN_URL

        return nullcontext(Source("blockchain", BLOCKCHAIN_URL, self.series))

    def go_on(self, stack: "LocalStack", say: Say) -> None:
        """Wake the poller again and again, as a schedule does in AWS, but not before it may ask."""
        from infra.local.function_host import FunctionError
        from shared.messaging.settings import POLLER

        outage = Outage(say)
        while not self.stopping.is_set():
            try:
                polled = stack.supervisor.invoke(POLLER, {})
            except FunctionError as error:
                if not self.stopping.is_set():  # else it ended with the local AWS
                    outage.goes_on(str(error))
                    self.stopping.wait(AGAIN_S)
                continue
            if polled["failures"]:
                log = stack.logs / f"{POLLER}.log"
                outage.goes_on(f"blockchain.com could not be polled: see {log}")
            else:
                outage.is_over()
            self.stopping.wait(polled["wait_s"])

    def stop(self) -> None:
        """Poll no more."""
        self.stopping.set()


class Outage:
    """Says once that nothing comes in, however often it is tried, and once that it does again."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.lasts = False

    def goes_on(self, why: str) -> None:
        """Nothing came in."""
        if not self.lasts:
            self.say(f"nothing comes in: {why}; trying on")
        self.lasts = True

    def is_over(self) -> None:
        """Something came in."""
        if self.lasts:
            self.say("it comes in again")
        self.lasts = False


def rhythm(speed: float) -> tuple[timedelta, float]:
    """Answer how far the clock moves in a step, and the seconds that a step takes at least.

    Small steps look smooth, large ones cost less: an hour at most, five minutes at least.
    """
    if not speed:
        return STEPS[0], 0.0
    wished = timedelta(seconds=PACE_S * speed)
    step = next((one for one in STEPS if one <= wished), STEPS[-1])
    return step, step.total_seconds() / speed
