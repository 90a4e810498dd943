"""From the journal to a recording: the events of a stretch of time, and all that they rest on."""

from collections.abc import Callable, Iterable, Iterator

from ops.replay.recording import Line
from services.journal.domain import Entry, in_order_of_causes
from shared.contracts.aws import IN_ORDER as HINTS
from shared.contracts.envelope import read
from shared.contracts.lifecycle import DecisionRecorded
from shared.contracts.lifecycle.monitoring import Seen
from shared.contracts.wishes import WISHES

WAKE_UPS = {*WISHES, *(hint.detail_type() for hint in HINTS)}
"""No events of ours: the journal does not keep them."""
DECISION = DecisionRecorded.detail_type()


def of_model(
    model: str, of_subject: Callable[[str], Iterable[Entry]], find: Callable[[str], Entry | None]
) -> tuple[Entry, ...]:
    """Answer what is about a model, and the events upon which it was decided.

    Parameters
    ----------
    of_subject, find : Callable
        Answer all entries of a model or series, and the one of an event.
    """
    own = tuple(of_subject(model))
    causes = set().union(*map(causes_of, own)) - {entry.event_id for entry in own}
    others: dict[str, Entry] = {}
    while causes:
        cause = find(causes.pop())
        if cause is None:
            continue
        others[cause.event_id] = cause
        # a model's other causes are those of its series, mostly: they are read in one go
        of_it = (entry for entry in of_subject(cause.subject) if entry.event_id in causes)
        others |= {entry.event_id: entry for entry in of_it}
        causes -= others.keys()
    return (*own, *others.values())


def of_model_in_archive(
    model: str, read: Callable[[str | None], Iterable[Entry]]
) -> Iterator[Entry]:
    """Answer the same of what is read from one end to the other, which is done twice.

    Parameters
    ----------
    read : Callable
        Answers all entries of a model or series; of none: all.
    """
    causes: set[str] = set()
    for entry in read(model):
        causes |= causes_of(entry)
        yield entry
    others = read(None) if causes else ()
    yield from (one for one in others if one.event_id in causes and one.subject != model)


def causes_of(entry: Entry) -> set[str]:
    """Answer the event of ours upon which a decision was taken; none for all other entries."""
    data = entry.detail["data"]
    is_upon_event = entry.detail_type == DECISION and data.get("answered") is None
    return {data["cause_id"]} if is_upon_event and data["cause_type"] not in WAKE_UPS else set()


def lines(entries: Iterable[Entry], fetch: Callable[[str], bytes | None]) -> Iterator[Line]:
    """Make the lines of a recording, in the order of causes.

    Parameters
    ----------
    fetch : Callable
        Reads what a decision saw, by its S3 URI; None where it is not kept any more.
    """
    for entry in in_order_of_causes(entries):
        uri = seen(entry).uri
        body = fetch(uri) if uri else None
        yield Line(entry=entry, seen=body.decode() if body is not None else None)


def seen(entry: Entry) -> Seen:
    """Answer where it is kept what a decision saw."""
    if entry.detail_type != DECISION:
        return Seen()
    return read(Seen, entry.detail["data"]["seen"])
