"""What a service answered to a wish: the record of the decision upon it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from services.journal.domain import DECISION, Entry


class Answer(NamedTuple):
    """What was decided upon a wish."""

    service: str
    why: str
    is_no: bool
    """Whether nothing follows from it."""


def answer(event_id: str, entries: Iterable[Entry]) -> Answer | None:
    """Answer what was decided upon a wish; None: nothing is known of that.

    Parameters
    ----------
    entries : iterable of Entry
        Records of decisions among them; of several upon the wish, the first counts.
    """
    record = next((one.detail["data"] for one in upon(event_id, entries)), None)
    return Answer(record["service"], record["why"], is_no(record)) if record else None


def upon(event_id: str, entries: Iterable[Entry]) -> Iterator[Entry]:
    """Answer the records of what was decided upon an event itself, not upon what came of that."""
    for one in entries:
        if one.detail_type == DECISION and is_upon(event_id, one.detail["data"]):
            yield one


def is_upon(event_id: str, record: Mapping[str, Any]) -> bool:
    """Tell whether a record is of the decision upon an event."""
    return record["cause_id"] == event_id and not record.get("answered")


def is_no(record: Mapping[str, Any]) -> bool:
    """Tell whether a decision did, said and changed nothing."""
    changes = record["state_before"] != record["state_after"]
    return not (record["actions"] or record["events"] or changes)
