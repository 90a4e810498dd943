"""From whatever lay in a queue to a typed event: ours, a hint of AWS, or a wish of our
schedules."""

from collections.abc import Mapping

from shared.contracts import aws
from shared.contracts.envelope import SOURCE, ContractError, Envelope, Event, open_ours
from shared.contracts.lifecycle import EVENTS
from shared.contracts.wishes import WISHES

KNOWN: Mapping[str, type[Event]] = {**EVENTS, **WISHES}


def open_event(raw: object) -> Envelope[Event] | None:
    """Open one event; None for an AWS event of a kind that nobody here reacts to.

    Raises
    ------
    ContractError
        If it is malformed, of an unknown type or version, too large, or from a stranger.
    """
    if not isinstance(raw, Mapping):
        raise ContractError(f"an event must be a JSON object, got {type(raw).__name__}")
    source = raw.get("source")
    if isinstance(source, str) and source.startswith("aws."):
        return aws.open_hint(raw)
    if not isinstance(source, str) or not source.startswith(SOURCE):
        kind = raw.get("detail-type")
        what = "" if kind is None else f"{kind}: "
        named = "which names no source" if source is None else f"source {source!r}"
        raise ContractError(f"{what}a stranger on our bus, {named}")
    return open_ours(raw, KNOWN)
