"""A simulation of Bitcoin fees, minute by minute, for demos and tests: not real, and labelled so.

The level of fees follows a daily and a weekly rhythm, slow waves and fast ripples (autoregressive),
congestion that comes in bursts and drains, and heavy-tailed extremes. Traffic follows the same
rhythm. All of it is a pure function of seed and time: what is drawn by chance is drawn in blocks of
a day, each from a generator seeded with (seed, day), so that a history and the stream that goes on
behind it agree, whatever pieces they are asked for in.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_MINUTES = 1_440
DAYS_CACHED = 64
MEMORY_DAYS = 1
"""How far back noise remembers: beyond it the slowest wave weighs under 0.5 %."""

FEE_SATOSHI = 3_300.0
"""A transaction's fee in the middle of rhythm and noise; bursts lift the mean to about 5,000."""
TRANSACTIONS_A_MINUTE = 270.0
"""4.5 a second, about what the network carries."""

# Amplitudes are in logarithms of the fee: 0.5 is a factor of 1.6.
DAILY, WEEKLY = 0.5, 0.2
TRAFFIC_SHARE = 0.5
"""How much of the rhythm of fees is in the traffic, too."""
SLOW, SLOW_HALF_LIFE_MINUTES = 0.12, 180
FAST, FAST_HALF_LIFE_MINUTES = 0.20, 12
WHITE, WHITE_FREEDOM = 0.18, 4
"""What a single minute adds: Student's t, whose extremes come more often than a bell's."""
BURSTS_A_DAY, BURST, BURST_HALF_LIFE_MINUTES, BURST_RISE_MINUTES = 8, 0.6, 35, 6
BURST_TRAFFIC, TRAFFIC, TRAFFIC_HALF_LIFE_MINUTES = 0.15, 0.08, 30
PULSE_MINUTES = 115
"""Just under two hours, twelve and a half times a day: yesterday's values are no help."""
DEVIATION_MAX = 4.0
"""Nobody pays more than e⁴ times the usual fee, however noisy the world becomes."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Change:
    """A change of regime: from `at` on, level, noise and rhythm are multiplied by these factors.

    A new `noise` can be learned by nobody; `rhythm=0` takes away what a model has learned about the
    time of day and of the week. A `pulse` adds a rhythm of `PULSE_MINUTES` with this
    log-amplitude, which nobody knows before it was seen.
    """

    at: datetime
    level: float = 1.0
    noise: float = 1.0
    rhythm: float = 1.0
    pulse: float = 0.0


@dataclass(frozen=True, eq=False)
class Minutes:
    """Simulated observations, one a minute."""

    start: datetime
    """Of the first minute, UTC; an observation bears the time at which its minute starts."""
    values: NDArray[np.int64]
    """Sum of the fees of the minute's transactions, in satoshi."""
    counts: NDArray[np.int64]
    """Number of the minute's transactions."""

    def __len__(self) -> int:
        return len(self.values)

    def records(self, series: str) -> list[dict[str, str | float | int]]:
        """Return the observations as ingest takes them; the ids say that they are simulated."""
        times = [
            f"{self.start + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}"
            for minute in range(len(self))
        ]
        return [
            {"series": series, "id": f"simulated:{time}", "time": time, "value": value, "count": n}
            for time, value, n in zip(
                times, map(float, self.values.tolist()), self.counts.tolist(), strict=True
            )
        ]


def observations(seed: int, start: datetime, minutes: int, change: Change | None = None) -> Minutes:
    """Simulate fee observations.

    Parameters
    ----------
    seed : int
        Another seed is another history; 0 or more.
    start : datetime
        Aware; rounded down to the minute.
    minutes : int
        How many observations.
    change : Change, optional
        A change of regime that begins at a given moment.
    """
    first = (start - EPOCH) // timedelta(minutes=1)
    if first < (MEMORY_DAYS + 1) * DAY_MINUTES or seed < 0 or minutes < 0:
        raise ValueError(
            f"cannot simulate {minutes} minutes from {start} with seed {seed}: "
            "start after 1970-01-03, seed and minutes not negative"
        )
    numbers = np.arange(first, first + minutes)
    noise = noise_between(seed, first, first + minutes)
    return compose(EPOCH + timedelta(minutes=first), numbers, noise, change)


