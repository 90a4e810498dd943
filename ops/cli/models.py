"""``modelcycle models``: declare models, and see what is declared."""

from pathlib import Path
from typing import Any

import click

from infra.spec_files import load
from ops.cli import output
from ops.cli.applying import Plan, change, plan, write
from ops.cli.connecting import connected
from ops.cli.connection import Connection
from ops.cli.declarations import Declarations
from ops.cli.errors import ExitCode, refused
from shared.contracts.specs import ModelSpec
from shared.contracts.timing import write_duration

# What is stored does not tell whether the file or a command froze a model: both write its spec.
FREEZE_LASTS = "write `frozen: true` in its file, too, or the next `models apply` of it undoes this"
THAW_LASTS = "if its file says `frozen: true`, remove that: the next `models apply` of it freezes"


@click.group()
def models() -> None:
    """Declare models in files, and see what is declared."""


@models.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH…")
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 if something would change.")
@connected
def apply(connection: Connection, paths: tuple[Path, ...], check: bool) -> None:
    """Apply model files, series files, and folders of them.

    Everything is checked before anything is written. What is unchanged is not written again.
    """
    declarations = Declarations(connection)
    stored = declarations.stored()
    declared = load(paths, stored.series)
    connection.require_environment()
    todo = plan(connection.env, declared, stored)
    show_plan(todo)
    if check:
        raise click.exceptions.Exit(ExitCode.OK if todo.is_empty else ExitCode.FAILED)
    write(connection, declarations, todo)
    for one in todo.models:
        if isinstance(one.new, ModelSpec) and "frozen" in one.fields and not one.new.frozen:
            output.note(f"{one.name} is not frozen any more: its file does not say so")


def show_plan(todo: Plan) -> None:
    """Say what changes, and what does not."""
    for kind, changes in (("series", todo.series), ("model", todo.models)):
        for one in changes:
            click.echo(f"{kind} {one.name}: {'changed' if one.old else 'new'}")
            for line in one.lines():
                click.echo(f"  {line}")
    if todo.unchanged:
        click.echo(f"unchanged: {', '.join(todo.unchanged)}")


@models.command("list")
@output.reads
@connected
def list_models(connection: Connection, as_json: bool) -> None:
    """List all models."""
    stored = Declarations(connection).stored()
    if not stored.models:
        connection.require_environment()
    for path, why in stored.broken.items():
        output.note(f"{path} cannot be read: {why}")
    if as_json:
        described = [as_document(spec) for spec in stored.models.values()]
        return output.document({"environment": connection.env, "models": described})
    if not stored.models:
        return output.note("no models yet: modelcycle models apply PATH")
    return output.table(
        ("model", "series", "target", "every", ">horizon", "algorithm", "approved by", ""),
        (row(spec) for spec in stored.models.values()),
    )


def row(spec: ModelSpec) -> tuple[str, ...]:
    """Answer a model's line of the list."""
    approval = spec.approval
    who = dict.fromkeys((approval.staging.value, approval.production.value))
    return (
        spec.model,
        spec.series,
        spec.target,
        write_duration(spec.frequency),
        str(spec.horizon),
        spec.algorithm,
        ", ".join(who),
        "frozen" if spec.frozen else " ",
    )


@models.command()
@click.argument("model")
@output.reads
@connected
def show(connection: Connection, model: str, as_json: bool) -> None:
    """Show all of a model's spec, with its defaults and what follows from them."""
    spec = Declarations(connection).model(model)
    described = as_document(spec)
    described["set_at_run_time"] = {
        "threshold": connection.parameters.threshold(model),
        "hyperparameters": connection.parameters.hyperparameters(model),
    }
    if as_json:
        return output.document({"environment": connection.env, **described})
    import yaml

    shown = yaml.safe_dump(described["spec"], sort_keys=False, allow_unicode=True)
    click.echo(shown.rstrip())
    click.echo("\n# follows from it")
    for name, points in described["follows"].items():
        click.echo(f"# {name}: {points}")
    for name, given in described["set_at_run_time"].items():
        if given:
            click.echo(f"# {name} set at run time: {given}")
    return None


def as_document(spec: ModelSpec) -> dict[str, Any]:
    """Describe a model for programs."""
    return {
        "model": spec.model,
        "digest": spec.digest(),
        "spec": spec.model_dump(mode="json"),
        "follows": {
            "season_points": spec.season_points,
            "stride_points": spec.stride_points,
            "held_out_points": spec.held_out_points,
            "history_points": spec.history_points,
            "context_points": spec.context_points,
        },
    }


@models.command()
@click.argument("model")
@connected
def freeze(connection: Connection, model: str) -> None:
    """Keep a model from being trained and deployed."""
    set_frozen(connection, model, True)


@models.command()
@click.argument("model")
@connected
def unfreeze(connection: Connection, model: str) -> None:
    """Let a model be trained and deployed again."""
    set_frozen(connection, model, False)


def set_frozen(connection: Connection, model: str, frozen: bool) -> None:
    """Write the spec with another `frozen`, as applying its file would."""
    declarations = Declarations(connection)
    spec = declarations.model(model)
    if spec.frozen == frozen:
        raise refused(
            f"{model} is {'frozen already' if frozen else 'not frozen'}",
            f"modelcycle models {'unfreeze' if frozen else 'freeze'} {model}",
        )
    connection.require_environment()
    changed = change(spec, spec.changed(frozen=frozen))
    write(connection, declarations, Plan((), (), (changed,), (), ()))
    click.echo(f"{model} is {'frozen' if frozen else 'not frozen any more'}")
    output.note(FREEZE_LASTS if frozen else THAW_LASTS)
