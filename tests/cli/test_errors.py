"""Whatever goes wrong: one line what, one line what to do, an exit code, and no traceback."""

import errno
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError

from ops.cli import explanations, main
from ops.cli.errors import ExitCode
from ops.cli.main import VERBS
from shared.contracts.complaints import Complaint, SpecError
from shared.contracts.names import IllegalNameError
from shared.messaging.aws_errors import translated
from shared.messaging.errors import Refused, Retryable
from tests.cli.conftest import Cli, Files
from tests.cli.world import lines

CHOOSE = (
    "for the local AWS start it with `modelcycle up` (or `make up`) and set the variables that it "
    "shows; for an account set AWS_PROFILE"
)
LOG_IN = "log in again (aws sso login), or choose another profile with AWS_PROFILE"
AGAIN = "try again in a minute"
START = (
    "start the local AWS with `modelcycle up` (or `make up`), or set AWS_ENDPOINT_URL to where it "
    "listens"
)


def answer(code: str, status: int = 400, message: str = "said AWS") -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "Action": "ssm:PutParameter"},
    }
    return ClientError(response, "PutParameter")


@pytest.mark.parametrize(
    ("error", "code", "what", "fix"),
    [
        (
            answer("AccessDeniedException"),
            5,
            "no permission for ssm:PutParameter",
            "ask for ssm:PutParameter, or choose another profile with AWS_PROFILE",
        ),
        (
            answer("ExpiredTokenException"),
            5,
            "the credentials have expired (ExpiredTokenException at ssm:PutParameter)",
            LOG_IN,
        ),
        (
            answer("UnrecognizedClientException"),
            5,
            "AWS does not accept the credentials (UnrecognizedClientException at ssm:PutParameter)",
            "check AWS_PROFILE, AWS_REGION and AWS_ENDPOINT_URL: `modelcycle doctor` shows them",
        ),
        (
            answer("ThrottlingException"),
            5,
            "AWS throttles ssm:PutParameter (ThrottlingException)",
            AGAIN,
        ),
        (answer("Odd", 503), 5, "AWS failed at ssm:PutParameter (Odd)", AGAIN),
        (
            answer("QueueDoesNotExist"),
            1,
            "ssm:PutParameter did not find what the environment should have (QueueDoesNotExist)",
            "`modelcycle doctor` says what is missing",
        ),
        (
            answer("ValidationException"),
            1,
            "AWS refused ssm:PutParameter: said AWS",
            "`modelcycle doctor` checks the rest",
        ),
        (
            exceptions.ProfileNotFound(profile="work"),
            5,
            "The config profile (work) could not be found",
            "choose another with AWS_PROFILE, or `aws configure`",
        ),
        (
            exceptions.NoCredentialsError(),
            5,
            "no AWS to talk to: there are no complete credentials",
            CHOOSE,
        ),
        (
            exceptions.NoRegionError(),
            5,
            "no AWS region is set",
            "set AWS_REGION, for example to eu-west-1",
        ),
        (
            exceptions.UnauthorizedSSOTokenError(),
            5,
            "no credentials could be had: The SSO session associated with this profile has expired "
            "or is otherwise invalid. To refresh this SSO session run aws sso login with the "
            "corresponding profile.",
            LOG_IN,
        ),
        (
            exceptions.EndpointConnectionError(endpoint_url="http://127.0.0.1:4599/queue"),
            5,
            "no AWS to talk to: nothing answers at http://127.0.0.1:4599",
            START,
        ),
        (
            exceptions.ConnectTimeoutError(endpoint_url="https://ssm.eu-west-1.amazonaws.com/"),
            5,
            "https://ssm.eu-west-1.amazonaws.com cannot be reached",
            "check the network, AWS_REGION and AWS_ENDPOINT_URL",
        ),
        (
            exceptions.InvalidRegionError(region_name="eu west"),
            5,
            "Provided region_name 'eu west' doesn't match a supported format.",
            "`modelcycle doctor` shows what is configured",
        ),
        (Retryable("bus x did not take 1 events"), 5, "bus x did not take 1 events", AGAIN),
        (
            OSError(errno.EADDRINUSE, "in use"),
            1,
            f"the port is in use ({os.strerror(errno.EADDRINUSE)})",
            "end the program that listens there, or choose another port",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "x.csv"),
            1,
            "x.csv: Permission denied",
            "check the path and its rights",
        ),
        (
            IllegalNameError("model name 'A': no"),
            2,
            "model name 'A': no",
            "correct the name; nothing was written",
        ),
        (
            SpecError(Complaint("/modelcycle/dev/fees/hyperparameters", "must be an object")),
            1,
            "what is stored cannot be read: /modelcycle/dev/fees/hyperparameters: must be an "
            "object",
            "correct the parameter, or apply the file again: modelcycle models apply PATH",
        ),
        (
            KeyError("lost"),
            1,
            "unexpected KeyError: 'lost'",
            "set MODELCYCLE_TRACEBACK=1, run it again, and report what it shows",
        ),
    ],
)
def test_every_error_is_put_into_words(error: Exception, code: int, what: str, fix: str) -> None:
    told = explanations.explain(error)
    assert (told.code, told.what, told.fix) == (code, what, fix)


