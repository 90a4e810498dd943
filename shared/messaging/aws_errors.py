"""Reading botocore's errors: what may work later, and what AWS refuses. Codes only, never text."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from shared.messaging.errors import Refused, Retryable

LATER = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "LimitExceededException",
        "ModelNotReadyException",  # a serverless endpoint that is still waking up
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
ABSENT = frozenset({"ValidationException", "ResourceNotFound", "ParameterNotFound", "NoSuchKey"})
"""SageMaker's hosting answers ValidationException for "not found", too."""
HTTP_SERVER_ERROR = 500


def code_of(error: ClientError) -> str:
    """Answer the error's code."""
    return str(error.response.get("Error", {}).get("Code", ""))


def message_of(error: ClientError) -> str:
    """Answer the error's text, for people."""
    return str(error.response.get("Error", {}).get("Message", ""))


@contextmanager
def translated() -> Iterator[None]:
    """Turn botocore's errors into ours.

    Raises
    ------
    Retryable
        For throttling, server errors and lost connections.
    Refused
        For every other answer of AWS.
    """
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code_of(error) in LATER or status >= HTTP_SERVER_ERROR:
            raise Retryable(str(error)) from error
        raise Refused(code_of(error), message_of(error)) from error
    except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
        raise Retryable(str(error)) from error
    except BotoCoreError as error:
        raise Refused(type(error).__name__, str(error)) from error


def described(describe: Callable[[], Any]) -> Any | None:
    """Answer what a look shows; None where there is nothing."""
    try:
        with translated():
            return describe()
    except Refused as refusal:
        if refusal.code in ABSENT:
            return None
        raise
