"""``modelcycle approve``, ``decline`` and ``promote``: written in the registry, as Studio does."""

from collections.abc import Callable

import click

from ops.cli import arguments, output, verdicts
from ops.cli.connecting import connected
from ops.cli.connection import Connection
from ops.cli.declarations import Declarations
from ops.cli.registry import Described, Registry, Verdict, Version
from ops.cli.verdicts import Fields


@click.command()
@arguments.model
@arguments.version
@arguments.note
@connected
def approve(connection: Connection, model: str, version: int | None, note: str) -> None:
    """Approve VERSION, or the only one that waits: it goes to staging."""
    found = write(
        connection,
        choose(connection, model, version, waits_for_approval, "approve"),
        lambda seen: verdicts.approve(seen, note),
    )
    click.echo(f"{verdicts.name(found.version)} is approved: it goes to staging")
    output.note(f"modelcycle status {model} shows how far it is")


@click.command()
@arguments.model
@arguments.version
@arguments.note
@click.option("--revoke", is_flag=True, help="Take an approval back: it leaves every stage.")
@connected
def decline(
    connection: Connection, model: str, version: int | None, note: str, revoke: bool
) -> None:
    """Decline VERSION, or the only one that waits, for staging or production."""
    found = write(
        connection,
        choose(connection, model, version, waits_for_anything, "decline"),
        lambda seen: verdicts.decline(seen, note, revoke),
    )
    name = verdicts.name(found.version)
    if found.version.approval is Verdict.WAITING:
        click.echo(f"{name} is declined")
    elif revoke:
        click.echo(f"the approval of {name} is taken back: it leaves every stage")
    else:
        click.echo(f"{name} is kept out of production")


@click.command()
@arguments.model
@arguments.version
@arguments.note
@connected
def promote(connection: Connection, model: str, version: int | None, note: str) -> None:
    """Approve VERSION, or the only one that waits for it, for production."""
    found = write(
        connection,
        choose(connection, model, version, waits_for_production, "promote"),
        lambda seen: verdicts.promote(seen, note),
    )
    name = verdicts.name(found.version)
    if found.version.production is None:
        click.echo(f"{name} is approved for production early: it goes there after its smoke test")
    else:
        click.echo(f"{name} is approved for production: it goes there")
    output.note(f"modelcycle status {model} shows how far it is")


def choose(
    connection: Connection,
    model: str,
    number: int | None,
    waits: Callable[[Version], bool],
    verb: str,
) -> Version:
    """Find the version that is meant, of a model that there is."""
    if Declarations(connection).model(model).frozen:
        output.note(f"{model} is frozen: nothing is deployed until `models unfreeze {model}`")
    return verdicts.choose(model, Registry(connection).versions(model), number, waits, verb)


def write(
    connection: Connection, version: Version, decide: Callable[[Described], Fields]
) -> Described:
    """Look at the version right before, decide, and write; answer what was seen."""
    registry = Registry(connection)
    seen = registry.describe(version)
    registry.update(version, decide(seen))
    return seen


def waits_for_approval(version: Version) -> bool:
    """Tell whether nobody has said anything of a version yet."""
    return version.approval is Verdict.WAITING


def waits_for_production(version: Version) -> bool:
    """Tell whether a version is approved, and offered for production."""
    return version.approval is Verdict.APPROVED and version.production is Verdict.WAITING


def waits_for_anything(version: Version) -> bool:
    """Tell whether a version waits for a person."""
    return waits_for_approval(version) or waits_for_production(version)
