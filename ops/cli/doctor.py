"""``modelcycle doctor``: is everything there, and does it work?"""

from collections.abc import Iterator

import click

from ops.cli import checks, output
from ops.cli.checks import Finding
from ops.cli.connecting import connect, environment
from ops.cli.errors import CliError, ExitCode
from ops.cli.explanations import explain


@click.command()
@output.reads
@click.option("--env", help="The environment.  [default: MODELCYCLE_ENV, or dev]")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool, env: str | None) -> None:
    """Check this machine, AWS and the environment; exit code 1 if there is a problem.

    For the local AWS nothing needs configuring: where no credentials are set, the access key is
    operator.<your login name>, the region us-east-1.
    """
    name = environment(ctx, env)
    found = []
    for finding in findings(name):
        found.append(finding)
        if not as_json:
            line(finding)
    ok = all(finding.ok for finding in found)
    if as_json:
        lines = [finding._asdict() for finding in found]
        output.document({"environment": name, "ok": ok, "checks": lines})
    ctx.exit(ExitCode.OK if ok else ExitCode.FAILED)


def findings(env: str) -> Iterator[Finding]:
    """Check one thing after the other; what depends on a failed check is left out."""
    for look in checks.OF_MACHINE:
        yield from look()
    try:
        connection = connect(env)
    except Exception as error:  # whatever it is, it becomes a line of the report
        told = error if isinstance(error, CliError) else explain(error)
        yield Finding("AWS", False, told.what, told.fix)
        return
    yield Finding("AWS", True, f"{connection.endpoint_url or 'account'}, {connection.region}")
    for what, gate in (("identity", checks.identity), ("bus", checks.bus)):
        looked, could = checks.tried(what, gate, connection)
        yield from looked
        if not could:
            return
    for check in checks.OF_ENVIRONMENT:
        yield from checks.tried(check.__name__.replace("_", " "), check, connection)[0]


def line(finding: Finding) -> None:
    """Show one line: what, whether it is well, and what to do."""
    mark = click.style("ok     ", fg="green") if finding.ok else click.style("problem", fg="red")
    click.echo(f"{mark}  {finding.what:<14} {finding.says}")
    if finding.fix:
        click.echo(f"{'':9}{click.style('Try:', fg='cyan')} {finding.fix}")
