"""Which rules of a bus an event matches, whom that reaches, and whom it should reach."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops.cli.connection import Connection
from ops.cli.rules import pattern
from ops.cli.rules.events import DEFAULT_BUS, Asked, refusal, should_hear
from ops.cli.rules.pattern import Judged, Verdict
from shared.contracts import names
from shared.contracts.subscriptions import SERVICES

ENABLED = "ENABLED"
ARCHIVE = "Events-Archive-"
"""What the name of the rule begins with by which EventBridge fills an archive."""


@dataclass(frozen=True)
class Rule:
    """One rule, and what it makes of an event.

    Parameters
    ----------
    services : tuple of str
        Whose queues it sends to.
    targets : tuple of str
        ARNs of whatever else.
    """

    name: str
    is_enabled: bool
    judged: Judged
    services: tuple[str, ...]
    targets: tuple[str, ...]

    @property
    def sends(self) -> Verdict:
        """Whether it sends the event to its targets; None: unknown."""
        return self.judged.matches if self.is_enabled else False


@dataclass(frozen=True)
class Explained:
    """An event, and what all rules of its bus make of it."""

    asked: Asked
    rules: tuple[Rule, ...]
    strangers: int
    """Rules of others on the account's default bus, which it does not match."""

    @property
    def reached(self) -> tuple[str, ...]:
        """The services that it reaches for certain."""
        return tuple(one for one in SERVICES if one in self._services(True))

    @property
    def should_reach(self) -> tuple[str, ...]:
        """The services that hear it according to the subscriptions table."""
        return should_hear(self.asked.event)

    def differences(self) -> Iterator[str]:
        """Say where rules and table differ."""
        if refusal(self.asked.event):
            return  # whoever is reached rejects it
        unknown = self._services(None)
        for service in self.should_reach:
            if service not in self.reached and service not in unknown:
                yield f"{service} should hear it, and no rule sends it there"
        for service in self.reached:
            if service not in self.should_reach:
                yield f"{service} is sent it, does not hear it, and would reject it"

    def _services(self, sends: Verdict) -> set[str]:
        return {one for rule in self.rules if rule.sends is sends for one in rule.services}


def explain(connection: Connection, asked: Asked) -> Explained:
    """Look at all rules of an event's bus; on the default bus, at others' only if it matches."""
    events = connection.client("events")
    found = events.get_paginator("list_rules").paginate(EventBusName=asked.bus)
    rules = [rule for page in found for rule in page["Rules"] if rule.get("EventPattern")]
    judged = {
        by_name(rule): pattern.judge(json.loads(rule["EventPattern"]), asked.event)
        for rule in rules
    }
    shown = [
        rule
        for rule in sorted(rules, key=by_name)
        if asked.bus != DEFAULT_BUS
        or by_name(rule).startswith(names.bus(connection.env))
        or judged[by_name(rule)].matches is not False
    ]
    looked = (looked_at(connection, rule, asked.bus, judged[by_name(rule)]) for rule in shown)
    return Explained(asked, tuple(looked), len(rules) - len(shown))


def by_name(rule: Mapping[str, Any]) -> str:
    """Answer a rule's name."""
    return str(rule["Name"])


def looked_at(connection: Connection, rule: Mapping[str, Any], bus: str, judged: Judged) -> Rule:
    """Look at the targets of a rule."""
    events = connection.client("events")
    pages = events.get_paginator("list_targets_by_rule").paginate(
        Rule=rule["Name"], EventBusName=bus
    )
    arns = [target["Arn"] for page in pages for target in page["Targets"]]
    owners = {names.queue(connection.env, service): service for service in SERVICES}
    queues = {arn: owners.get(str(arn).rpartition(":")[2]) for arn in arns}
    return Rule(
        name=rule["Name"],
        is_enabled=rule.get("State", ENABLED).startswith(ENABLED),
        judged=judged,
        services=tuple(service for service in queues.values() if service),
        targets=others(rule["Name"], [arn for arn, service in queues.items() if not service]),
    )


def others(rule: str, arns: Sequence[str]) -> tuple[str, ...]:
    """Name targets that are no service's queue."""
    return ("the archive",) if rule.startswith(ARCHIVE) else tuple(arns)
