"""``modelcycle status``: where every model stands, or one of them in detail."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import click

from ops.cli import output, standing, version_rows, watching
from ops.cli.connecting import connected
from ops.cli.connection import Connection
from ops.cli.declarations import Declarations
from ops.cli.endpoints import Serving
from ops.cli.errors import misused
from ops.cli.past import Live, Undone
from ops.cli.standing import Judged, Standing
from ops.cli.standing_document import as_document
from shared.contracts.names import Stage
from shared.contracts.specs import ModelSpec, SeriesSpec
from shared.contracts.timing import write_duration

VERSIONS_IN_LIST = 3
VERSIONS_IN_DETAIL = 10


@click.command()
@click.argument("model", required=False)
@click.option("--watch", is_flag=True, help="Show it again every 2 s, until Ctrl-C.")
@output.reads
@connected
def status(connection: Connection, model: str | None, watch: bool, as_json: bool) -> None:
    """Show where all models stand, or MODEL in detail.

    Scores are mean weighted quantile losses of the backtest, "live" is the latest of what
    production said against what came true: lower is better.
    """
    if watch and as_json:
        raise misused("--watch is for people, --json for programs", "give one of them")
    if watch:
        watching.watch(lambda: whole(connection, model))
    if not as_json:
        return show(view(connection, model))
    seen, series = look(connection, model)
    described = [as_document(one, series.get(one.spec.series)) for one in seen]
    head = {"environment": connection.env, "as_of": output.iso(connection.clock.now())}
    return output.document({**head, "models": described})


def look(
    connection: Connection, model: str | None
) -> tuple[tuple[Standing, ...], Mapping[str, SeriesSpec]]:
    """Look at all models, or at one; answer the declared series, too."""
    declared = Declarations(connection).stored()
    wanted: list[ModelSpec] = list(declared.models.values())
    if model is not None:
        wanted = [Declarations(connection).model(model)]
    elif not wanted:
        connection.require_environment()
    count = VERSIONS_IN_DETAIL if model else VERSIONS_IN_LIST
    return standing.look(connection, wanted, count), declared.series


class View(NamedTuple):
    """What people see: tables, and what is beside the answer."""

    tables: tuple[Any, ...]
    note: str = ""


def view(connection: Connection, model: str | None) -> View:
    """Look, and put it into tables."""
    seen, series = look(connection, model)
    now = connection.clock.now()
    if not seen:
        return View((), "no models yet: modelcycle models apply PATH")
    if model is None:
        return View((overview(seen, now),))
    return detail(seen[0], series.get(seen[0].spec.series), now)


def show(seen: View) -> None:
    """Show it once."""
    for place, drawn in enumerate(seen.tables):
        if place:
            click.echo()
        output.show(drawn)
    if seen.note:
        output.note(seen.note)


def whole(connection: Connection, model: str | None) -> Any:
    """Draw it in one piece, for a picture that comes again and again."""
    from rich.console import Group

    seen = view(connection, model)
    parts = [part for drawn in seen.tables for part in (drawn, "")]
    now = connection.clock.now()
    as_of = f"{now:%Y-%m-%d %H:%M:%S} UTC, every {watching.EVERY_S:g} s, Ctrl-C ends"
    note = [output.styled(seen.note, "dim")] if seen.note else []
    return Group(*parts, *note, output.styled(as_of, "dim"))


def overview(seen: tuple[Standing, ...], now: datetime) -> Any:
    """Draw a line for each model."""
    columns = ("model", "data until", "training", "staging", "production")
    return output.drawn(
        (*columns, ">live", "scores of", ">score", ">baseline", ">limit", "next"),
        (row(one, now) for one in seen),
    )


def row(one: Standing, now: datetime) -> tuple[Any, ...]:
    """Answer a model's line."""
    shown = best_known(one)
    return (
        output.styled(one.spec.model + (" (frozen)" if one.spec.frozen else ""), "bold"),
        output.ago(one.data.last if one.data else None, now),
        f"{one.run.status.lower()}, {output.ago(one.run.started_at, now)}" if one.run else None,
        stage_cell(one.stages[Stage.STAGING]),
        stage_cell(one.stages[Stage.PRODUCTION]),
        live_cell(one.live),
        f"v{shown.version.number}" if shown else None,
        output.loss(shown.score if shown else None),
        output.loss(shown.baseline if shown else None),
        output.loss(shown.limit if shown else None),
        output.styled("\n".join(one.next_steps()) or " ", "yellow"),
    )


