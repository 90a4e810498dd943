"""Finding the AWS to talk to: an account, or the local AWS that AWS_ENDPOINT_URL points to.

For the local AWS nothing needs configuring: where no credentials are set, the access key is
``operator.<login name>``, by which the registry knows who approved.
"""

import getpass
import json
import os
import re
from collections.abc import Callable
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

import click

from infra.loopback import is_loopback
from ops.cli.connection import Connection
from ops.cli.errors import no_aws
from shared.contracts import names
from shared.contracts.names import IllegalNameError

if TYPE_CHECKING:
    from botocore.loaders import Loader

P = ParamSpec("P")

LOCAL_REGION = "us-east-1"
OPERATOR = "operator."  # what a person's access key for the local AWS begins with
HEALTH_PATH = "/_modelcycle/health"
HEALTH_LIMIT_S = 5.0


def connect(env: str) -> Connection:
    """Find the AWS to talk to, from the environment variables and profiles that boto3 reads.

    Raises
    ------
    CliError
        If there is none, or the local AWS does not answer or is in another region.
    """
    import boto3
    import botocore.session

    from ops.cli.explanations import CHOOSE

    region = os.environ.get("AWS_REGION") or None
    core = botocore.session.Session()
    core.register_component("data_loader", models(core.get_config_variable("data_path")))
    if region:
        core.set_config_variable("region", region)
    url = os.environ.get("AWS_ENDPOINT_URL") or core.get_scoped_config().get("endpoint_url")
    if url:
        check_url(str(url))
    local = bool(url) and is_loopback(str(url))
    if not local:
        if core.get_credentials() is None:
            raise no_aws("no AWS to talk to: there are no credentials", CHOOSE)
        if not core.get_config_variable("region"):
            raise no_aws("no AWS region is set", "set AWS_REGION, for example to eu-west-1")
        return Connection(env, boto3.Session(botocore_session=core), url, None)
    core.get_component("credential_provider").remove("iam-role")  # this machine is no EC2 instance
    credentials = core.get_credentials()
    key = credentials.access_key if credentials else f"{OPERATOR}{login_name()}"
    if credentials is None:
        core.set_credentials(key, "local")
    operator = key if key.startswith(OPERATOR) else None
    if not core.get_config_variable("region"):
        core.set_config_variable("region", LOCAL_REGION)
    connection = Connection(env, boto3.Session(botocore_session=core), url, operator)
    check_local(str(url), connection.region)
    return connection


@cache
def models(data_path: str | None) -> "Loader":
    """Answer what reads AWS's models: once a process, which may run many commands."""
    from botocore.loaders import create_loader

    return create_loader(data_path)


def check_url(url: str) -> None:
    """Make sure that what is said to be the address of AWS is one.

    Raises
    ------
    CliError
        If it is not.
    """
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url:
        raise no_aws(
            f"AWS_ENDPOINT_URL is {url!r}, which is no URL",
            "set it as `modelcycle up` shows it, with http:// and a port",
        )


def check_local(url: str, region: str) -> None:
    """Make sure that something answers, and that a local AWS of ours is in this region."""
    from ops.cli.explanations import unreachable

    try:
        # a proxy knows nothing of this machine
        opener = build_opener(ProxyHandler({}))
        with opener.open(f"{url.rstrip('/')}{HEALTH_PATH}", timeout=HEALTH_LIMIT_S) as answer:
            seen = json.load(answer).get("region", region)
    except (HTTPError, ValueError, AttributeError):
        return  # an answer, only not one of ours
    except (URLError, OSError):
        raise unreachable(url) from None
    if seen != region:
        raise no_aws(
            f"the local AWS at {url} is in {seen}, the region set is {region}",
            f"set AWS_REGION={seen}",
        )


def login_name() -> str:
    """Answer the user's login name, in letters that an access key may have."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = ""
    return re.sub(r"[^A-Za-z0-9._-]", "-", name) or "unknown"


def connected(command: Callable[Concatenate[Connection, P], Any]) -> Callable[..., Any]:
    """Give a command the option --env, and a connection as its first argument."""

    @click.option("--env", help="The environment.  [default: MODELCYCLE_ENV, or dev]")
    @click.pass_context
    @wraps(command)
    def run(ctx: click.Context, /, *args: Any, env: str | None, **kwargs: Any) -> Any:
        return command(connect(environment(ctx, env)), *args, **kwargs)

    return run


def environment(ctx: click.Context, given: str | None) -> str:
    """Answer the environment's name that was given, to the command or before it.

    Raises
    ------
    click.BadParameter
        If it can be none.
    """
    try:
        return names.check_environment(given or ctx.find_root().obj or "dev")
    except IllegalNameError as error:
        raise click.BadParameter(str(error), ctx) from None
