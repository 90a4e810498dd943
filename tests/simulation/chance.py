"""All chance of a schedule comes from its seed, in one stream for each matter: taking one matter
away leaves the others as they were, so that a failing schedule can be made smaller."""

import random


class Chance:
    """Streams of chance by name."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.streams: dict[str, random.Random] = {}

    def of(self, matter: str) -> random.Random:
        """Answer the stream of a matter."""
        stream = self.streams.get(matter)
        if stream is None:
            # a text is hashed by sha512, which no PYTHONHASHSEED changes
            stream = self.streams[matter] = random.Random(f"{self.seed}/{matter}")  # noqa: S311
        return stream

    def hits(self, matter: str, rate: float) -> bool:
        """Tell whether something with a rate happens now."""
        return rate > 0 and self.of(matter).random() < rate
