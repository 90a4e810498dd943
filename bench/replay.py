"""How fast the past is told and lived again: ``python -m bench.replay [file.jsonl.gz]``.

The events of a recording go, line by line, through the journal's projection; the trainer's and the
deployer's decisions are taken again, by two processes. A second is one of CPU time, so that it does
not matter what else the machine does; beside it stands the ratio to merely parsing the same lines.
"""

import gzip
import json
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from time import process_time
from typing import NamedTuple

from ops.replay.playing import Replay
from ops.replay.recording import Line, read
from services.journal.questions.life import Life

LOOP = Path(__file__).parents[1] / "tests" / "recordings" / "loop.jsonl.gz"
SECONDS = 5.0
PROCESSES = 2
EVENTS_MIN, DECISIONS_MIN = 20_000, 3_000
SERVICES = frozenset({"trainer", "deployer"})


class Rate(NamedTuple):
    """What was done, in which time."""

    what: str
    number: int
    seconds: float
    least: int = 0
    """A second, as promised."""

    @property
    def a_second(self) -> float:
        """Answer how many a second."""
        return self.number / self.seconds

    @property
    def is_kept(self) -> bool:
        """Whether it is as fast as promised."""
        return self.a_second >= self.least

    def line(self, peer: "Rate") -> str:
        """Say it as a row of the table."""
        promised = f"   promised: {self.least:,}" if self.least else ""
        broken = "" if self.is_kept else "  BROKEN"
        ratio = self.a_second / peer.a_second
        return f"  {self.what:<58}{self.a_second:>9,.0f}{ratio:>8.3f}{promised}{broken}"


def timed(what: str, do: Callable[[], int], least: int = 0) -> Rate:
    """Do something again and again, for some seconds."""
    do()  # caches fill
    began, number = process_time(), 0
    while process_time() - began < SECONDS:
        number += do()
    return Rate(what, number, process_time() - began, least)


def parsing(lines: Sequence[bytes]) -> int:
    """Parse lines, and do nothing with them."""
    for line in lines:
        json.loads(line)
    return len(lines)


def projecting(lines: Sequence[bytes]) -> int:
    """Take entries, as text, into the life of a model."""
    life = Life.begin("fees")
    for line in lines:
        life.hear(Line.model_validate_json(line).entry)
    return len(lines)


def deciding(path: Path) -> Rate:
    """Take decisions again, in one process."""
    recording = read(path)

    def once() -> int:
        replay = Replay(recording, SERVICES)
        for _ in replay.play():
            pass
        if replay.differences:
            raise SystemExit(f"{path} does not replay: modelcycle replay {path} --diff")
        return replay.decided.total()

    return timed("", once)


def all_deciding(path: Path) -> Rate:
    """Take decisions again, in several processes at once."""
    with ProcessPoolExecutor(PROCESSES) as processes:
        rates = list(processes.map(deciding, [path] * PROCESSES))
    what = f"decisions of {' and '.join(sorted(SERVICES))}, {PROCESSES} processes"
    seconds = sum(rate.seconds for rate in rates) / PROCESSES
    return Rate(what, sum(rate.number for rate in rates), seconds, DECISIONS_MIN)


def main() -> int:
    """Print the table; answer 1 where a promise is broken, else 0."""
    path = Path(sys.argv[1]) if sys.argv[1:] else LOOP
    _, *lines, _ = gzip.decompress(path.read_bytes()).splitlines()
    size = sum(map(len, lines)) / len(lines) / 1000
    print(f"{path.name}: {len(lines)} lines of {size:.1f} kB; a second, and against parsing them")
    peer = timed("lines parsed as JSON, one process", lambda: parsing(lines))
    print(peer.line(peer))
    rates = (
        timed(
            "events from their lines to a projection, one process",
            lambda: projecting(lines),
            EVENTS_MIN,
        ),
        all_deciding(path),
    )
    for rate in rates:
        print(rate.line(peer))
    return 0 if all(rate.is_kept for rate in rates) else 1


if __name__ == "__main__":
    sys.exit(main())
