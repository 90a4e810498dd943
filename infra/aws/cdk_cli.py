"""The CDK's own command line, which alone talks to CloudFormation; it comes by npx, pinned."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from infra.aws import node

PACKAGE = "aws-cdk@2.1148.1"  # reads what the locked aws-cdk-lib writes; raise both together


class CdkError(RuntimeError):
    """The CDK's command line failed; what it said is on the terminal already."""


def run(verb: str, assembly: Path | None, arguments: Sequence[str]) -> None:
    """Run ``cdk <verb>``, on synthesized templates if it needs any.

    Raises
    ------
    CdkError
        If it fails.
    """
    command = [str(node.binary()), str(node.npx()), "--yes", PACKAGE, verb]
    command += ["--app", str(assembly)] if assembly else []
    command += arguments
    path = f"{node.binary().parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    done = subprocess.run(command, env={**os.environ, "PATH": path}, check=False)  # noqa: S603
    if done.returncode:
        raise CdkError(f"cdk {verb} failed with exit code {done.returncode}: see above")
