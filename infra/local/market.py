"""A market on this machine: blockchain.com's unconfirmed transactions, simulated, in driven time.

``GET /unconfirmed-transactions?format=json`` answers as https://blockchain.info does: the last 100
transactions, the latest first, with an ETag. Two things are its own:

- ``&minutes=N`` answers all transactions of the last N minutes instead, so that one poll may follow
  a clock that jumps by an hour (documented here and only here: the real API knows no such thing);
- ``inputs`` and ``out`` are empty, because nobody in this project reads a transaction's scripts.

What is for sale is a pure function of seed and time: `infra.local.simulation` says how many
transactions a minute had and what they paid together, `told` parts it among them.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from types import TracebackType
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import numpy as np
from numpy.typing import NDArray

from infra.local.driven_clock import DrivenClock
from infra.local.http_server import HttpServer
from infra.local.simulation import EPOCH, Change, observations

PATH = "/unconfirmed-transactions"
LAST = 100  # transactions in an answer, as at blockchain.com
MINUTES_MAX = 2 * 24 * 60
SPREAD = 1.0  # standard deviation of the logarithm of fees within a minute
MINUTE = timedelta(minutes=1)
SECONDS_A_MINUTE = 60
LOOK_BACK_MINUTES = 5  # that surely hold the last 100 transactions
TEMPLATE = (
    '{"hash":"%s","ver":2,"vin_sz":%d,"vout_sz":%d,"size":%d,"weight":%d,"fee":%d,'
    '"relayed_by":"0.0.0.0","lock_time":0,"tx_index":%d,"double_spend":false,"time":%d,'
    '"block_index":null,"block_height":null,"inputs":[],"out":[]}'
)
HASH_BYTES = 32
MINUTES_CACHED = 128  # two polls that are an hour apart overlap by less

Integers = NDArray[np.int64]


class Told(NamedTuple):
    """The transactions of a minute as they are told, the latest first."""

    times_s: Integers
    text: bytes
    """All of them, with commas between."""
    starts: Integers
    """Where in it each begins; one more at the end, as if another followed."""

    def between(self, since_s: int, until_s: int, most: int | None) -> tuple[int, bytes]:
        """Answer how many there are of a time, and their text; of the latest if there are more."""
        first, last = np.searchsorted(-self.times_s, (1 - until_s, 1 - since_s)).tolist()
        if most is not None:
            last = min(last, first + most)
        text = self.text[self.starts[first] : max(self.starts[last] - 1, 0)]
        return max(last - first, 0), text


class Market:
    """Serves the transactions of a simulation over HTTP: a context manager.

    Parameters
    ----------
    seed : int
        Of the simulation: the history before `start` has the same.
    start : datetime
        Where its clock begins; nothing before is told.
    change : Change, optional
        A change of regime at a given moment.
    port : int
        On 127.0.0.1; 0 lets the system choose.
    """

    def __init__(
        self, seed: int, start: datetime, change: Change | None = None, port: int = 0
    ) -> None:
        self.clock = DrivenClock(start)
        self._seed = seed
        self._start_s = int(start.timestamp())
        self._change = change
        self._minute = lru_cache(maxsize=MINUTES_CACHED)(self._simulated)
        self._port = port
        self._server: HttpServer

    def url(self, minutes: int | None = None) -> str:
        """Answer where it is polled; for all of so many minutes, or the last 100 transactions."""
        told = f"{self._server.url}{PATH}?format=json"
        return told if minutes is None else f"{told}&minutes={minutes}"

    def body(self, minutes: int | None = None) -> bytes:
        """Answer what it tells now; see `url`."""
        now_s = int(self.clock().timestamp())
        reach = LOOK_BACK_MINUTES if minutes is None else minutes
        since_s = max(self._start_s, now_s - reach * SECONDS_A_MINUTE)
        texts, left = [], LAST if minutes is None else None
        for number in reversed(range(since_s // SECONDS_A_MINUTE, now_s // SECONDS_A_MINUTE + 1)):
            count, text = self._minute(number).between(since_s, now_s, left)
            left = None if left is None else left - count
            texts += [text] if count else []
        return b'{"txs":[%s]}' % b",".join(texts)

    def prepare(self, until: datetime) -> None:
        """Simulate already what will be told until then; nothing of it is told before its time."""
        first, last = (int(m.timestamp()) // SECONDS_A_MINUTE for m in (self.clock(), until))
        for number in range(first, min(last, first + MINUTES_CACHED // 2)):
            self._minute(number)

    def __enter__(self) -> "Market":
        """Begin to answer; raise PortTakenError if the port cannot be had."""
        self._server = HttpServer(self._answer, self._port)
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()

    def _simulated(self, number: int) -> Told:
        start = EPOCH + number * MINUTE
        seen = observations(self._seed, start, 1, self._change)
        return told(self._seed, number, int(seen.values[0]), int(seen.counts[0]))

    def _answer(self, environ: dict[str, Any], respond: Callable[..., Any]) -> Iterable[bytes]:
        query = parse_qs(environ.get("QUERY_STRING", ""))
        if environ["PATH_INFO"] != PATH:
            return reply(respond, "404 Not Found", b"")
        minutes = query.get("minutes", [None])[0]
        if minutes is not None and not (minutes.isdecimal() and int(minutes) <= MINUTES_MAX):
            return reply(respond, "400 Bad Request", b"")
        tag = f'"{self._seed}-{self.clock().timestamp():.0f}-{minutes}"'  # what is told depends on
        if environ.get("HTTP_IF_NONE_MATCH") == tag:
            return reply(respond, "304 Not Modified", b"", ("ETag", tag))
        body = self.body(None if minutes is None else int(minutes))
        return reply(respond, "200 OK", body, ("ETag", tag))


def reply(
    respond: Callable[..., Any], status: str, body: bytes, *headers: tuple[str, str]
) -> Iterable[bytes]:
    """Answer a request."""
    kind = ("Content-Type", "application/json")
    respond(status, [kind, ("Content-Length", str(len(body))), *headers])
    return [body]


def told(seed: int, number: int, value: int, count: int) -> Told:
    """Part a minute's fees among its transactions.

    Parameters
    ----------
    number : int
        Of the minute since 1970.
    value, count : int
        What its transactions paid together, in satoshi, and how many they are.
    """
    chance = np.random.Generator(np.random.PCG64([seed, number]))
    fees = parted(value, chance.lognormal(0.0, SPREAD, count))
    seconds = np.sort(chance.integers(0, SECONDS_A_MINUTE, count))[::-1]
    times_s = number * SECONDS_A_MINUTE + seconds
    hashes = chance.bytes(HASH_BYTES * count).hex()
    width = 2 * HASH_BYTES
    names = [hashes[at : at + width] for at in range(0, width * count, width)]
    inputs, outputs = (1 + chance.geometric(0.6, count) for _ in range(2))
    sizes = 11 + 68 * inputs + 31 * outputs
    index = number * 100_000 + np.arange(count)
    columns = (inputs, outputs, sizes, 4 * sizes, fees, index, times_s)
    rows = zip(names, *(column.tolist() for column in columns), strict=True)
    texts = [TEMPLATE % row for row in rows]
    starts = np.cumsum([0, *(len(text) + 1 for text in texts)])
    return Told(times_s, ",".join(texts).encode(), starts)


def parted(value: int, weights: NDArray[np.float64]) -> Integers:
    """Part a whole number by weights into whole numbers whose sum it is exactly."""
    parts: Integers = np.floor(value * (weights / weights.sum())).astype(np.int64)
    left = int(value - parts.sum())  # less than one a part, or, by rounding, a few too many
    parts[np.argsort(-parts, kind="stable")[: abs(left)]] += np.sign(left)
    return parts
