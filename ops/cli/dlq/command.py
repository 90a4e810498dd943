"""``modelcycle dlq``: dead letters, and what a person decides about them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from ops.cli import output
from ops.cli.asking import confirm
from ops.cli.connecting import connected
from ops.cli.connection import Connection
from ops.cli.dlq.box import HIDDEN_S, Box, Held, boxes, held
from ops.cli.dlq.choosing import (
    Choice,
    chosen,
    name,
    of_service,
    only,
    redrivable,
)
from ops.cli.dlq.deciding import DECISIONS
from ops.cli.dlq.letter import Decision, Letter, advice
from ops.cli.dlq.listing import note_lives, note_unseen, show_each, show_summary
from ops.cli.errors import failed
from shared.contracts.printable import shortened
from shared.contracts.subscriptions import SERVICES

BODY_CHARACTERS_SHOWN = 20_000
VERBS = {Decision.REDRIVEN: "redrive", Decision.DROPPED: "drop"}


@click.group()
def dlq() -> None:
    """See dead letters, and decide: redrive or drop."""


@dlq.command("list")
@click.argument("service", type=click.Choice(SERVICES), required=False)
@output.reads
@connected
def list_letters(connection: Connection, service: str | None, as_json: bool) -> None:
    """Say how many there are, why, and how long they live; of SERVICE each of them."""
    asked = boxes(connection, service)
    counts = {box.service: box.counts() for box in asked}
    with held(asked) as seen:
        letters = [one.letter for one in seen]
    if as_json:
        told = [as_document(one) for one in letters]
        hidden = {name: count.hidden for name, count in counts.items()}
        return output.document({"environment": connection.env, "letters": told, "hidden": hidden})
    now = datetime.now(UTC)
    if letters:
        show_each(letters, now) if service else show_summary(letters, now)
    note_lives(letters, now)
    note_unseen(counts, letters)
    if not letters and not any(count.hidden for count in counts.values()):
        return output.note("no dead letters")
    return output.note("modelcycle dlq show ID says more, and what can be done")


@dlq.command()
@click.argument("letter_id", metavar="ID")
@of_service
@output.reads
@connected
def show(connection: Connection, letter_id: str, service: str | None, as_json: bool) -> None:
    """Show one: what it is, why it is there, and what can be done.

    The first letters of its ID are enough.
    """
    asked = boxes(connection, service)
    hidden = hidden_in(asked)
    with held(asked) as seen:
        letter = only(seen, letter_id, hidden).letter
    todo = tuple(advice(letter, connection.env, connection.clock.now()))
    if as_json:
        told = {**as_document(letter), "body": letter.body, "advice": list(todo)}
        return output.document({"environment": connection.env, **told})
    output.table(("", ""), ((output.styled(name, "bold"), said) for name, said in facts(letter)))
    click.echo(f"\n{shown(letter.body)}\n")
    for line in todo:
        click.echo(f"- {line}")
    return None


def shown(body: str) -> str:
    """Show a body, in lines where it is JSON."""
    try:
        text = output.as_json(json.loads(body), indent=2)
    except (ValueError, RecursionError):
        text = output.plain(body)
    return shortened(text, BODY_CHARACTERS_SHOWN)


def facts(letter: Letter) -> list[tuple[str, str]]:
    """Answer what is known of a letter, besides its body."""
    content = letter.content
    told = [
        ("dead letter", letter.message_id),
        ("of", letter.service),
        ("kind", letter.kind),
        ("why", letter.fault),
        ("sent", f"{letter.sent_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("lives until", f"{letter.lives_until:%Y-%m-%d %H:%M:%S} UTC"),
        ("event", content.event_type),
        ("about", content.about),
        ("event id", content.event_id),
        ("goes back to", letter.queue),
    ]
    if content.metadata:
        told.insert(7, ("said", f"{content.metadata.occurred_at:%Y-%m-%d %H:%M:%S} UTC"))
    return told


@dlq.command()
@chosen
@connected
def redrive(connection: Connection, /, **given: Any) -> None:
    """Send letters back to their service's queue.

    What was handled before is recognised, and changes nothing. Only history that was imported again
    meanwhile must not come back: the last one that arrives replaces the windows. So --all leaves
    history where it is, and what this code would reject again; by its ID it goes back.
    """
    decide(connection, Decision.REDRIVEN, **given)


@dlq.command()
@chosen
@connected
def drop(connection: Connection, /, **given: Any) -> None:
    """Take letters away; their bodies are kept in S3, and the journal says who, and why."""
    decide(connection, Decision.DROPPED, **given)


def decide(
    connection: Connection,
    decision: Decision,
    *,
    ids: tuple[str, ...],
    everything: bool,
    service: str | None,
    kind: str | None,
    event_type: str | None,
    reason: str,
    yes: bool,
) -> None:
    """Do what a person decided; nothing is hidden while the person is asked."""
    choice = Choice(ids, kind, event_type)
    choice.check(everything)
    asked = boxes(connection, service)
    connection.require_environment()  # a bus that is not there would lose the decision in silence
    counts, now = {box.service: box.counts() for box in asked}, connection.clock.now()
    hidden = sum(count.hidden for count in counts.values())

    def meant(seen: list[Held]) -> list[Held]:
        found = choice.of(seen, hidden)
        if decision is Decision.REDRIVEN:
            return redrivable(found, now, named=bool(ids))
        return found

    if everything and not yes:
        with held(asked) as seen:
            note_unseen(counts, [one.letter for one in seen])
            letters = [one.letter for one in meant(seen)]
        agreed = agree(decision, letters)
        with held(asked) as seen:
            done = [one for one in seen if one.letter.message_id in agreed]
            conclude(connection, decision, reason, done, seen)
        if gone := len(agreed) - len(done):
            output.note(f"{counted(gone)} of those cannot be seen any more: `modelcycle dlq list`")
    else:
        with held(asked) as seen:
            if everything:
                note_unseen(counts, [one.letter for one in seen])
            done = meant(seen)
            conclude(connection, decision, reason, done, seen)
    if not done:
        output.note(f"nothing was {decision}: no such letters can be seen")


def agree(decision: Decision, letters: Sequence[Letter]) -> set[str]:
    """Show what is meant, and ask; answer the ids."""
    if letters:
        show_summary(letters, datetime.now(UTC))
        confirm(f"{VERBS[decision]} {counted(len(letters))}?")
    return {one.message_id for one in letters}


def conclude(
    connection: Connection, decision: Decision, reason: str, meant: list[Held], seen: list[Held]
) -> None:
    """Do it with each letter; what is done is no longer held."""
    done = 0
    try:
        for one in meant:
            if one.is_over:
                raise failed(
                    f"letters are held for {HIDDEN_S // 60} minutes, and these are over",
                    "the same again, for the others",
                )
            where = DECISIONS[decision](connection, one, reason)
            seen.remove(one)
            done += 1
            click.echo(f"{decision}: {name(one.letter)} → {where}")
    except BaseException:
        output.note(f"{done} of {len(meant)} were {decision}, the others are where they were")
        raise


def counted(number: int) -> str:
    """Say how many letters."""
    return "1 letter" if number == 1 else f"{number:,} letters"


def hidden_in(asked: Sequence[Box]) -> int:
    """Answer how many letters somebody else looks at now."""
    return sum(box.counts().hidden for box in asked)


def as_document(letter: Letter) -> dict[str, Any]:
    """Describe a letter for programs."""
    content = letter.content
    return {
        "id": letter.message_id,
        "service": letter.service,
        "kind": letter.kind,
        "why": letter.fault,
        "sent_at": output.iso(letter.sent_at),
        "lives_until": output.iso(letter.lives_until),
        "event_id": content.event_id,
        "event_type": content.event_type,
        "about": content.about,
        "refused_here": content.problem,
        "queue": letter.queue,
        "sha256": letter.sha256,
    }
