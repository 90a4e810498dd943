"""``modelcycle retrain`` and ``rollback``: wishes, said on the bus in the caller's name."""

import click

from ops.cli import arguments, output
from ops.cli.connecting import connected
from ops.cli.connection import Connection
from ops.cli.declarations import Declarations
from ops.cli.endpoints import serving
from ops.cli.errors import CliError, refused
from ops.cli.registry import Registry, Verdict, Version
from ops.cli.speak import say
from shared.contracts.lifecycle import RetrainRequested, RollbackRequested
from shared.contracts.names import Stage


@click.command()
@arguments.model
@arguments.reason
@arguments.note
@connected
def retrain(connection: Connection, model: str, reason: str, note: str) -> None:
    """Ask for a training: a person's wish goes before cool-downs and caps."""
    if Declarations(connection).model(model).frozen:
        raise refused(
            f"{model} is frozen: nothing trains it", f"modelcycle models unfreeze {model}"
        )
    connection.require_environment()
    (event_id,) = say(connection, RetrainRequested(model=model, reason=reason, note=note))
    click.echo(f"a training of {model} is requested")
    output.note(f"modelcycle events show {event_id} says what became of it")


@click.command()
@arguments.model
@click.option("--stage", required=True, type=click.Choice([stage.value for stage in Stage]))
@arguments.reason
@click.option("--yes", is_flag=True, help="Also if no other version could take over.")
@connected
def rollback(connection: Connection, model: str, stage: str, reason: str, yes: bool) -> None:
    """Take the version away that serves a stage, or is on its way to it.

    The newest version that is kept and still approved takes over.
    """
    Declarations(connection).model(model)
    version = present(connection, model, Stage(stage))
    others = Registry(connection).versions(model)
    if not yes and not any(may_take_over(one, version, Stage(stage)) for one in others):
        raise nothing_takes_over(model, version, stage)
    connection.require_environment()
    wish = RollbackRequested(model=model, stage=stage, version=version, reason=reason)
    (event_id,) = say(connection, wish)
    click.echo(f"a roll-back of {model} v{version} in {stage} is requested")
    output.note(f"modelcycle events show {event_id} says what became of it")


def present(connection: Connection, model: str, stage: Stage) -> int:
    """Answer the version to take away: the one on its way, else the one that serves."""
    seen = serving(connection, model, stage)
    version = seen and (seen.coming or seen.version)
    if not version:
        raise refused(f"nothing of {model} serves in {stage}", f"modelcycle status {model}")
    return version


def may_take_over(one: Version, leaving: int, stage: Stage) -> bool:
    """Tell whether a version is approved for a stage, besides the one that leaves."""
    if one.number == leaving or one.approval is not Verdict.APPROVED:
        return False
    return stage is Stage.STAGING or one.production is Verdict.APPROVED


def nothing_takes_over(model: str, version: int, stage: str) -> CliError:
    """Say that a roll-back would end all forecasts."""
    return refused(
        f"v{version} is the only version of {model} approved for {stage}: without it the endpoint "
        "is deleted, and forecasts end",
        "the same command with --yes, if that is what you want",
    )
