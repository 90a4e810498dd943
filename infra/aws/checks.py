"""What holds of every template before anybody deploys it: cdk-nag's rules, and cfn-lint's."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks, ServerlessChecks
from jsii.errors import JSIIError

VALIDATION_FAILED = "ValidationFailed"  # the name of the CDK's error, as jsii hands it on

IGNORED: Mapping[str, str] = {
    "W3005": "the CDK writes dependencies that a reference implies already",
}
"""Rules of cfn-lint that are not looked at, and why."""


class FindingsError(RuntimeError):
    """Templates have findings that nobody explained; the text has them all."""


def synthesize(app: cdk.App) -> None:
    """Write an app's templates, if cdk-nag finds nothing that has no reason in `findings`.

    Raises
    ------
    FindingsError
        With what it finds.
    """
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
    try:
        app.synth()
    except (JSIIError, RuntimeError) as error:
        kind, _, found = str(error).partition(":")
        if kind != VALIDATION_FAILED:
            raise
        raise FindingsError(
            f"cdk-nag has findings: repair them, or give a reason in infra/aws/findings.py\n{found}"
        ) from error


def lint(templates: Sequence[Path]) -> None:
    """Have cfn-lint read templates.

    Raises
    ------
    FindingsError
        With what it found.
    """
    program = str(Path(sys.executable).parent / "cfn-lint")
    command = [program, "--ignore-checks", *IGNORED, "--template"]
    command += map(str, templates)
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise FindingsError(f"cfn-lint:\n{done.stdout}{done.stderr}")
