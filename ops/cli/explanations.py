"""What errors of AWS, of files and of the system mean, and what to do about them.

Codes are compared, message text never. Only imported once something went wrong.
"""

import errno
import os
from urllib.parse import urlsplit

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from infra.loopback import is_loopback
from infra.yaml_files import FileError
from ops.cli.errors import CliError, failed, misused, no_aws
from ops.replay.errors import ReplayError
from services.journal.pages import DamagedError
from shared.contracts.complaints import SpecError
from shared.contracts.names import IllegalNameError
from shared.messaging.aws_errors import LATER, code_of, message_of
from shared.messaging.errors import HandlingError

ACTION = "Action"
"""Where `Connection` notes in an answer's ResponseMetadata what was asked: ``ssm:PutParameter``."""

NOT_PERMITTED = frozenset(
    {
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "NotAuthorized",
        "UnauthorizedOperation",
    }
)
NOT_KNOWN = frozenset(
    {
        "AuthFailure",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
MISSING = frozenset(
    {
        "404",
        "AWS.SimpleQueueService.NonExistentQueue",
        "NoSuchBucket",
        "QueueDoesNotExist",
        "ResourceNotFound",
        "ResourceNotFoundException",
    }
)
HTTP_SERVER_ERROR = 500
LOG_IN = "log in again (aws sso login), or choose another profile with AWS_PROFILE"
CORRECT = "correct the parameter, or apply the file again: modelcycle models apply PATH"
MEND = (
    "bring the object's earlier version back, which the bucket keeps for 30 days; take it away if "
    "the journal never wrote it; or leave its day out with --from and --to"
)
CHOOSE = (
    "for the local AWS start it with `modelcycle up` (or `make up`) and set the variables that it "
    "shows; for an account set AWS_PROFILE"
)


def explain(error: BaseException) -> CliError:
    """Say what is wrong and what to do, whatever was raised."""
    if isinstance(error, HandlingError) and error.__cause__ is not None:
        return explain(error.__cause__)
    match error:
        case CliError():
            return error
        case FileError():
            return misused(str(error), "correct the files; nothing was written")
        case ReplayError():
            return misused(error.what, error.fix)
        case SpecError():
            return failed(f"what is stored cannot be read: {first_line(error)}", CORRECT)
        case IllegalNameError():
            return misused(str(error), "correct the name; nothing was written")
        case DamagedError():
            return failed(f"the journal's archive is damaged: {error}", MEND)
    return of_outside(error)


def of_outside(error: BaseException) -> CliError:
    """Explain what AWS, or the system, has answered or not answered."""
    match error:
        case ClientError():
            return answered(error)
        case BotoCoreError():
            return unanswered(error)
        case HandlingError():
            return no_aws(str(error), "try again in a minute")
        case OSError():
            return of_system(error)
    return failed(
        f"unexpected {type(error).__name__}: {first_line(error)}",
        "set MODELCYCLE_TRACEBACK=1, run it again, and report what it shows",
    )


def answered(error: ClientError) -> CliError:
    """Explain an answer of AWS that is an error."""
    code, action = code_of(error), action_of(error)
    if code in NOT_PERMITTED:
        return no_aws(
            f"no permission for {action}",
            f"ask for {action}, or choose another profile with AWS_PROFILE",
        )
    if code in EXPIRED:
        return no_aws(f"the credentials have expired ({code} at {action})", LOG_IN)
    if code in NOT_KNOWN:
        return no_aws(
            f"AWS does not accept the credentials ({code} at {action})",
            "check AWS_PROFILE, AWS_REGION and AWS_ENDPOINT_URL: `modelcycle doctor` shows them",
        )
    if code in LATER:
        return no_aws(f"AWS throttles {action} ({code})", "try again in a minute")
    if status_of(error) >= HTTP_SERVER_ERROR:
        return no_aws(f"AWS failed at {action} ({code})", "try again in a minute")
    if code in MISSING:
        return failed(
            f"{action} did not find what the environment should have ({code})",
            "`modelcycle doctor` says what is missing",
        )
    return failed(
        f"AWS refused {action}: {message_of(error) or code}", "`modelcycle doctor` checks the rest"
    )


def unanswered(error: BotoCoreError) -> CliError:
    """Explain why AWS could not even be asked, or did not answer."""
    match error:
        case exceptions.ProfileNotFound():
            return no_aws(first_line(error), "choose another with AWS_PROFILE, or `aws configure`")
        case exceptions.NoCredentialsError() | exceptions.PartialCredentialsError():
            return no_aws("no AWS to talk to: there are no complete credentials", CHOOSE)
        case exceptions.NoRegionError():
            return no_aws("no AWS region is set", "set AWS_REGION, for example to eu-west-1")
        case (
            exceptions.SSOError()
            | exceptions.TokenRetrievalError()
            | exceptions.CredentialRetrievalError()
        ):
            return no_aws(f"no credentials could be had: {first_line(error)}", LOG_IN)
        case exceptions.ConnectionError() | exceptions.HTTPClientError():
            return unreachable(str(getattr(error, "kwargs", {}).get("endpoint_url", "AWS")))
        case exceptions.ParamValidationError():
            return misused(first_line(error), "correct what was given")
    return no_aws(first_line(error), "`modelcycle doctor` shows what is configured")


def unreachable(url: str) -> CliError:
    """Say that nobody answers at a URL."""
    if is_loopback(url):
        return no_aws(
            f"no AWS to talk to: nothing answers at {origin(url)}",
            "start the local AWS with `modelcycle up` (or `make up`), or set AWS_ENDPOINT_URL to "
            "where it listens",
        )
    return no_aws(
        f"{origin(url)} cannot be reached",
        "check the network, AWS_REGION and AWS_ENDPOINT_URL",
    )


def of_system(error: OSError) -> CliError:
    """Explain an error of the operating system."""
    if error.errno == errno.EADDRINUSE:
        return failed(
            f"the port is in use ({os.strerror(error.errno)})",
            "end the program that listens there, or choose another port",
        )
    place = f"{error.filename}: " if error.filename else ""
    return failed(f"{place}{error.strerror or first_line(error)}", "check the path and its rights")


def action_of(error: ClientError) -> str:
    """Answer what was asked, as IAM names it: ``ssm:PutParameter``."""
    metadata: dict[str, object] = dict(error.response.get("ResponseMetadata", {}))
    return str(metadata.get(ACTION, error.operation_name))


def status_of(error: ClientError) -> int:
    """Answer the HTTP status; 0 without one."""
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def origin(url: str) -> str:
    """Answer scheme, host and port of a URL; what is none comes back unchanged."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else url


def first_line(error: BaseException) -> str:
    """Answer the first line of an error's text."""
    return (str(error).splitlines() or [""])[0]
