"""``modelcycle timeline``: a model's trips round the loop, each as the tree of its causes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from ops.cli import arguments, output, story, telling
from ops.cli.connecting import connected
from ops.cli.connection import Connection
from ops.cli.errors import misused, not_found
from ops.cli.events import service
from ops.cli.questions import lives
from ops.cli.questions.lives import Past
from ops.cli.tail import LOUD, short
from services.journal import domain, reading
from services.journal.questions import answers
from services.journal.questions import timeline as question
from services.journal.questions.timeline import Cycle, Step
from shared.contracts.printable import printable

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

LIMIT, LIMIT_MAX = 10, 1_000
ANSWERS_READ = 100  # of what followed from a wish
VERSION = re.compile(r"v(\d{1,5})")
NAMED = 3
DECISIONS_READ = 5_000
"""Latest entries of the trips among which it is looked for what was tried in vain; the answer says
where there were more."""


@click.command()
@arguments.model
@click.option("--cycle", help="A trip by its id, or the one of a version: v3.")
@click.option(
    "--limit",
    type=click.IntRange(1, LIMIT_MAX),
    default=LIMIT,
    show_default=True,
    help="How many trips at most.",
)
@output.reads
@connected
def timeline(
    connection: Connection, model: str, cycle: str | None, limit: int, as_json: bool
) -> None:
    """Show the trips of MODEL round the loop, the latest last, and all steps of that one.

    Each step says how long it took until the next followed from it, and what was tried in vain.
    Wishes that led to no trip are listed with their answer.
    """
    past = lives.read(connection, model)
    found = question.cycles(past.life, past.entries)
    chosen = named(found, cycle, model) if cycle else None
    listed = [one for one in found if one.is_trip or one.wish]
    shown = [chosen] if chosen else listed[-limit:]
    past = with_answers(connection, past, shown)
    if as_json:
        whole, since = with_retries(connection, past, shown)
        head = {"environment": connection.env, "model": model}
        told = {"retries_since": output.iso(since), "cycles": list(map(cycle_document, whole))}
        tail = {"journal_dead_letters": past.dead_letters}
        return output.document({**head, **told, **tail})
    if not shown:
        output.note(f"{model} has made no trip yet: `modelcycle events list --model {model}`")
    latest = [chosen] if chosen else latest_trip(listed)
    if shown != latest:
        told_again = {one.id: one for one in question.cycles(past.life, past.entries)}
        rows = [row(told_again[one.id]) for one in shown]
        output.table(("began (UTC)", "took", "trip", "outcome"), rows)
        click.echo()
    whole, since = with_retries(connection, past, latest)
    for one in whole:
        show(one)
    if since:
        output.note(f"what was tried in vain before {since:%Y-%m-%d %H:%M:%S} UTC was not read")
    return None


def named(found: Sequence[Cycle], asked: str, model: str) -> Cycle:
    """Answer the trip that is meant.

    Raises
    ------
    CliError
        If there is none, or there are several.
    """
    version = VERSION.fullmatch(asked)
    fits = [
        one
        for one in found
        if (int(version[1]) in one.versions if version else one.id.startswith(asked))
    ]
    if not fits:
        raise not_found(
            f"{model} has no trip '{asked}'", f"`modelcycle timeline {model}` lists the latest"
        )
    if len(fits) > 1 and not any(one.id == asked for one in fits):
        shown = ", ".join(one.id for one in fits[:NAMED])
        raise misused(f"{len(fits)} trips begin with '{asked}': {shown}", "give more of it")
    return next((one for one in fits if one.id == asked), fits[0])


def latest_trip(listed: Sequence[Cycle]) -> list[Cycle]:
    """Answer the latest trip, if there is one; else the latest wish that led to none."""
    trips = [one for one in listed if one.is_trip]
    return list(trips[-1:] or listed[-1:])


def with_answers(connection: Connection, past: Past, shown: Sequence[Cycle]) -> Past:
    """Read what was decided upon wishes that led to no trip."""
    book = story.Story(connection).book
    wishes = [one.wish.event_id for one in shown if one.wish]
    records = [
        record
        for wish in wishes
        for record in answers.upon(wish, reading.caused_by(book, wish, ANSWERS_READ))
    ]
    return replace(past, entries=domain.in_order_of_causes([*past.entries, *records]))


def with_retries(
    connection: Connection, past: Past, shown: Sequence[Cycle]
) -> tuple[list[Cycle], datetime | None]:
    """Read the decisions of trips, and tell these again with what was tried in vain; answer since
    when that was read, if not all of it was."""
    if not shown:
        return [], None
    span = reading.between(min(one.began for one in shown), max(one.ended for one in shown))
    decisions = story.Story(connection).book.latest(past.model, *span, DECISIONS_READ)
    entries = domain.in_order_of_causes([*past.entries, *decisions])
    chosen = {one.id for one in shown}
    whole = [one for one in question.cycles(past.life, entries) if one.id in chosen]
    is_all = len(decisions) < DECISIONS_READ
    return whole, None if is_all else min(one.occurred_at for one in decisions)


def row(cycle: Cycle) -> tuple[Any, ...]:
    """Answer a trip's line."""
    return (
        f"{cycle.began:%Y-%m-%d %H:%M:%S}",
        output.span(cycle.ended - cycle.began),
        output.styled(short(cycle.id), "dim"),
        outcome(cycle),
    )


