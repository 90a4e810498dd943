"""Which letters a person means, and whether all of them are meant."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import click

from ops.cli import arguments, output
from ops.cli.dlq.box import HIDDEN_S, Held
from ops.cli.dlq.letter import ID_SHOWN, Kind, Letter
from ops.cli.errors import CliError, misused, not_found, refused
from shared.contracts.printable import shortened
from shared.contracts.subscriptions import SERVICES

F = TypeVar("F", bound=Callable[..., Any])

NAMED = 3
PROBLEM_CHARACTERS_SHOWN = 160
HISTORY = (
    "history, which replaces what was imported since for the same windows; if nothing was, "
    "`modelcycle dlq redrive ID --reason …` sends one back"
)

of_service = click.option("--service", type=click.Choice(SERVICES), help="Of one service.")


class Choice(NamedTuple):
    """Which letters a person means, of those that can be seen."""

    ids: tuple[str, ...]
    """Beginnings of their ids; none: all."""
    kind: str | None
    event_type: str | None

    def check(self, everything: bool) -> None:
        """Make sure that either some are named, or all are meant.

        Raises
        ------
        CliError
            If it is neither, or both.
        """
        if bool(self.ids) == everything or (self.ids and (self.kind or self.event_type)):
            raise misused(
                "say which: the IDs of some letters, or --all with or without --kind and --type",
                "`modelcycle dlq list` shows what there is",
            )

    def of(self, letters: Sequence[Held], hidden: int) -> list[Held]:
        """Answer the letters that are meant.

        Raises
        ------
        CliError
            If an id is that of none, or of several.
        """
        if self.ids:
            named = [only(letters, one, hidden) for one in dict.fromkeys(self.ids)]
            return list({one.letter.message_id: one for one in named}.values())
        return [one for one in letters if self.holds(one.letter)]

    def holds(self, letter: Letter) -> bool:
        """Tell whether all that was asked for holds of a letter."""
        of_kind = self.kind in (None, letter.kind)
        return of_kind and self.event_type in (None, letter.content.event_type)


def chosen(command: F) -> F:
    """Give a command the options that say which letters are meant."""
    options: tuple[Callable[[Any], Any], ...] = (
        click.argument("ids", nargs=-1, metavar="[ID]…"),
        click.option("--all", "everything", is_flag=True, help="All that can be seen; asks first."),
        of_service,
        click.option("--kind", type=click.Choice([one.value for one in Kind]), help="With --all."),
        click.option("--type", "event_type", help="With --all: of one kind of event."),
        arguments.reason,
        click.option("--yes", is_flag=True, help="Do not ask."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def redrivable(letters: Sequence[Held], now: datetime, *, named: bool) -> list[Held]:
    """Leave out what cannot be redriven, and what needs a thought before; of what a person has
    named, the first is refused, and the second has been thought about.

    Raises
    ------
    CliError
        If one of those that are named cannot.
    """
    found: list[Held] = []
    left: dict[tuple[str, str], list[str]] = {}
    for one in letters:
        never = one.letter.no_way_back(now)
        if never and named:
            raise refused(
                f"{name(one.letter)} is {never}",
                f"modelcycle dlq drop {one.letter.message_id} --reason …",
            )
        doubt = "" if named else doubtful(one.letter)
        if never or doubt:
            why = ("to be dropped", never) if never else ("to be thought about", doubt)
            left.setdefault(why, []).append(name(one.letter))
        else:
            found.append(one)
    for (todo, reason), named_ones in left.items():
        more = f" and {len(named_ones) - NAMED} more" if len(named_ones) > NAMED else ""
        output.note(f"left, {todo}: {', '.join(named_ones[:NAMED])}{more}: {reason}")
    return found


def doubtful(letter: Letter) -> str:
    """Say why a letter is not sent back among all others; nothing where it is."""
    if letter.content.is_history:
        return HISTORY
    problem = shortened(letter.content.problem, PROBLEM_CHARACTERS_SHOWN)
    return f"this code would reject it again: {problem}" if problem else ""


def only(letters: Sequence[Held], beginning: str, hidden: int) -> Held:
    """Answer the one letter whose id begins so.

    Parameters
    ----------
    hidden : int
        How many more there are, which cannot be seen now.

    Raises
    ------
    CliError
        If there is none, or there are several.
    """
    found = [one for one in letters if beginning and one.letter.message_id.startswith(beginning)]
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(one.letter.message_id for one in found[:NAMED])
        raise misused(
            f"{len(found)} dead letters begin with '{beginning}': {shown}", "give more of it"
        )
    raise nothing_of(beginning, hidden)


def nothing_of(beginning: str, hidden: int) -> CliError:
    """Say that there is no letter of that id, or that it cannot be seen now."""
    if hidden:
        return not_found(
            f"no dead letter that can be seen begins with '{beginning}'; {hidden} are in "
            "somebody's hands, as those of another `modelcycle dlq`",
            f"try again when that has ended, or in {HIDDEN_S // 60} minutes",
        )
    return not_found(
        f"no dead letter begins with '{beginning}'",
        "`modelcycle dlq list SERVICE` shows their ids; a redriven one that fails has another",
    )


def name(letter: Letter) -> str:
    """Name a letter in a line."""
    content = letter.content
    what = " of ".join(filter(None, (content.event_type or "a message", content.about)))
    return f"{letter.message_id[:ID_SHOWN]} {what}"
