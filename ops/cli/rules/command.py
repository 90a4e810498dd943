"""``modelcycle rules``: where events go, and why."""

from collections.abc import Mapping
from typing import Any

import click

from ops.cli import output
from ops.cli.connecting import connected
from ops.cli.connection import Connection
from ops.cli.errors import ExitCode, failed
from ops.cli.rules.events import asked, refusal
from ops.cli.rules.explaining import Explained, Rule, explain, repair
from ops.cli.rules.pattern import Leaf, Verdict

MARKS: Mapping[Verdict, tuple[str, str]] = {
    True: ("✓", "green"),
    False: ("✗", "red"),
    None: ("?", "yellow"),
}


@click.group()
def rules() -> None:
    """See where events go, and why."""


@rules.command("explain")
@click.argument("event", metavar="EVENT")
@output.reads
@connected
def explain_event(connection: Connection, event: str, as_json: bool) -> None:
    """Say which rules EVENT matches, leaf by leaf.

    EVENT is the id of an event in the journal, a file with one, or a TYPE, whose example is taken.
    Exit code 1: rules and the table of subscriptions differ.
    """
    connection.require_environment()
    seen = explain(connection, asked(connection, event))
    differences = tuple(seen.differences())
    if as_json:
        output.document({"environment": connection.env, **as_document(seen, differences)})
    else:
        show(seen)
    if not differences:
        return
    if as_json:
        raise click.exceptions.Exit(ExitCode.FAILED)
    raise failed("\n".join(differences), repair(connection.env))


def show(seen: Explained) -> None:
    """Show a line for each rule, and for each leaf of it."""
    event = seen.asked.event
    click.echo(
        output.plain(
            f"{event['detail-type']} by {event['source']} ({seen.asked.where_from}), "
            f"on bus {seen.asked.bus}"
        )
    )
    for rule in seen.rules:
        click.echo(f"\n{marked(rule.sends)} {output.plain(headline(rule))}")
        for leaf in rule.judged.leaves:
            click.echo(f"    {marked(leaf.matches)} {output.plain(line(leaf))}")
    if seen.strangers:
        click.echo(f"\n{seen.strangers} rules of others do not match")
    if not seen.rules:
        click.echo("\nno rule of ours is on this bus")
    click.echo(f"\nreaches {', '.join(seen.reached) or 'nobody'}")
    if why := refusal(event):
        output.note(f"who is reached would reject it: {why}")
    elif not seen.should_reach:
        output.note("no service hears such an event")


def marked(verdict: Verdict) -> str:
    """Mark a line."""
    mark, colour = MARKS[verdict]
    return click.style(mark, fg=colour)


def headline(rule: Rule) -> str:
    """Say which rule it is, and where it sends."""
    off = "" if rule.is_enabled else ", which is disabled"
    return f"{rule.name}{off} → {', '.join((*rule.services, *rule.targets)) or 'no target'}"


def line(leaf: Leaf) -> str:
    """Say what a leaf wants, and what there is."""
    return f"{leaf.path}: {leaf.why}" + ("" if leaf.matches else f"; wanted: {leaf.wanted}")


def as_document(seen: Explained, differences: tuple[str, ...]) -> dict[str, Any]:
    """Describe it for programs."""
    return {
        "bus": seen.asked.bus,
        "event": dict(seen.asked.event),
        "rules": [
            {
                "name": rule.name,
                "enabled": rule.is_enabled,
                "matches": rule.judged.matches,
                "leaves": [
                    {
                        "path": leaf.path,
                        "wanted": leaf.wanted,
                        "matches": leaf.matches,
                        "why": leaf.why,
                    }
                    for leaf in rule.judged.leaves
                ],
                "services": list(rule.services),
                "targets": list(rule.targets),
            }
            for rule in seen.rules
        ],
        "rules_of_others": seen.strangers,
        "reaches": list(seen.reached),
        "should_reach": list(seen.should_reach),
        "would_be_rejected": refusal(seen.asked.event) or None,
        "differences": list(differences),
    }