def best_known(one: Standing) -> Judged | None:
    """Answer the version whose score is shown: the one in production, else the latest."""
    live = one.stages[Stage.PRODUCTION]
    return one.version(live.version if live else None) or next(iter(one.versions), None)


def stage_cell(serving: Serving | None) -> Any:
    """Show what serves a stage."""
    if serving is None:
        return None
    live = f"v{serving.version}" if serving.version else ""
    if serving.status == "InService" and not serving.coming:
        return output.styled(live or serving.status, "green")
    coming = f"→ v{serving.coming}" if serving.coming else ""
    return output.styled(" ".join(filter(None, (live, coming, serving.status))), "yellow")


def live_cell(live: Live | None) -> Any:
    """Show how the version in production does."""
    if live is None:
        return None
    colour = "red" if live.breaches else "green"
    return output.styled(output.loss(live.measured.mean_wql), colour)


def live_text(live: Live, consecutive: int, now: datetime) -> str:
    """Say how the version in production does, and how near it is to be found wanting."""
    said = live.measured
    number = f"{live.breaches}" if live.is_all else f"at least {live.breaches}"
    streak = f"{number} breaches in a row of {consecutive} that make it degraded"
    return (
        f"v{said.version}: mean wQL {output.loss(said.mean_wql)}, "
        f"limit {output.loss(said.limit)}, baseline {output.loss(said.baseline_wql)}, "
        f"{said.points} points, {output.ago(live.at, now)}, {streak if live.breaches else 'well'}"
    )


def detail(one: Standing, series: SeriesSpec | None, now: datetime) -> View:
    """Draw all of one model."""
    known = output.drawn(
        ("", ""), ((output.styled(name, "bold"), text) for name, text in facts(one, series, now))
    )
    if not one.versions:
        return View((known,), "no version is registered yet")
    return View((known, version_rows.drawn(one, now)))


def facts(one: Standing, series: SeriesSpec | None, now: datetime) -> Iterator[tuple[str, Any]]:
    """Answer what is to say of a model, by name."""
    spec = one.spec
    yield "model", spec.model + (" (frozen)" if spec.frozen else "")
    every = write_duration(spec.frequency)
    yield (
        "forecasts",
        f"{spec.target} of '{spec.series}', {spec.horizon} steps of {every}, by {spec.algorithm}",
    )
    if one.data:
        span = f"{one.data.first:%Y-%m-%d %H:%M} to {one.data.last:%Y-%m-%d %H:%M} UTC"
        yield "data", f"{one.data.windows:,} windows, {span}, {output.ago(one.data.last, now)}"
    else:
        yield "data", "none yet"
    if series:
        yield "history", f"{one.points(series):,} points of {spec.history_points:,} that it needs"
    if one.run:
        started = output.ago(one.run.started_at, now)
        yield "training", f"{one.run.run_id}, {one.run.status.lower()}, started {started}"
    for stage, serving in one.stages.items():
        gone = one.aged_out if stage is Stage.STAGING else None
        yield stage.value, serving_text(serving, gone, now)
    if one.live:
        yield "live", live_text(one.live, spec.monitor.consecutive, now)
    if steps := one.next_steps():
        yield "next", output.styled("\n".join(steps), "yellow")


def serving_text(serving: Serving | None, gone: Undone | None, now: datetime) -> str:
    """Say what an endpoint does, or why there is none any more."""
    if serving is None:
        return f"nothing; {gone.words}, {output.ago(gone.at, now)}" if gone else "nothing"
    what = [f"v{serving.version}" if serving.version else "nothing yet"]
    if serving.coming:
        what.append(f"v{serving.coming} is on its way")
    what += [serving.status, f"changed {output.ago(serving.modified_at, now)}", serving.endpoint]
    return ", ".join(filter(None, (*what, serving.reason)))
