"""Whose credentials are at hand, and what is wrong where AWS does not take them."""

import os
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from infra.aws.environments import FOLDER, NO_ACCOUNT, Environment
from infra.loopback import is_loopback
from infra.yaml_files import FileError

LOCAL = "AWS_ENDPOINT_URL"
EXPORTED = "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN"
LOG_IN = "log in, or choose a profile (export AWS_PROFILE=…); aws sts get-caller-identity tells"
NOT_TAKEN = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""Codes by which AWS's services say that credentials have expired, or are nobody's."""
REFUSED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


def check_account(
    environment: Environment, sts: Any, variables: Mapping[str, str] = os.environ
) -> None:
    """Compare an environment's account with the caller's.

    Raises
    ------
    FileError
        If it is another, or none yet; or if what answers is the AWS of this machine.
    """
    for name, url in variables.items():
        if name.startswith(LOCAL) and is_loopback(url):
            raise FileError(
                f"{name} is {url}: that is the local AWS, no account; nothing was done: unset "
                f"{name} {EXPORTED}, which `modelcycle up` had you export, and {LOG_IN}"
            )
    file = FOLDER / f"{environment.name}.yaml"
    if environment.account == NO_ACCOUNT:
        raise FileError(f"{file}: account: {NO_ACCOUNT} is nobody's: write yours, in quotes")
    caller = sts.get_caller_identity()
    if caller["Account"] != environment.account:
        raise FileError(
            f"{file}: account: is {environment.account}, but your credentials are for "
            f"{caller['Account']} ({caller['Arn']}): choose those of {environment.account} "
            "(export AWS_PROFILE=…), or correct the file; nothing was done"
        )


def explained(error: BotoCoreError | ClientError) -> str:
    """Say what AWS, or the way to it, has against a call, and what to do."""
    if isinstance(error, NoCredentialsError):
        return f"AWS: there are no credentials: {LOG_IN}"
    if not isinstance(error, ClientError):
        return f"AWS cannot be asked: {error}: see to your connection, or {LOG_IN}"
    code, said = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    what = f"AWS refuses {error.operation_name}: {code}: {said}"
    if code in NOT_TAKEN:
        return f"{what}: your credentials have expired or are nobody's: {LOG_IN}"
    if code in REFUSED:
        return f"{what}: you may not do this: take a role that may (docs/deploy.md)"
    return f"{what}: what was done stays done: see to that, and run it again"