def compose(
    start: datetime, numbers: NDArray[np.int64], noise: Floats, change: Change | None
) -> Minutes:
    """Put rhythm and noise together, as they are before and after a change."""
    level, loudness, swing = (np.ones(len(numbers)) for _ in range(3))
    if change is not None:
        after = numbers >= (change.at - EPOCH) / timedelta(minutes=1)
        beat = np.sin(2 * np.pi * numbers[after] / PULSE_MINUTES)
        level[after] = change.level * np.exp(change.pulse * beat)
        loudness[after], swing[after] = change.noise, change.rhythm
    fee_noise, traffic_noise, luck = noise
    rhythm = swing * rhythm_at(numbers)
    deviation = np.clip(loudness * fee_noise, -DEVIATION_MAX, DEVIATION_MAX)
    fees = FEE_SATOSHI * level * np.exp(rhythm + deviation)
    rate = TRANSACTIONS_A_MINUTE * np.exp(TRAFFIC_SHARE * rhythm + traffic_noise)
    # Poisson's spread around the rate, by its normal approximation: far from 0 nobody sees the gap.
    counts = np.maximum(1, np.rint(rate + np.sqrt(rate) * luck)).astype(np.int64)
    return Minutes(start, np.rint(fees * counts).astype(np.int64), counts)


def rhythm_at(numbers: NDArray[np.int64]) -> Floats:
    """Return the rhythm at minutes since 1970: high in the American afternoon, low on Sundays."""
    day = 2 * np.pi * (numbers % DAY_MINUTES) / DAY_MINUTES
    # 1970 began on a Thursday: the week's crest is 6 days later, on Wednesday noon.
    week = 2 * np.pi * (numbers / DAY_MINUTES - 6.5) / 7
    daily: Floats = np.cos(day - 2 * np.pi * 16 / 24) + 0.35 * np.cos(2 * day - 2 * np.pi * 15 / 12)
    return DAILY * daily + WEEKLY * np.cos(week)


def noise_between(seed: int, first: int, stop: int) -> Floats:
    """Return noise of fees, noise of traffic and luck of counting, shape (3, stop - first)."""
    if first == stop:
        return np.empty((3, 0))
    start_day, stop_day = first // DAY_MINUTES, (stop - 1) // DAY_MINUTES + 1
    days = [noise_of_day(seed, day) for day in range(start_day, stop_day)]
    offset = start_day * DAY_MINUTES
    return np.concatenate(days, axis=1)[:, first - offset : stop - offset]


@lru_cache(maxsize=DAYS_CACHED)
def noise_of_day(seed: int, day: int) -> Floats:
    """Return a day of noise, shape (3, `DAY_MINUTES`): computed whole, so always the same."""
    memory = [draws_of_day(seed, day - back) for back in range(MEMORY_DAYS, -1, -1)]
    slow, fast, white, bursts, traffic, luck = np.concatenate(memory, axis=1)
    congestion = BURST * smeared(bursts, burst_shape())
    fee_noise = (
        SLOW * smeared(slow, fading(SLOW_HALF_LIFE_MINUTES))
        + FAST * smeared(fast, fading(FAST_HALF_LIFE_MINUTES))
        + WHITE * white[-DAY_MINUTES:]
        + congestion
    )
    waves = smeared(traffic, fading(TRAFFIC_HALF_LIFE_MINUTES))
    traffic_noise = TRAFFIC * waves + BURST_TRAFFIC * congestion
    return frozen(np.stack([fee_noise, traffic_noise, luck[-DAY_MINUTES:]]))


@lru_cache(maxsize=DAYS_CACHED)
def draws_of_day(seed: int, day: int) -> Floats:
    """Draw everything that chance decides on a day, shape (6, `DAY_MINUTES`)."""
    generator = np.random.Generator(np.random.PCG64([seed, day]))
    slow, fast, traffic, luck = generator.standard_normal((4, DAY_MINUTES))
    white = generator.standard_t(WHITE_FREEDOM, DAY_MINUTES)
    begins = generator.random(DAY_MINUTES) < BURSTS_A_DAY / DAY_MINUTES
    bursts = begins * generator.exponential(1.0, DAY_MINUTES)
    return frozen(np.stack([slow, fast, white, bursts, traffic, luck]))


def fading(half_life_minutes: float) -> Floats:
    """Return the weights of an autoregressive noise of variance 1, the latest first."""
    weights = 0.5 ** (np.arange(MEMORY_DAYS * DAY_MINUTES + 1) / half_life_minutes)
    return np.asarray(weights / np.sqrt((weights**2).sum()), dtype=np.float64)


def burst_shape() -> Floats:
    """Return how a burst of congestion rises within minutes and drains within hours."""
    minutes = np.arange(MEMORY_DAYS * DAY_MINUTES + 1)
    rise = 1 - np.exp(-minutes / BURST_RISE_MINUTES)
    return np.asarray(rise * 0.5 ** (minutes / BURST_HALF_LIFE_MINUTES), dtype=np.float64)


def smeared(draws: Floats, weights: Floats) -> Floats:
    """Return the last day of draws, each minute the weighted sum of those before it."""
    return np.convolve(draws, weights, mode="valid")


def frozen(array: Floats) -> Floats:
    """Return the array read-only, since a cache hands it out many times."""
    array.flags.writeable = False
    return array
