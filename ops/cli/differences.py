"""How the journal's table and its archive differ, put into words."""

from typing import TYPE_CHECKING

import click

from ops.cli import output

if TYPE_CHECKING:
    from services.journal.mending import Compared, Rebuilt

SHOWN = 3
"""Ids of events that differ, of each kind."""


def show(different: "list[Compared]") -> None:
    """Show the days on which table and archive differ."""
    if not different:
        return output.note("the table and S3 hold the same")
    click.echo()
    columns = ("day", ">only in table", ">only in S3", ">changed", ">ambiguous", "such as")
    return output.table(
        columns, ((day_of(one), *map(len, one[2:]), such_as(one)) for one in different)
    )


def advice(days: "list[Compared]") -> str:
    """Say what to do about differences."""
    found = counts(days)
    texts = {
        "only_in_s3": "`modelcycle journal rebuild` writes into the table what only S3 holds",
        "only_in_table": "what only the table holds is on its way to S3 for some minutes (check "
        "again), or among the dead letters (`modelcycle dlq list journal`); else a page was "
        "deleted: the bucket gives it back within 30 days",
        "changed": "what was changed, S3 holds as it was said: find out who may write the table; "
        "what is deleted from it comes back by `modelcycle journal rebuild`",
        "ambiguous": "what is ambiguous was said again with other words, and S3 holds both: find "
        "out who spoke as its source; the table tells what came first",
    }
    return "; ".join(text for kind, text in texts.items() if found[kind])


def counts(days: "list[Compared]") -> dict[str, int]:
    """Answer how many events differ, of each kind."""
    return {
        "only_in_table": sum(len(day.only_table) for day in days),
        "only_in_s3": sum(len(day.only_archive) for day in days),
        "changed": sum(len(day.changed) for day in days),
        "ambiguous": sum(len(day.ambiguous) for day in days),
    }


def such_as(day: "Compared") -> str:
    """Name the first events of each kind."""
    return ", ".join(one for kind in day[2:] for one in kind[:SHOWN])


def day_of(day: "Compared | Rebuilt") -> str:
    """Name a day."""
    return day.folder.partition("/")[2].replace("/", "-")


def as_document(day: "Compared") -> dict[str, object]:
    """Tell programs how table and archive differ on a day."""
    return {
        "day": day_of(day),
        "only_in_table": list(day.only_table),
        "only_in_s3": list(day.only_archive),
        "changed": list(day.changed),
        "ambiguous": list(day.ambiguous),
    }
