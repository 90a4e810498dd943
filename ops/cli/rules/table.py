"""Whether the rules of an environment send what the subscriptions table says, event by event."""

from collections.abc import Iterator

from ops.cli.connection import Connection
from ops.cli.rules.events import asked
from ops.cli.rules.explaining import Explained, Rules
from shared.contracts import aws
from shared.contracts.lifecycle import EVENTS

SHOWN = 2  # events of a service, by name


def differences(connection: Connection) -> Iterator[str]:
    """Say for each service of what it should hear, and of what it should not, by examples."""
    missed: dict[str, list[str]] = {}
    strayed: dict[str, list[str]] = {}
    for name, seen in explained(connection):
        for service in seen.missed:
            missed.setdefault(service, []).append(name)
        for service in seen.strayed:
            strayed.setdefault(service, []).append(name)
    for service, kinds in missed.items():
        yield f"{service} is not sent {named(kinds)}"
    for service, kinds in strayed.items():
        yield f"{service} is sent {named(kinds)}, and would reject it"


def explained(connection: Connection) -> Iterator[tuple[str, Explained]]:
    """Answer what our rules make of the example of every event, ours and AWS's."""
    rules = Rules(connection)
    for name in (*EVENTS, *(hint.__name__ for hint in aws.IN_ORDER)):
        yield name, rules.explain(asked(connection, name), of_others=False)


def named(kinds: list[str]) -> str:
    """Name some events."""
    more = f" and {len(kinds) - SHOWN} more" if len(kinds) > SHOWN else ""
    return f"{', '.join(kinds[:SHOWN])}{more}"
