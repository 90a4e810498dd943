"""The versions of a model in `modelcycle status`: where each stands, and who had the last word."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from ops.cli import output, telling
from ops.cli.endpoints import Serving
from ops.cli.registry import Verdict
from ops.cli.standing import Judged, Standing
from shared.contracts.names import Stage

COLUMNS = ("version", "registered", "approval", "production")
SCORES = (">score", ">baseline", ">champion", ">limit")
COLOURS = {
    "waiting": "yellow",
    "on its way": "yellow",
    "approved": "green",
    "serves": "green",
    "declined": "red",
    "rolled back": "red",
    "revoked": "red",
}


class Production(StrEnum):
    """Where a version stands with production; its approval alone does not tell."""

    WAITING = "waiting"
    DECLINED = "declined"
    APPROVED = "approved"
    COMING = "on its way"
    SERVES = "serves"
    REPLACED = "replaced"
    ROLLED_BACK = "rolled back"
    REVOKED = "revoked"


def in_production(one: Judged, serving: Serving | None) -> Production | None:
    """Answer where a version stands with production; None: it was not offered.

    Parameters
    ----------
    serving : Serving, optional
        What serves production.
    """
    version = one.version
    there = (serving.version if serving else None) or 0
    if version.production is None:
        return None
    if version.production is not Verdict.APPROVED:
        waits = version.production is Verdict.WAITING
        if waits and one.is_revoked:
            return None
        return Production.WAITING if waits else Production.DECLINED
    if serving and serving.coming == version.number:
        return Production.COMING
    if there == version.number:
        return Production.SERVES
    if one.is_revoked:
        return Production.REVOKED
    if one.undone and one.undone.left == Stage.PRODUCTION:
        return Production.ROLLED_BACK
    return Production.REPLACED if there > version.number else Production.APPROVED


def drawn(one: Standing, now: datetime) -> Any:
    """Draw a line for each version."""
    production = one.stages[Stage.PRODUCTION]
    rows = (version_row(each, production, now) for each in one.versions)
    return output.drawn((*COLUMNS, *SCORES, "last word"), rows)


def version_row(one: Judged, production: Serving | None, now: datetime) -> tuple[Any, ...]:
    """Answer a version's line."""
    version = one.version
    approval = Production.REVOKED.value if one.is_revoked else version.approval.value
    stands = in_production(one, production)
    return (
        f"v{version.number}",
        output.ago(version.registered_at, now),
        output.styled(approval, COLOURS.get(approval, "")),
        output.styled(stands.value, COLOURS.get(stands.value, "")) if stands else None,
        output.loss(one.score),
        output.loss(one.baseline),
        output.loss(one.champion),
        output.loss(one.limit),
        last_word(one, now),
    )


def last_word(one: Judged, now: datetime) -> str:
    """Say what a person said of a version last, or what took it away since."""
    described, undone = one.described, one.undone
    if undone and undone.at >= described.modified_at:
        return f"{undone.words}, {output.ago(undone.at, now)}"
    note = described.production_note or described.approval_note
    word = f"{telling.who(described.modified_by)}, {output.ago(described.modified_at, now)}"
    return f"{word}: {note}" if note else word
