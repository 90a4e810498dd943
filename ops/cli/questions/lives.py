"""Reading a model's life from the journal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from botocore.exceptions import ClientError

from ops.cli import backlog, output
from ops.cli.connection import Connection
from ops.cli.declarations import Declarations, nearest
from ops.cli.errors import CliError, not_found
from ops.cli.registry import Registry
from ops.cli.story import Story
from ops.cli.times import written
from services.journal import domain, reading
from services.journal.domain import Entry
from services.journal.questions.life import Life, lived

RECENT = 1_000
"""Latest entries of a model that are read beside its life, where a question is about them: verdicts
of the monitor are among them."""


@dataclass(frozen=True)
class Past:
    """What the journal keeps of a model, until a moment."""

    model: str
    entries: Sequence[Entry]
    """In the order of causes."""
    is_all: bool = False
    """Whether the rest was read as a whole, too: verdicts of the monitor, and decisions."""
    dead_letters: int | None = None
    """The journal's, which may be about this model; None: unknown."""

    @cached_property
    def life(self) -> Life:
        """The fold of all of it."""
        return lived(self.model, self.entries)


def read(
    connection: Connection, model: str, until: datetime | None = None, recent: int = 0
) -> Past:
    """Read all that tells the life of a model, and some of the latest of the rest.

    Raises
    ------
    CliError
        If there is no such model, or nothing was said of it yet, or by then.
    """
    book, dead_letters = Story(connection).book, backlog.noted(connection)
    first, last = reading.between(None, until)
    found = [one for one in book.life(model, first, last) if is_of_model(one)]
    if not found:
        raise unheard_of(connection, model, until)
    others = book.latest(model, first, last, recent) if recent else []
    is_all = len(others) < recent
    past = Past(model, domain.in_order_of_causes([*found, *others]), is_all, dead_letters)
    if unknown := past.life.unknown:
        output.note(f"left out, as a later version of this program said it: {', '.join(unknown)}")
    return past


def is_of_model(entry: Entry) -> bool:
    """Tell whether an event is about a model: a series may have the same name."""
    return bool(entry.detail["data"].get("model") == entry.subject)


def unheard_of(connection: Connection, model: str, until: datetime | None) -> CliError:
    """Say why nothing is known of a model: there is none, it is new, or it was not there then."""
    connection.require_environment()
    later = [one for one in reading.life(Story(connection).book, model) if is_of_model(one)]
    if until and later:
        began = min(one.occurred_at for one in later)
        return not_found(
            f"nothing was known of '{model}' at {written(until)} UTC",
            f"ask for {began:%Y-%m-%dT%H:%M:%SZ} or later: its first event is of then",
        )
    known = Declarations(connection).stored().models
    if model in known and is_registered(connection, model):
        return not_found(
            f"the journal's table holds nothing of '{model}', of which versions are registered",
            "`modelcycle journal check` compares it with S3, `modelcycle journal rebuild` writes "
            "into it what S3 holds",
        )
    if model in known:
        return not_found(f"nothing has happened to '{model}' yet", f"modelcycle status {model}")
    return not_found(
        f"there is no model '{model}' in environment '{connection.env}'", nearest(model, known)
    )


def is_registered(connection: Connection, model: str) -> bool:
    """Tell whether a model has versions, as far as the registry may be looked at."""
    try:
        return bool(Registry(connection).versions(model))
    except ClientError:
        return False


def records(connection: Connection, chain: Iterable[Entry]) -> tuple[Entry, ...]:
    """Answer the records of the decisions that said some events."""
    book = Story(connection).book
    return tuple(
        record
        for one in chain
        for record in reading.of_decision(book, one)
        if record.detail_type == domain.DECISION
    )
