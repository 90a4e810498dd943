"""The event that a person asks about: from a file, from the journal, or the example of its type."""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from ops.cli.connection import Connection
from ops.cli.errors import CliError, ExitCode, misused, not_found
from ops.cli.story import Story
from ops.contracts import delivered
from shared.contracts import aws, names
from shared.contracts.door import open_event
from shared.contracts.envelope import ContractError
from shared.contracts.lifecycle import EVENTS
from shared.contracts.printable import shortened
from shared.contracts.subscriptions import SUBSCRIPTIONS
from shared.contracts.wishes import WISHES

FILE_BYTES_MAX = 1024 * 1024  # AWS: what SQS takes; an event is smaller
DEFAULT_BUS = "default"
NAME_CHARACTERS_SHOWN = 60
HINTS = {name: hint for hint in aws.IN_ORDER for name in (hint.__name__, hint.aws_name)}


class Asked(NamedTuple):
    """An event as rules see it."""

    where_from: str
    event: Mapping[str, Any]
    bus: str


def asked(connection: Connection, given: str) -> Asked:
    """Find the event that was named.

    Raises
    ------
    CliError
        If there is none, or the file holds none.
    """
    if given in EVENTS:
        where_from, event = "its example", delivered.of_event(EVENTS[given])
    elif given in HINTS:
        where_from, event = "its example", delivered.of_hint(HINTS[given])
    elif is_readable(given):
        where_from, event = given, read(Path(given))
    else:
        where_from, event = "the journal", of_journal(connection, given)
    source = str(event.get("source", ""))
    bus = DEFAULT_BUS if source.startswith("aws.") else names.bus(connection.env)
    return Asked(where_from, {**around(connection), **event}, bus)


def of_journal(connection: Connection, given: str) -> dict[str, Any]:
    """Find an event in the journal.

    Raises
    ------
    CliError
        If the word is nothing that can be asked about.
    """
    if given in WISHES:
        raise misused(
            f"no rule carries {given}: our schedules put it into queues themselves",
            "modelcycle doctor",
        )
    try:
        return Story(connection).find(given).as_event()
    except CliError as error:
        if error.code is not ExitCode.NOT_FOUND:
            raise
        near = get_close_matches(given, [*EVENTS, *HINTS], n=1)
        shown = shortened(given, NAME_CHARACTERS_SHOWN)
        raise not_found(
            f"'{shown}' is no TYPE, no file, and no event that the journal knows",
            f"did you mean {near[0]!r}?"
            if near
            else "docs/contracts/index.html has all TYPEs, `modelcycle events list` the latest "
            "events; an older one needs its whole id",
        ) from None


def is_readable(given: str) -> bool:
    """Tell whether a word is the path of something to read; no path raises."""
    try:
        path = Path(given)
        return path.exists() and not path.is_dir()
    except (OSError, ValueError):
        return False


def around(connection: Connection) -> dict[str, Any]:
    """Answer what EventBridge puts around every event."""
    return {
        "version": "0",
        "id": "5b5b1f86-6d1c-5c6e-9b5e-0d9d1c0a7f10",
        "account": connection.identity.account,
        "time": f"{connection.clock.now():%Y-%m-%dT%H:%M:%SZ}",
        "region": connection.region,
        "resources": [],
    }


def read(path: Path) -> dict[str, Any]:
    """Read an event from a file: as a rule, a queue or `modelcycle events show --json` has it.

    Raises
    ------
    CliError
        If it holds none.
    """
    with path.open("rb") as file:
        body = file.read(FILE_BYTES_MAX + 1)
    try:
        if len(body) > FILE_BYTES_MAX:
            raise ValueError(f"it is larger than {FILE_BYTES_MAX:,} bytes")
        event = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise misused(f"{path}: no JSON: {error}", "give a file with one event as JSON") from error
    if isinstance(event, dict) and "detail_type" in event:
        event = {**event, "detail-type": event["detail_type"]}
    missing = [
        key
        for key in ("source", "detail-type", "detail")
        if not isinstance(event, dict) or key not in event
    ]
    if missing:
        raise misused(
            f"{path}: no event: it lacks {', '.join(missing)}",
            "give an event as EventBridge delivers it, or as `modelcycle events show ID --json` "
            "prints it",
        )
    return dict(event)


def refusal(event: Mapping[str, Any]) -> str:
    """Say why the door of every service would refuse an event; nothing where none would."""
    try:
        open_event(event)
    except ContractError as error:
        return str(error)
    return ""


def should_hear(event: Mapping[str, Any]) -> tuple[str, ...]:
    """Answer the services that hear an event according to the subscriptions table."""
    name = str(event["detail-type"])
    kind = HINTS.get(name) if event["source"] == aws.SOURCE else EVENTS.get(name)
    return tuple(row.service for row in SUBSCRIPTIONS if row.event is kind)