def test_an_error_that_our_ports_translated_is_told_by_its_cause() -> None:
    with pytest.raises(Refused) as refusal, translated():
        raise answer("AccessDenied")
    assert explanations.explain(refusal.value).what == "no permission for ssm:PutParameter"


class Refusing(BaseHTTPRequestHandler):
    """An AWS that answers everything with one error."""

    code: ClassVar[str] = "AccessDeniedException"

    def do_POST(self) -> None:  # noqa: N802 - the name is http.server's
        body = json.dumps({"__type": self.code, "message": "no"}).encode()
        self.send_response(400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:  # noqa: N802
        self.send_error(404)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def refusing() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_missing_permission_is_named_by_its_action(
    bare: Cli, unconfigured: pytest.MonkeyPatch, refusing: str
) -> None:
    unconfigured.setenv("AWS_ENDPOINT_URL", refusing)
    assert lines(bare("models", "list")) == (
        5,
        [
            "Error: no permission for ssm:GetParametersByPath",
            "Try: ask for ssm:GetParametersByPath, or choose another profile with AWS_PROFILE",
        ],
    )


def test_without_any_aws_it_says_which_two_there_are(bare: Cli) -> None:
    assert lines(bare("status")) == (
        5,
        ["Error: no AWS to talk to: there are no credentials", f"Try: {CHOOSE}"],
    )


def test_a_local_aws_that_does_not_run_is_told_at_once(
    bare: Cli, unconfigured: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        unconfigured.setenv("AWS_ENDPOINT_URL", url)
        assert lines(bare("models", "list")) == (
            5,
            [f"Error: no AWS to talk to: nothing answers at {url}", f"Try: {START}"],
        )


@pytest.mark.parametrize("url", ["foo", "http://", "localhost:4566", "http://localhost:99999"])
@pytest.mark.parametrize("verb", ["status", "doctor"])
def test_an_endpoint_that_is_no_url_is_told(
    bare: Cli, unconfigured: pytest.MonkeyPatch, url: str, verb: str
) -> None:
    unconfigured.setenv("AWS_ENDPOINT_URL", url)
    result = bare(verb)
    told = result.output.replace("Error: ", "")
    assert f"AWS_ENDPOINT_URL is '{url}', which is no URL" in told
    assert "Try: set it as `modelcycle up` shows it, with http:// and a port" in told
    assert result.exit_code == (5 if verb == "status" else 1)


def test_the_wrong_region_of_the_local_aws_is_told(
    cli: Cli, unconfigured: pytest.MonkeyPatch, url: str
) -> None:
    unconfigured.setenv("AWS_REGION", "eu-west-1")
    assert lines(cli("status")) == (
        5,
        [
            f"Error: the local AWS at {url} is in us-east-1, the region set is eu-west-1",
            "Try: set AWS_REGION=us-east-1",
        ],
    )


def test_a_profile_that_is_not_there_is_told(bare: Cli, unconfigured: pytest.MonkeyPatch) -> None:
    unconfigured.setenv("AWS_PROFILE", "work")
    assert lines(bare("status")) == (
        5,
        [
            "Error: The config profile (work) could not be found",
            "Try: choose another with AWS_PROFILE, or `aws configure`",
        ],
    )


def test_credentials_without_a_region_are_told(bare: Cli, unconfigured: pytest.MonkeyPatch) -> None:
    unconfigured.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    unconfigured.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert lines(bare("status")) == (
        5,
        ["Error: no AWS region is set", "Try: set AWS_REGION, for example to eu-west-1"],
    )


def test_credentials_that_are_configured_are_used_for_the_local_aws_too(
    cli: Cli, unconfigured: pytest.MonkeyPatch
) -> None:
    unconfigured.setenv("AWS_ACCESS_KEY_ID", "operator.bob")
    unconfigured.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert "user/bob (by the access key operator.bob)" in cli("doctor").stdout


@pytest.mark.parametrize(
    ("arguments", "said", "place"),
    [
        (("stauts",), "No such command 'stauts'. Did you mean 'status'?", "modelcycle"),
        (("models", "aply"), "No such command 'aply'. Did you mean 'apply'?", "modelcycle models"),
        (
            ("models", "list", "--jsno"),
            "No such option '--jsno'. Did you mean '--json'?",
            "modelcycle models list",
        ),
        (("approve",), "Missing argument 'MODEL'.", "modelcycle approve"),
        (("models", "apply"), "Missing argument 'PATH…'.", "modelcycle models apply"),
    ],
)
def test_wrong_use_names_the_nearest_and_where_help_is(
    bare: Cli, arguments: tuple[str, ...], said: str, place: str
) -> None:
    assert lines(bare(*arguments)) == (2, [f"Error: {said}", f"Try: {place} --help"])


def test_no_command_shows_the_help_and_is_wrong_use(bare: Cli) -> None:
    code, told = lines(bare())
    assert code == 2
    assert told[-2:] == ["Error: no command was given", "Try: name one of the commands above"]


def test_help_lists_all_verbs_and_all_exit_codes(bare: Cli) -> None:
    shown = bare("--help")
    assert shown.exit_code == 0
    for verb in VERBS:
        assert f"\n  {verb} " in shown.stdout
    for code in (0, 1, 2, 3, 4, 5):
        assert f"\n    {code}  " in shown.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(bare: Cli, verb: str) -> None:
    assert bare(verb, "--help").exit_code == 0


def test_an_interrupt_ends_quietly(
    cli: Cli, unconfigured: pytest.MonkeyPatch, files: Files
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    unconfigured.setattr("ops.cli.models.load", interrupted)
    result = cli("models", "apply", ".")
    assert result.exit_code == 130
    assert result.stderr.strip() == ""


def test_a_fault_of_ours_shows_no_traceback(
    cli: Cli, unconfigured: pytest.MonkeyPatch, files: Files
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("oh")

    unconfigured.setattr("ops.cli.models.load", broken)
    code, told = lines(cli("models", "apply", "."))
    assert (code, told[0]) == (1, "Error: unexpected ZeroDivisionError: oh")
    unconfigured.setenv(main.TRACEBACK, "1")
    assert isinstance(cli("models", "apply", ".").exception, ZeroDivisionError)


def program(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", "from ops.cli.main import main; main()", *arguments]
    root = Path(__file__).parents[2]
    return subprocess.run(command, cwd=root, text=True, capture_output=True, check=False, **options)


def test_help_imports_nothing_heavy() -> None:
    said = program("--help", env={**os.environ, "PYTHONPROFILEIMPORTTIME": "1"}).stderr
    imported = {line.rpartition("|")[2].strip() for line in said.splitlines()}
    assert "click" in imported
    heavy = {"boto3", "botocore", "pandas", "numpy", "pydantic", "rich", "yaml", "pyarrow"}
    assert not heavy & imported


def test_a_verb_of_the_registry_imports_no_pandas() -> None:
    said = program("approve", "--help", env={**os.environ, "PYTHONPROFILEIMPORTTIME": "1"}).stderr
    imported = {line.rpartition("|")[2].strip() for line in said.splitlines()}
    assert not {"pandas", "numpy", "pyarrow", "boto3"} & imported


@pytest.mark.parametrize(
    "command",
    [("models", "list", "--json"), ("models", "list"), ("doctor",)],
    ids=["a document", "a table", "a report"],
)
def test_a_reader_that_has_had_enough_is_no_error(
    cli: Cli, files: Files, url: str, command: tuple[str, ...]
) -> None:
    files("read")
    assert cli("models", "apply", "read.yaml").exit_code == 0
    code = (
        "import sys, os; from ops.cli import models; from ops.cli.main import main\n"
        "os.close(1); r, w = os.pipe(); os.close(r); os.dup2(w, 1)\n"
        f"main({list(command)})"
    )
    environment = {**os.environ, "AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1"}
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env=environment,
        text=True,
        capture_output=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_readme_lists_the_same_exit_codes_and_every_verb() -> None:
    text = (Path(main.__file__).parent / "README.md").read_text(encoding="utf-8")
    for code in ExitCode:
        assert f"\n| {code.value} | " in text
    for verb in set(VERBS) - {"demo"}:
        assert f"`{verb}" in text
