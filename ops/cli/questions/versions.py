"""``modelcycle versions``: every version, by what it was judged, and how it ended."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import click

from ops.cli import arguments, output, telling
from ops.cli.connecting import connected
from ops.cli.connection import Connection
from ops.cli.questions import lives
from services.journal.questions import versions as question
from services.journal.questions.versions import VersionLife
from shared.contracts.names import Stage

COLUMNS = ("version", "run", "registered", ">score", ">baseline", ">champion", ">limit", "said")
STANDS = {"serves": "green", "waits": "yellow", "is on": "yellow"}


@click.command()
@arguments.model
@output.reads
@connected
def versions(connection: Connection, model: str, as_json: bool) -> None:
    """List every version of MODEL: scores, verdicts, time in each stage, and how it ended.

    Scores are mean weighted quantile losses of the backtest: lower is better.
    """
    past = lives.read(connection, model)
    found = question.versions(past.life)
    if as_json:
        told = [one.model_dump(mode="json") for one in found]
        head = {"environment": connection.env, "model": model}
        tail = {"journal_dead_letters": past.dead_letters}
        return output.document({**head, "versions": told, **tail})
    if not found:
        return output.note(f"no version of {model} is registered yet")
    now = connection.clock.now()
    columns = (*COLUMNS, *(stage.value for stage in Stage), "stands")
    return output.table(columns, (row(one, now) for one in found))


def row(one: VersionLife, now: datetime) -> tuple[Any, ...]:
    """Answer a version's line."""
    evidence = one.evidence
    scores = (
        (evidence.score, evidence.baseline, evidence.champion_score, evidence.limit)
        if evidence
        else (None,) * 4
    )
    stands = telling.plain(one.stands)
    colour = next((look for word, look in STANDS.items() if stands.startswith(word)), "")
    return (
        f"v{one.version}",
        one.run_id,
        output.ago(one.registered_at, now),
        *map(output.loss, scores),
        "; ".join(words(one, lambda at: output.ago(at, now))),
        *(time_in(one, stage, now) for stage in Stage),
        output.styled(stands, colour),
    )


def words(one: VersionLife, when: Callable[[datetime], str]) -> tuple[str, ...]:
    """Say who said what of a version, and when."""
    return tuple(
        f"{word.said} by {telling.who(word.who)}, {when(word.at)}{noted(word.note)}"
        for word in one.words
    )


def noted(note: str) -> str:
    """Repeat a note; the rule signs its own, and is named already."""
    note = note.removeprefix(arguments.RULE).strip()
    return f": {note}" if note else ""


def time_in(one: VersionLife, stage: Stage, now: datetime) -> str | None:
    """Say how long a version has served a stage, all stays together; nothing where it has not."""
    stays = [stay for stay in one.stays if stay.stage == stage]
    served = sum(((stay.until or now) - stay.since for stay in stays), timedelta())
    return output.span(max(served, timedelta())) if stays else None
