"""``modelcycle lineage``: from what a version was made, and where it went."""

from typing import Any

import click

from ops.cli import arguments, output, telling
from ops.cli.connecting import connected
from ops.cli.connection import Connection
from ops.cli.declarations import Declarations
from ops.cli.errors import ExitCode, not_found
from ops.cli.questions import lives, verifying
from ops.cli.questions.lives import Past
from ops.cli.questions.verifying import Verified
from ops.cli.story import Story
from services.journal import reading
from services.journal.questions import lineage as question
from services.journal.questions import versions
from services.journal.questions.lineage import Lineage, Link
from services.journal.questions.serving import present
from shared.contracts.lifecycle import TrainingCompleted
from shared.contracts.names import Stage

BATCHES_READ = 10_000
"""Latest entries of a series among which its batches are looked for."""
MARKS = {True: ("verified", "green"), False: ("differs", "bold red"), None: ("", "")}


@click.command()
@arguments.model
@arguments.version
@click.option("--verify", is_flag=True, help="Compare with S3, registry and endpoints, too.")
@output.reads
@connected
def lineage(
    connection: Connection, model: str, version: int | None, verify: bool, as_json: bool
) -> None:
    """Show from what VERSION of MODEL was made, who approved it and where it served.

    From records to endpoints, complete or the gap named; without VERSION the one in production.
    Exit code 1 if a link is missing, or does not hold.
    """
    past = lives.read(connection, model)
    number = chosen(past, version)
    found = told(connection, past, number)
    checked = verifying.verify(connection, found) if verify else unverified(found)
    if as_json:
        output.document(document(past, connection.env, found, checked))
    else:
        rows = (row(one) for one in checked)
        output.table(("link", "", "what", "sha256"), rows)
    problems = [one for one in checked if not one.holds]
    for one in problems:
        what = one.problem or one.link.what
        output.note(f"{one.link.name}: {what}")
    raise click.exceptions.Exit(ExitCode.FAILED if problems else ExitCode.OK)


def chosen(past: Past, version: int | None) -> int:
    """Answer the version that is meant: the one named, else what serves production.

    Raises
    ------
    CliError
        If there is none.
    """
    known = versions.numbers(past.life)
    if version in known:
        return version
    if version is None:
        stay = present(past.life.stages[Stage.PRODUCTION])
        if stay:
            return stay.version
        raise not_found(f"nothing of {past.model} serves in production", named(past, known))
    raise not_found(f"the journal knows no v{version} of {past.model}", named(past, known))


def named(past: Past, known: tuple[int, ...]) -> str:
    """Say which versions there are."""
    if not known:
        return f"none is registered yet: modelcycle status {past.model}"
    return f"say which: modelcycle lineage {past.model} {known[-1]} (there are {len(known)})"


def told(connection: Connection, past: Past, number: int) -> Lineage:
    """Tell the lineage, with the batches of the model's series; of a model that is no longer
    declared nobody knows which that was."""
    one = versions.version(past.life, number)
    completed = past.life.trainings[one.run_id].latest(TrainingCompleted)
    declared = Declarations(connection).stored()
    spec = declared.models.get(past.model)
    series = declared.series.get(spec.series) if spec else None
    if completed is None or series is None:
        return question.lineage(past.life, number)
    batches = reading.list_events(
        Story(connection).book,
        series.series,
        completed.said.dataset.first,  # nothing is said of a window before it begins
        completed.at,
        BATCHES_READ,
    )
    is_all = len(batches) < BATCHES_READ
    since = None if is_all else min(one.occurred_at for one in batches)
    return question.lineage(past.life, number, batches, series.window, since)


def unverified(found: Lineage) -> tuple[Verified, ...]:
    """Take every link as the journal tells it."""
    return tuple(Verified(link) for link in found.links)


def row(one: Verified) -> tuple[Any, ...]:
    """Answer a link's line."""
    link = one.link
    word, colour = MARKS[one.is_verified] if link.found else ("missing", "bold red")
    what = telling.plain(one.problem or link.what)
    return (
        output.styled(link.name, "bold"),
        output.styled(word or " ", colour),
        what,
        link.blob.sha256[:12] if link.blob else " ",
    )


def document(past: Past, env: str, found: Lineage, checked: tuple[Verified, ...]) -> Any:
    """Describe a lineage for programs."""
    return {
        "environment": env,
        "model": found.model,
        "version": found.version,
        "complete": not found.gaps,
        "links": [link_document(one.link, one) for one in checked],
        "journal_dead_letters": past.dead_letters,
    }


def link_document(link: Link, one: Verified) -> dict[str, Any]:
    """Describe a link for programs."""
    told = link.model_dump(mode="json")
    return {**told, "verified": one.is_verified, "problem": one.problem or None}
