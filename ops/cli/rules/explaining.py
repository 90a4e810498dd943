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

    @property
    def missed(self) -> tuple[str, ...]:
        """The services that should hear it, and to which no rule sends it for all that is known."""
        if refusal(self.asked.event):
            return ()  # whoever is reached rejects it
        sent = self._services(True) | self._services(None)
        return tuple(one for one in self.should_reach if one not in sent)

    @property
    def strayed(self) -> tuple[str, ...]:
        """The services that it reaches, and that do not hear it."""
        if refusal(self.asked.event):
            return ()
        return tuple(one for one in self.reached if one not in self.should_reach)

    def differences(self) -> Iterator[str]:
        """Say where rules and table differ."""
        for service in self.missed:
            yield f"{service} should hear it, and no rule sends it there"
        for service in self.strayed:
            yield f"{service} is sent it, does not hear it, and would reject it"

    def _services(self, sends: Verdict) -> set[str]:
        return {one for rule in self.rules if rule.sends is sends for one in rule.services}


def repair(env: str) -> str:
    """Say how rules become what the table says: by a plain deployment nothing that was changed by
    hand is put back."""
    return f'make deploy ENV={env} ARGS="--revert-drift" puts the rules as the table says'


def explain(connection: Connection, asked: Asked) -> Explained:
    """Look at all rules of an event's bus; on the default bus, at others' only if it matches."""
    return Rules(connection).explain(asked)


class Rules:
    """The rules of an environment's buses and their targets, each read once."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.events = connection.client("events")
        self._rules: dict[str, list[Mapping[str, Any]]] = {}
        self._targets: dict[tuple[str, str], list[str]] = {}

    def explain(self, asked: Asked, *, of_others: bool = True) -> Explained:
        """Say what all rules of an event's bus make of it.

        Parameters
        ----------
        of_others : bool
            Whether others' rules on the default bus are looked at, too, where they match.
        """
        rules = self.on(asked.bus)
        judged = {
            by_name(rule): pattern.judge(json.loads(rule["EventPattern"]), asked.event)
            for rule in rules
        }
        shown = [
            rule
            for rule in sorted(rules, key=by_name)
            if asked.bus != DEFAULT_BUS
            or by_name(rule).startswith(names.bus(self.connection.env))
            or (of_others and judged[by_name(rule)].matches is not False)
        ]
        looked = (self.looked_at(rule, asked.bus, judged[by_name(rule)]) for rule in shown)
        return Explained(asked, tuple(looked), len(rules) - len(shown))

    def on(self, bus: str) -> list[Mapping[str, Any]]:
        """Answer the rules of a bus that match events."""
        if bus not in self._rules:
            pages = self.events.get_paginator("list_rules").paginate(EventBusName=bus)
            rules = [rule for page in pages for rule in page["Rules"]]
            self._rules[bus] = [rule for rule in rules if rule.get("EventPattern")]
        return self._rules[bus]

    def looked_at(self, rule: Mapping[str, Any], bus: str, judged: Judged) -> Rule:
        """Look at the targets of a rule."""
        env, arns = self.connection.env, self.targets(by_name(rule), bus)
        owners = {names.queue(env, service): service for service in SERVICES}
        queues = {arn: owners.get(arn.rpartition(":")[2]) for arn in arns}
        return Rule(
            name=by_name(rule),
            is_enabled=rule.get("State", ENABLED).startswith(ENABLED),
            judged=judged,
            services=tuple(service for service in queues.values() if service),
            targets=others(by_name(rule), [arn for arn, service in queues.items() if not service]),
        )

    def targets(self, rule: str, bus: str) -> list[str]:
        """Answer the ARNs that a rule sends to."""
        if (bus, rule) not in self._targets:
            paginator = self.events.get_paginator("list_targets_by_rule")
            pages = paginator.paginate(Rule=rule, EventBusName=bus)
            found = [str(target["Arn"]) for page in pages for target in page["Targets"]]
            self._targets[bus, rule] = found
        return self._targets[bus, rule]


def by_name(rule: Mapping[str, Any]) -> str:
    """Answer a rule's name."""
    return str(rule["Name"])


def others(rule: str, arns: Sequence[str]) -> tuple[str, ...]:
    """Name targets that are no service's queue."""
    return ("the archive",) if rule.startswith(ARCHIVE) else tuple(arns)
