"""What the journal tells: events found by what people know of them, and what followed from one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ops.cli import telling
from ops.cli.connection import Connection
from ops.cli.errors import misused, not_found
from services.journal import domain, reading
from services.journal.aws import DynamoBook
from services.journal.domain import Entry
from services.journal.questions.causes import trip
from shared.contracts import limits, names
from shared.contracts.door import open_event
from shared.contracts.envelope import ContractError
from shared.contracts.lifecycle import DecisionRecorded

READ_AT_MOST = 10_000  # entries for one answer, whatever is sifted out of them
READ_AT_LEAST = 1_000  # so that causes of what is told are among what is put into order
SIFTED = 4  # times as many are read, when too few of those that were read are wanted
SEARCHED = 1_000  # latest events, for one whose id was shortened
NAMED = 3

DECISION = DecisionRecorded.detail_type()


class Followed(NamedTuple):
    """What followed from an event."""

    entries: tuple[Entry, ...]
    since: datetime | None
    """Decisions, and what is said as often as data come in, were read only from then on; none: all
    of them were."""


class Story:
    """The journal of one environment."""

    def __init__(self, connection: Connection) -> None:
        self.book = DynamoBook(
            connection.client("dynamodb"), names.table(connection.env, "journal")
        )

    def latest(
        self,
        subject: str | None,
        since: datetime | None,
        limit: int,
        wanted: Callable[[Entry], bool],
    ) -> Sequence[Entry]:
        """Answer the latest wanted events in the order of causes, the latest last."""
        asked = max(limit, READ_AT_LEAST)
        while True:
            found = reading.list_events(self.book, subject, since, limit=asked)
            kept = [entry for entry in found if wanted(entry)]
            if len(kept) >= limit or len(found) < asked or asked >= READ_AT_MOST:
                return kept[-limit:]
            asked = min(asked * SIFTED, READ_AT_MOST)

    def recent(self, subject: str, limit: int) -> Sequence[Entry]:
        """Answer the latest events of a subject, decisions among them, the latest last."""
        return reading.list_events(self.book, subject, limit=limit)

    def find(self, event_id: str) -> Entry:
        """Answer an event by its id, or by enough of its beginning.

        Raises
        ------
        CliError
            If there is none, or there are several.
        """
        may_be_whole = 0 < len(event_id) <= limits.EVENT_ID_CHARACTERS_MAX
        if may_be_whole and (entry := reading.show_event(self.book, event_id)):
            return entry
        latest = reading.list_events(self.book, limit=SEARCHED)
        found = [entry for entry in latest if event_id and entry.event_id.startswith(event_id)]
        if not found:
            raise not_found(
                f"the journal knows no event '{event_id}'",
                "`modelcycle events list` shows the latest; an older one needs its whole id",
            )
        if len(found) > 1:
            shown = ", ".join(entry.event_id for entry in found[:NAMED])
            raise misused(
                f"{len(found)} events begin with '{event_id}': {shown}", "give more of it"
            )
        return found[0]

    def followed(self, entry: Entry) -> Followed:
        """Answer what followed from an event: from itself of all subjects, further on as far as its
        own tells."""
        since = entry.occurred_at
        directly = reading.caused_by(self.book, entry.event_id)
        latest = reading.list_events(self.book, entry.subject, since, limit=READ_AT_MOST)
        is_whole = len(latest) < READ_AT_MOST
        life = () if is_whole else reading.life(self.book, entry.subject, since)
        told = domain.in_order_of_causes([entry, *directly, *life, *latest])
        from_when = None if is_whole else min(one.occurred_at for one in latest)
        return Followed(tuple(after(entry, told)), from_when)


def after(entry: Entry, others: Iterable[Entry]) -> Iterator[Entry]:
    """Answer what followed from an event; of others in the order of causes, the event among them.

    AWS's hints are no events, so that causes end at them; the trip round the loop goes on.
    """
    causes, trips, is_after = {entry.event_id}, {trip(entry)}, False
    for one in others:
        if one.event_id == entry.event_id:
            is_after = True
        elif one.causation_id in causes:
            causes.add(one.event_id)
            trips.add(trip(one))
            yield one
        elif is_after and trip(one) in trips:
            causes.add(one.event_id)
            yield one


def is_decision(entry: Entry) -> bool:
    """Tell whether an entry is the record of a decision, rather than a fact or a wish."""
    return entry.detail_type == DECISION


def words(entry: Entry) -> str:
    """Say in a few words what an event says; nothing where this code does not know it."""
    try:
        opened = open_event(entry.as_event())
    except ContractError:
        return ""
    return telling.what(opened.data) if opened else ""


def as_document(entry: Entry) -> dict[str, Any]:
    """Describe an event for programs, as it was said."""
    return {
        "event_id": entry.event_id,
        "occurred_at": entry.occurred_at.isoformat().replace("+00:00", "Z"),
        "subject": entry.subject,
        "source": entry.source,
        "detail_type": entry.detail_type,
        "causation_id": entry.causation_id,
        "detail": entry.detail,
    }
