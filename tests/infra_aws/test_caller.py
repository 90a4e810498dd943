"""Nothing is asked of an account that is not the environment's; AWS's refusals are messages."""

import re
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ProfileNotFound,
)

from infra.aws import __main__ as commands
from infra.aws import caller, cdk_cli, environments
from infra.aws.environments import Environment
from infra.yaml_files import FileError

OTHERS = "999999999999"
COMMANDS = ["bootstrap", "diff", "deploy", "images", "destroy"]


class Tokens:
    """STS, as far as it is asked; nothing else is."""

    def __init__(self, account: str) -> None:
        self.account = account

    def get_caller_identity(self) -> dict[str, str]:
        """Answer who calls."""
        return {"Account": self.account, "Arn": f"arn:aws:iam::{self.account}:user/alice"}


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetCallerIdentity")


@pytest.fixture
def loaded(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """The environment, whichever is asked for; neither CDK nor credentials are at hand."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ROLE_ARN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(environments, "load", lambda _name: environment)
    monkeypatch.setattr(commands, "synthesized", never)
    monkeypatch.setattr(cdk_cli, "run", never)
    return environment


def never(*_: Any, **__: Any) -> None:
    raise AssertionError("this was to be refused before")


def test_ones_own_account_is_let_through(environment: Environment) -> None:
    caller.check_account(environment, Tokens(environment.account))


def test_an_account_that_nobody_wrote_down_is_told_without_a_call(environment: Environment) -> None:
    unwritten = environment.model_copy(update={"account": environments.NO_ACCOUNT})
    with pytest.raises(FileError, match="is nobody's: write yours"):
        caller.check_account(unwritten, None)


@pytest.mark.parametrize("command", COMMANDS)
def test_anothers_account_is_refused_before_anything_with_both_accounts(
    loaded: Environment,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
) -> None:
    clients = {"sts": Tokens(OTHERS)}
    monkeypatch.setattr(commands, "client_of", lambda _environment: clients.__getitem__)
    with pytest.raises(SystemExit) as end:
        commands.run([command, "--env", "dev"])
    assert end.value.code == 2
    said = capsys.readouterr()
    assert "dev.yaml: account: is 123456789012" in said.err
    assert f"{OTHERS} (arn:aws:iam::{OTHERS}:user/alice)" in said.err
    assert "AWS_PROFILE" in said.err
    assert not said.out


@pytest.mark.parametrize("command", COMMANDS)
def test_the_aws_of_this_machine_is_no_account(
    loaded: Environment,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
) -> None:
    clients = {"sts": Tokens(loaded.account)}
    monkeypatch.setattr(commands, "client_of", lambda _environment: clients.__getitem__)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    with pytest.raises(SystemExit) as end:
        commands.run([command, "--env", "dev"])
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert "AWS_ENDPOINT_URL is http://127.0.0.1:4566: that is the local AWS, no account" in said
    assert "unset AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_without_credentials_there_is_a_message(
    loaded: Environment, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    with pytest.raises(SystemExit) as end:
        commands.run([command, "--env", "dev"])
    assert end.value.code == 2
    assert "AWS: there are no credentials: log in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (NoCredentialsError(), "there are no credentials: log in"),
        (ProfileNotFound(profile="x"), r"\(x\) could not be found: .*AWS_PROFILE"),
        (EndpointConnectionError(endpoint_url="https://sts"), "see to your connection"),
        (refused("ExpiredToken"), "refuses GetCallerIdentity: ExpiredToken: no: .*expired.*log in"),
        (refused("AccessDenied"), "take a role that may"),
        (refused("ThrottlingException"), "run it again"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_whatever_aws_says_is_a_message_with_what_to_do(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    text: str,
) -> None:
    def fail(_arguments: Any) -> None:
        raise error

    monkeypatch.setattr(commands, "main", fail)
    with pytest.raises(SystemExit, match="2"):
        commands.run([])
    assert re.search(text, capsys.readouterr().err)
