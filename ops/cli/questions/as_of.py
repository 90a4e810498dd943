"""``modelcycle as-of``: what was live at a moment, by which limit and evidence."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import click

from ops.cli import arguments, output, telling
from ops.cli.connecting import connected
from ops.cli.connection import Connection
from ops.cli.questions import lives
from ops.cli.questions.moments import end_of, in_the_past
from ops.cli.questions.versions import words
from ops.cli.times import Since, written
from services.journal.questions import as_of as question
from services.journal.questions.as_of import OfStage, Standing
from services.journal.questions.limit import Limit
from services.journal.questions.versions import VersionLife


@click.command("as-of")
@click.argument("time", type=Since())
@arguments.model
@output.reads
@connected
def as_of(connection: Connection, time: datetime | timedelta, model: str, as_json: bool) -> None:
    """Show what of MODEL was live at TIME, why it was allowed to be, and what was waiting.

    TIME is a moment (UTC), as 2026-03-01T12:00:38Z, which is that second with all that was said in
    it; or how long ago it was: 30m, 2h, 3d; or now.
    """
    at = in_the_past(connection, time)
    until = end_of(at)
    past = lives.read(connection, model, until)
    found = question.standing(past.life, until).changed(at=at)
    if as_json:
        content = {
            "environment": connection.env,
            **found.model_dump(mode="json"),
            "journal_dead_letters": past.dead_letters,
        }
        return output.document(content)
    rows = ((output.styled(name, "bold"), text) for name, text in facts(found))
    return output.table(("", ""), rows)


def facts(found: Standing) -> Iterator[tuple[str, Any]]:
    """Answer what is to say, by name."""
    yield "model", f"{found.model}, as of {moment(found.at)}"
    for stage, of_stage in found.stages.items():
        for number, text in enumerate(serving(of_stage)):
            yield ("" if number else stage), text
    yield "limit", limit_text(found.limit)
    for number, one in enumerate(found.waiting):
        yield ("" if number else "waiting"), f"v{one.version} {one.stands}, {evidence_text(one)}"
    if run := found.training:
        doing = "judged" if run.is_judged else "trained"
        yield "training", f"{run.run_id} is {doing} since {moment(run.since)}"
    if no := found.suppressed:
        until = f", until {moment(no.until)}" if no.until else ""
        yield "wish", f"of {no.trigger} waits, {no.rule}: {no.reason}{until}"
    if fallen := found.degradation:
        yield "degraded", f"v{fallen.version} since {moment(fallen.since)}: {fallen.evidence}"
    for fault in found.data_faults:
        yield "data fault", f"{fault.kind}: {fault.evidence}"


def serving(of_stage: OfStage) -> Iterator[str]:
    """Say what serves a stage, by which evidence, and what is on its way."""
    stay, version = of_stage.stay, of_stage.version
    if stay and version:
        back = ", came back" if stay.came_back else ""
        yield f"v{stay.version} since {moment(stay.since)}{back}, {stay.endpoint_config}"
        yield f"judged: {evidence_text(version)}"
        yield from words(version, moment)
    else:
        yield "nothing"
    if coming := of_stage.coming:
        since = moment(coming.since)
        yield f"v{coming.version} is on its way since {since}, {coming.endpoint_config}"


def evidence_text(one: VersionLife) -> str:
    """Say by what a version was judged."""
    evidence = one.evidence
    if evidence is None:
        return "its evaluation is not known"
    champion = (
        f", v{evidence.champion} {output.loss(evidence.champion_score)}"
        if evidence.champion_score is not None
        else ""
    )
    return (
        f"mean wQL {output.loss(evidence.score)} on {evidence.points} points, limit "
        f"{output.loss(evidence.limit)} ({evidence.limit_is}), baseline "
        f"{output.loss(evidence.baseline)}{champion}"
    )


def limit_text(limit: Limit | None) -> str:
    """Say which limit was in force."""
    if limit is None:
        return "relative to the baseline, by the spec"
    value = "relative to the baseline" if limit.value is None else output.loss(limit.value)
    return f"{value} since {moment(limit.since)} by {telling.who(limit.who)}: {limit.why}"


def moment(at: datetime) -> str:
    """Write a moment."""
    return f"{written(at)} UTC"
