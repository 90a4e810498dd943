"""What came of a replay, for people and programs."""

from typing import Any

import click

from ops.cli import output
from ops.replay import summary
from ops.replay.difference import Difference
from ops.replay.playing import Replay
from ops.replay.summary import counted, listed

NOTHING = "nothing is decided"
AS_FAR = ", as far as the record tells"


def show(replay: Replay, *, is_what_if: bool, diff: bool, as_json: bool) -> None:
    """Show all of it."""
    if as_json:
        return output.document(summary.document(replay))
    services = ", ".join(f"{name} {number:,}" for name, number in sorted(replay.decided.items()))
    decided = f"{counted(replay.decided.total(), 'decision')} taken again"
    click.echo(": ".join(filter(None, (decided, services))))
    for one in replay.differences:
        if not one.untold and (diff or one.leads_on):
            show_difference(one, diff)
    show_untold(replay)
    if replay.before and replay.before.differences:
        already = counted(len(replay.before.differences), "decision")
        output.note(f"under the recorded spec, too, {already} would differ: replay without --spec")
    return click.echo(verdict(replay, is_what_if))


def show_difference(one: Difference, diff: bool) -> None:
    """Show what was decided then, and now."""
    record = one.one.record
    upon = f"{record.answered} of {record.cause_type}" if record.answered else record.cause_type
    place = f"{record.now:%m-%d %H:%M}  {record.service}  {record.model}  upon {upon}"
    click.echo(f"\n{click.style(place, bold=True)}  (line {one.one.number})")
    click.echo(f"  then  {output.plain(one.then.why)}")
    click.echo(f"  now   {output.plain(one.now.why) if one.now else NOTHING}")
    if words := summary.consequences(one):
        click.echo(f"  {words}")
    if one.begins:
        click.echo(f"  what would have come of {listed(one.begins)}, the record does not tell")
    if one.follows:
        click.echo(f"  {counted(len(one.follows), 'decision')} of others would change with it")
    if diff or not one.is_another:
        rows = ((field.name, value(field.then), value(field.now)) for field in one.fields)
        output.table(("  field", "then", "now"), ((f"  {name}", *both) for name, *both in rows))
    others = (follows for follows in one.follows if follows.is_another and not follows.untold)
    if not one.is_another and (first := next(others, None)):
        show_difference(first, diff)  # what is lost rests on it, rather than on words or numbers


def value(of_field: Any) -> str:
    """Write a field's value."""
    return of_field if isinstance(of_field, str) else output.as_json(of_field)


def show_untold(replay: Replay) -> None:
    """Say where the record ends to tell, and what it cannot tell at all."""
    for whose, life in replay.stopped.items():
        if (at := life.stopped_at) is None:
            continue
        after = f"; {counted(life.untold, 'decision')} after that" if life.untold else ""
        place = f"{at.record.now:%m-%d %H:%M}  {whose.service}  {whose.key}"
        click.echo(f"\n{click.style(place, bold=True)}  (line {at.number})")
        click.echo(f"  from here on the record does not tell: {output.plain(life.stopped)}{after}")
    for whose, number in replay.skipped.items():
        output.note(
            f"{whose.service} of {whose.key} is left out: the recording begins in the middle of "
            f"its life, or today's code begins it otherwise ({counted(number, 'decision')})"
        )


def say_what_lacks(replay: Replay) -> None:
    """Say that a replay is not of the whole recording, and what to do about it."""
    lives = "1 life" if len(replay.skipped) == 1 else f"{len(replay.skipped):,} lives"
    decisions = counted(replay.skipped.total(), "decision")
    output.note(
        f"not all was taken again (exit code 1): {lives} left out, {decisions}; record it with "
        "--archive, replay it with the code that recorded it, or add --partial if that is meant"
    )


def verdict(replay: Replay, is_what_if: bool) -> str:
    """Say in a line what came of it."""
    if not replay.differences:
        told = " in what the record tells" if replay.stopped or replay.skipped else ""
        return f"no difference{told}"
    if is_what_if and (words := summary.headline(replay)):
        return f"\n{words}{'' if summary.is_all_told(replay) else AS_FAR}"
    untold = sum(bool(one.untold) for one in replay.differences)
    others = sum(one.is_another and not one.untold for one in replay.differences)
    alike = len(replay.differences) - others - untold
    said = (
        f"{counted(others, 'decision')} would be another" if others else "",
        f"{counted(untold, 'decision')} cannot be taken again" if untold else "",
        f"{counted(alike, 'decision')} in other words or numbers (--diff)" if alike else "",
    )
    return f"\n{', '.join(filter(None, said))}"
