"""What became of the batches of an import, as ingest's events tell it in the journal."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops.cli.connection import CLOCKS_DIFFER, Connection
from ops.cli.story import Story
from services.ingest.domain.judging import IN_THE_FUTURE, LIVE_WINS
from services.journal.domain import Entry
from services.journal.questions.causes import trip
from shared.contracts.lifecycle import DecisionRecorded, ObservationsIngested, RecordsQuarantined

READ_MAX = 10_000  # entries: what came since the first batch was sent
FIXES = {
    IN_THE_FUTURE: "import them when their time has come there",
    LIVE_WINS: "leave them out: what came live is kept",
}


@dataclass(frozen=True)
class Taken:
    """What became of an import, in observations."""

    into_windows: int
    unanswered: int
    """Of batches of which the journal tells nothing: ingest took them before, for it takes them
    once; or the journal has not heard of them yet."""
    new_windows: int
    revised_windows: int
    refused: Mapping[str, int]
    """How many ingest put into quarantine, by reason."""
    files: tuple[str, ...]
    """Where those are."""

    def refusals(self) -> str:
        """Say how many were refused, and why."""
        counted = Counter(self.refused).most_common()
        return ", ".join(f"{number:,} × {reason}" for reason, number in counted)

    def fix(self) -> str:
        """Say what to do about what was refused."""
        reasons = [reason for reason, _ in Counter(self.refused).most_common()]
        fixes = [FIXES[reason] for reason in reasons if reason in FIXES]
        return "; ".join([*fixes, f"they are in {', '.join(self.files)}"])


class Answers:
    """What ingest says of a series from now on.

    What the journal knows already is left out by its ids, for a driven clock may stand still.
    """

    def __init__(self, connection: Connection, series: str) -> None:
        self.story = Story(connection)
        self.series = series
        self.since = connection.clock.now() - 2 * CLOCKS_DIFFER
        self.before = {one.event_id for one in self.read(lambda _: True)}

    def read(self, wanted: Callable[[Entry], bool]) -> Sequence[Entry]:
        """Answer what the journal has since then."""
        return self.story.latest(self.series, self.since, READ_MAX, wanted)

    def to(self, sent: Mapping[str, int]) -> Taken:
        """Answer what became of batches.

        Parameters
        ----------
        sent : Mapping
            How many observations each batch has, by its id.
        """
        entries = self.read(lambda one: trip(one) in sent and one.event_id not in self.before)
        concluded = {trip(one) for one in of(entries, DecisionRecorded)}
        ingested = [one.detail["data"] for one in of(entries, ObservationsIngested)]
        quarantined = [one.detail["data"] for one in of(entries, RecordsQuarantined)]
        refused: Counter[str] = Counter()
        for one in quarantined:
            refused.update(one["reasons"])
        answered = sum(count for batch, count in sent.items() if batch in concluded)
        return Taken(
            into_windows=answered - sum(refused.values()),
            unanswered=sum(sent.values()) - answered,
            new_windows=sum(one["count"] for one in ingested),
            revised_windows=sum(one["revised"] for one in ingested),
            refused=refused,
            files=tuple(dict.fromkeys(one["uri"] for one in quarantined)),
        )


def of(entries: Iterable[Entry], event: type[Any]) -> list[Entry]:
    """Answer the entries of one kind."""
    return [one for one in entries if one.detail_type == event.detail_type()]