def outcome(cycle: Cycle) -> str:
    """Say what came of a trip; of one without a training, what was said last."""
    last = cycle.steps[-1].entry
    return telling.plain(cycle.outcome) or f"{last.detail_type}: {story.words(last)}"


def show(cycle: Cycle) -> None:
    """Show a trip: a tree for people, a line for each step where output is piped."""
    console = output.console()
    if console.is_terminal:
        return console.print(tree(cycle))
    for step in cycle.steps:
        console.print(line(step), soft_wrap=True)
    return console.print(f"outcome: {printable(outcome(cycle))}", soft_wrap=True, markup=False)


def tree(cycle: Cycle) -> "Tree":
    """Draw the tree of causes; what alone followed from a step stands below it, not beside it."""
    from rich.text import Text
    from rich.tree import Tree

    root = Tree(Text(f"trip {short(cycle.id)}: {printable(outcome(cycle))}", style="bold"))
    places: dict[str | None, Tree] = {None: root}
    for step in cycle.steps:
        above = places[step.because_of]
        drawn = above.add(line(step))
        siblings = sum(1 for one in cycle.steps if one.because_of == step.because_of)
        places[step.entry.event_id] = drawn if siblings > 1 else above
    return root


def line(step: Step) -> "Text":
    """Write a step in one line: when, who, what, how long until the next, what was in vain."""
    from rich.text import Text

    entry = step.entry
    text = Text()
    text.append(f"{entry.occurred_at:%m-%d %H:%M:%S}  ", style="dim")
    style = telling.SPEAKERS.get(service(entry), "white")
    text.append(f"{service(entry):<10}", style=style)
    loud = "bold red" if entry.detail_type in LOUD else f"bold {style}"
    text.append(f"{entry.detail_type:<20} ", style=loud)
    text.append(printable(story.words(entry)))
    text.append("".join(f"  {part}" for part in beside(step)), style="dim")
    return text


def beside(step: Step) -> Iterator[str]:
    """Say what else is to say of a step."""
    if step.until_next:
        yield f"then {output.span(step.until_next)}"
    if step.retries:
        yield f"tried {len(step.retries) + 1} times: {printable(telling.plain(step.retries[-1]))}"
    yield short(step.entry.event_id)


def cycle_document(cycle: Cycle) -> dict[str, Any]:
    """Describe a trip for programs."""
    return {
        "id": cycle.id,
        "began": output.iso(cycle.began),
        "ended": output.iso(cycle.ended),
        "versions": list(cycle.versions),
        "outcome": outcome(cycle),
        "steps": [
            {
                **story.as_document(step.entry),
                "because_of": step.because_of,
                "until_next_s": seconds(step.until_next),
                "retries": list(step.retries),
            }
            for step in cycle.steps
        ],
    }


def seconds(duration: timedelta | None) -> float | None:
    """Write a duration for programs."""
    return None if duration is None else duration.total_seconds()
