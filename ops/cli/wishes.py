"""``modelcycle retrain``, ``rollback`` and ``deploy``: wishes, said on the bus in the caller's
name."""

import click

from ops.cli import answering, arguments, output, verdicts
from ops.cli.connecting import connected
from ops.cli.connection import Connection
from ops.cli.declarations import Declarations
from ops.cli.endpoints import Serving, serving
from ops.cli.errors import CliError, refused
from ops.cli.registry import Registry, Version
from ops.cli.speak import say
from shared.contracts.lifecycle import DeploymentRequested, RetrainRequested, RollbackRequested
from shared.contracts.names import Stage

at_stage = click.option(
    "--stage", required=True, type=click.Choice([stage.value for stage in Stage])
)


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
    answering.tell(connection, event_id, f"modelcycle status {model}")
    click.echo(f"a training of {model} is requested")


@click.command()
@arguments.model
@at_stage
@arguments.reason
@connected
def rollback(connection: Connection, model: str, stage: str, reason: str) -> None:
    """Take the version away that serves a stage, or is on its way to it.

    The newest version that is kept and still approved takes over. What was taken away returns to
    that stage only by a new registration: `modelcycle retrain MODEL --reason …`.
    """
    Declarations(connection).model(model)
    seen, version = present(connection, model, Stage(stage))
    others = Registry(connection).versions(model)
    takes_over = any(may_take_over(one, version, Stage(stage)) for one in others)
    if not takes_over and not seen.coming:
        raise nothing_takes_over(model, version, stage)
    connection.require_environment()
    wish = RollbackRequested(model=model, stage=stage, version=version, reason=reason)
    (event_id,) = say(connection, wish)
    answering.tell(connection, event_id, end_of_forecasts(model, version))
    click.echo(f"a roll-back of {model} v{version} in {stage} is requested")


def present(connection: Connection, model: str, stage: Stage) -> tuple[Serving, int]:
    """Answer the endpoint, and the version to take away: the one on its way, else the one that
    serves."""
    seen = serving(connection, model, stage)
    version = seen and (seen.coming or seen.version)
    if not seen or not version:
        raise refused(f"nothing of {model} serves in {stage}", f"modelcycle status {model}")
    return seen, version


def may_take_over(one: Version, leaving: int, stage: Stage) -> bool:
    """Tell whether a version is approved for a stage, besides the one that leaves."""
    return one.number != leaving and verdicts.is_approved(one, stage)


def nothing_takes_over(model: str, version: int, stage: str) -> CliError:
    """Say that a roll-back would end all forecasts."""
    return refused(
        f"v{version} is the only version of {model} approved for {stage}: nothing could take over",
        end_of_forecasts(model, version),
    )


def end_of_forecasts(model: str, version: int) -> str:
    """Say how a version leaves with nothing behind it."""
    revoke = f"modelcycle decline {model} {version} --revoke"
    return f"to end its forecasts, take the approval back: {revoke}"


def how_it_ended(model: str) -> str:
    """Say where it is told how each version stands, and how another one comes."""
    retrain = f'`modelcycle retrain {model} --reason "…"` makes another'
    return f"`modelcycle versions {model}` tells how each stands; {retrain}"


@click.command()
@arguments.model
@arguments.needed_version
@at_stage
@arguments.reason
@connected
def deploy(connection: Connection, model: str, version: int, stage: str, reason: str) -> None:
    """Try again to deploy VERSION, which is approved for the stage.

    After AWS had no capacity, or where automation stopped and called for a person. A version that
    was rolled back cannot return in this way.
    """
    if Declarations(connection).model(model).frozen:
        output.note(f"{model} is frozen: it waits until `models unfreeze {model}`")
    registry = Registry(connection)
    found = verdicts.named(model, registry.versions(model), version)
    verdicts.deployable(registry.describe(found), Stage(stage))
    seen = serving(connection, model, Stage(stage))
    check_on_its_way(seen, model, version, stage)
    connection.require_environment()
    wish = DeploymentRequested(model=model, stage=stage, version=version, reason=reason)
    (event_id,) = say(connection, wish)
    serves = seen is not None and seen.version == version
    fix = f"modelcycle status {model}" if serves else how_it_ended(model)
    answering.tell(connection, event_id, fix)
    click.echo(f"a deployment of {model} v{version} to {stage} is requested")


def check_on_its_way(seen: Serving | None, model: str, version: int, stage: str) -> None:
    """Refuse to deploy what is on its way already.

    What serves already is not refused: where automation had stopped, the wish lets it go on.
    """
    if seen and seen.coming == version:
        raise refused(
            f"{model} v{version} is on its way to {stage} already", f"modelcycle status {model}"
        )
    if seen and seen.version == version:
        output.note(f"v{version} serves in {stage}: only automation that had stopped goes on")
