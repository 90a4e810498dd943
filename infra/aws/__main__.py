"""``python -m infra.aws synth|check|bootstrap|diff|deploy|images|destroy --env dev``."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import click
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.aws import (
    app,
    bundles,
    caller,
    cdk_cli,
    checks,
    destroying,
    environments,
    images,
    operators,
)
from infra.aws.environments import ROOT, Environment
from infra.yaml_files import FileError
from shared.contracts import names
from shared.contracts.subscriptions import SERVICES

NO_VERSION = "unknown"
PATIENT = Config(retries={"mode": "adaptive", "total_max_attempts": 10})

Named = Callable[[Callable[..., None]], click.Command]
ENV = click.option("--env", "name", default="dev", show_default=True, help="Which environment.")


@click.group()
def main() -> None:
    """Modelcycle in AWS: templates, and the environments made of them."""


@main.command()
@ENV
@click.option("--code", is_flag=True, help="With the services' bundles; else templates only.")
def synth(name: str, code: bool) -> None:
    """Write an environment's templates to build/cdk.out/<env>, checked by cdk-nag."""
    folder = synthesized(environments.load(name), with_code=code)
    click.echo(f"{len(list(folder.glob('*.template.json')))} templates in {folder}")


@main.command()
def check() -> None:
    """Hold the templates of all environments against cdk-nag and cfn-lint."""
    found = [environments.load(path.stem) for path in sorted(environments.FOLDER.glob("*.yaml"))]
    templates = [
        path
        for environment in found
        for path in synthesized(environment, with_code=False).glob("*.template.json")
    ]
    checks.lint(templates)
    click.echo(f"{len(templates)} templates of {len(found)} environments: no findings")


@main.command()
@ENV
def bootstrap(name: str) -> None:
    """Prepare an account's region for the CDK, once."""
    environment = in_its_account(environments.load(name))
    cdk_cli.run("bootstrap", None, [f"aws://{environment.account}/{environment.region}"])


@main.command()
@ENV
@click.argument("arguments", nargs=-1)
def diff(name: str, arguments: Sequence[str]) -> None:
    """Show what a deployment would change; further arguments are those of cdk diff."""
    environment = in_its_account(environments.load(name))
    cdk_cli.run("diff", synthesized(environment, with_code=True), arguments)


@main.command()
@ENV
@click.option(
    "--only", type=click.Choice(["platform", operators.PART, *SERVICES]), help="One stack alone."
)
@click.argument("arguments", nargs=-1)
def deploy(name: str, only: str | None, arguments: Sequence[str]) -> None:
    """Deploy an environment; further arguments are those of cdk deploy."""
    environment = in_its_account(environments.load(name))
    new = images.check_pushed(environment, client_of(environment)("ecr"))
    stacks = ["--exclusively", names.stack(name, only)] if only else ["--all"]
    cdk_cli.run("deploy", synthesized(environment, with_code=True), [*stacks, *arguments])
    if new:
        click.echo(
            f"{', '.join(new)}: no image yet, so that no training can run: {images.MAKE}{name}"
        )


@main.command("images")
@ENV
def push_images(name: str) -> None:
    """Build the algorithms' images with Docker and push them to the account's registry."""
    environment = in_its_account(environments.load(name))
    images.push(environment, client_of(environment)("ecr"), said)


@main.command()
@ENV
@click.option("--keep-data", is_flag=True, help="Leave the platform stack, with all data.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def destroy(name: str, keep_data: bool, yes: bool) -> None:
    """Take an environment down: nothing that costs money stays, and no data unless told."""
    environment = in_its_account(environments.load(name))
    if environment.keep_data and not keep_data:
        raise FileError(
            f"{environments.FOLDER / name}.yaml: keep_data is true, so that its data is not "
            "destroyed: say --keep-data (KEEP_DATA=yes), or set it to false and deploy first"
        )
    lost = "all of its services; its data stays" if keep_data else "all of it, data and models, too"
    click.echo(f"{name} in account {environment.account}, {environment.region}: {lost}.")
    if not yes and click.prompt("Type the environment's name to go on", default="") != name:
        click.echo("Nothing was destroyed.")
        return
    destroying.Destruction(environment, client_of(environment), click.echo).run(keep_data)


def synthesized(environment: Environment, with_code: bool) -> Path:
    """Write an environment's templates and answer where.

    Parameters
    ----------
    with_code : bool
        Whether the services' bundles are built; else an empty folder stands for each.
    """
    folder = ROOT / "build" / "cdk.out" / environment.name
    shutil.rmtree(folder, ignore_errors=True)  # code of earlier syntheses would stay in it
    if with_code:
        code: Mapping[str, Path] = {one: bundles.build(one).archive for one in SERVICES}
        checks.synthesize(app.build(environment, code, folder, code_version()))
        return folder
    with tempfile.TemporaryDirectory() as empty:
        (Path(empty) / "no-code").touch()
        code = dict.fromkeys(SERVICES, Path(empty))
        checks.synthesize(app.build(environment, code, folder, NO_VERSION))
    return folder


def in_its_account(environment: Environment) -> Environment:
    """Answer an environment whose account is the caller's.

    Raises
    ------
    FileError
        If it is another, or its file still has the one that it came with.
    """
    caller.check_account(environment, client_of(environment)("sts"))
    return environment


def code_version() -> str:
    """Answer what git calls the code that is deployed."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--tags"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() or NO_VERSION


def client_of(environment: Environment) -> Callable[[str], Any]:
    """Answer how to make a client in the environment's region, one for each service: it slows down
    where AWS throttles."""
    session = boto3.Session(region_name=environment.region)
    return cache(lambda service: session.client(service, config=PATIENT))


def said(command: Sequence[str], text: str | None) -> None:
    """Show a command and run it, with a text as its input."""
    click.echo(" ".join(command))
    subprocess.run(list(command), input=text, text=True, check=True, cwd=ROOT)  # noqa: S603


EXPECTED = FileError, bundles.BundleError, cdk_cli.CdkError, checks.FindingsError
FAILED = destroying.DestroyError, subprocess.CalledProcessError


def run(arguments: Sequence[str] | None = None) -> None:
    """Run a command; what can go wrong ends it with a message."""
    try:
        main(arguments)
    except (*EXPECTED, *FAILED) as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except (BotoCoreError, ClientError) as error:
        click.echo(caller.explained(error), err=True)
        sys.exit(2)


if __name__ == "__main__":
    run()
