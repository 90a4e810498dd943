"""The command ``modelcycle``: its verbs, found by name and imported when they are used.

Only click is imported here, so that ``modelcycle --help`` answers at once: boto3, pandas and
pydantic come in with the verb that needs them.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple, NoReturn

import click

from ops.cli.errors import CliError, ExitCode, misused

TRACEBACK = "MODELCYCLE_TRACEBACK"
EPILOG = """\
\b
Exit codes:
  0  ok
  1  it did not work, or a check found a difference or a problem
  2  wrong use or bad input: nothing was written
  3  no such model, version, series, event or environment
  4  refused as things stand: approved already, declined, nothing waits
  5  AWS cannot be reached, or does not permit it

\b
Where it goes:
  AWS_ENDPOINT_URL  the local AWS; without it, the account of AWS_PROFILE
  MODELCYCLE_ENV    the environment, dev by default; --env says it for one command
"""


class Verb(NamedTuple):
    """Where a command is, and what it does."""

    place: str
    """``module:attribute``."""
    help: str


VERBS = {
    "demo": Verb("ops.cli.demo.command:demo", "Run the whole loop on this machine."),
    "up": Verb("ops.cli.up.command:up", "Keep the local AWS running on this machine."),
    "models": Verb("ops.cli.models:models", "Apply, list, show, freeze and unfreeze models."),
    "data": Verb("ops.cli.data:data", "Import observations from CSV and Parquet."),
    "retrain": Verb("ops.cli.wishes:retrain", "Ask for a training."),
    "approve": Verb("ops.cli.approvals:approve", "Approve a version: it goes to staging."),
    "decline": Verb("ops.cli.approvals:decline", "Decline a version, or take an approval back."),
    "promote": Verb("ops.cli.approvals:promote", "Approve a version for production."),
    "rollback": Verb("ops.cli.wishes:rollback", "Take the version away that serves a stage."),
    "deploy": Verb("ops.cli.wishes:deploy", "Try again to deploy an approved version."),
    "status": Verb("ops.cli.status:status", "Show where every model stands."),
    "timeline": Verb(
        "ops.cli.questions.timeline:timeline", "Show a model's trips round the loop, step by step."
    ),
    "why": Verb(
        "ops.cli.questions.why:why", "Tell why a model stands as it does, or an event was said."
    ),
    "as-of": Verb("ops.cli.questions.as_of:as_of", "Show what was live at a moment, and why."),
    "versions": Verb("ops.cli.questions.versions:versions", "List every version of a model."),
    "lineage": Verb(
        "ops.cli.questions.lineage:lineage", "Show from what a version was made, and verify it."
    ),
    "events": Verb("ops.cli.events:events", "List and show what happened."),
    "rules": Verb("ops.cli.rules.command:rules", "Explain which rules an event matches."),
    "dlq": Verb("ops.cli.dlq.command:dlq", "See dead letters, and redrive or drop them."),
    "journal": Verb(
        "ops.cli.journal:journal", "Compare the journal with S3, and rebuild it from there."
    ),
    "replay": Verb("ops.cli.replay.command:replay", "Take recorded decisions again, and compare."),
    "archive": Verb("ops.cli.archive.command:archive", "List and replay EventBridge's archive."),
    "cost": Verb("ops.cli.cost:cost", "Tell what an environment costs in a month."),
    "doctor": Verb("ops.cli.doctor:doctor", "Check this machine, AWS and the environment."),
}


class Application(click.Group):
    """The verbs, and the one place where errors become lines and exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the verbs in the order of the work."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb."""
        if cmd_name not in VERBS:
            return None
        module, _, attribute = VERBS[cmd_name].place.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb; an unknown one is told the nearest."""
        if args[0] not in VERBS and not args[0].startswith("-"):
            raise click.exceptions.NoSuchCommand(args[0], possibilities=VERBS, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.help) for name, verb in VERBS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; whoever reads its output may have had enough, as `head` does."""
        try:
            answered = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return ExitCode.OK
        return answered

    def main(  # type: ignore[override]  # it always ends the program, so it is never standalone
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **settings: Any
    ) -> NoReturn:
        """Run a command and exit; no traceback reaches the user."""
        settings["standalone_mode"] = False
        try:
            code = super().main(args, prog_name or "modelcycle", **settings)
        except click.Abort:
            code = ExitCode.INTERRUPTED
        except Exception as error:
            if os.environ.get(TRACEBACK):
                raise
            told = explained(error)
            told.show()
            code = told.code
        sys.exit(code if isinstance(code, int) else ExitCode.OK)


def explained(error: Exception) -> CliError:
    """Put any error into words for people."""
    match error:
        case CliError():
            return error
        case click.exceptions.NoArgsIsHelpError():
            click.echo(error.format_message(), err=True)
            return misused("no command was given", "name one of the commands above")
        case click.ClickException():
            place = (
                error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else ""
            )
            return misused(
                " ".join(error.format_message().split()), f"{place or 'modelcycle'} --help"
            )
    # imported late: it brings botocore
    from ops.cli import explanations

    return explanations.explain(error)


@click.command(
    "modelcycle",
    cls=Application,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="modelcycle", message="modelcycle %(version)s")
@click.option(
    "--env", envvar="MODELCYCLE_ENV", default="dev", show_default=True, help="The environment."
)
@click.pass_context
def main(ctx: click.Context, env: str) -> None:
    """Keep forecasting models on Amazon SageMaker fresh."""
    ctx.obj = env
