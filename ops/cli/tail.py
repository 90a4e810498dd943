"""``modelcycle events tail``: one line an event as it comes, with an arrow to its cause."""

import json
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from secrets import token_hex
from time import sleep
from typing import TYPE_CHECKING

import click

from ops.cli import output, story
from ops.cli.causes import Causes
from ops.cli.connecting import connected
from ops.cli.connection import Connection
from ops.cli.listening import listening
from ops.cli.story import Story
from ops.cli.telling import SPEAKERS
from services.journal.domain import Entry, entry
from shared.contracts.envelope import SOURCE
from shared.contracts.printable import printable

if TYPE_CHECKING:
    from rich.text import Text

LINES, LINES_MAX = 20, 1_000
POLL_S = 2.0
OVERLAP = timedelta(minutes=2)  # clocks differ, and an event may wait on its way to the journal
SEEN_MAX = 5_000
ID_SHOWN, OTHER_SHOWN = 8, 24
LOUD = frozenset({"AccuracyDegraded", "DataFaultDetected", "DeploymentFailed", "TrainingFailed"})


@click.command()
@click.option("--follow", "-f", is_flag=True, help="Go on until Ctrl-C.")
@click.option("--model", help="Events of one model; or of a series, by its name.")
@click.option(
    "--lines",
    "-n",
    type=click.IntRange(0, LINES_MAX),
    default=LINES,
    show_default=True,
    help="How many of the latest come first.",
)
@click.option("--json", "as_json", is_flag=True, help="Write a JSON document in each line.")
@connected
def tail(
    connection: Connection, follow: bool, model: str | None, lines: int, as_json: bool
) -> None:
    """Say events one by one, the latest last, each with its cause."""
    connection.require_environment()
    console, causes = output.console(), Causes()
    for one in entries(connection, causes, model, lines, follow=follow):
        if as_json:
            cause = causes.of(one)
            told = {**story.as_document(one), "cause_type": cause.kind if cause else None}
            click.echo(output.as_json(told))
        else:
            console.print(line(one, causes), soft_wrap=True)


def entries(
    connection: Connection,
    causes: Causes,
    model: str | None,
    lines: int,
    *,
    follow: bool,
    ready: Callable[[], None] = lambda: None,
) -> Iterator[Entry]:
    """Answer the latest events and, if asked, those to come, none twice.

    Parameters
    ----------
    ready : Callable
        Told when it listens to a local bus: what is said from then on will not be missed.
    """
    journal = Journal(connection, causes, model)
    if not follow:
        yield from journal.latest(lines)
    elif connection.is_local:
        yield from from_the_bus(connection, journal, lines, ready)
    else:
        yield from journal.latest(lines)
        while True:
            yield from journal.news()
            sleep(POLL_S)


def from_the_bus(
    connection: Connection, journal: "Journal", lines: int, ready: Callable[[], None]
) -> Iterator[Entry]:
    """Listen first and look back then, so that nothing is lost between."""
    with listening(connection, f"tail-{token_hex(4)}", journal.causes) as listener:
        ready()
        yield from journal.latest(lines)
        while True:
            for heard in listener.listen():
                said = entry(heard.envelope, json.loads(heard.envelope.detail()))
                yield from journal.unseen([said])


class Journal:
    """What the journal keeps, each event once; an account's bus has no place for a listener."""

    def __init__(self, connection: Connection, causes: Causes, subject: str | None) -> None:
        self.story = Story(connection)
        self.causes = causes
        self.subject = subject
        self.seen: OrderedDict[str, None] = OrderedDict()
        self.last: Entry | None = None

    def latest(self, count: int) -> Sequence[Entry]:
        """Answer the latest events; their decisions are read, too, for they know the causes."""
        read = self.story.latest(self.subject, None, LINES_MAX, self.noted)
        kept = self.unseen(one for one in read if not story.is_decision(one))
        return kept[-count:] if count else ()

    def news(self) -> Sequence[Entry]:
        """Answer what came since, in the order of causes."""
        since = self.last.occurred_at - OVERLAP if self.last else None
        read = self.story.latest(self.subject, since, LINES_MAX, self.noted)
        return self.unseen(one for one in read if not story.is_decision(one))

    def noted(self, one: Entry) -> bool:
        """Take every entry, and learn causes from it."""
        self.causes.note(one)
        return True

    def unseen(self, found: Iterator[Entry] | Sequence[Entry]) -> Sequence[Entry]:
        """Answer those of the subject that were not answered before."""
        fresh = []
        for one in found:
            if one.event_id in self.seen or self.subject not in (None, one.subject):
                continue
            self.seen[one.event_id] = None
            if len(self.seen) > SEEN_MAX:
                self.seen.popitem(last=False)
            if self.last is None or one.occurred_at > self.last.occurred_at:
                self.last = one
            fresh.append(one)
        return fresh


def line(one: Entry, causes: Causes) -> "Text":
    """Write an event in one line: time, who, what, about which model, and because of what."""
    from rich.text import Text

    speaker = one.source.removeprefix(SOURCE)
    style = SPEAKERS.get(speaker, "white")
    text = Text(f"{one.occurred_at:%m-%d %H:%M:%S}  ", style="dim")
    text.append(f"{speaker:<10}", style=style)
    loud = "bold red" if one.detail_type in LOUD else f"bold {style}"
    text.append(f"{one.detail_type:<21} ", style=loud)
    text.append(f"{one.subject:<13} ")
    text.append(printable(story.words(one)), style="default")
    if cause := causes.of(one):
        because = f"{cause.kind} {short(cause.event_id)}".strip()
        text.append(f"  ← {printable(because)}", style="dim")
    return text


def short(event_id: str) -> str:
    """Answer the beginning of an id: of a UUID enough to find it by, of a batch's what it says."""
    first, dash, _ = event_id.partition("-")
    return first if dash and len(first) == ID_SHOWN else event_id[:OTHER_SHOWN]
